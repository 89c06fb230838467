"""Keeps as many items as can be kept with every cue in balance: a linear programme.

Each item has a column of cues, such as +1 where its positive is the longer side and -1 where it is
the shorter. We keep the most items such that no cue's mean over them is further from zero than its
tolerance, give or take one item. The programme's dual is a linear classifier on the cues, with an
L1 penalty and a hinge loss: its *prices* weigh the cues, and what is left out are the items that it
ranks right with a margin of more than 1. So this filters adversarially (AFLite,
https://arxiv.org/abs/2002.04108), but at once and with the fewest losses. Prices also
decide what to keep of items that were not used.
The only importer of scipy's optimizer.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportCallIssue=false, reportArgumentType=false
# scipy types its options and results too narrowly for `linprog`.

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from generators.configs.contrasts import Floats, Ints, Mask

Singles = NDArray[np.float32]

DIGITS = 2
MOST_CLASSES = 400
"""Up to so many classes of equal items, whole numbers are searched for."""
WORTH_IT = 0.95
"""What rounding must leave of the best there could be, or whole numbers are searched for."""
GAP, NODES = 0.02, 5
"""Where that search ends; by nodes and not by time, so that it is repeatable."""
NEAR = 1e-6
SPARE = 1.0
"""Items by which a cue may be off whatever its tolerance: of a few items, with some hundred cues,
none could be kept without."""
PREFERENCE = 0.05
"""How much more than 1 the first item by rank is worth, and the last one less. Were all worth the
same, whole classes of items would go and others stay, and that would be a cue; so each loses its
last ones."""
LEVELS = 20
"""Different worths that there are."""
MOST_KEYS = 2**62
"""So many different keys of classes fit into a number, with room to spare."""


@dataclass
class Cue:
    """Something by which the poles could be separated without reading."""

    name: str
    """Name, such as `length`."""
    values: NDArray[np.floating[Any]]
    """Item -> the pole it points to, positive above 0; 0 where it points to neither. Hundredths."""
    tolerance: float
    """How far from 0 the mean of the kept items may be."""
    scope: Mask | None = None
    """The items that the mean is over; all if None."""

    def __post_init__(self) -> None:
        """Rounds the values, and keeps them small."""
        self.values = self.values.round(DIGITS).astype(np.float32)

    @property
    def slack(self) -> Singles:
        """What each item adds to how far the cue may be off; one number where all add the same."""
        allowed = self.tolerance * (1.0 if self.scope is None else self.scope)
        return np.asarray(allowed, np.float32)


@dataclass(frozen=True)
class Balance:
    """What is kept."""

    kept: Mask
    """Item -> whether it is kept; of the items that were not used, by the prices alone."""
    priced: list[int]
    """Those of the cues that have a price."""
    burden: Singles
    """What each item would cost the balance in each of these, in items; shape (priced, items)."""


def balance(cues: Sequence[Cue], rank: Ints, used: Mask) -> Balance:
    """Returns the largest choice of items in which every cue is within its tolerance.

    Args:
        cues: what must be in balance; the items they are of.
        rank: item -> place in the order in which equal items are kept.
        used: the items that the choice may see; others are judged by the prices found on these.
    """
    place = (np.argsort(np.argsort(rank)) + 0.5) / max(len(rank), 1)
    level = (np.floor(place * LEVELS) + 0.5) / LEVELS
    classes, members, sizes = _group_equal(cues, used, level)
    first = np.flatnonzero(used)[classes]
    quota, prices = _solve(_constrain(cues, first), sizes, _value(level[first]))
    kept = np.zeros(len(rank), np.bool_)
    kept[used] = _take_first(members, quota, rank[used])
    above, below = prices.reshape(2, len(cues)).astype(np.float32)
    priced: list[int] = np.flatnonzero(above + below).tolist()
    weighed = [_weigh(cues[cue], above[cue], below[cue]) for cue in priced]
    burden = np.array(weighed, np.float32).reshape(len(priced), len(rank))
    if not used.all():
        kept[~used] = (burden.sum(axis=0) <= _value(place))[~used]
    return Balance(kept, priced, burden)


def _value(place: Floats) -> Floats:
    """Returns what items are worth, from their place by rank, 0 to 1."""
    return 1 + PREFERENCE * (1 - 2 * place)


def _group_equal(
    cues: Sequence[Cue], used: Mask, level: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Returns one item of each class of equal ones, the class of each item, and their sizes.

    Of the items that are used, numbered anew.
    """
    slack = (cue.slack for cue in cues if cue.scope is not None)
    key, most = np.zeros(int(used.sum()), np.int64), 1
    for values in (*(cue.values for cue in cues), *slack, level):
        known, codes = np.unique(values[used], return_inverse=True)
        if most * len(known) >= MOST_KEYS:
            seen, key = np.unique(key, return_inverse=True)
            most = len(seen)
        key = key * len(known) + codes
        most *= len(known)
    _, first, members, sizes = np.unique(
        key, return_index=True, return_inverse=True, return_counts=True
    )
    return first, members, sizes


