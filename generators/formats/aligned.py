"""Pairs with as many tokens on both sides, and the places where they differ.

TransformerLens 4.3.0 (patching by position needs equal lengths), pyvene 0.1.8 (`unit_locations`:
a position per side), causalgym's aligned spans. Sources:
https://transformerlensorg.github.io/TransformerLens/, https://github.com/stanfordnlp/pyvene,
https://github.com/aryamanarora/causalgym.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from generators.formats.base import Entry, Format, LeftOut, Record, Scope, batch
from generators.formats.positions import align_pairs
from generators.formats.sides import MARKED, Pair, take_sides
from generators.tokens.alignment import Alignment
from generators.tokens.vocabularies import Tokens


def convert(pairs: Iterator[Pair | LeftOut], scope: Scope) -> Iterator[Entry]:
    """Yields the pairs that every tokenizer aligns, with the places of what differs."""
    for pair, places in align_all(pairs, scope):
        if isinstance(places, LeftOut):
            yield places
        else:
            yield Record(f"{scope.split}.jsonl", make_record(pair, places))


def align_all(
    pairs: Iterator[Pair | LeftOut], scope: Scope
) -> Iterator[tuple[Any, LeftOut | Mapping[str, Any]]]:
    """Yields pairs with their places by tokenizer, or with why they are left out."""
    for some in batch(pairs):
        yield from ((None, pair) for pair in some if isinstance(pair, LeftOut))
        known = [pair for pair in some if isinstance(pair, Pair)]
        if not known:
            continue
        read = {each.name: align_pairs(each, known) for each in scope.vocabularies}
        for place, pair in enumerate(known):
            apart = [name for name, (_, found) in read.items() if not found.aligned[place]]
            if apart:
                yield pair, LeftOut(f"not token-aligned for {', '.join(apart)}", pair.rows)
            else:
                sizes = len(known)
                yield (
                    pair,
                    {
                        name: describe(tokens, found, place, sizes)
                        for name, (tokens, found) in read.items()
                    },
                )


def describe(tokens: Tokens, found: Alignment, place: int, pairs: int) -> dict[str, Any]:
    """Returns the run of tokens that differs: the same places on both sides."""
    start, end = int(found.start[place]), int(found.ends[place, 0])
    return {
        "n_tokens": int(found.lengths[place, 0]),
        "span": [start, end],
        "read": end - 1,
        "n_tokens_with_bos": int(found.lengths[place, 0]) + 1,
        "span_with_bos": [start + 1, end + 1],
        "read_with_bos": end,
        "positive_ids": tokens.ids[place, start:end].tolist(),
        "negative_ids": tokens.ids[pairs + place, start:end].tolist(),
    }


def make_record(pair: Pair, places: Mapping[str, Any]) -> dict[str, Any]:
    """Returns both texts, the characters that differ, and their tokens."""
    positive, negative = pair.texts
    spans = pair.spans or ((0, len(positive)), (0, len(negative)))
    return {
        "id": pair.row["id"],
        "positive": positive,
        "negative": negative,
        "about": pair.about,
        "group": pair.row["group"],
        "positive_span": list(spans[0]),
        "negative_span": list(spans[1]),
        "tokens": places,
    }


FORMAT = Format(
    "aligned",
    "TransformerLens, pyvene, causalgym: patching by position",
    take_sides(convert, *MARKED),
    tokenizers="default",
)
