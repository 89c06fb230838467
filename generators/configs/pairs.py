"""Pairs of the user's own: as rows of `minimal_pairs`, as contrasts, and as a page shows them."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from generators.configs import encodings
from generators.configs.base import Config, Item, Poles, Row, make_item
from generators.configs.contrasts import WHOLE, Contrasts, hash_texts, read_sides
from generators.configs.from_concepts import UNALIGNED, Part, Run
from generators.sources.concepts.slots import CRITICAL_LAST, SHARED_SUFFIX, find_difference
from generators.sources.pairs.pair_files import OwnPair, ReadPairs
from generators.splits import STRICTEST_FIRST, deal_split
from generators.tokens.alignment import align_texts, take
from schemas.base import CANARY, Provenance, Split

SAME = "both sides the same"
REPEATED = "text that another row has, in a stricter split or before"
MOST_PAIRS, MOST_CHARACTERS = 4096, 1 << 20
"""Of a table; a short text takes as much room as the longest beside it."""


class Compared(NamedTuple):
    """A pair, and what both sides share."""

    pair: OwnPair
    positive: str
    negative: str
    lead: int
    """Characters that both share at their beginning."""
    trail: int
    """Characters that both share at their end."""
    split: Split

    @property
    def group(self) -> str:
        """What its split goes by."""
        return find_group(self.pair, self.positive[: self.lead])


def find_group(pair: OwnPair, prefix: str) -> str:
    """Returns what its split goes by: group, prompt, or what stands before the sides differ."""
    return pair.group or pair.prompt or prefix or pair.positive


def list_tables(source: ReadPairs, run: Run) -> Iterator[Part]:
    """Yields the pairs, the strictest split first, in the order of the file."""
    compared = [*_compare(source.pairs, run)]
    seen: set[tuple[str, str]] = set()
    for split in STRICTEST_FIRST:
        here: list[Compared] = []
        for each in compared:
            if each.split != split:
                continue
            if (each.positive, each.negative) in seen:
                run.left_out[REPEATED] += 1
                continue
            seen.add((each.positive, each.negative))
            here.append(each)
        for some in _batch(here):
            table = _make_table(some, run, split)
            if table is not None:
                yield Part(split, table)


def _compare(pairs: Sequence[OwnPair], run: Run) -> Iterator[Compared]:
    for pair in pairs:
        positive, negative = pair.join()
        if positive == negative:
            run.left_out[SAME] += 1
            continue
        lead, trail = find_difference(positive, negative)
        split = deal_split(find_group(pair, positive[:lead]))
        yield Compared(pair, positive, negative, lead, trail, split)


def _batch(compared: Sequence[Compared]) -> Iterator[list[Compared]]:
    some: list[Compared] = []
    longest = 0
    for each in compared:
        length = max(len(each.positive), len(each.negative))
        full = max(longest, length) * (len(some) + 1) > MOST_CHARACTERS or len(some) == MOST_PAIRS
        if some and full:
            yield some
            some, longest = [], 0
        some.append(each)
        longest = max(longest, length)
    if some:
        yield some


def _make_table(compared: Sequence[Compared], run: Run, split: Split) -> Any:
    """Returns the rows of some pairs; None where none is to be kept."""
    texts = [text for each in compared for text in (each.positive, each.negative)]
    positive = np.arange(0, len(texts), 2)
    alignments = [align_texts(each, texts, positive, positive + 1) for each in run.vocabularies]
    aligned = np.all([each.aligned for both in alignments for each in both], axis=0)
    kept = np.flatnonzero(aligned) if run.aligned_only else np.arange(len(compared))
    run.left_out[UNALIGNED] += len(compared) - len(kept)
    if not len(kept):
        return None
    left = [[take(each, kept) for each in both] for both in alignments]
    for vocabulary, both in zip(run.vocabularies, left, strict=True):
        run.aligned[vocabulary.name] += int(np.all([each.aligned for each in both], axis=0).sum())
    tokens = encodings.pair_tokens([each.name for each in run.vocabularies], left)
    rows = [_describe(compared[int(place)]) for place in kept]
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    return encodings.make_pairs({**columns, **_CONSTANT, "split": split}, tokens)


_CONSTANT = {
    "form": "",
    "tier": "full",
    "hard": False,
    "reversed_cue": False,
    "origin": "template",
    "text_licence": "own",
    "canary": CANARY,
    "provenance": Provenance().__dict__,
}


def _describe(each: Compared) -> dict[str, Any]:
    """Returns the columns of a row that are its own."""
    prefix = each.positive[: each.lead]
    suffix = each.positive[len(each.positive) - each.trail :]
    spans = [(each.lead, len(text) - each.trail) for text in (each.positive, each.negative)]
    shown = (each.positive[slice(*spans[0])], each.negative[slice(*spans[1])])
    digest = sha256(f"{each.positive}\x00{each.negative}".encode()).hexdigest()
    frame = sha256(f"{prefix}\x00{suffix}".encode()).hexdigest()
    return {
        "id": each.pair.id or digest[:16],
        "theme": each.pair.theme,
        "group": each.group,
        "concept": each.pair.concept or shown[0],
        "contrast": "/".join(shown),
        "template": frame[:16],
        "variant": SHARED_SUFFIX if suffix else CRITICAL_LAST,
        "positive": each.positive,
        "negative": each.negative,
        "positive_span": spans[0],
        "negative_span": spans[1],
        "prefix": prefix,
        "suffix": suffix,
    }


POLES = Poles("", prompt="prompt")


def read_contrasts(pairs: Sequence[OwnPair]) -> Contrasts:
    """Returns a pair as an item; one prompt counts once, and is a group where none is named."""
    names = [pair.id or str(place) for place, pair in enumerate(pairs)]
    units = [pair.prompt or name for pair, name in zip(pairs, names, strict=True)]
    groups = [pair.group or unit for pair, unit in zip(pairs, units, strict=True)]
    columns = {name: [getattr(pair, name) for pair in pairs] for name in POLES.text_columns}
    schema = pa.schema([(name, pa.string()) for name in ("id", "group", *columns)])
    table = pa.table({"id": names, "group": groups, **columns}, schema)
    table = table.append_column(WHOLE, hash_texts(table, POLES.text_columns))
    return read_sides(table, table["positive"], table["negative"], units)


def show(row: Row, _: Row | None = None) -> Item:
    """Returns both sides, the words marked in which they differ."""
    return make_item("pairs", row, POLES.show(row), context=row.get("prompt") or "")


CONFIG = Config(
    name="pairs",
    row=OwnPair,
    description="a line of a file that is measured as it is, and no config of a folder",
    notes="",
    texts=POLES.list_texts,
    text_columns=POLES.text_columns,
    show=show,
)
