"""Fills text back into a dataset that was published as references, from your own game data."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generators import cli
from generators.errors import SourceError, UsageError
from generators.model_options import add_options, check_beside, check_outside
from generators.publish.options import check_endpoint

if TYPE_CHECKING:
    from generators.publish.refill import Hydrated

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
        "help": "leave out rows that are not as they were published, instead of stopping",
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
    """Writes the whole folder, and says how it compares with what was published."""
    from generators.publish.refill import hydrate_folder, list_by_game

    published = find_published(arguments)
    check_outside(arguments.out, {"--data": arguments.data, "FOLDER_OR_REPO": published})
    check_beside(arguments.out, published)
    hydrated = hydrate_folder(
        published,
        arguments.data,
        arguments.out,
        cli.show_progress,
        skip_changed=arguments.skip_changed,
    )
    for line in list_by_game(hydrated.mismatches):
        cli.show(line)
    if hydrated.mismatches and not arguments.skip_changed:
        found = f"{len(hydrated.mismatches):,} rows are not as they were published"
        wanted, remedy = "the data that it was made from", "Take that; or leave them out with"
        raise SourceError(str(arguments.data), found, wanted, f"{remedy} --skip-changed")
    cli.show("\n".join(tell(hydrated, arguments.out)))
    return 0


def find_published(arguments: argparse.Namespace) -> Path:
    """Returns the folder of references; one on the Hub is fetched first.

    Raises:
        UsageError: there is no such folder, and it is no name of a repository.
        HubError: it cannot be fetched.
    """
    folder: Path = arguments.published
    if folder.is_dir() and arguments.revision is None:
        return folder
    name = folder.as_posix()
    if folder.is_file() or not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        wanted = "a folder, or USER/NAME on the Hub"
        raise UsageError(f"FOLDER_OR_REPO {name}", "no folder", wanted, "Check the path")
    check_endpoint()
    from generators.publish.client import Hub

    return Hub().download(name, arguments.revision)


def tell(hydrated: "Hydrated", out: Path) -> list[str]:
    """Returns what was made, and how it compares."""
    manifest = hydrated.manifest
    rows = sum(size.rows for splits in manifest.rows.values() for size in splits.values())
    files = sum(name.endswith(".parquet") for name in manifest.files)
    lines = [f"{rows:,} rows, each as it was published, text and all."]
    if hydrated.mismatches:
        lines = [f"{rows:,} rows; {len(hydrated.mismatches):,} that differ were left out."]
    lines.append(f"{hydrated.identical} of {files} Parquet files are byte for byte the original's.")
    versions = [f"{name} {there}, here {here}" for name, (there, here) in hydrated.versions.items()]
    if versions:
        lines.append(f"Other versions made the original: {'; '.join(versions)}.")
    return [*lines, f"Wrote {out.as_posix()}/."]


if __name__ == "__main__":
    sys.exit(main())
