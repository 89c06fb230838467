"""Rows for people to judge: the sheet that is written, and how their judgments are read.

The only importer of pandas.
"""

# pyright: reportUnknownMemberType=false
# The types of pyarrow leave out those of some arguments.

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import chain, zip_longest
from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from generators.configs import CONFIGS
from generators.configs.base import Config
from generators.configs.items import Row
from generators.errors import FolderError, SourceError
from generators.tables import list_files, open_rows
from schemas.quality import HumanAudit

if TYPE_CHECKING:
    pass

READ = (
    "config", "id", "behavior_or_theme", "reading", "prompt", "options", "positive", "negative",
)  # fmt: skip
"""What an auditor reads. Labels come last, as letters, and the options before them in an order that
says nothing of them: who reads the options first has an opinion when the label comes."""

OPTIONS = READ.index("options")

JUDGED = ("ok", "auditor", "comment")
"""What an auditor fills in; `ok` is yes where the labels are right and the texts fit to use."""

CHECKLIST = tuple(name for config in CONFIGS.values() for name in config.checklist)
"""More yes or no, of the rows of some configs."""

_RUN = ("=", "+", "-", "@", "\t", "\r")
"""What a formula begins with (https://owasp.org/www-community/attacks/CSV_Injection)."""

YES = frozenset({"yes", "y", "true", "1", "x"})
NO = frozenset({"no", "n", "false", "0"})

NEEDED = ("config", "id", "ok")
SEPARATORS = (",", ";", "\t")
"""What spreadsheets put between cells, by the country they are set to."""

Drawn = tuple[str, str, str, str]
"""Config, behavior or theme, tier, id."""

AUDITED = {name: config for name, config in CONFIGS.items() if config.tiered}
"""Configs that have something to judge."""

Names = TypeVar("Names", bound=Sequence[str])


def write_sheet(folder: Path, n: int, path: Path, seed: int = 0) -> int:
    """Returns how many rows of a dataset folder were written to a CSV file, at most n.

    Rows are spread evenly over configs, then behaviors or themes, then tiers. They stand config by
    config, and within one in an order whose every beginning is spread as evenly, so that half an
    audit is a fair one of half the size. UTF-8 with BOM, so that spreadsheets read it as such.

    Raises:
        SourceError: the folder has no config with something to judge, or cannot be read.
        FolderError: the file cannot be written, or is there: it may hold judgments.
    """
    import pandas as pd

    drawn = interleave(_list_rows(folder), seed, depth=3)[:n]
    if not drawn:
        wanted = f"rows of {', '.join(AUDITED)}"
        raise SourceError(str(folder), "no row to judge", wanted, "Name a dataset folder")
    columns = [*READ, *JUDGED]
    for name in dict.fromkeys(config for config, *_ in drawn):
        columns += AUDITED[name].checklist
    cells = [[guard(cell) for cell in line] for line in _write_lines(folder, drawn, seed)]
    frame = pd.DataFrame(cells, columns=list(READ), dtype=str)
    sheet = frame.reindex(columns=columns, fill_value="")
    _write_new(path, sheet.to_csv(index=False, lineterminator="\n"))
    return len(drawn)


def _write_new(path: Path, text: str) -> None:
    """Writes a file that is not there yet, as a whole or not at all."""
    try:
        with path.open("x", encoding="utf-8-sig", newline="") as file:
            try:
                file.write(text)
                file.flush()
            except OSError:
                path.unlink()  # else the next run would take it for one with judgments
                raise
    except FileExistsError as error:
        wanted, remedy = "a new name: it may hold judgments", "Name another file"
        raise FolderError(str(path), "a file that is there", wanted, remedy) from error
    except OSError as error:
        found = error.strerror or str(error)
        raise FolderError(str(path), found, "a file to write", "Check the path") from error


def _list_rows(folder: Path) -> Iterator[Drawn]:
    """Yields all rows that may be drawn; of twins the positive one."""
    for config in AUDITED.values():
        topic, twins = config.topic or "id", config.twins
        for path in list_files(folder, config.name):
            wanted = ["id", topic, "tier", *([twins.column] if twins else [])]
            with open_rows(path, config.row) as file:
                rows = file.read(wanted).to_pylist()
            for row in rows:
                if twins is None or row[twins.column] == twins.positive:
                    yield config.name, row[topic], row["tier"], row["id"]


