"""Writes a sheet of rows for people to judge; the only importer of pandas."""

# pyright: reportUnknownMemberType=false
# The types of pyarrow leave out those of some arguments.

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from string import ascii_uppercase

import pyarrow as pa
import pyarrow.compute as pc

from generators.errors import FolderError, SourceError
from generators.report.audit_sheet.columns import CHECKLIST, JUDGED, READ, Line, guard
from generators.report.audit_sheet.lines import JUDGED_CONFIGS, Row
from generators.report.audit_sheet.sampling import draw_key, interleave
from generators.stored_rows import list_files, open_rows

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
    for config, judged in JUDGED_CONFIGS.items():
        for path in list_files(folder, config):
            wanted = ["id", judged.stratum, "tier", *(judged.drawn or ())[:1]]
            for row in _read(path, config, wanted).to_pylist():
                if judged.drawn is None or row[judged.drawn[0]] == judged.drawn[1]:
                    yield config, row[judged.stratum], row["tier"], row["id"]


def read_ids(folder: Path, config: str) -> set[str]:
    """Returns the ids of a config; none where the folder has no such config."""
    paths = list_files(folder, config) if config in JUDGED_CONFIGS else []
    return {row["id"] for path in paths for row in _read(path, config, ["id"]).to_pylist()}


def read_options(folder: Path, rows: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Returns config and id -> the options as a sheet shows them."""
    drawn = [(config, "", "", id_) for config, id_ in rows]
    place = READ.index("options")
    return {(line[0], line[1]): line[place] for line in _write_lines(folder, drawn, seed=0)}


def _read(path: Path, config: str, columns: list[str]) -> pa.Table:
    with open_rows(path, config) as file:
        return file.read(columns)


def _write_lines(folder: Path, drawn: Sequence[Drawn], seed: int) -> Iterator[list[str]]:
    for config, judged in JUDGED_CONFIGS.items():
        places = [(stratum, id_) for name, stratum, _, id_ in drawn if name == config]
        if not places:
            continue
        rows = _fetch(folder, config, [id_ for _, id_ in places])
        others: dict[str, Row] = {}
        if judged.drawn:
            others = _fetch(folder, config, [row["counterpart_id"] for row in rows.values()])
        for stratum, id_ in places:
            row = rows[id_]
            line = judged.describe(row, others.get(row.get("counterpart_id", "")))
            if judged.shuffled:
                line = _shuffle(line, id_, seed)
            yield [config, id_, stratum, *_write_cells(line)]


def _fetch(folder: Path, config: str, ids: Iterable[str]) -> dict[str, Row]:
    """Returns id -> row, of some rows of one config; the rest of it takes no memory."""
    wanted = pa.array(ids, pa.string())
    rows: dict[str, Row] = {}
    for path in list_files(folder, config):
        with open_rows(path, config) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                found = table.filter(pc.is_in(table["id"], wanted))
                rows |= {row["id"]: row for row in found.to_pylist()}
    return rows


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
