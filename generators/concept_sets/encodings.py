"""The column `tokens`: what alignment found, as Arrow arrays or records. Pure."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from generators.tables import arrow_schema
from generators.tokens.alignment import SPACES, Alignment
from generators.tokens.vocabularies import Ids
from schemas.minimal_pairs import MinimalPairRow

BOS = (False, True)
"""Whether one token stands before the text: it moves every place by one."""

Flags = npt.NDArray[np.bool_]


def choose(
    readings: Sequence[Sequence[Sequence[Alignment]]], chosen: Ids, kept: Ids
) -> list[list[Alignment]]:
    """Returns tokenizer -> reading -> the alignment of the chosen form of each pair that is kept.

    Args:
        readings: form -> tokenizer -> reading -> alignment of all pairs.
        chosen: (n_pairs,) form of each pair.
        kept: places of the pairs that are kept.
    """
    picked = chosen[kept]
    found: list[list[Alignment]] = []
    for by_form in zip(*readings, strict=True):
        both: list[Alignment] = []
        for forms in zip(*by_form, strict=True):
            parts = [np.stack(part)[picked, kept] for part in zip(*forms, strict=True)]
            both.append(Alignment(*parts))
        found.append(both)
    return found


def pair_tokens(names: Sequence[str], readings: Sequence[Sequence[Alignment]]) -> pa.Array:
    """Returns the column of pairs: for each row tokenizer by tokenizer, space or none, BOS or none.

    Args:
        names: the tokenizers.
        readings: tokenizer -> without a leading space, with one -> alignment of all rows.
    """
    n_rows = len(readings[0][0].aligned)
    each = [(reading, bos) for both in readings for reading in both for bos in BOS]
    aligned = np.stack([reading.aligned for reading, _ in each], axis=1)
    starts = np.stack([reading.start + bos for reading, bos in each], axis=1)
    ends = np.stack([reading.ends + bos for reading, bos in each], axis=1)
    lengths = np.stack([reading.lengths + bos for reading, bos in each], axis=1)
    spans = [np.stack([starts, ends[..., side]], axis=-1) for side in (0, 1)]
    fields = {
        **_name_readings(names, n_rows),
        "aligned": pa.array(aligned.ravel()),
        "positive_span": _as_spans(spans[0]),
        "negative_span": _as_spans(spans[1]),
        "n_tokens": pa.array(lengths[..., 0].ravel()),
        "negative_n_tokens": pa.array(lengths[..., 1].ravel()),
    }
    struct = arrow_schema(MinimalPairRow).field("tokens").type.value_type
    values = pa.StructArray.from_arrays(
        [fields[field.name] for field in struct], fields=list(struct)
    )
    offsets = pa.array(np.arange(n_rows + 1, dtype=np.int32) * len(each))
    return pa.ListArray.from_arrays(offsets, values)


def _name_readings(names: Sequence[str], n_rows: int) -> dict[str, pa.Array]:
    """Returns the columns that say which reading an entry is, the same for every row."""
    order = [(name, space, bos) for name in names for space in SPACES for bos in BOS]
    places = pa.array(np.tile(np.arange(len(order)), n_rows))
    return {
        "tokenizer": pa.array([name for name, _, _ in order], pa.string()).take(places),
        "leading_space": pa.array([space for _, space, _ in order]).take(places),
        "bos": pa.array([bos for _, _, bos in order]).take(places),
    }


def _as_spans(places: Ids) -> pa.Array:
    """Returns (n_rows, n_readings, 2) places as a flat array of lists of two."""
    flat = places.reshape(-1)
    offsets = pa.array(np.arange(len(flat) // 2 + 1, dtype=np.int32) * 2)
    return pa.ListArray.from_arrays(offsets, pa.array(flat))
