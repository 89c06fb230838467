"""The poles of a menu: which options contrast in a behavior. Pure."""

from typing import NamedTuple

from generators.behaviors import exhibits, is_pure
from schemas.decision import Decision
from schemas.labels import Behavior


class Poles(NamedTuple):
    """Places (0-based) in the menu of the usable options on either side."""

    positives: list[int]
    negatives: list[int]

    def __bool__(self) -> bool:
        """Whether there is a contrast at all."""
        return bool(self.positives and self.negatives)


class Pair(NamedTuple):
    """Two options of one menu that contrast in a behavior."""

    positive: int
    """Place of the option that exhibits it."""
    negative: int
    """Place of the option that does not."""
    margin: float
    """Score of the positive minus score of the negative."""
    pure: bool
    """Whether they differ in nothing else that was recorded."""


def find_poles(decision: Decision, behavior: Behavior) -> Poles:
    """Returns the positives and negatives among the usable options, in menu order."""
    poles = Poles([], [])
    for place in decision.usable_places:
        side = exhibits(decision.options[place], behavior)
        if side is not None:
            (poles.positives if side else poles.negatives).append(place)
    return poles


def list_pairs(decision: Decision, behavior: Behavior) -> list[Pair]:
    """Returns every pair of a positive and a negative option, by their places."""
    positives, negatives = find_poles(decision, behavior)
    return [_pair(decision, behavior, i, j) for i in positives for j in negatives]


def _pair(decision: Decision, behavior: Behavior, positive: int, negative: int) -> Pair:
    one, other = decision.options[positive], decision.options[negative]
    margin = (one.scores[behavior] or 0.0) - (other.scores[behavior] or 0.0)
    return Pair(positive, negative, margin, is_pure(one, other, behavior))
