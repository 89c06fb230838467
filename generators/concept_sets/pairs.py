"""Config `minimal_pairs` from the user's own pairs: spans, splits and tokens of what is given."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from generators.concept_sets import encodings
from generators.concept_sets.base import REPEATED, UNALIGNED, Part, Sieve
from generators.slots import CRITICAL_LAST, SHARED_SUFFIX, find_difference
from generators.sources.pair_files import OwnPair, ReadPairs
from generators.splits import STRICTEST_FIRST, deal_split
from generators.tables import make_table
from generators.tokens.alignment import Alignment, align_texts
from schemas.base import Provenance
from schemas.minimal_pairs import MinimalPairRow, PairEncoding

SAME = "both sides the same"
ROWS_AT_ONCE = 2048


class Compared(NamedTuple):
    """A pair, and what both sides share."""

    pair: OwnPair
    positive: str
    negative: str
    prefix: str
    suffix: str

    @property
    def group(self) -> str:
        """What it is dealt to a split by."""
        return self.pair.group or self.prefix or self.suffix or self.positive


def list_pair_tables(source: ReadPairs, sieve: Sieve) -> Iterator[Part]:
    """Yields the pairs, the strictest split first, in the order of the file."""
    compared = list(_compare(source.pairs, sieve))
    for split in STRICTEST_FIRST:
        here = [each for each in compared if deal_split(each.group) == split]
        for start in range(0, len(here), ROWS_AT_ONCE):
            rows = list(_make_rows(here[start : start + ROWS_AT_ONCE], sieve))
            if rows:
                yield Part(split, make_table(MinimalPairRow, rows))


def _compare(pairs: Sequence[OwnPair], sieve: Sieve) -> Iterator[Compared]:
    seen: set[tuple[str, str]] = set()
    for pair in pairs:
        positive, negative = pair.join()
        if positive == negative:
            sieve.left_out[SAME] += 1
        elif (positive, negative) in seen:
            sieve.left_out[REPEATED] += 1
        else:
            seen.add((positive, negative))
            lead, trail = find_difference(positive, negative)
            suffix = positive[len(positive) - trail :]
            yield Compared(pair, positive, negative, positive[:lead], suffix)


def _make_rows(compared: Sequence[Compared], sieve: Sieve) -> Iterator[MinimalPairRow]:
    texts = [text for each in compared for text in (each.positive, each.negative)]
    positive = np.arange(0, len(texts), 2)
    readings = [align_texts(each, texts, positive, positive + 1) for each in sieve.vocabularies]
    names = [each.name for each in sieve.vocabularies]
    tokens: list[Any] = encodings.pair_tokens(names, readings).to_pylist()
    for place, each in enumerate(compared):
        aligned = [_is_aligned(both, place) for both in readings]
        if sieve.aligned_only and not all(aligned):
            sieve.left_out[UNALIGNED] += 1
            continue
        for name, flag in zip(names, aligned, strict=True):
            sieve.aligned[name] += flag
        yield _make_row(
            each, [PairEncoding.model_validate(one, strict=False) for one in tokens[place]]
        )


def _is_aligned(readings: Sequence[Alignment], place: int) -> bool:
    return all(bool(reading.aligned[place]) for reading in readings)


def _make_row(each: Compared, tokens: Sequence[PairEncoding]) -> MinimalPairRow:
    lead, trail = len(each.prefix), len(each.suffix)
    spans = [(lead, len(text) - trail) for text in (each.positive, each.negative)]
    shown = [
        text[span[0] : span[1]]
        for text, span in zip((each.positive, each.negative), spans, strict=True)
    ]
    digest = sha256(f"{each.positive}\x00{each.negative}".encode()).hexdigest()
    frame = sha256(f"{each.prefix}\x00{each.suffix}".encode()).hexdigest()
    return MinimalPairRow(
        id=each.pair.id or digest[:16],
        theme=each.pair.theme,
        group=each.group,
        origin="template",
        split=deal_split(each.group),
        text_licence="own",
        provenance=Provenance(),
        concept=each.pair.concept or shown[0],
        contrast="/".join(shown),
        template=frame[:16],
        variant=SHARED_SUFFIX if each.suffix else CRITICAL_LAST,
        form="",
        positive=each.positive,
        negative=each.negative,
        positive_span=spans[0],
        negative_span=spans[1],
        prefix=each.prefix,
        suffix=each.suffix,
        tokens=tuple(tokens),
    )
