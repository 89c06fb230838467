"""How near each text comes to its nearest other one, exactly. Pure."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from typing import Any

import numpy as np

from generators.quality.measures.shingles import Hashes, Places, Scores, Shingles

SAMPLE = 1000
"""Texts whose nearest one is looked for, among all."""

_BLOCK = 4096


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
