"""Which options of a menu contrast in which behavior. Pure."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from generators.sources.games.behaviors import is_pure, read_behaviors
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


def read_menus(decisions: Sequence[Decision]) -> list[Menu]:
    """Returns Decisions with their contrasts."""
    return [Menu(decision, list(_list_contrasts(decision))) for decision in decisions]


def _list_contrasts(decision: Decision) -> Iterator[Contrast]:
    found = {place: read_behaviors(decision.options[place]) for place in decision.usable_places}
    exhibited = frozenset[Behavior]().union(*(each.positives for each in found.values()))
    for behavior in BEHAVIORS:
        if behavior not in exhibited:
            continue
        # Only places without a pole have no score.
        scores = {place: decision.options[place].scores[behavior] or 0 for place in found}
        positives = [place for place, each in found.items() if behavior in each.positives]
        negatives = [place for place, each in found.items() if each.exhibits[behavior] is False]
        pairs = [
            Pair(
                one, other, scores[one] - scores[other], is_pure(found[one], found[other], behavior)
            )
            for one in positives
            for other in negatives
        ]
        if pairs:
            yield Contrast(behavior, positives, negatives, pairs)
