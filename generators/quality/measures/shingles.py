"""Texts as sets of word 3-grams, each a number of 64 bits, and how near they are. Pure."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generators.quality.measures.words import split_tokens

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]
Scores = NDArray[np.float64]

WIDTH = 3
"""Words and punctuation marks of a shingle."""

SAMPLE = 1000
"""Texts whose nearest neighbour is found, among all."""

_BLOCK = 4096

_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)
"""Odd numbers without a pattern: the same words in another order give another number."""


@dataclass(frozen=True)
class Shingles:
    """The set of shingles of each text, one after the other in one array."""

    hashes: Hashes
    """Ascending within a text, each once."""
    offsets: Places
    """Where each text begins, and the end of the last one."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def sizes(self) -> Places:
        """Shingles of each text."""
        return np.diff(self.offsets)

    def of(self, place: int) -> Hashes:
        """Returns the shingles of one text."""
        return self.hashes[self.offsets[place] : self.offsets[place + 1]]

    def join(self, others: "Shingles") -> "Shingles":
        """Returns the sets of these texts, then those of others."""
        offsets = np.concatenate([self.offsets, others.offsets[1:] + self.offsets[-1]])
        return Shingles(np.concatenate([self.hashes, others.hashes]), offsets)

    def take(self, places: Sequence[int] | Places) -> "Shingles":
        """Returns the sets of some of the texts, in the order of the places."""
        return _join([self.of(int(place)) for place in places])


def cut_shingles(texts: Iterable[str]) -> Shingles:
    """Returns the word 3-grams of each text.

    A text of one or two words is one shingle; a text without any has none.
    """
    words = _WordHashes()
    return _join([_cut([words[token] for token in split_tokens(text)]) for text in texts])


def measure_jaccard(one: Hashes, other: Hashes) -> float:
    """Returns what two sets share of what both hold, 0 to 1; 0 for two empty ones."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / max(len(one) + len(other) - shared, 1)


class _WordHashes(dict[str, int]):
    """Word -> 64 bits; worked out once a word, and the same on every machine."""

    def __missing__(self, word: str) -> int:
        value = int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest())
        self[word] = value
        return value


def _cut(words: list[int]) -> Hashes:
    if not words:
        return np.empty(0, np.uint64)
    padded = np.array(words + [0] * (WIDTH - len(words)), np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(padded, WIDTH)
    return np.unique((windows * _FACTORS).sum(axis=1, dtype=np.uint64))


def _join(sets: list[Hashes]) -> Shingles:
    offsets = np.zeros(len(sets) + 1, np.int64)
    np.cumsum([len(each) for each in sets], out=offsets[1:])
    return Shingles(np.concatenate([*sets, np.empty(0, np.uint64)]), offsets)


def measure_nearest(shingles: Shingles, seed: int = 0, sample: int = SAMPLE) -> Scores:
    """Returns the Jaccard similarity of texts to the nearest other one, 0 to 1.

    Each is compared with every other text, by a product of sparse matrices; no pair is missed.
    Texts without a word are left out.

    Args:
        shingles: the texts.
        seed: decides which are drawn.
        sample: how many at most, drawn evenly.
    """
    places = np.flatnonzero(shingles.sizes > 0)
    if len(places) > sample:
        places = np.sort(np.random.default_rng(seed).choice(places, sample, replace=False))
    if not len(places):
        return np.zeros(0)
    drawn = shingles.take(places)
    known = np.unique(drawn.hashes)
    rows = _tabulate(drawn.hashes, drawn.sizes, known)
    best = np.zeros(len(places))
    for start in range(0, len(shingles), _BLOCK):
        offsets = shingles.offsets[start : start + _BLOCK + 1]
        sizes = np.diff(offsets)
        columns = _tabulate(shingles.hashes[offsets[0] : offsets[-1]], sizes, known)
        shared = (rows @ columns.T).tocoo()
        lines, others = shared.coords
        scores = shared.data / (drawn.sizes[lines] + sizes[others] - shared.data)
        scores[places[lines] == others + start] = 0
        np.maximum.at(best, lines, scores)
    return best


def _tabulate(hashes: Hashes, sizes: Places, known: Hashes) -> Any:
    """Returns a sparse row for each text, with ones at those known shingles that it has."""
    from scipy.sparse import csr_array

    texts = np.repeat(np.arange(len(sizes)), sizes)
    at = np.searchsorted(known, hashes)
    at[at == len(known)] = 0
    has = known[at] == hashes
    ones = np.ones(int(has.sum()), np.int32)
    return csr_array((ones, (texts[has], at[has])), shape=(len(sizes), len(known)))
