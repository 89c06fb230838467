"""How far two labellers agree."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from schemas.generation import Agreement

FEWEST_OF_A_CLASS = 20
"""Below it, chance alone moves kappa more than the labels do."""


def measure_agreement(ours: Sequence[object], theirs: Sequence[object]) -> Agreement:
    """Returns raw agreement and Cohen's kappa of two labellers on the same options.

    Kappa is null where one of the classes has fewer than 20 options with the first labeller, or
    where there is one class only.
    """
    if not ours:
        return Agreement(n=0, raw=None, kappa=None)
    raw = sum(one == other for one, other in zip(ours, theirs, strict=True)) / len(ours)
    classes = Counter(ours)
    if len(classes) < 2 or min(classes.values()) < FEWEST_OF_A_CLASS:
        return Agreement(n=len(ours), raw=raw, kappa=None)
    found = _measure_kappa([str(one) for one in ours], [str(other) for other in theirs])
    return Agreement(n=len(ours), raw=raw, kappa=found.value, interval=found.interval)


def has_both_classes(labels: Sequence[bool]) -> bool:
    """Returns whether either class of a label has enough options."""
    return min(labels.count(True), labels.count(False)) >= FEWEST_OF_A_CLASS


class Kappa(NamedTuple):
    """Cohen's kappa of two labellers."""

    value: float
    interval: tuple[float, float] | None


def _measure_kappa(ours: list[str], theirs: list[str]) -> Kappa:
    """Returns kappa, and its 95 % interval as if options were independent.

    The standard error is that of Fleiss, Cohen and Everitt 1969
    (https://doi.org/10.1037/h0028106). It is 0 where the second labeller has one class only, which
    is no certainty, and so there is no interval then.
    """
    from statsmodels.stats.inter_rater import cohens_kappa  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

    names = sorted({*ours, *theirs})
    place = {name: at for at, name in enumerate(names)}
    table = np.zeros((len(names), len(names)))
    np.add.at(table, ([place[one] for one in ours], [place[other] for other in theirs]), 1)
    with np.errstate(invalid="ignore"):  # of a test that is not asked for
        found: Any = cohens_kappa(table)
    low, high = max(-1.0, float(found.kappa_low)), min(1.0, float(found.kappa_upp))
    return Kappa(float(found.kappa), (low, high) if len(set(theirs)) > 1 else None)
