"""Pairs as columns: their `tokens`, which alignment found, and the table of all. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from generators.tables import arrow_schema
from generators.tokens.alignment import SPACES, Alignment
from generators.tokens.vocabularies import Ids
from schemas.minimal_pairs import MinimalPairRow

BOS = (False, True)
"""Whether one token stands before the text: it moves every place by one."""

Column: TypeAlias = "pa.Array[Any]"
_arrow: Any = pa
"""Its stubs know neither arrays from numpy nor lists from offsets."""


def choose(
    alignments: Sequence[Sequence[Sequence[Alignment]]], chosen: Ids, kept: Ids
) -> list[list[Alignment]]:
    """Returns tokenizer -> reading -> the alignment of the chosen form of each pair that is kept.

    Args:
        alignments: form -> tokenizer -> reading -> alignment of all pairs.
        chosen: (n_pairs,) form of each pair.
        kept: places of the pairs that are kept.
    """
    picked = chosen[kept]
    found: list[list[Alignment]] = []
    for by_form in zip(*alignments, strict=True):
        both: list[Alignment] = []
        for forms in zip(*by_form, strict=True):
            parts = [np.stack(part)[picked, kept] for part in zip(*forms, strict=True)]
            both.append(Alignment(*parts))
        found.append(both)
    return found


def pair_tokens(names: Sequence[str], alignments: Sequence[Sequence[Alignment]]) -> Column:
    """Returns the column of pairs: for each row tokenizer by tokenizer, space or none, BOS or none.

    Args:
        names: the tokenizers.
        alignments: tokenizer -> without a leading space, with one -> alignment of all rows.
    """
    n_rows = len(alignments[0][0].aligned)
    each = [(reading, bos) for both in alignments for reading in both for bos in BOS]
    aligned = np.stack([reading.aligned for reading, _ in each], axis=1)
    starts = np.stack([reading.start + bos for reading, bos in each], axis=1)
    ends = np.stack([reading.ends + bos for reading, bos in each], axis=1)
    lengths = np.stack([reading.lengths + bos for reading, bos in each], axis=1)
    spans = [np.stack([starts, ends[..., side]], axis=-1) for side in (0, 1)]
    fields: dict[str, Column] = {
        **_name_readings(names, n_rows),
        "aligned": _arrow.array(aligned.ravel()),
        "positive_span": list_spans(spans[0]),
        "negative_span": list_spans(spans[1]),
        "n_tokens": _arrow.array(lengths[..., 0].ravel()),
        "negative_n_tokens": _arrow.array(lengths[..., 1].ravel()),
    }
    schema: Any = arrow_schema(MinimalPairRow)
    struct = schema.field("tokens").type.value_type
    values = _arrow.StructArray.from_arrays(
        [fields[field.name] for field in struct], fields=list(struct)
    )
    offsets = _arrow.array(np.arange(n_rows + 1, dtype=np.int32) * len(each))
    return _arrow.ListArray.from_arrays(offsets, values)


def make_pairs(columns: Mapping[str, Any], tokens: Column) -> pa.Table:
    """Returns the table of config `minimal_pairs`.

    Args:
        columns: name -> a list of values, (n_rows, 2) places, or one value for all rows.
        tokens: the column of that name.
    """
    schema: Any = arrow_schema(MinimalPairRow)
    arrays: dict[str, Any] = {"tokens": tokens}
    for name, values in columns.items():
        kind = schema.field(name).type
        if isinstance(values, np.ndarray):
            arrays[name] = list_spans(values)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(values, list):
            arrays[name] = pa.array(values, kind)  # pyright: ignore[reportUnknownArgumentType]
        else:
            arrays[name] = _arrow.repeat(_arrow.scalar(values, kind), len(tokens))
    return pa.Table.from_arrays([arrays[name] for name in schema.names], schema=schema)


def _name_readings(names: Sequence[str], n_rows: int) -> dict[str, Column]:
    """Returns the columns that say which reading an entry is, the same for every row."""
    order = [(name, space, bos) for name in names for space in SPACES for bos in BOS]
    places = _arrow.array(np.tile(np.arange(len(order)), n_rows))
    return {
        "tokenizer": _arrow.array([name for name, _, _ in order], _arrow.string()).take(places),
        "leading_space": _arrow.array([space for _, space, _ in order]).take(places),
        "bos": _arrow.array([bos for _, _, bos in order]).take(places),
    }


def list_spans(places: Ids) -> Column:
    """Returns places of any shape whose last axis is two as a flat array of lists of two."""
    flat = places.reshape(-1)
    offsets = _arrow.array(np.arange(len(flat) // 2 + 1, dtype=np.int32) * 2)
    return _arrow.ListArray.from_arrays(offsets, _arrow.array(flat))
