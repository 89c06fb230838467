"""Measures a dataset folder, or your own pairs in any of many forms, and writes report.html."""

import sys
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from generators import cli
from generators.errors import SourceError, UsageError
from generators.options import Option, file, folder, whole_number
from generators.overwriting import check_beside, check_outside

if TYPE_CHECKING:
    from schemas.quality import Quality

EXAMPLES = (
    "datasets/machiavelli",
    "my_pairs.csv --strict",
    "good.txt bad.txt",
    "datasets/machiavelli --audit-sheet 100",
    "datasets/machiavelli --audit datasets/machiavelli.audit.csv",
)


@dataclass(frozen=True)
class ReportOptions:
    """What is measured, and where the report goes."""

    paths: Annotated[
        Sequence[Path],
        Option(
            "a dataset folder; or your pairs: JSONL, JSON, CSV, TSV, Parquet or a folder of"
            " datasets, with positive and negative, chosen and rejected, or the fields of CAA (and"
            " prompt, group, menu, theme, id); or two files of lines, one for each side",
            "FOLDER_OR_PAIRS",
            file,
            repeat=True,
        ),
    ]
    _: KW_ONLY
    out: Annotated[
        Path | None,
        Option(
            "folder for the report of a file (default: PAIRS.report/), or file for a sheet"
            " (default: FOLDER.audit.csv); the report of a folder goes into it",
            "PATH",
            folder,
        ),
    ] = None
    audit_sheet: Annotated[
        int | None,
        Option(
            "only write N rows for people to judge, evenly over configs and behaviors",
            "N",
            whole_number(1),
        ),
    ] = None
    audit: Annotated[
        Path | None,
        Option("a sheet with judgments; the result goes into report and card", "FILE", file),
    ] = None
    strict: Annotated[bool, Option("exit with 1 when a required check fails")] = False


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return cli.run(cli.Parser("report", __doc__ or "", EXAMPLES, ReportOptions), handle, argv)


def handle(given: cli.Given) -> None:
    """Measures and writes; or writes a sheet for people to fill in."""
    options = ReportOptions(**given.of(ReportOptions))
    path, out = options.paths[0], options.out
    if options.audit and options.audit_sheet:
        wanted = "one of the two: a sheet is written, then judged, then read"
        raise UsageError("--audit", "--audit-sheet beside it", wanted, "Leave one out")
    from generators.folder import MANIFEST

    for each in options.paths:
        if not each.exists():
            wanted, remedy = "a dataset folder, or pairs", "Check the path"
            raise SourceError(str(each), "no such file or folder", wanted, remedy)
    if len(options.paths) > 1 or not (path / MANIFEST).exists():
        for option, value in (("--audit", options.audit), ("--audit-sheet", options.audit_sheet)):
            if value is not None:
                wanted, remedy = "a dataset folder of ours", "Build one with --pairs FILE"
                raise UsageError(option, f"{path}, which is none", wanted, remedy)
        out = out or _name_report(path)
        for each in options.paths:
            check_outside(out, {"PAIRS": each})
        measure_pairs(out, options)
    elif options.audit_sheet:
        write_sheet(path.resolve(), out, options.audit_sheet)
    else:
        from generators.report.files import rewrite_report

        if out is not None:
            wanted = "none beside a folder: its report goes into it"
            raise UsageError(f"--out {out}", "a place", wanted, "Leave it out")
        quality = rewrite_report(path, options.audit, cli.TerminalProgress())
        show_report(quality, path, options)


def _name_report(path: Path) -> Path:
    """Returns where the report of pairs goes: beside them."""
    if not path.is_dir():
        return path.with_name(f"{path.stem}.report")
    whole = path.resolve()
    return whole.parent / f"{whole.name}.report"


def measure_pairs(out: Path, options: ReportOptions) -> None:
    """Writes the report of people's own pairs, and prints what gave none."""
    from generators.report.files import write_pair_report
    from generators.sources.pairs.pair_files import open_pairs

    read = open_pairs(options.paths)
    name, progress = options.paths[0].resolve().name, cli.TerminalProgress()
    quality = write_pair_report(name, read, out, progress)
    left_out = [f"{number:,} ({reason})" for reason, number in read.left_out.items()]
    show_report(quality, out, options, left_out)


def write_sheet(path: Path, out: Path | None, rows: int) -> None:
    """Writes rows for people to judge."""
    from generators.report import audit_sheet

    sheet = out or path.parent / f"{path.name}.audit.csv"
    check_beside(sheet, path)
    written = audit_sheet.write_sheet(path, rows, sheet)
    cli.show(
        f"Wrote {written:,} rows to {sheet}. Fill in the column 'ok' with yes or no, then:\n"
        f"  python -m generators.report {path} --audit {sheet}"
    )


def show_report(
    quality: "Quality", out: Path, options: ReportOptions, left_out: Sequence[str] = ()
) -> None:
    """Prints the verdict, where the report is, and what did not pass.

    Raises:
        QualityError: with --strict, a required check failed.
    """
    from generators.quality.closing import close_report
    from generators.quality.verdicts import check_passed
    from generators.report.files import can_draw

    place = out.as_posix()
    if can_draw():
        look = [f"Look: {place}/report.html has every check and row, quality.json the numbers."]
    else:
        look = [
            f"Wrote {place}/quality.json. Page and figures need the extra 'report':",
            '  python -m pip install -e ".[report]"',
        ]
    beside = [f"Left out: {', '.join(left_out)}."] if left_out else []
    cli.show("\n".join(close_report(quality, look, beside)))
    if options.strict:
        check_passed(quality, options.paths[0])


if __name__ == "__main__":
    sys.exit(main())
