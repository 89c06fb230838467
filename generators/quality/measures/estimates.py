"""Means of units that depend on each other within groups: intervals, tests, corrections. Pure.

The interval is that of the cluster-robust variance with Student's t of (groups - 1) degrees of
freedom, which holds with few groups where resampling them does not (Cameron and Miller 2015,
https://doi.org/10.3368/jhr.50.2.317, sections II and VI).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from generators.configs.contrasts import Floats, Ints

LEVEL = 0.05


class Estimate(NamedTuple):
    """The mean of a measure over units."""

    value: float
    error: float
    """Standard error."""
    n: int
    """Units."""
    groups: int
    """Independent groups of units."""
    pulls: dict[int, float]
    """Group -> by how much it moves the value: what errors of an average are computed from."""
    share: bool = True
    """Whether it lies between 0 and 1."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 %; None of fewer than two groups."""
        if self.groups < 2:
            return None
        from scipy.special import stdtrit  # its import takes longer than choosing in a small set

        half = float(stdtrit(self.groups - 1, 1 - LEVEL / 2)) * self.error
        low, high = self.value - half, self.value + half
        return (max(low, 0.0), min(high, 1.0)) if self.share else (low, high)

    def doubt(self, low: float, high: float) -> float:
        """Returns how likely a value so far outside is where the true one is within: p, one-sided.

        1 for a value inside, or of fewer than two groups.
        """
        beyond = max(low - self.value, self.value - high)
        if beyond <= 0 or self.groups < 2:
            return 1.0
        from scipy.special import stdtr

        return float(stdtr(self.groups - 1, -beyond / max(self.error, 1e-12)))


def estimate(values: Floats, groups: Ints, *, share: bool = True) -> Estimate:
    """Returns the mean of values, one a unit.

    Args:
        values: of each unit.
        groups: of each unit; units of one group depend on each other.
        share: whether values lie between 0 and 1: then the error is at least that of a coin with
            the same mean, so that a few groups that happen to agree are no certainty.
    """
    value, n = float(values.mean()), len(values)
    names, places = np.unique(groups, return_inverse=True)
    pulls = np.bincount(places, values - value) / n
    variance = _spread(pulls)
    if share:
        near = (value * n + 2) / (n + 4)  # Agresti and Coull 1998: not 0 where all agree
        variance = max(variance, near * (1 - near) / n)
    moved: dict[int, float] = dict(zip(names.tolist(), pulls.tolist(), strict=True))
    return Estimate(value, float(np.sqrt(variance)), n, len(names), moved, share)


def average(estimates: Sequence[Estimate]) -> Estimate:
    """Returns the plain mean of estimates whose groups are the same groups."""
    value = float(np.mean([each.value for each in estimates]))
    pulls: dict[int, float] = {}
    for each in estimates:
        for group, pull in each.pulls.items():
            pulls[group] = pulls.get(group, 0.0) + pull / len(estimates)
    least = sum(each.error**2 for each in estimates) / len(estimates) ** 2
    variance = max(_spread(np.array([*pulls.values()])), least)
    n = sum(each.n for each in estimates)
    share = all(each.share for each in estimates)
    return Estimate(value, float(np.sqrt(variance)), n, len(pulls), pulls, share)


def _spread(pulls: Floats) -> float:
    """Returns the variance of a sum of independent pulls."""
    groups = len(pulls)
    return float((pulls**2).sum()) * groups / (groups - 1) if groups > 1 else 0.0


def correct(doubts: Sequence[float]) -> list[float]:
    """Returns p values corrected for their number (Holm 1979, https://www.jstor.org/stable/4615733).

    The chance that any of them falls below 0.05 where nothing is there is then at most 5 %.
    """
    corrected, highest = [1.0] * len(doubts), 0.0
    for rank, place in enumerate(sorted(range(len(doubts)), key=doubts.__getitem__)):
        highest = max(highest, min(1.0, doubts[place] * (len(doubts) - rank)))
        corrected[place] = highest
    return corrected
