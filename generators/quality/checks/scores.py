"""From scores of pairs to measurements: the whole, each behavior, chance, and held-out items."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from generators.configs.contrasts import Contrasts, Floats, Ints, Mask
from generators.quality.checks.base import Bounds, Measurement
from generators.quality.evidence import Evidence
from schemas.quality import Controls

RESAMPLES = 1000
MOST_GROUPS = 500
"""More groups than this are bundled at random: the bundles are as independent, and much faster."""

Score = Callable[[Evidence, Contrasts], Floats]
"""Pair -> score of the positive minus that of the negative."""

ONE_GROUP = "only one group, so no classifier can be tested on unseen groups"
HELD_OUT = "on unseen groups"
"""Name of the figure on items that were chosen without having seen their groups."""


def to_wins(scores: Floats) -> Floats:
    """Returns 1 where the positive scores higher, 0 where the negative does, 0.5 on ties."""
    return (np.sign(scores) + 1) / 2


def share(wins: Floats) -> float:
    """Returns the mean; 0.5, that is nothing found, of no pairs."""
    return float(wins.mean()) if len(wins) else 0.5


def share_wins(
    contrasts: Contrasts, wins: Floats, pairs: Mask | None = None, *, fitted: bool = True
) -> Measurement:
    """Returns the share of pairs that are ranked correctly, with its interval; n counts menus.

    Args:
        contrasts: whose pairs they are.
        wins: of each pair.
        pairs: which of them; all if None.
        fitted: whether a classifier ranks them, which is fitted on other groups: of one group it
            finds nothing.
    """
    chosen = np.ones(len(wins), np.bool_) if pairs is None else pairs
    item = contrasts.item[chosen]
    if not len(item):
        return Measurement(0.5, 0)
    groups = contrasts.group.places[item]
    unfit = fitted and len(np.unique(contrasts.group.places)) < 2
    return Measurement(
        value=share(wins[chosen]),
        n=len(np.unique(contrasts.unit.places[item])),
        interval=bootstrap_share(wins[chosen], groups),
        groups=len(np.unique(groups)),
        enough=not unfit,
        note=ONE_GROUP if unfit else None,
    )


def bootstrap_share(values: NDArray[np.generic], groups: Ints) -> Bounds | None:
    """Returns the 95 % percentile interval of the mean of values, resampling whole groups.

    Values of one group depend on each other, so a group is resampled with all its values: the
    cluster bootstrap (Cameron, Gelbach and Miller 2008, https://doi.org/10.1162/rest.90.3.414).
    With few groups the interval is too narrow; None where there are fewer than two.
    """
    names, places = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        return None
    if len(names) > MOST_GROUPS:
        places = np.random.default_rng(0).permutation(len(names))[places] % MOST_GROUPS
    found: Any = bootstrap(
        (np.bincount(places, values.astype(np.float64)), np.bincount(places)),
        _divide_sums,
        paired=True,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=0,
    )
    bounds = found.confidence_interval
    return round(float(bounds.low), 4), round(float(bounds.high), 4)


def _divide_sums(sums: Any, counts: Any, axis: int) -> Any:
    return sums.sum(axis) / counts.sum(axis)


def measure_score(evidence: Evidence, score: Score, *, fitted: bool = False) -> Measurement:
    """Returns the pair accuracy of a score: overall, and on each behavior by itself.

    Args:
        evidence: the rows.
        score: ranks the pairs.
        fitted: whether it is that of a classifier, fitted on other groups.
    """

    def measure(contrasts: Contrasts) -> Measurement:
        return share_wins(contrasts, to_wins(score(evidence, contrasts)), fitted=fitted)

    return replace(
        measure(evidence.contrasts),
        parts={name: measure(part) for name, part in evidence.parts.items()},
        controls=compare_controls(evidence, score(evidence, swap_poles(evidence))),
    )


def compare_controls(evidence: Evidence, random: Floats, pairs: Mask | None = None) -> Controls:
    """Returns what the score makes of swapped poles, and the surface of the true ones."""
    chosen = np.ones(len(random), np.bool_) if pairs is None else pairs
    return Controls(
        random_labels=round(share(to_wins(random)[chosen]), 4),
        surface_only=round(share(to_wins(evidence.surface_scores)[chosen]), 4),
    )


def hold_out(evidence: Evidence, score: Score) -> dict[str, float]:
    """Returns the same score on items that were chosen without having seen their groups."""
    held = evidence.held_out
    return {HELD_OUT: share(to_wins(score(evidence, held.contrasts)))} if held else {}


def swap_poles(evidence: Evidence) -> Contrasts:
    """Returns the contrasts with the poles of each menu swapped at random: nothing to be found."""
    contrasts, swap = evidence.contrasts, evidence.flips < 0
    earlier = contrasts.earlier
    return replace(
        contrasts,
        positive=np.where(swap, contrasts.negative, contrasts.positive),
        negative=np.where(swap, contrasts.positive, contrasts.negative),
        earlier=None if earlier is None else np.where(swap, -earlier, earlier),
    )
