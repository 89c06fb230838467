"""Contrasts of the configs that come from games: the options of one menu."""

# pyright: reportArgumentType=false, reportUnknownMemberType=false
# Arrow cannot tell that a column has no nulls.

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from generators.contrasts.base import WHOLE, Contrasts, Reader, code, code_texts, count_up


def read_pairs(table: pa.Table) -> Contrasts:
    """Returns the pairs of `contrastive`."""
    positives, negatives = join_chunks(table["positive"]), join_chunks(table["negative"])
    texts, positive, negative = code_texts(positives, negatives)
    ids: list[Any] = table["id"].to_pylist()
    places = [name.rpartition("/")[2].partition("-") for name in ids]
    earlier = [1 if int(place) < int(other) else -1 for place, _, other in places]
    return Contrasts(
        texts=texts,
        positive=positive,
        negative=negative,
        item=count_up(len(ids)),
        ids=ids,
        row_item=count_up(len(ids)),
        unit=code(table["decision_id"].to_pylist()),
        group=code(table["group"].to_pylist()),
        part=code(table["behavior"].to_pylist()),
        whole=table[WHOLE].to_pylist(),
        earlier=np.array(earlier, np.int32),
    )


def read_items(table: pa.Table) -> Contrasts:
    """Returns the questions of `multiple_choice`: each positive with each negative."""
    ids: list[Any] = table["id"].to_pylist()
    matching: list[Any] = table["matching"].to_pylist()
    others: list[Any] = table["not_matching"].to_pylist()
    order: list[Any] = table["order"].to_pylist()
    choices = join_chunks(table["choices"])
    starts = choices.offsets.to_numpy()
    pairs = [
        (item, starts[item] + one, starts[item] + other)
        for item, (positives, negatives) in enumerate(zip(matching, others, strict=True))
        for one in positives
        for other in negatives
    ]
    item, ones, two = (np.array(column, np.int32) for column in zip(*pairs, strict=True))
    flat = choices.values
    texts, positive, negative = code_texts(flat.take(pa.array(ones)), flat.take(pa.array(two)))
    return Contrasts(
        texts=texts,
        positive=positive,
        negative=negative,
        item=item,
        ids=ids,
        row_item=count_up(len(ids)),
        unit=code(table["decision_id"].to_pylist()),
        group=code(table["group"].to_pylist()),
        part=code(table["behavior"].to_pylist()),
        whole=table[WHOLE].to_pylist(),
        target=np.array([*map(find_target, matching, order)], np.int32),
        size=np.array([*map(len, order)], np.int32),
    )


def find_target(matching: Sequence[int], order: Sequence[int]) -> int:
    """Returns the place of the menu's first positive: the one whose places are balanced."""
    return min(matching, key=lambda place: order[place])


def read_queries(table: pa.Table) -> Contrasts:
    """Returns what the queries of `icl` are about; the shots are other rows' queries."""
    query = join_chunks(table["query"])
    positives, negatives = query.field("positive"), query.field("negative")
    texts, positive, negative = code_texts(positives, negatives)
    ids: list[Any] = table["id"].to_pylist()
    return Contrasts(
        texts=texts,
        positive=positive,
        negative=negative,
        item=count_up(len(ids)),
        ids=ids,
        row_item=count_up(len(ids)),
        unit=code(table["decision_id"].to_pylist()),
        group=code(table["group"].to_pylist()),
        part=code(table["behavior"].to_pylist()),
        whole=table[WHOLE].to_pylist(),
    )


def join_chunks(column: "pa.ChunkedArray[Any]") -> Any:
    """Returns a column in one piece."""
    return column.combine_chunks()


_COLUMNS = ("id", "decision_id", "group", "behavior")
PAIRS = Reader((*_COLUMNS, "positive", "negative"), ("prompt", "positive", "negative"), read_pairs)
ITEMS = Reader(
    (*_COLUMNS, "choices", "matching", "not_matching", "order"), ("question", "choices"), read_items
)
QUERIES = Reader((*_COLUMNS, "query"), ("query",), read_queries)
