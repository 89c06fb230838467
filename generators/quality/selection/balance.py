"""Keeps as many items as can be kept with every cue in balance: a linear programme.

Each item has a column of cues, such as +1 where its positive is the longer side and -1 where it is
the shorter. We keep the most items such that no cue's mean over them is further from zero than its
tolerance allows. The programme's dual is a linear classifier on the cues, with an L1
penalty and a hinge loss: its *prices* weigh the cues, and what is left out are the items that it
ranks right with a margin of more than 1. So this filters adversarially (AFLite,
https://arxiv.org/abs/2002.04108), but at once and with the fewest losses. Prices also decide what
to keep of items that were not used.

A vertex of the programme has no more fractional items than cues that bind. These alone are
rounded, so that what is kept is the programme's choice but for a few items.
The only importer of HiGHS (https://doi.org/10.1007/s12532-017-0130-5).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# What HiGHS returns has few types.

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from highspy import Highs, HighsModelStatus
from numpy.typing import NDArray

from generators.configs.contrasts import Floats, Mask

Singles = NDArray[np.float32]

SPARE = 1.0
"""Items by which a cue may be off in any case: else no single item could be kept."""
ROUNDING = 2.0
"""Items by which a cue may be further off once only whole items are kept. The programme itself
allows none of it, so that its bound is that of the tolerances."""
PREFERENCE = 0.01
"""How much more than 1 an item is worth that is drawn first, and less the last one. Were all worth
the same, whole kinds of items would go and others stay, and that would be a cue; so each loses its
last ones. So little costs next to nothing of the bound."""
TORN = 100
"""Items that rounding may choose among, beside the fractional ones: those with least to lose."""
DIGITS = 2
NEAR, BROKEN = 1e-6, 1e-4
"""Up to here a share counts as whole, and a sum as within its limit."""


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
    allowed: float = SPARE
    """How far the sum of the kept items may be from 0 besides, in items."""

    def __post_init__(self) -> None:
        """Rounds the values, and keeps them small."""
        self.values = self.values.round(DIGITS).astype(np.float32)


@dataclass(frozen=True)
class Balance:
    """What is kept."""

    kept: Mask
    """Item -> whether it is kept; of the items that were not used, by the prices alone."""
    seen: int
    """Items that were used."""
    bound: int
    """Of the items that were used, no choice keeps more with every cue within its tolerance."""
    priced: list[int]
    """Those of the cues that have a price."""
    burden: Singles
    """What each item would cost the balance in each of these, in items; shape (priced, items)."""


class _Silent(Highs):
    """Prints nothing: its first line would come as soon as it is made."""

    def enableCallbacks(self) -> None:
        self.silent()
        super().enableCallbacks()


class Programme:
    """The programme of one set of items, solved anew from where it was each time cues are added."""

    def __init__(self, draws: Floats, used: Mask) -> None:
        """Takes the items.

        Args:
            draws: item -> a number drawn for it, 0 to 1; of equal items the lowest are kept.
            used: the items that the choice may see; others are judged by the prices found on these.
        """
        order = np.argsort(draws, kind="stable")
        self._seen = order[used[order]]
        """The items that are used, so that their order in a file does not matter."""
        self._used = used
        self._worth = 1 + PREFERENCE * (1 - 2 * draws)
        self._cues: list[Cue] = []
        self._values = np.zeros((0, len(self._seen)), np.float32)
        """Cue x used item."""
        self._slack = np.zeros((0, len(self._seen)), np.float32)
        self._allowed = np.zeros(0)
        """Cue -> how far its sum may be off whatever is kept."""
        self._rows: list[tuple[int, int]] = []
        """Row of the solver -> cue, and 1 where its sum is bounded from above, -1 from below."""
        self._solver = self._start()

    def _start(self) -> Highs:
        solver = _Silent()
        solver.silent()
        for option, value in (("parallel", "off"), ("presolve", "off"), ("solver", "simplex")):
            solver.setOptionValue(option, value)
        count = len(self._seen)
        solver.addVars(count, np.zeros(count), np.ones(count))
        solver.changeColsCost(count, np.arange(count, dtype=np.int32), -self._worth[self._seen])
        return solver

    def add(self, cues: Sequence[Cue]) -> None:
        """Takes more cues that must be in balance."""
        if not cues:
            return
        self._cues += cues
        values = np.array([cue.values[self._seen] for cue in cues], np.float32)
        slack = np.ones_like(values)
        for row, cue in zip(slack, cues, strict=True):
            row *= cue.tolerance * (1.0 if cue.scope is None else cue.scope[self._seen])
        self._values = np.vstack([self._values, values])
        self._slack = np.vstack([self._slack, slack])
        self._allowed = np.append(self._allowed, [cue.allowed for cue in cues])

    def solve(self) -> Balance:
        """Returns the largest choice of items in which every cue is within its tolerance."""
        share = np.ones(len(self._seen))
        if self._rows:
            share = self._run()
        while broken := self._find_broken(share):
            for cue, side in broken:
                row = side * self._values[cue].astype(np.float64) - self._slack[cue]
                places = np.flatnonzero(row).astype(np.int32)
                limit = float(self._allowed[cue])
                self._solver.addRow(-np.inf, limit, len(places), places, row[places])
            self._rows += broken
            share = self._run()
        prices = self._read_prices()
        return self._judge(share, prices)

    def _run(self) -> Floats:
        """Returns how much of each used item the programme keeps, 0 to 1."""
        self._solver.run()
        status = self._solver.getModelStatus()
        if status != HighsModelStatus.kOptimal:  # nothing is always within the limits
            raise RuntimeError(
                f"{len(self._rows)} cues in balance: {status.name}; expected kOptimal"
            )
        return np.clip(np.array(self._solver.getSolution().col_value), 0.0, 1.0)

    def _find_broken(self, share: Floats) -> list[tuple[int, int]]:
        """Returns the cues that are out of balance, each with its side."""
        sums, free = self._values @ share, self._slack @ share + self._allowed
        known = set(self._rows)
        return [
            (cue, side)
            for side in (1, -1)
            for cue in np.flatnonzero(side * sums > free + BROKEN).tolist()
            if (cue, side) not in known
        ]

    def _read_prices(self) -> Floats:
        """Returns the price of each cue from above, then from below."""
        prices = np.zeros((2, len(self._cues)))
        if self._rows:
            found = np.maximum(-np.array(self._solver.getSolution().row_dual), 0.0)
            for (cue, side), price in zip(self._rows, found, strict=True):
                prices[0 if side > 0 else 1, cue] = price
        return prices

    def _judge(self, share: Floats, prices: Floats) -> Balance:
        above, below = prices
        priced: list[int] = np.flatnonzero(above + below > NEAR).tolist()
        burden = np.array(
            [self._weigh(self._cues[cue], above[cue], below[cue]) for cue in priced], np.float32
        ).reshape(len(priced), len(self._used))
        total = burden.sum(axis=0, dtype=np.float64)
        kept = total < self._worth
        # Weak duality: whatever the prices, no choice within the limits keeps more.
        limit = (above + below) @ self._allowed
        bound = int(np.maximum(1 - total[self._seen], 0.0).sum() + limit + NEAR)
        bound = min(bound, len(self._seen))
        torn = np.argsort(np.abs(total - self._worth)[self._seen], kind="stable")[:TORN]
        kept[self._seen] = self._round(share, torn, bound)
        return Balance(kept, len(self._seen), bound, priced, burden)

    def _weigh(self, cue: Cue, above: float, below: float) -> Singles:
        """Returns the burden of each item in a cue, by its prices."""
        scope = 1.0 if cue.scope is None else cue.scope
        return cue.values * (above - below) - scope * (cue.tolerance * (above + below))

    def _round(self, share: Floats, torn: NDArray[np.int64], most: int) -> Mask:
        """Returns which used items are kept: those that the programme keeps whole, and some more.

        Of the fractional ones as many as their shares add up to. Which these are, and which of the
        others that it is hardly worth more to keep than to leave, is whatever puts the cues least
        further off.
        """
        kept = share > 1 - NEAR
        parts = np.flatnonzero((share > NEAR) & ~kept)
        if len(parts):
            count = min(int(np.ceil(share.sum() - NEAR)), most) - int(kept.sum())
            kept[parts[np.argsort(-share[parts], kind="stable")[: max(count, 0)]]] = True
        torn = np.union1d(parts, torn)
        columns, excess = self._columns(torn), self._excess(kept)
        inside = kept[torn]
        while True:
            excess = _swap(inside, columns, excess)
            left = np.flatnonzero(inside)
            if excess.max(initial=0.0) <= ROUNDING or not len(left):
                break
            without = excess[:, None] - columns[:, left]
            best = int(_weigh_excess(without).argmin())
            inside[left[best]], excess = False, without[:, best]
        kept[torn] = inside
        return kept

    def _excess(self, kept: Mask) -> Floats:
        """Returns by how much the sum of each cue is off more than it may, from above and below."""
        share = kept.astype(np.float64)
        sums, free = self._values @ share, self._slack @ share + self._allowed
        return np.concatenate([sums - free, -sums - free]).round(6)

    def _columns(self, places: NDArray[np.int64]) -> Floats:
        """Returns what some items add to the excess."""
        values, slack = self._values[:, places], self._slack[:, places]
        return np.vstack([values - slack, -values - slack]).astype(np.float64)


def _swap(inside: Mask, columns: Floats, excess: Floats) -> Floats:
    """Returns the excess after items were swapped as long as that puts the cues less far off.

    Args:
        inside: item -> whether it is kept; changed in place.
        columns: what each item adds to the excess; shape (excess, items).
        excess: by how much each cue is off more than it may.
    """
    while True:
        ins, outs = np.flatnonzero(~inside), np.flatnonzero(inside)
        if not len(ins) or not len(outs):
            return excess
        moved = columns[:, ins][:, :, None] - columns[:, outs][:, None, :]
        after = excess[:, None, None] + moved
        weights = _weigh_excess(after)
        best = int(weights.argmin())
        if weights.flat[best] >= _weigh_excess(excess) - NEAR:
            return excess
        one, other = divmod(best, len(outs))
        excess = after[:, one, other]
        inside[ins[one]], inside[outs[other]] = True, False


def _weigh_excess(excess: Floats) -> Floats:
    """Returns how bad it is by how much cues are off: most of all the worst of them."""
    return (np.maximum(excess, 0.0) ** 4).sum(axis=0)
