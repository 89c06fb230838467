"""Reads the judgments of a sheet."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from generators.errors import SourceError
from generators.report.audit_sheet.columns import CHECKLIST, unguard
from generators.report.audit_sheet.writing import read_ids, read_options
from schemas.quality import HumanAudit

if TYPE_CHECKING:
    import _csv

YES = frozenset({"yes", "y", "true", "1", "x"})
NO = frozenset({"no", "n", "false", "0"})

NEEDED = ("config", "id", "ok")
SEPARATORS = (",", ";", "\t")
"""What spreadsheets put between cells, by the country they are set to."""


class Judgment(NamedTuple):
    """How one person judged one row."""

    where: str
    """File and line."""
    row: tuple[str, str]
    """Config and id."""
    auditor: str
    """In lower case; empty where no name was given."""
    ok: bool
    options: str
    """What was judged, as far as the sheet still has it."""


Judgments = Mapping[tuple[str, str], Mapping[str, Judgment]]
"""Row -> auditor -> judgment."""


def read_sheet(path: Path, folder: Path) -> HumanAudit:
    """Returns how people judged rows of a dataset folder.

    Lines without a judgment are left out. A row that several people judged is right where all of
    them say so. Columns may stand in any order, `;` or tabs between the cells, and yes may be Y,
    TRUE, 1 or x: spreadsheets save it so.

    Raises:
        SourceError: the file cannot be read, a judgment is neither yes nor no, or of a row that is
            not in the folder, or was another one then, or a second one by the same person; or
            there is none.
    """
    judged: dict[tuple[str, str], dict[str, Judgment]] = defaultdict(dict)
    known: dict[str, set[str]] = {}
    for judgment in _read_judgments(path):
        config, id_ = judgment.row
        if config not in known:
            known[config] = read_ids(folder, config)
        if id_ not in known[config]:
            raise _refuse(judgment.where, f"row '{id_}' of '{config}'", f"a row of {folder}")
        if earlier := judged[judgment.row].get(judgment.auditor):
            found = f"row '{id_}' judged twice by '{judgment.auditor or 'an unnamed auditor'}'"
            raise _refuse(judgment.where, found, f"one judgment (that of {earlier.where})")
        judged[judgment.row][judgment.auditor] = judgment
    _check_texts(folder, judged)
    if not judged:
        wanted, remedy = "yes or no in column 'ok'", "Have rows judged"
        raise SourceError(str(path), "no judgment", wanted, remedy)
    return _summarize(judged)


def _check_texts(folder: Path, judged: Judgments) -> None:
    """Raises SourceError where a row has other options than those that were judged."""
    there = read_options(folder, judged)
    for row, judgments in judged.items():
        for each in judgments.values():
            if each.options and sorted(each.options.split()) != sorted(there[row].split()):
                found, wanted = f"other options than row '{row[1]}' has", f"those in {folder}"
                remedy = "Write a new sheet for this folder, and judge that one"
                raise SourceError(each.where, found, wanted, remedy)


def _summarize(judged: Judgments) -> HumanAudit:
    by_config: dict[str, tuple[int, int]] = {}
    for (config, _), judgments in sorted(judged.items()):
        n, ok = by_config.get(config, (0, 0))
        by_config[config] = n + 1, ok + all(each.ok for each in judgments.values())
    right = sum(ok for _, ok in by_config.values())
    bounds = bound_share(right, len(judged))
    return HumanAudit(
        n=len(judged),
        ok=right,
        lower=bounds[0],
        upper=bounds[1],
        auditors=len({auditor for judgments in judged.values() for auditor in judgments}),
        by_config=by_config,
    )


def bound_share(right: int, n: int) -> tuple[float, float]:
    """Returns the bounds of a share, 0 to 1: Wilson's interval, 95 %, two-sided.

    Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953.
    """
    from scipy.stats import binomtest

    bounds = binomtest(right, n).proportion_ci(confidence_level=0.95, method="wilson")
    return float(bounds.low), float(bounds.high)


def _read_judgments(path: Path) -> Iterator[Judgment]:
    for line, cells in _read_lines(path):
        where = f"{path} line {line}"
        for name in CHECKLIST:
            _read_answer(where, name, cells.get(name, ""))
        ok = _read_answer(where, "ok", cells["ok"])
        if ok is not None:
            row = unguard(cells["config"]), unguard(cells["id"])
            auditor = " ".join(unguard(cells.get("auditor", "")).casefold().split())
            yield Judgment(where, row, auditor, ok, unguard(cells.get("options", "")))


def _read_answer(where: str, name: str, cell: str) -> bool | None:
    answer = cell.casefold()
    if answer and answer not in YES | NO:
        raise _refuse(where, f"{ascii(cell)[:40]} in column '{name}'", "yes, no or nothing")
    return answer in YES if answer else None


def _read_lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yields the line that each record begins at, and its cells by column."""
    text = _read_text(path)
    line = 1
    try:
        reader = _open_records(path, text)
        header = [name.strip().lower() for name in next(reader)]
        line = reader.line_num + 1
        for record in reader:
            cells = [cell.strip() for cell in record]
            if any(cells):
                filled = cells + [""] * (len(header) - len(cells))
                yield line, dict(zip(header, filled, strict=False))
            line = reader.line_num + 1
    except csv.Error as error:
        raise _refuse(f"{path} line {line}", str(error), "CSV") from error


def _open_records(path: Path, text: str) -> "_csv.Reader":
    for separator in SEPARATORS:
        if _has_needed(next(_split(text, separator), ())):
            # A quote that is not closed would take all lines after it for its own.
            return _split(text, separator, strict=True)
    wanted = f"columns {', '.join(NEEDED)}"
    raise SourceError(f"{path} line 1", "other columns", wanted, "Keep the sheet's first line")


def _split(text: str, separator: str, *, strict: bool = False) -> "_csv.Reader":
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)


def _has_needed(header: Sequence[str]) -> bool:
    return {name.strip().lower() for name in header}.issuperset(NEEDED)


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        found = error.strerror or str(error)
        raise SourceError(str(path), found, "a sheet of judgments", "Check the path") from error
    except UnicodeDecodeError as error:
        wanted, remedy = "UTF-8", "Save it as CSV UTF-8"
        raise SourceError(str(path), "bytes that are not text", wanted, remedy) from error


def _refuse(where: str, found: str, wanted: str) -> SourceError:
    return SourceError(where, found, wanted, "Fix the line")
