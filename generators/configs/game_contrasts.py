"""Contrasts of the configs that come from games: the options of one menu."""

# pyright: reportArgumentType=false, reportUnknownMemberType=false
# Arrow cannot tell that a column has no nulls.

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from generators.configs.codes import Ints, Mask, code, code_texts, join_chunks
from generators.configs.contrasts import WHOLE, Contrasts, Reader, read_sides


def read_pairs(table: pa.Table) -> Contrasts:
    """Returns the pairs of `contrastive`."""
    contrasts = _read_sides(table, join_chunks(table["positive"]), join_chunks(table["negative"]))
    earlier = np.fromiter(map(_tell_order, contrasts.ids.to_pylist()), np.int32, contrasts.items)
    return replace(contrasts, earlier=earlier)


def _read_sides(table: pa.Table, positives: Any, negatives: Any) -> Contrasts:
    part = code(table["behavior"])
    return read_sides(table, positives, negatives, table["decision_id"], part)


def _tell_order(id_: str) -> int:
    """Returns whether a pair's id, `.../<place>-<other>`, names the earlier place first."""
    place, _, other = id_.rpartition("/")[2].partition("-")
    return 1 if int(place) < int(other) else -1


def read_items(table: pa.Table) -> Contrasts:
    """Returns the questions of `multiple_choice`: each positive with each negative.

    A row that lacks a pole has no contrast, and so no item.
    """
    has_both = _find_both(table)
    row_item = np.where(has_both, np.cumsum(has_both) - 1, -1).astype(np.int32)
    if not has_both.all():
        table = table.filter(pa.array(has_both))
    columns = ("choices", "matching", "not_matching", "order")
    choices, matching, others, order = (join_chunks(table[name]) for name in columns)
    item, positives, negatives = cross(matching, others)
    starts = choices.offsets.to_numpy()[:-1][item]
    flat = choices.values
    texts, positive, negative = code_texts(
        flat.take(pa.array(starts + positives)), flat.take(pa.array(starts + negatives))
    )
    return Contrasts(
        texts=texts,
        positive=positive,
        negative=negative,
        item=item,
        ids=join_chunks(table["id"]),
        row_item=row_item,
        unit=code(table["decision_id"]),
        group=code(table["group"]),
        part=code(table["behavior"]),
        whole=table[WHOLE].to_numpy(),
        target=find_targets(matching, order),
        size=np.diff(order.offsets.to_numpy()).astype(np.int32),
    )


def _find_both(table: pa.Table) -> Mask:
    """Returns for each row whether it has a positive and a negative."""
    poles = (join_chunks(table[name]) for name in ("matching", "not_matching"))
    one, other = (np.diff(pole.offsets.to_numpy()) > 0 for pole in poles)
    return one & other


def cross(ones: Any, others: Any) -> tuple[Ints, Ints, Ints]:
    """Returns each value of a row's one list with each of its other: row, one, other."""
    starts: tuple[Ints, Ints] = ones.offsets.to_numpy(), others.offsets.to_numpy()
    each, against = np.diff(starts[0]), np.diff(starts[1])
    pairs = each * against
    row = np.repeat(np.arange(len(pairs)), pairs)
    place = np.arange(len(row)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    one = ones.values.to_numpy()[starts[0][row] + place // against[row]]
    other = others.values.to_numpy()[starts[1][row] + place % against[row]]
    return row.astype(np.int32), one.astype(np.int32), other.astype(np.int32)


def find_targets(matching: Any, order: Any) -> Ints:
    """Returns the place of each menu's first positive: the one whose places are balanced.

    Every row must have a positive.
    """
    starts = matching.offsets.to_numpy()[:-1]
    places = matching.values.to_numpy()
    row = np.repeat(np.arange(len(starts)), np.diff(matching.offsets.to_numpy()))
    in_menu = order.values.to_numpy()[order.offsets.to_numpy()[row] + places]
    far = int(places.max(initial=0)) + 1
    return (np.minimum.reduceat(in_menu * far + places, starts) % far).astype(np.int32)


def read_queries(table: pa.Table) -> Contrasts:
    """Returns what the queries of `icl` are about; the shots are other rows' queries."""
    query = join_chunks(table["query"])
    return _read_sides(table, query.field("positive"), query.field("negative"))


_COLUMNS = ("id", "decision_id", "group", "behavior")
PAIRS = Reader((*_COLUMNS, "positive", "negative"), ("prompt", "positive", "negative"), read_pairs)
ITEMS = Reader(
    (*_COLUMNS, "choices", "matching", "not_matching", "order"), ("question", "choices"), read_items
)
QUERIES = Reader((*_COLUMNS, "query"), ("query",), read_queries)