def _constrain(cues: Sequence[Cue], items: NDArray[np.int64]) -> Floats:
    """Returns rows that must sum to `SPARE` or less: each cue from above, then from below."""
    columns = np.array([cue.values[items] for cue in cues])
    slack = np.array([np.broadcast_to(cue.slack, cue.values.shape)[items] for cue in cues])
    return np.vstack([columns - slack, -columns - slack]).astype(np.float64)


def _weigh(cue: Cue, above: Singles, below: Singles) -> Singles:
    """Returns the burden of each item in a cue, by its prices."""
    weighed = cue.values * (above - below) - cue.slack * (above + below)
    return weighed.astype(np.float32, copy=False)


def _solve(
    matrix: Floats, sizes: NDArray[np.int64], values: Floats
) -> tuple[NDArray[np.int64], Floats]:
    """Returns how many of each class to keep, and the price of each row."""
    if (matrix @ sizes <= SPARE + NEAR).all():
        return sizes.astype(np.int64), np.zeros(len(matrix))
    limits = np.column_stack([np.zeros(len(sizes)), sizes])
    most = np.full(len(matrix), SPARE)
    found = linprog(-values, A_ub=matrix, b_ub=most, bounds=limits, method="highs")
    quota = np.floor(found.x + NEAR).astype(np.int64)
    prices = np.maximum(-np.asarray(found.ineqlin.marginals), 0.0)
    quota = _fill(matrix, sizes, quota, found.x - quota)
    if len(sizes) <= MOST_CLASSES and values @ quota < WORTH_IT * (values @ found.x):
        quota = _search(matrix, sizes, values, quota)
    return quota, prices


def _search(
    matrix: Floats, sizes: NDArray[np.int64], values: Floats, quota: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Returns a better quota in whole numbers, if a short search by branch and bound finds one."""
    best = milp(
        -values,
        constraints=LinearConstraint(matrix, -np.inf, SPARE),
        bounds=Bounds(0, sizes),
        integrality=np.ones(len(sizes), np.int64),
        # Where HiGHS repairs what its presolve made, it prints a line of debugging, asked or not:
        # https://github.com/ERGO-Code/HiGHS/issues/2783.
        options={"mip_rel_gap": GAP, "node_limit": NODES, "presolve": False},
    )
    if best.x is None:
        return quota
    found = np.round(best.x).astype(np.int64)
    holds = bool((matrix @ found <= SPARE + NEAR).all())
    return found if holds and values @ found > values @ quota else quota


def _fill(
    matrix: Floats, sizes: NDArray[np.int64], quota: NDArray[np.int64], rest: Floats
) -> NDArray[np.int64]:
    """Returns the quota with what rounding down lost put back, as far as the balance allows."""
    total = matrix @ quota - SPARE
    while (total > NEAR).any():  # rounding down may have taken what others were balanced by
        left = np.flatnonzero(quota)
        over = np.maximum(total[:, None] - matrix[:, left], 0.0).sum(axis=0)
        worst = left[over.argmin()]
        quota[worst] -= 1
        total = total - matrix[:, worst]
    for one in np.argsort(-rest, kind="stable"):
        after = total + matrix[:, one]
        if quota[one] < sizes[one] and (after <= NEAR).all():
            quota[one] += 1
            total = after
    return quota


def _take_first(members: NDArray[np.int64], quota: NDArray[np.int64], rank: Ints) -> Mask:
    """Returns the first of each class by rank, as many as its quota."""
    order = np.lexsort((rank, members))
    starts = np.searchsorted(members[order], np.arange(len(quota)))
    kept = np.zeros(len(members), np.bool_)
    kept[order] = np.arange(len(order)) - starts[members[order]] < quota[members[order]]
    return kept
