"""Which options of a menu contrast in which behavior. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from generators.behaviors import Stance, is_pure, read_stance
from schemas.decision import Decision
from schemas.labels import BEHAVIORS, Behavior


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


class Contrast(NamedTuple):
    """The usable options of one menu that contrast in one behavior; neither side is empty."""

    behavior: Behavior
    positives: list[int]
    """Places (0-based) in the menu of the options that exhibit it, in menu order."""
    negatives: list[int]
    """Places of the options that do not."""
    pairs: list[Pair]
    """Every positive with every negative, by their places."""


class Menu(NamedTuple):
    """A Decision and all that it contrasts in: what views are made from."""

    decision: Decision
    contrasts: list[Contrast]
    """In the order of the behaviors."""


def read_menu(decision: Decision) -> Menu:
    """Returns a Decision with its contrasts."""
    stances = {place: read_stance(decision.options[place]) for place in decision.usable_places}
    found = (_contrast(decision, stances, behavior) for behavior in BEHAVIORS)
    return Menu(decision, [contrast for contrast in found if contrast is not None])


def _contrast(
    decision: Decision, stances: dict[int, Stance], behavior: Behavior
) -> Contrast | None:
    positives = [place for place, stance in stances.items() if stance.exhibits[behavior]]
    if not positives:
        return None
    negatives = [place for place, stance in stances.items() if stance.exhibits[behavior] is False]
    if not negatives:
        return None
    scores = {place: decision.options[place].scores[behavior] or 0.0 for place in stances}
    pairs = [
        Pair(i, j, scores[i] - scores[j], is_pure(stances[i], stances[j], behavior))
        for i in positives
        for j in negatives
    ]
    return Contrast(behavior, positives, negatives, pairs)


def read_menus(decisions: Sequence[Decision]) -> list[Menu]:
    """Returns the menus of some Decisions."""
    return [read_menu(decision) for decision in decisions]
