"""Texts that repeat others, word for word or nearly; the only importer of rensa.

Near-duplicates are found as Lee et al. find them (https://arxiv.org/abs/2107.06499): MinHash over
word n-grams proposes pairs, the exact Jaccard similarity of the two sets decides.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash  # pyright: ignore[reportMissingTypeStubs, reportAttributeAccessIssue, reportUnknownVariableType]

from generators.quality.measures.shingles import Places, Shingles, cut_shingles, measure_jaccard

PERMUTATIONS = 128
NEAR = 0.7
"""Jaccard similarity from which two texts are near-duplicates."""

BANDS, ROWS = 25, 5
"""A pair is proposed where one of 25 bands of 5 slots is equal: 99 of 100 pairs of similarity
0.7 are, 1 - (1 - 0.7^5)^25, and 999 of 1,000 of similarity 0.76."""

DEEPEST = 16
"""Texts of a bucket that one is compared with: where thousands share a template, the next few show
whether it repeats one of them."""

PROMISING = 0.58
"""Share of equal slots below which a pair is not compared: it lies three standard errors of 128
slots below 0.7."""

CHECKED = 2
"""Pairs of a text that are compared in one round, of 16: those with the most equal slots."""

_CHUNK = 8192

Digests = NDArray[np.uint32]


@dataclass(frozen=True)
class Repeats:
    """Texts that repeat another one."""

    pairs: tuple[tuple[int, int], ...]
    """Place of the text that is repeated, place of the one that repeats it; by the second, which
    stands in one pair at most."""
    n: int
    """Texts that were compared."""

    @property
    def share(self) -> float:
        """Share of texts that repeat another one, 0 to 1; 0 where there is no text."""
        return len(self.pairs) / max(self.n, 1)


@dataclass(frozen=True)
class Sketches:
    """Texts, sketched once and compared often."""

    shingles: Shingles
    """The set of word 3-grams of each."""
    bands: NDArray[np.uint64]
    """A row for each text, a number for each band of its digest."""
    digests: Digests
    """A row for each text, its MinHash of 128 slots."""

    def __len__(self) -> int:
        return len(self.shingles)

    def take(self, places: Sequence[int] | Places) -> "Sketches":
        """Returns the sketches of some of the texts, such as those of one split."""
        chosen = np.asarray(places, np.int64)
        return Sketches(self.shingles.take(chosen), self.bands[chosen], self.digests[chosen])


def find_duplicates(texts: Sequence[str]) -> Repeats:
    """Returns the texts that repeat an earlier one but for case, white space and Unicode form.

    Two texts are the same after NFKC, case folding and white space squeezed to one space.
    """
    first: dict[bytes, int] = {}
    pairs: list[tuple[int, int]] = []
    for place, text in enumerate(texts):
        plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
        key = blake2b(plain.encode("utf-8", "replace"), digest_size=16).digest()
        if (earlier := first.setdefault(key, place)) != place:
            pairs.append((earlier, place))
    return Repeats(tuple(pairs), len(texts))


def sketch(texts: Sequence[str], seed: int = 0) -> Sketches:
    """Returns what near-duplicates are found in; about 0.8 KB a text and 8 bytes a 3-gram."""
    shingles = cut_shingles(texts)
    digests = np.empty((len(shingles), PERMUTATIONS), np.uint32)
    for start in range(0, len(shingles), _CHUNK):  # the rows come as Python lists, which are large
        offsets = shingles.offsets[start : start + _CHUNK + 1]
        sets = shingles.hashes[offsets[0] : offsets[-1]]
        matrix: Any = RMinHash.digest_matrix_from_flat_token_hashes(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            sets, (offsets - offsets[0]).astype(np.uint64), PERMUTATIONS, seed
        )
        digests[start : start + _CHUNK] = matrix.to_rows()  # pyright: ignore[reportUnknownMemberType]
    return Sketches(shingles, _hash_bands(digests), digests)


def sketch_rest(texts: Sequence[str], known: Mapping[str, int], sketches: Sketches) -> Sketches:
    """Returns what `sketch` does, and works out only what is not known yet.

    Args:
        texts: the texts.
        known: text -> its place among the sketches.
        sketches: those of texts that were sketched before, with seed 0.
    """
    rest = [text for text in texts if text not in known]
    if not rest:
        return sketches.take([known[text] for text in texts])
    more, fresh = sketch(rest), iter(range(len(sketches), len(sketches) + len(rest)))
    places = [known[text] if text in known else next(fresh) for text in texts]
    return _join(sketches, more).take(places)


def _join(one: Sketches, other: Sketches) -> Sketches:
    return Sketches(
        one.shingles.join(other.shingles),
        np.concatenate([one.bands, other.bands]),
        np.concatenate([one.digests, other.digests]),
    )


def find_near_duplicates(sketches: Sketches) -> Repeats:
    """Returns the texts with an earlier near-duplicate, word-for-word ones among them."""
    return _match(sketches, sketches, earlier=True)


def find_crossings(sketches: Sketches, others: Sketches) -> Repeats:
    """Returns the texts with a near-duplicate among others, such as those of test in train.

    Both must be sketched with one seed. In the pairs the first place is one of `others`.
    """
    return _match(sketches, others, earlier=False)


def _hash_bands(digests: Digests) -> NDArray[np.uint64]:
    factors = np.random.default_rng(ROWS).integers(1, 2**63, ROWS, np.uint64) | np.uint64(1)
    slots = digests[:, : BANDS * ROWS].reshape(-1, BANDS, ROWS)
    bands = np.zeros(slots.shape[:2], np.uint64)
    for row in range(ROWS):
        bands = (bands ^ slots[:, :, row]) * factors[row]
        bands ^= bands >> np.uint64(29)
    return bands


def _match(sketches: Sketches, others: Sketches, *, earlier: bool) -> Repeats:
    found: dict[int, int] = {}
    open_ = sketches.shingles.sizes > 0
    for places, candidates in _propose(sketches, others, open_, earlier=earlier):
        for place, other in zip(places.tolist(), candidates.tolist(), strict=True):
            if place not in found and _is_near(sketches.shingles, place, others.shingles, other):
                found[place] = other
                open_[place] = False
    return Repeats(tuple((other, place) for place, other in sorted(found.items())), len(sketches))


def _is_near(shingles: Shingles, place: int, others: Shingles, other: int) -> bool:
    return measure_jaccard(shingles.of(place), others.of(other)) >= NEAR


def _propose(
    sketches: Sketches, others: Sketches, open_: NDArray[np.bool_], *, earlier: bool
) -> Iterator[tuple[Places, Places]]:
    """Yields promising pairs, the nearest in each bucket first; none of a text no longer open."""
    buckets = [
        _Bucket(sketches.bands[:, band], others.bands[:, band], earlier) for band in range(BANDS)
    ]
    for depth in range(1, DEEPEST + 1):
        offered = [bucket.offer(depth, open_) for bucket in buckets]
        keys = np.unique(np.concatenate([one * len(others) + other for one, other in offered]))
        places, candidates = np.divmod(keys, max(len(others), 1))
        equal = _count_equal(sketches.digests, places, others.digests, candidates)
        order = np.lexsort((-equal, places))
        order = order[equal[order] >= PROMISING * PERMUTATIONS]
        rank = np.arange(len(order)) - np.searchsorted(places[order], places[order])
        order = order[rank < CHECKED]
        yield places[order], candidates[order]


def _count_equal(digests: Digests, places: Places, others: Digests, candidates: Places) -> Places:
    counts = [
        (digests[places[at : at + _CHUNK]] == others[candidates[at : at + _CHUNK]]).sum(axis=1)
        for at in range(0, len(places), _CHUNK)
    ]
    return np.concatenate([*counts, np.empty(0, np.int64)])


class _Bucket:
    """The texts by their number in one band: those with the same one stand together."""

    def __init__(
        self, numbers: NDArray[np.uint64], others: NDArray[np.uint64], earlier: bool
    ) -> None:
        self._order = np.argsort(others, kind="stable")
        ordered = others[self._order]
        self._first = np.searchsorted(ordered, numbers, "left")
        self._end = np.searchsorted(ordered, numbers, "right")
        if earlier:
            self._end[self._order] = np.arange(len(others))

    def offer(self, depth: int, open_: NDArray[np.bool_]) -> tuple[Places, Places]:
        """Returns the open texts, and for each the text that many places before the end."""
        places = np.flatnonzero(open_ & (self._end - depth >= self._first))
        return places, self._order[self._end[places] - depth]
