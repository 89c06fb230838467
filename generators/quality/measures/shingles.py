"""Texts as sets of word 3-grams, each a number of 64 bits. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from generators.quality.measures.words import split_tokens

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]
Scores = NDArray[np.float64]

WIDTH = 3
"""Words and punctuation marks of a shingle."""

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
