"""Pairs as columns: their texts, their `tokens`, which alignment found, and the table of all."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from generators.configs.from_concepts import UNALIGNED, Run
from generators.tables import arrow_schema
from generators.tokens.alignment import SPACES, Alignment
from generators.tokens.vocabularies import Ids
from schemas.minimal_pairs import MinimalPairRow

BOS = (False, True)
"""Whether one token stands before the text: it moves every place by one."""

Alignments = Sequence[Sequence[Alignment]]
"""Tokenizer -> without a leading space, with one."""
Column: TypeAlias = "pa.Array[Any]"
_arrow: Any = pa
"""Its stubs know neither arrays from numpy nor lists from offsets."""


class TwoTexts(NamedTuple):
    """The sides of a pair, and how many characters both share at either end."""

    positive: str
    negative: str
    lead: int
    trail: int

    @property
    def prefix(self) -> str:
        """What both begin with."""
        return self.positive[: self.lead]

    @property
    def suffix(self) -> str:
        """What both end with."""
        return self.positive[len(self.positive) - self.trail :]


def list_columns(sides: Sequence[TwoTexts]) -> dict[str, Any]:
    """Returns column -> values, for those columns that are text or places in it."""
    spans: Ids = np.array(
        [
            [(each.lead, len(text) - each.trail) for text in (each.positive, each.negative)]
            for each in sides
        ],
        np.int64,
    )
    return {
        "positive": [each.positive for each in sides],
        "negative": [each.negative for each in sides],
        "positive_span": spans[:, 0],
        "negative_span": spans[:, 1],
        "prefix": [each.prefix for each in sides],
        "suffix": [each.suffix for each in sides],
    }


class Kept(NamedTuple):
    """The pairs that are kept, each in the first form that all tokenizers align, else the first."""

    places: list[int]
    """Their places among the pairs, ascending."""
    forms: list[int]
    """The place of the form that is chosen for each."""
    tokens: Column
    """Their column `tokens`."""


def keep_aligned(run: Run, forms: Sequence[Alignments]) -> Kept | None:
    """Returns the pairs that are kept; None where none is. What is left out is counted.

    Args:
        run: says whether all tokenizers must align a pair.
        forms: the alignments of all pairs in each form, the one that is preferred first.
    """
    each_aligned = [[each.aligned for both in form for each in both] for form in forms]
    aligned = np.stack([np.logical_and.reduce(form) for form in each_aligned])
    n_pairs = len(forms[0][0][0].aligned)
    kept = np.flatnonzero(aligned.any(axis=0)) if run.aligned_only else np.arange(n_pairs)
    run.left_out[UNALIGNED] += n_pairs - len(kept)
    if not len(kept):
        return None
    chosen: Ids = aligned.argmax(axis=0)[kept]
    alignments: list[list[Alignment]] = []
    for vocabulary, by_form in zip(run.vocabularies, zip(*forms, strict=True), strict=True):
        both = [
            Alignment(*(np.stack(part)[chosen, kept] for part in zip(*readings, strict=True)))
            for readings in zip(*by_form, strict=True)
        ]
        run.aligned[vocabulary.name] += int(np.all([each.aligned for each in both], axis=0).sum())
        alignments.append(both)
    tokens = pair_tokens([each.name for each in run.vocabularies], alignments)
    return Kept(kept.tolist(), chosen.tolist(), tokens)


def pair_tokens(names: Sequence[str], alignments: Alignments) -> Column:
    """Returns the column of pairs: for each row tokenizer by tokenizer, space or none, BOS or none.

    Args:
        names: the tokenizers.
        alignments: those of all rows.
    """
    n_rows = len(alignments[0][0].aligned)
    order = [(name, space, bos) for name in names for space in SPACES for bos in BOS]
    each = [(reading, bos) for both in alignments for reading in both for bos in BOS]
    aligned = np.stack([reading.aligned for reading, _ in each], axis=1)
    starts = np.stack([reading.start + bos for reading, bos in each], axis=1)
    ends = np.stack([reading.ends + bos for reading, bos in each], axis=1)
    lengths = np.stack([reading.lengths + bos for reading, bos in each], axis=1)
    spans = [np.stack([starts, ends[..., side]], axis=-1) for side in (0, 1)]
    places = _arrow.array(np.tile(np.arange(len(order)), n_rows))
    fields: dict[str, Column] = {
        "tokenizer": _arrow.array([name for name, _, _ in order], _arrow.string()).take(places),
        "leading_space": _arrow.array([space for _, space, _ in order]).take(places),
        "bos": _arrow.array([bos for _, _, bos in order]).take(places),
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
        columns: name -> a list of values, (n_rows, 2) places, or one value for all rows; those
            that are not named have the schema's default.
        tokens: the column of that name.
    """
    schema: Any = arrow_schema(MinimalPairRow)
    arrays: dict[str, Any] = {"tokens": tokens}
    for name in set(schema.names) - {"tokens"}:
        values = columns.get(name, MinimalPairRow.model_fields[name].default)
        kind = schema.field(name).type
        if isinstance(values, np.ndarray):
            arrays[name] = list_spans(values)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(values, list):
            arrays[name] = pa.array(values, kind)  # pyright: ignore[reportUnknownArgumentType]
        else:
            arrays[name] = _arrow.repeat(_arrow.scalar(values, kind), len(tokens))
    return pa.Table.from_arrays([arrays[name] for name in schema.names], schema=schema)


def list_spans(places: Ids) -> Column:
    """Returns places of any shape whose last axis is two as a flat array of lists of two."""
    flat = places.reshape(-1)
    offsets = _arrow.array(np.arange(len(flat) // 2 + 1, dtype=np.int32) * 2)
    return _arrow.ListArray.from_arrays(offsets, _arrow.array(flat))
