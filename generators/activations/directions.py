"""Directions in activations: fitted on some pairs, tested on others. Pure, and numpy alone.

A direction is the mean difference of pairs, each unit (such as a menu) with the same say. A tested
pair is right where its positive lies further along the direction than its negative. Both follow
from inner products of the pairs' differences: so a hundred relabellings cost one multiplication,
and each tested pair may have a direction of its own, fitted on the pairs that it may see.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from generators.activations.states import Floats
from generators.configs.contrasts import Ints, Mask
from generators.splits import hash_number

FLIPS = 200
"""Relabellings that bands come from: in each, half of the units swap their sides."""
TRIALS = 2000
"""Relabellings that a p value comes from: with 200 none of more than ten behaviors could stay below
0.05 once it is corrected for their number."""
HALVES = 20
"""Random halves of the units: for the agreement of two halves, and for a set of half the size."""
TIE = 1e-9
"""Scores nearer to 0 than this, for a pair of length 1, are ties, which count one half."""

Numbers = NDArray[np.float64]
Differences = Callable[[int, Ints], Floats]
"""Layer, pairs -> the difference of each pair, positive less negative: (pairs, width)."""
Products = Callable[[int], Floats]
"""Layer -> (tests, fits): inner products of differences, 0 where a pair may not see another."""


@dataclass(frozen=True)
class Design:
    """Which pairs a direction is fitted on, and which it is tested on."""

    unit: Ints
    """Pair -> what it is counted as, such as its menu: pairs of one unit depend on each other."""
    group: Ints
    """Pair -> what shares more than a unit, such as a series of games."""
    fits: Ints
    """The pairs that directions are fitted on, ascending."""
    tests: Ints
    """The pairs that are tested, ascending; each may see at least one that is fitted on."""
    sees: Mask
    """(tests, fits): whether the direction that a pair is tested on is fitted on another."""

    @cached_property
    def units(self) -> Ints:
        """The units of the tested pairs, ascending."""
        return np.unique(self.unit[self.tests])

    @cached_property
    def groups(self) -> Ints:
        """The group of each of `units`."""
        _, first = np.unique(self.unit[self.tests], return_index=True)
        return self.group[self.tests][first]

    def weigh(self, kept: Mask | None = None) -> Numbers:
        """Returns how much each pair of `fits` counts: the same for every unit.

        Args:
            kept: which of `fits` count at all; None for all.
        """
        unit = self.unit[self.fits]
        counts = np.bincount(unit, kept, minlength=int(self.unit.max()) + 1)
        weights = 1 / np.maximum(counts, 1)[unit]
        return weights if kept is None else weights * kept

    def average(self, wins: Numbers, kept: Mask | None = None) -> Numbers:
        """Returns for each of `units` the mean of its tested pairs: (units, relabellings).

        Args:
            wins: (tests, relabellings).
            kept: which of `tests` count; None for all. A unit without one is left out.
        """
        unit, wins = self.unit[self.tests], wins
        if kept is not None:
            unit, wins = unit[kept], wins[kept]
        _, place, counts = np.unique(unit, return_inverse=True, return_counts=True)
        totals = np.zeros((len(counts), wins.shape[1]))
        np.add.at(totals, place, wins)
        return totals / counts[:, None]


def make_design(
    unit: Ints, group: Ints, fits: Mask, tests: Mask, alike: Ints | None = None
) -> Design:
    """Returns a design without the tested pairs for which nothing can be fitted.

    Args:
        unit: of each pair.
        group: of each pair.
        fits: the pairs that directions are fitted on.
        tests: the pairs that are tested.
        alike: of each pair; the direction of a tested pair is fitted on those that have the same
            value. None: on all.
    """
    fitted, tested = _find_marked(fits), _find_marked(tests)
    sees = np.ones((len(tested), len(fitted)), np.bool_)
    if alike is not None:
        sees &= alike[tested][:, None] == alike[fitted]
    return _drop_blind(Design(unit, group, fitted, tested, sees))


def hold_out(
    unit: Ints,
    group: Ints,
    inside: Mask,
    apart: Sequence[Ints] = (),
    sides: Sequence[Ints] = (),
) -> Design:
    """Returns the design in which a pair is tested on pairs of other groups.

    Args:
        unit: of each pair.
        group: of each pair.
        inside: the pairs that are fitted on and tested.
        apart: more that a pair must not share with those that its direction is fitted on.
        sides: of each pair, its two texts: neither may stand on either side of those.
    """
    pairs = _find_marked(inside)
    sees = np.ones((len(pairs), len(pairs)), np.bool_)
    kept_apart = [(each, each) for each in (group, *apart)]
    kept_apart += [(one, other) for one in sides for other in sides]
    for one, other in kept_apart:
        sees &= one[pairs][:, None] != other[pairs]
    return _drop_blind(Design(unit, group, pairs, pairs, sees))


def _find_marked(pairs: Mask) -> Ints:
    return np.flatnonzero(pairs).astype(np.int32)


def _drop_blind(design: Design) -> Design:
    some = design.sees.any(axis=1)
    return replace(design, tests=design.tests[some], sees=design.sees[some])


def draw_flips(units: int, name: str, number: int = FLIPS) -> Numbers:
    """Returns for each unit and relabelling whether its sides stay, 1, or are swapped, -1.

    Args:
        units: how many there are.
        name: of what is relabelled, which decides the draw.
        number: of relabellings.
    """
    rng = np.random.default_rng(hash_number(name))
    return rng.choice(np.array([-1.0, 1.0]), (units, number))


def draw_halves(units: Ints, name: str) -> Iterator[Mask]:
    """Yields random halves of some units: unit number -> whether it is in the half."""
    rng = np.random.default_rng(hash_number(name))
    for _ in range(HALVES):
        half = np.zeros(int(units.max()) + 1, np.bool_)
        half[rng.permutation(units)[: len(units) // 2]] = True
        yield half


def multiply(differences: Differences, design: Design) -> Products:
    """Returns the inner products of the pairs of a design, layer by layer.

    Differences are scaled to their mean length, so that a tie is a tie in every layer.
    """

    def find_products(layer: int) -> Floats:
        fits = differences(layer, design.fits)
        same = design.tests is design.fits
        tests = fits if same else differences(layer, design.tests)
        scale = max(float(np.sqrt((fits.astype(np.float64) ** 2).sum(axis=1).mean())), 1e-30)
        return ((tests / scale) @ (fits / scale).T * design.sees).astype(np.float32)

    return find_products


def rank(products: Floats, weights: Numbers) -> Numbers:
    """Returns (tests, relabellings): 1 where the positive is further along, 0, or 0.5 for a tie.

    Args:
        products: of the tested pairs with those that are fitted on.
        weights: (fits, relabellings): how much each counts; negative where its sides are swapped.
    """
    scores = products @ weights.astype(np.float32)
    return (np.sign(np.where(np.abs(scores) < TIE, 0, scores)) + 1) / 2


@dataclass(frozen=True)
class Tested:
    """How a direction ranks pairs that it was not fitted on, in each of some layers."""

    shares: Numbers
    """(layers, units): share of a unit's pairs that are right."""
    null: Numbers
    """(layers, relabellings): the mean over units where half of the units swap their sides."""

    @property
    def by_layer(self) -> Numbers:
        """The mean over units of each layer."""
        return self.shares.mean(axis=1)


