"""Fills text back into a dataset that was published as references, from your own game data."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from generators import cli
from generators.model_options import add_options

OPTIONS: dict[str, dict[str, Any]] = {
    "published": {
        "type": cli.folder,
        "metavar": "FOLDER_OR_REPO",
        "help": "a folder of references, or USER/NAME of a dataset on the Hugging Face Hub",
    },
    "--revision": {
        "type": cli.name,
        "metavar": "REV",
        "help": "tag or commit of the dataset on the Hub (default: the latest)",
    },
    "--data": {
        "type": cli.folder,
        "metavar": "DIR",
        "required": True,
        "help": "the benchmark's game_data/, your own copy",
    },
    "--out": {
        "type": cli.folder,
        "metavar": "FOLDER",
        "required": True,
        "help": "dataset folder to write, replaced as a whole",
    },
    "--skip-changed": {
        "action": "store_true",
        "help": "leave out rows that differ from what was published, instead of stopping",
    },
}


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return cli.run(make_parser(), handle, argv)


def make_parser() -> cli.Parser:
    """Returns the parser of the options."""
    parser = cli.Parser("python -m generators.hydrate", __doc__ or "")
    add_options(parser, OPTIONS)
    return parser


def handle(arguments: argparse.Namespace) -> int:
    """Writes the whole folder, and shows how it compares with what was published."""
    from generators.publish.refill import ChangedRows, hydrate

    try:
        hydrated = hydrate(
            arguments.published,
            data=arguments.data,
            out=arguments.out,
            revision=arguments.revision,
            skip_changed=arguments.skip_changed,
            progress=cli.show_progress,
        )
    except ChangedRows as error:
        cli.show(error.describe())
        raise
    cli.show(repr(hydrated))
    return 0


if __name__ == "__main__":
    sys.exit(main())
