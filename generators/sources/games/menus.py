"""Which options of a menu contrast in which behavior. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from generators.sources.games.behaviors import OptionBehaviors, is_pure, read_behaviors
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
    """Whether they differ in no other label (for `ethical`: in exactly one violation)."""


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
    found = {place: read_behaviors(decision.options[place]) for place in decision.usable_places}
    exhibited = frozenset[Behavior]().union(*(each.positives for each in found.values()))
    contrasts: list[Contrast] = []
    for behavior in BEHAVIORS:
        if behavior in exhibited:
            positives = [place for place, each in found.items() if behavior in each.positives]
            negatives = [place for place, each in found.items() if each.exhibits[behavior] is False]
            if negatives:
                pairs = [
                    _pair(decision, found, behavior, i, j) for i in positives for j in negatives
                ]
                contrasts.append(Contrast(behavior, positives, negatives, pairs))
    return Menu(decision, contrasts)


def _pair(
    decision: Decision,
    found: dict[int, OptionBehaviors],
    behavior: Behavior,
    positive: int,
    negative: int,
) -> Pair:
    score, other = (decision.options[place].scores[behavior] for place in (positive, negative))
    assert score is not None
    assert other is not None  # a pole has a score
    pure = is_pure(found[positive], found[negative], behavior)
    return Pair(positive, negative, score - other, pure)


def read_menus(decisions: Sequence[Decision]) -> list[Menu]:
    """Returns the menus of some Decisions."""
    return [read_menu(decision) for decision in decisions]
