"""Writes a sheet of rows for people to judge; the only importer of pandas."""

# pyright: reportUnknownMemberType=false
# The types of pyarrow leave out those of some arguments.

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from string import ascii_uppercase

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from generators.audit_sheet.columns import CHECKLIST, JUDGED, READ, Line, guard
from generators.audit_sheet.lines import JUDGED_CONFIGS, Row
from generators.audit_sheet.sampling import draw_key, interleave
from generators.errors import FolderError, SourceError

Drawn = tuple[str, str, str, str]
"""Config, behavior or theme, tier, id."""


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

    drawn = interleave(list(_list_rows(folder)), seed, depth=3)[:n]
    if not drawn:
        wanted = f"rows of {', '.join(JUDGED_CONFIGS)}"
        raise SourceError(str(folder), "no row to judge", wanted, "Name a dataset folder")
    columns = [*READ, *JUDGED]
    if any(config == "associations" for config, *_ in drawn):
        columns += CHECKLIST
    cells = [[guard(cell) for cell in line] for line in _write_lines(folder, drawn, seed)]
    frame = pd.DataFrame(cells, columns=list(READ), dtype=str)
    sheet = frame.reindex(columns=columns, fill_value="")
    try:
        with path.open("x", encoding="utf-8-sig", newline="") as file:
            sheet.to_csv(file, index=False, lineterminator="\n")
    except FileExistsError as error:
        wanted, remedy = "a new name: it may hold judgments", "Name another file"
        raise FolderError(str(path), "a file that is there", wanted, remedy) from error
    except OSError as error:
        found = error.strerror or str(error)
        raise FolderError(str(path), found, "a file to write", "Check the path") from error
    return len(drawn)


def _list_rows(folder: Path) -> Iterator[Drawn]:
    for config, judged in JUDGED_CONFIGS.items():
        for path in sorted((folder / config).glob("*.parquet")):
            known = _read_names(path)
            wanted = ["id", judged.stratum, "tier", *(judged.drawn or ())[:1]]
            for row in _read(path, [name for name in wanted if name in known]).to_pylist():
                if judged.drawn is None or row[judged.drawn[0]] == judged.drawn[1]:
                    yield config, row[judged.stratum], row.get("tier") or "", row["id"]


def read_ids(folder: Path, config: str) -> set[str]:
    """Returns the ids of a config; none where the folder has no such config."""
    paths = sorted((folder / config).glob("*.parquet")) if config in JUDGED_CONFIGS else []
    return {str(row["id"]) for path in paths for row in _read(path, ["id"]).to_pylist()}


def _read_names(path: Path) -> list[str]:
    try:
        return pq.read_schema(path).names
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(path) from error


def _read(path: Path, columns: list[str]) -> pa.Table:
    try:
        return pq.read_table(path, columns=columns)
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> SourceError:
    return SourceError(str(path), "no Parquet", "a file of rows", "Build the folder again")


def _write_lines(folder: Path, drawn: Sequence[Drawn], seed: int) -> Iterator[list[str]]:
    for config, judged in JUDGED_CONFIGS.items():
        places = [(stratum, id_) for name, stratum, _, id_ in drawn if name == config]
        if not places:
            continue
        rows = _fetch(folder / config, [id_ for _, id_ in places])
        others: dict[str, Row] = {}
        if judged.drawn:
            others = _fetch(folder / config, [row["counterpart_id"] for row in rows.values()])
        for stratum, id_ in places:
            row = rows[id_]
            line = judged.describe(row, others.get(row.get("counterpart_id", "")))
            if judged.shuffled:
                line = _shuffle(line, id_, seed)
            yield [config, id_, stratum, *_write_cells(line)]


def _fetch(folder: Path, ids: Sequence[str]) -> dict[str, Row]:
    """Returns id -> row, of some rows of one config; the rest of it takes no memory."""
    files = [str(path) for path in sorted(folder.glob("*.parquet"))]
    table = ds.dataset(files, format="parquet").to_table(filter=ds.field("id").isin(list(ids)))
    return {row["id"]: row for row in table.to_pylist()}


def _shuffle(line: Line, id_: str, seed: int) -> Line:
    places = range(len(line.options))
    order = sorted(places, key=lambda place: draw_key(seed, id_, str(place)))
    return line._replace(
        options=tuple(line.options[place] for place in order),
        positive=tuple(order.index(place) for place in line.positive),
        negative=tuple(order.index(place) for place in line.negative),
    )


def _write_cells(line: Line) -> Iterator[str]:
    options = [f"{_name(place)}. {option}" for place, option in enumerate(line.options)]
    yield from (line.reading, line.prompt, "\n".join(options))
    yield from (_list_names(line.positive), _list_names(line.negative))


def _list_names(places: Iterable[int]) -> str:
    return ", ".join(_name(place) for place in sorted(places))


def _name(place: int) -> str:
    """Returns a letter: spreadsheets would take numbers for something else."""
    again, letter = divmod(place, len(ascii_uppercase))
    return ascii_uppercase[letter] * (again + 1)
