"""Checks a game_data folder and prints counts of what is in it, never story text."""

import argparse
import json
import sys
from collections.abc import Sequence

from generators import cli


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status: 1 if anything is unreadable."""
    return cli.run(make_parser(), handle, argv)


def make_parser() -> cli.Parser:
    """Returns the parser of the options."""
    parser = cli.Parser("python -m generators.doctor", __doc__ or "")
    parser.add_argument(
        "--data", metavar="DIR", type=cli.folder, required=True, help="the benchmark's game_data/"
    )
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    return parser


def handle(arguments: argparse.Namespace) -> int:
    """Reads all games, prints the counts, and returns 1 if one cannot be read."""
    from generators.machiavelli.diagnosis import diagnose, format_diagnosis

    diagnosis = diagnose(arguments.data, cli.show_progress)
    as_json = json.dumps(diagnosis.as_dict(), indent=2, ensure_ascii=False)
    cli.show(as_json if arguments.json else format_diagnosis(diagnosis))
    return 1 if diagnosis.broken else 0


if __name__ == "__main__":
    sys.exit(main())
