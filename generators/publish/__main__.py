"""Publishes a dataset folder on the Hugging Face Hub: one commit, verified, and tagged."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from generators import cli
from generators.model_options import add_options
from generators.publish.options import PUBLISH_OPTIONS, publish_folder
from generators.publish.publication import check_repository

OPTIONS: dict[str, dict[str, Any]] = {
    "folder": {
        "type": cli.folder,
        "metavar": "FOLDER",
        "help": "a dataset folder",
    },
    "--repo-id": {
        "type": check_repository,
        "metavar": "USER/NAME",
        "required": True,
        "help": "the dataset on the Hub; created, private, if there is none",
    },
    "--dry-run": {
        "action": "store_true",
        "help": "list the files, their sizes and what would change; send nothing",
    },
}


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return cli.run(make_parser(), handle, argv)


def make_parser() -> cli.Parser:
    """Returns the parser of the options."""
    parser = cli.Parser("python -m generators.publish", __doc__ or "")
    add_options(parser, OPTIONS, PUBLISH_OPTIONS)
    return parser


def handle(arguments: argparse.Namespace) -> int:
    """Publishes, or shows what that would do."""
    publish_folder(arguments, arguments.folder, arguments.repo_id)
    return 0


if __name__ == "__main__":
    sys.exit(main())
