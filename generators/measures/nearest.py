"""How near each text comes to its nearest other one, exactly. Pure."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from typing import Any

import numpy as np

from generators.measures.shingles import Hashes, Places, Scores, Shingles

SAMPLE = 1000
"""Texts whose nearest one is looked for, among all."""

_CHUNK = 100


def measure_nearest(shingles: Shingles, seed: int = 0, sample: int = SAMPLE) -> Scores:
    """Returns the Jaccard similarity of texts to the nearest other one, 0 to 1.

    Every text is compared with every other, by a product of sparse matrices; no pair is missed.
    Texts without a word are left out.

    Args:
        shingles: the texts.
        seed: decides which are drawn.
        sample: how many at most, drawn evenly; all texts are compared with them.
    """
    places = np.flatnonzero(shingles.sizes > 0)
    if len(places) > sample:
        places = np.sort(np.random.default_rng(seed).choice(places, sample, replace=False))
    if not len(places):
        return np.zeros(0)
    drawn = shingles.take(places)
    known = np.unique(drawn.hashes)
    columns = _tabulate(shingles, known).T.tocsr()
    rows = _tabulate(drawn, known)
    found = [
        _find_best(rows[start : start + _CHUNK], columns, places[start : start + _CHUNK], shingles)
        for start in range(0, len(places), _CHUNK)
    ]
    return np.concatenate(found)


def _tabulate(shingles: Shingles, known: Hashes) -> Any:
    """Returns a sparse row for each text, with ones at those known shingles that it has."""
    from scipy.sparse import csr_array

    texts = np.repeat(np.arange(len(shingles)), shingles.sizes)
    at = np.searchsorted(known, shingles.hashes)
    at[at == len(known)] = 0
    has = known[at] == shingles.hashes
    ones = np.ones(int(has.sum()), np.int32)
    return csr_array((ones, (texts[has], at[has])), shape=(len(shingles), len(known)))


def _find_best(rows: Any, columns: Any, places: Places, shingles: Shingles) -> Scores:
    shared = (rows @ columns).tocoo()
    lines, others = shared.coords
    both = shingles.sizes[places][lines] + shingles.sizes[others]
    scores = shared.data / (both - shared.data)
    scores[places[lines] == others] = 0
    best = np.zeros(len(places))
    np.maximum.at(best, lines, scores)
    return best
