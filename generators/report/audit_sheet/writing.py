"""Writes a sheet of rows for people to judge; the only importer of pandas."""

# pyright: reportUnknownMemberType=false
# The types of pyarrow leave out those of some arguments.

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from string import ascii_uppercase

import pyarrow as pa
import pyarrow.compute as pc

from generators.configs import CONFIGS
from generators.configs.base import Config, Item, Row, Side
from generators.errors import FolderError, SourceError
from generators.report.audit_sheet.columns import JUDGED, READ, guard
from generators.report.audit_sheet.sampling import draw_key, interleave
from generators.tables import list_files, open_rows

Drawn = tuple[str, str, str, str]
"""Config, behavior or theme, tier, id."""

AUDITED = {name: config for name, config in CONFIGS.items() if config.tiered}
"""Configs that have something to judge."""


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
            for row in _read(path, config, wanted).to_pylist():
                if twins is None or row[twins.column] == twins.positive:
                    yield config.name, row[topic], row["tier"], row["id"]


def read_ids(folder: Path, config: str) -> set[str]:
    """Returns the ids of a config; none where the folder has no such config."""
    if config not in AUDITED:
        return set()
    tables = (_read(path, AUDITED[config], ["id"]) for path in list_files(folder, config))
    return {row["id"] for table in tables for row in table.to_pylist()}


def read_options(folder: Path, rows: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Returns config and id -> the options as a sheet shows them."""
    drawn = [(config, "", "", id_) for config, id_ in rows]
    place = READ.index("options")
    return {(line[0], line[1]): line[place] for line in _write_lines(folder, drawn, seed=0)}


def _read(path: Path, config: Config, columns: list[str]) -> pa.Table:
    with open_rows(path, config.row) as file:
        return file.read(columns)


def _write_lines(folder: Path, drawn: Sequence[Drawn], seed: int) -> Iterator[list[str]]:
    for name, config in AUDITED.items():
        places = [(stratum, id_) for at, stratum, _, id_ in drawn if at == name]
        if not places:
            continue
        rows = _fetch(folder, config, [id_ for _, id_ in places])
        twins: dict[str, Row] = {}
        if config.twins:
            twins = _fetch(folder, config, [row["counterpart_id"] for row in rows.values()])
        for stratum, id_ in places:
            row = rows[id_]
            item = config.show(row, twins.get(row.get("counterpart_id", "")))
            sides = item.sides if config.ordered else _shuffle(item.sides, id_, seed)
            yield [name, id_, stratum, *_write_cells(item, sides)]


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


def _shuffle(sides: Sequence[Side], id_: str, seed: int) -> list[Side]:
    order = sorted(range(len(sides)), key=lambda place: draw_key(seed, id_, str(place)))
    return [sides[place] for place in order]


def _write_cells(item: Item, sides: Sequence[Side]) -> Iterator[str]:
    """Yields what positive means, what comes first, the options, and the letters of both poles.

    An option stands there with what follows it in the story, which its label is about.
    """
    texts = [f"{side.text}\n→ {side.outcome}" if side.outcome else side.text for side in sides]
    options = [f"{_name(place)}. {text}" for place, text in enumerate(texts)]
    yield from (item.claim, item.context or item.base, "\n".join(options))
    for pole in ("+", "-"):
        yield ", ".join(_name(place) for place, side in enumerate(sides) if side.pole == pole)


def _name(place: int) -> str:
    """Returns a letter: spreadsheets would take numbers for something else."""
    again, letter = divmod(place, len(ascii_uppercase))
    return ascii_uppercase[letter] * (again + 1)
