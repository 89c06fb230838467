"""Pairs with as many tokens on both sides, and the places where they differ.

TransformerLens 4.3.0 (patching by position needs equal lengths), pyvene 0.1.8 (`unit_locations`:
a position per side), causalgym's aligned spans. Sources:
https://transformerlensorg.github.io/TransformerLens/, https://github.com/stanfordnlp/pyvene,
https://github.com/aryamanarora/causalgym.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from generators.export.formats.base import Entry, Format, LeftOut, Record, Scope
from generators.export.formats.positions import align_all
from generators.export.formats.sides import Pair, take_sides


def convert(pairs: Iterator[Pair | LeftOut], scope: Scope) -> Iterator[Entry]:
    """Yields the pairs that every tokenizer aligns, with the places of what differs."""
    for pair, places in align_all(pairs, scope):
        if isinstance(places, LeftOut):
            yield places
        else:
            yield Record(f"{scope.split}.jsonl", make_record(pair, places))


def make_record(pair: Pair, places: Mapping[str, Any]) -> dict[str, Any]:
    """Returns both texts, the characters that differ, and their tokens."""
    positive, negative = pair.sides.texts
    spans = pair.sides.spans or ((0, len(positive)), (0, len(negative)))
    return {
        "id": pair.row["id"],
        "positive": positive,
        "negative": negative,
        "about": pair.sides.about,
        "group": pair.row["group"],
        "positive_span": list(spans[0]),
        "negative_span": list(spans[1]),
        "tokens": places,
    }


FORMAT = Format(
    "aligned",
    "TransformerLens, pyvene, causalgym: patching by position",
    take_sides(convert, marked=True),
    tokenizers="default",
)
