"""Writes into the rows of a folder which are `core`, `hard`, and misled by their cues."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from generators.contrasts import READERS
from generators.contrasts.base import WHOLE, Contrasts, Mask, Reader, hash_texts
from generators.row_files import ParquetFile
from generators.selection.core import choose_core, count_reasons
from generators.selection.cues import Readings, narrow, read_texts
from generators.selection.flags import find_hard, find_reversed, list_parts
from generators.stored_rows import list_files
from schemas.quality import Selection

FLAGS: dict[str, Callable[[Contrasts, Readings], Mask]] = {
    "hard": find_hard,
    "reversed_cue": find_reversed,
}
"""Column -> what finds the items that have the flag."""

Columns = dict[str, "pa.Array[Any]"]


def assign_tiers(folder: Path, config: str) -> Selection:
    """Returns what was chosen of a config's rows; its files are rewritten with the choice.

    Args:
        folder: a dataset folder that is being built.
        config: one whose rows have a tier; it has some.
    """
    paths = list_files(folder, config)
    contrasts = READERS[config].read(read_columns(paths, READERS[config]))
    columns, selection = choose_rows(contrasts, read_texts(contrasts.texts))
    done = 0
    for path in paths:
        done += _rewrite(path, columns, done)
    return selection


def read_columns(paths: list[Path], reader: Reader) -> pa.Table:
    """Returns what a reader takes of all rows; their texts pass, and only hashes of them stay."""
    needed = list(dict.fromkeys([*reader.columns, *reader.text]))
    tables: list[pa.Table] = []
    for path in paths:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                table: pa.Table = file.read_row_group(group, needed)  # pyright: ignore[reportUnknownMemberType]
                hashes = hash_texts(table, reader.text)
                tables.append(table.select(list(reader.columns)).append_column(WHOLE, hashes))
    return pa.concat_tables(tables)


def choose_rows(contrasts: Contrasts, readings: Readings) -> tuple[Columns, Selection]:
    """Returns the columns that rows get, and what is counted of them; each part by itself."""
    masks = {name: np.zeros(contrasts.items, np.bool_) for name in ("core", *FLAGS)}
    reasons = np.full(contrasts.items, "", object)
    for here, part in list_parts(contrasts):
        known = narrow(readings, part)
        choice = choose_core(part, known)
        masks["core"][here], reasons[here] = choice.core, choice.reasons
        for name, find in FLAGS.items():
            masks[name][here] = find(part, known)
    rows = {name: _spread(mask, contrasts) for name, mask in masks.items()}
    rows_of = np.bincount(contrasts.row_item[contrasts.row_item >= 0], minlength=contrasts.items)
    selection = Selection(
        rows=len(contrasts.row_item),
        core=int(rows["core"].sum()),
        hard=int(rows["hard"].sum()),
        reversed_cue=int(rows["reversed_cue"].sum()),
        fell=count_reasons(np.repeat(reasons, rows_of).tolist()),
    )
    tier = pa.array(np.where(rows["core"], "core", "full"), pa.string())
    flags = {name: pa.array(rows[name], pa.bool_()) for name in FLAGS}
    return {"tier": tier, **flags}, selection


def _spread(items: Mask, contrasts: Contrasts) -> Mask:
    """Returns for each row whether its item is among some; False for a row without an item."""
    return np.append(items, False)[contrasts.row_item]


def _rewrite(path: Path, columns: Columns, first: int) -> int:
    """Returns the rows of a file, whose columns were replaced, row group by row group."""
    whole = path.with_suffix(".whole")
    path.rename(whole)
    rows = 0
    with pq.ParquetFile(whole) as source:
        file = ParquetFile(path, source.schema_arrow)
        try:
            for group in range(source.num_row_groups):
                table: pa.Table = source.read_row_group(group)  # pyright: ignore[reportUnknownMemberType]
                for name, values in columns.items():
                    place = table.schema.get_field_index(name)
                    new = values.slice(first + rows, table.num_rows)
                    field = cast(Any, table.schema).field(place)
                    table = table.set_column(place, field, new)
                file.write(table)
                rows += table.num_rows
            file.close()
        except BaseException:
            file.abandon()
            raise
    whole.unlink()
    return rows
