"""How far two labellers agree; the only importer of scikit-learn."""

from collections import Counter
from collections.abc import Sequence

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
    kappa = None
    if len(classes) > 1 and min(classes.values()) >= FEWEST_OF_A_CLASS:
        kappa = _kappa([str(one) for one in ours], [str(other) for other in theirs])
    return Agreement(n=len(ours), raw=raw, kappa=kappa)


def has_both_classes(labels: Sequence[bool]) -> bool:
    """Returns whether either class of a label has enough options."""
    return min(labels.count(True), labels.count(False)) >= FEWEST_OF_A_CLASS


def _kappa(ours: list[str], theirs: list[str]) -> float:
    from sklearn.metrics import cohen_kappa_score  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

    return float(cohen_kappa_score(ours, theirs))
