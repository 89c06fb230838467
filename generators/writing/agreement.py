"""How far two labellers agree."""

# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# scikit-learn ships no types.

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.generation import Agreement

NORMAL_95 = 1.959963984540054
"""Standard deviations of a normal distribution that hold 95 % of it."""
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

    The standard error is that of Fleiss, Cohen and Everitt 1969, equation 13
    (https://doi.org/10.1037/h0028106); scikit-learn has kappa without one. It is 0 where the second
    labeller uses one class only, which does not make kappa certain, so there is no interval then.
    """
    from sklearn.metrics import cohen_kappa_score, confusion_matrix

    kappa = float(cohen_kappa_score(ours, theirs))
    if len(set(theirs)) < 2:
        return Kappa(kappa, None)
    table: NDArray[np.float64] = confusion_matrix(ours, theirs) / len(ours)
    first, second = table.sum(axis=1), table.sum(axis=0)
    chance = float(first @ second)
    agreed = np.diag(table) * (1 - (first + second) * (1 - kappa)) ** 2
    mixed = table * (second[:, None] + first[None, :]) ** 2
    apart = (mixed.sum() - np.trace(mixed)) * (1 - kappa) ** 2
    variance = agreed.sum() + apart - (kappa - chance * (1 - kappa)) ** 2
    error = float(np.sqrt(max(variance, 0.0) / len(ours))) / (1 - chance)
    reach = NORMAL_95 * error
    return Kappa(kappa, (max(-1.0, kappa - reach), min(1.0, kappa + reach)))