def _write_lines(folder: Path, drawn: Sequence[Drawn], seed: int) -> Iterator[list[str]]:
    """Yields the cells of `READ` for each row that is there."""
    for name, config in AUDITED.items():
        places = [(stratum, id_) for at, stratum, _, id_ in drawn if at == name]
        if not places:
            continue
        rows = _fetch(folder, config, [id_ for _, id_ in places])
        twins: dict[str, Row] = {}
        if config.twins:
            twins = _fetch(folder, config, [row["counterpart_id"] for row in rows.values()])
        for stratum, id_ in places:
            if (row := rows.get(id_)) is None:
                continue
            item = config.show(row, twins.get(row.get("counterpart_id", "")))
            order = list(range(len(item.sides)))
            if not config.ordered:
                order.sort(key=lambda place, id_=id_: draw_key(seed, id_, str(place)))
            options: list[str] = []
            letters: dict[str, list[str]] = {"+": [], "-": []}
            for nth, side in enumerate(item.sides[place] for place in order):
                # A letter, since spreadsheets would take numbers for something else.
                again, at = divmod(nth, len(ascii_uppercase))
                letter = ascii_uppercase[at] * (again + 1)
                # With what follows it in the story, which its label is about.
                text = f"{side.text}\n→ {side.outcome}" if side.outcome else side.text
                options.append(f"{letter}. {text}")
                letters.setdefault(side.pole, []).append(letter)
            shown = item.claim, item.context or item.base, "\n".join(options)
            yield [name, id_, stratum, *shown, ", ".join(letters["+"]), ", ".join(letters["-"])]


def _fetch(folder: Path, config: Config, ids: Iterable[str]) -> dict[str, Row]:
    """Returns id -> row, of some rows of one config; the rest of it takes no memory."""
    wanted = pa.array(ids, pa.string())
    rows: dict[str, Row] = {}
    for path in list_files(folder, config.name):
        with open_rows(path, config.row) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                found = table.filter(pc.is_in(table["id"], wanted))
                rows |= {row["id"]: row for row in found.to_pylist()}
    return rows


def interleave(items: Iterable[Names], seed: int, depth: int, level: int = 0) -> list[Names]:
    """Returns all items in an order whose every beginning is even over the strata.

    A stratum takes turns with its neighbours, from the outermost on; where one runs out, the others
    go on without it. Within the innermost, and among strata, the order is that of the sha256 of
    seed and name.

    Args:
        items: each the names of its strata from the outermost on, then its id.
        seed: decides the order.
        depth: how many strata an item has.
        level: the first of the strata that the items differ in.
    """
    if level == depth:
        return sorted(items, key=lambda item: draw_key(seed, *item))
    strata: dict[str, list[Names]] = defaultdict(list)
    for item in items:
        strata[item[level]].append(item)
    columns = [
        interleave(strata[name], seed, depth, level + 1)
        for name in sorted(strata, key=lambda name: draw_key(seed, name))
    ]
    turns = chain.from_iterable(zip_longest(*columns))
    return [item for item in turns if item is not None]


def draw_key(seed: int, *names: str) -> bytes:
    """Returns what decides the place of a name, evenly and without a pattern."""
    return sha256("\0".join((str(seed), *names)).encode("utf-8", "replace")).digest()


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
    judgments = list(_read_judgments(path))
    drawn = [(config, "", "", id_) for config, id_ in {each.row for each in judgments}]
    options = {(line[0], line[1]): line[OPTIONS] for line in _write_lines(folder, drawn, seed=0)}
    judged: dict[tuple[str, str], dict[str, Judgment]] = defaultdict(dict)
    for each in judgments:
        config, id_ = each.row
        if each.row not in options:
            raise _refuse(each.where, f"row '{id_}' of '{config}'", f"a row of {folder}")
        if earlier := judged[each.row].get(each.auditor):
            found = f"row '{id_}' judged twice by '{each.auditor or 'an unnamed auditor'}'"
            raise _refuse(each.where, found, f"one judgment (that of {earlier.where})")
        judged[each.row][each.auditor] = each
    for each in judgments:
        if each.options and sorted(each.options.split()) != sorted(options[each.row].split()):
            found, wanted = f"other options than row '{each.row[1]}' has", f"those in {folder}"
            remedy = "Write a new sheet for this folder, and judge that one"
            raise SourceError(each.where, found, wanted, remedy)
    if not judged:
        wanted, remedy = "yes or no in column 'ok'", "Have rows judged"
        raise SourceError(str(path), "no judgment", wanted, remedy)
    by_config: dict[str, tuple[int, int]] = {}
    for (config, _), by_auditor in sorted(judged.items()):
        n, ok = by_config.get(config, (0, 0))
        by_config[config] = n + 1, ok + all(each.ok for each in by_auditor.values())
    right = sum(ok for _, ok in by_config.values())
    lower, upper = bound_share(right, len(judged))
    return HumanAudit(
        n=len(judged),
        ok=right,
        lower=lower,
        upper=upper,
        auditors=len({each.auditor for each in judgments}),
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
        for separator in SEPARATORS:
            first = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), ())
            if {name.strip().lower() for name in first}.issuperset(NEEDED):
                break
        else:
            wanted, remedy = f"columns {', '.join(NEEDED)}", "Keep the sheet's first line"
            raise SourceError(f"{path} line 1", "other columns", wanted, remedy)
        # Strict: a quote that is not closed would take all lines after it for its own.
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
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


def guard(cell: str) -> str:
    """Returns the cell as spreadsheets show it, with an apostrophe before what they would run."""
    return f"'{cell}" if cell.startswith(_RUN) else cell


def unguard(cell: str) -> str:
    """Returns what was guarded."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_RUN) else cell