def test_directions(
    products: Products, layers: Sequence[int], design: Design, flips: Numbers
) -> Tested:
    """Returns how well directions rank the tested pairs, layer by layer, and what chance gives.

    Args:
        products: of the tested pairs with those that are fitted on, by layer.
        layers: those that are tested.
        design: what is fitted, and what tested.
        flips: (units, relabellings), 1 or -1; a swap swaps a unit's pairs where they are fitted and
            where they are tested.
    """
    weights = design.weigh()[:, None]
    shares: list[Numbers] = []
    null: list[Numbers] = []
    for layer in layers:
        found = products(layer)
        shares.append(design.average(rank(found, weights))[:, 0])
        some = range(0, flips.shape[1], FLIPS)  # at a time: memory holds them for every pair
        each = [_relabel(found, design, weights, flips[:, at : at + FLIPS]) for at in some]
        null.append(np.concatenate(each))
    return Tested(np.array(shares), np.array(null))


def _relabel(products: Floats, design: Design, weights: Numbers, flips: Numbers) -> Numbers:
    """Returns the mean over units for each relabelling."""
    wins = rank(products, weights * flips[design.unit[design.fits]])
    swapped = np.where(flips[design.unit[design.tests]] > 0, wins, 1 - wins)
    return design.average(swapped).mean(axis=0)


def find_middle(layers: int) -> range:
    """Returns the middle third of layers: what is published is the mean over it, fixed beforehand.

    Of few layers at least one.
    """
    third = layers // 3
    return range(third, layers - third)


def find_band(null: Numbers) -> tuple[float, float]:
    """Returns the 2.5th and the 97.5th percentile."""
    low, high = np.percentile(null, [2.5, 97.5])
    return float(low), float(high)


def find_doubt(value: float, null: Numbers) -> float:
    """Returns how often relabelled sides give as much: p, one-sided, never 0."""
    reached = int((null >= value - 1e-12).sum())
    return (1 + reached) / (1 + len(null))


def compare_halves(
    differences: Differences, layers: Sequence[int], design: Design, name: str
) -> float:
    """Returns the cosine of the directions of two halves of the units, the mean over layers.

    Near 1: another sample of so many units would give nearly the same direction.
    """
    unit = design.unit[design.fits]
    halves = [half[unit] for half in draw_halves(np.unique(unit), name)]
    weights = np.array([design.weigh(side) for half in halves for side in (half, ~half)])
    found: list[Numbers] = []
    for layer in layers:
        directions = (weights @ differences(layer, design.fits)).reshape(len(halves), 2, -1)
        found.append(cosine(directions[:, 0], directions[:, 1]))
    return float(np.mean(found))


def cosine(ones: NDArray[np.floating], others: NDArray[np.floating]) -> Numbers:
    """Returns the cosine of vectors, row by row; 0 where one has no length."""
    lengths = np.linalg.norm(ones, axis=-1) * np.linalg.norm(others, axis=-1)
    return np.asarray((ones * others).sum(axis=-1) / np.maximum(lengths, 1e-30), np.float64)
