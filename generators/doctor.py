"""Checks a game_data folder and prints counts of what is in it, never story text."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from generators import cli
from generators.options import Option, PathLike, folder

EXAMPLES = ("--data game_data", "--data game_data --json")


@dataclass(frozen=True, kw_only=True)
class DoctorOptions:
    """What is checked, and how the counts are printed."""

    data: Annotated[PathLike, Option("the benchmark's game_data/", "DIR", folder)]
    json: Annotated[bool, Option("print the counts as JSON")] = False


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status: 1 if anything is unreadable."""
    return cli.run(cli.Parser("doctor", __doc__ or "", EXAMPLES, DoctorOptions), handle, argv)


def handle(given: cli.Given) -> int:
    """Reads all games, prints the counts, and returns 1 if one cannot be read."""
    from generators.machiavelli.diagnosis import diagnose

    diagnosis = diagnose(given["data"], cli.TerminalProgress())
    as_json = json.dumps(diagnosis.as_dict(), indent=2, ensure_ascii=False)
    cli.show(as_json if given["json"] else str(diagnosis))
    return 1 if diagnosis.broken else 0


if __name__ == "__main__":
    sys.exit(main())
