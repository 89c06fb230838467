"""Measures a dataset folder, or your own lines of {positive, negative}, and writes report.html."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from generators import cli
from generators.errors import SourceError, UsageError
from generators.model_options import add_options, check_beside, check_outside, check_strict

OPTIONS: dict[str, dict[str, Any]] = {
    "path": {
        "type": cli.file,
        "metavar": "FOLDER_OR_PAIRS.jsonl",
        "help": "a dataset folder, or a JSONL file of {positive, negative, prompt?, group?, id?}",
    },
    "--out": {
        "type": cli.folder,
        "metavar": "PATH",
        "help": "folder for the report of a file (default: PAIRS.report/), or file for a sheet"
        " (default: FOLDER.audit.csv); the report of a folder goes into it",
    },
    "--audit-sheet": {
        "type": cli.whole_number(1),
        "metavar": "N",
        "help": "only write N rows, evenly over configs and behaviors, for people to judge",
    },
    "--audit": {
        "type": cli.file,
        "metavar": "FILE",
        "help": "a sheet with judgments; the result goes into report and card",
    },
    "--strict": {
        "action": "store_true",
        "help": "exit 1 if a required check fails (of a file: on all its pairs)",
    },
}


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return cli.run(make_parser(), handle, argv)


def make_parser() -> cli.Parser:
    """Returns the parser of the options."""
    parser = cli.Parser("python -m generators.report", __doc__ or "")
    add_options(parser, OPTIONS)
    return parser


def handle(arguments: argparse.Namespace) -> int:
    """Measures and writes; or writes a sheet for people to fill in."""
    from generators.arrow import give_memory_back, share_one_heap

    give_memory_back()
    share_one_heap()
    if arguments.audit and arguments.audit_sheet:
        wanted = "one of the two: a sheet is written, then judged, then read"
        raise UsageError("--audit", "--audit-sheet beside it", wanted, "Leave one out")
    if arguments.path.is_dir():
        if arguments.audit_sheet:
            return write_sheet(arguments)
        return report_folder(arguments)
    if not arguments.path.exists():
        wanted, remedy = "a dataset folder, or a JSONL file of pairs", "Check the path"
        raise SourceError(str(arguments.path), "no such file or folder", wanted, remedy)
    for option in ("audit", "audit_sheet"):
        if getattr(arguments, option) is not None:
            name, found = f"--{option.replace('_', '-')}", f"{arguments.path}, no folder"
            raise UsageError(name, found, "a dataset folder", "Build one with --pairs FILE")
    return report_pairs(arguments)


def write_sheet(arguments: argparse.Namespace) -> int:
    """Writes rows for people to judge."""
    from generators.report import audit_sheet

    folder: Path = arguments.path.resolve()
    path: Path = arguments.out or folder.parent / f"{folder.name}.audit.csv"
    check_beside(path, folder)
    rows = audit_sheet.write_sheet(folder, arguments.audit_sheet, path)
    cli.show(
        f"Wrote {rows:,} rows to {path}. Fill in the column 'ok' with yes or no, then:\n"
        f"  python -m generators.report {arguments.path} --audit {path}"
    )
    return 0


def report_folder(arguments: argparse.Namespace) -> int:
    """Measures a dataset folder again, and rewrites its report and its card."""
    from generators.quality.verdicts import list_checks
    from generators.report.files import can_draw, rewrite_report

    if arguments.out is not None:
        wanted = "none beside a folder: its report goes into it"
        raise UsageError(f"--out {arguments.out}", "a place", wanted, "Leave it out")
    quality = rewrite_report(arguments.path, arguments.audit)
    cli.show("\n".join([*list_checks(quality), *list_files(arguments.path, drawn=can_draw())]))
    check_strict(arguments, quality)
    return 0


def report_pairs(arguments: argparse.Namespace) -> int:
    """Measures a file of pairs, and proposes a core of it."""
    from generators.quality.verdicts import list_checks
    from generators.report.files import can_draw, write_pair_report

    path: Path = arguments.path
    out: Path = arguments.out or path.with_name(f"{path.stem}.report")
    check_outside(out, {"PAIRS.jsonl": path})
    quality = write_pair_report(path, out)
    cli.show("\n".join([*list_checks(quality), *list_files(out, drawn=can_draw())]))
    check_strict(arguments, quality)
    return 0


def list_files(out: Path, *, drawn: bool) -> list[str]:
    """Returns what was written, in a line or two."""
    if drawn:
        return [f"Wrote {(out / 'report.html').as_posix()}, quality.json and figures/ beside it."]
    return [
        f"Wrote {(out / 'quality.json').as_posix()}. Page and figures take the extra 'report':",
        '  python -m pip install -e ".[report]"',
    ]


if __name__ == "__main__":
    sys.exit(main())
