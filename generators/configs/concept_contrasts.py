"""Contrasts of the concept sets: two readings of one sentence, or two rows that are twins."""

# pyright: reportArgumentType=false, reportUnknownMemberType=false
# Arrow cannot tell that a column has no nulls.

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from generators.configs.codes import (
    code,
    code_alike,
    code_texts,
    code_together,
    count_up,
    join_chunks,
)
from generators.configs.contrasts import WHOLE, Contrasts, Reader, read_sides


def read_minimal_pairs(table: pa.Table) -> Contrasts:
    """Returns the pairs of `minimal_pairs`; a contrast in a template counts once."""
    units = code_together(table, ("contrast", "template"))
    return _read_sides(table, "positive", "negative", units)


def read_insertions(table: pa.Table) -> Contrasts:
    """Returns the concept's mention against the control's."""
    return _read_sides(table, "inserted", "control", table["id"])


def _read_sides(table: pa.Table, one: str, other: str, units: Any) -> Contrasts:
    part = code_alike(table.num_rows)
    return read_sides(table, join_chunks(table[one]), join_chunks(table[other]), units, part)


def read_relations(table: pa.Table) -> Contrasts:
    """Returns the conclusion that follows against its twin that does not; premises count once."""
    premises: list[Any] = table["premises"].to_pylist()
    units = ["\n".join(sorted(each)) for each in premises]
    return _read_twins(table, "conclusion", table["valid"].to_pylist(), units)


def read_associations(table: pa.Table) -> Contrasts:
    """Returns the sentence with the pleasant attribute against its twin; a target counts once."""
    side = [valence == "positive" for valence in table["valence"].to_pylist()]
    units: list[Any] = table["target"].to_pylist()
    contrasts = _read_twins(table, "text", side, units)
    return replace(contrasts, meant=frozenset({"sentiment"}))


def _read_twins(table: pa.Table, text: str, side: Sequence[Any], units: Sequence[str]) -> Contrasts:
    """Returns one item for two rows that name each other, the positive one first."""
    ids: list[Any] = table["id"].to_pylist()
    whole = table[WHOLE].to_numpy()
    place = {name: row for row, name in enumerate(ids)}
    twins: list[int | None] = [place.get(name) for name in table["counterpart_id"].to_pylist()]
    ones = [
        row for row, twin in enumerate(twins) if side[row] and twin is not None and not side[twin]
    ]
    others = [twin for row in ones if (twin := twins[row]) is not None]
    row_item = np.full(len(ids), -1, np.int32)
    row_item[ones] = row_item[others] = count_up(len(ones))
    column = join_chunks(table[text])
    positives, negatives = (column.take(pa.array(rows, pa.int64())) for rows in (ones, others))
    texts, positive, negative = code_texts(positives, negatives)
    groups: list[Any] = table["group"].to_pylist()
    return Contrasts(
        texts=texts,
        positive=positive,
        negative=negative,
        item=count_up(len(ones)),
        ids=join_chunks(table["id"]).take(pa.array(ones, pa.int64())),
        row_item=row_item,
        unit=code([units[row] for row in ones]),
        group=code([groups[row] for row in ones]),
        part=code_alike(len(ones)),
        whole=whole[ones] * 3 + whole[others],  # the same two the other way round are another
    )


_COLUMNS = ("id", "group")
MINIMAL_PAIRS = Reader(
    (*_COLUMNS, "contrast", "template", "positive", "negative"),
    ("positive", "negative"),
    read_minimal_pairs,
    ("group", "contrast", "template", "positive", "negative"),
)
INSERTIONS = Reader((*_COLUMNS, "inserted", "control"), ("inserted", "control"), read_insertions)
RELATIONS = Reader(
    (*_COLUMNS, "premises", "conclusion", "valid", "counterpart_id"),
    ("premises", "conclusion"),
    read_relations,
)
ASSOCIATIONS = Reader(
    (*_COLUMNS, "target", "text", "valence", "counterpart_id"), ("text",), read_associations
)
