"""Counts what a game's Decisions hold: for the manifest, the summary and the doctor. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from generators.sources.games.behaviors import OptionBehaviors, read_behaviors
from schemas.decision import Decision

CONTEXT_BIN = 250
"""Width of a bar in the histogram of context lengths, characters."""


@dataclass
class Counts:
    """Counts that add up over games."""

    totals: Counter[str] = field(default_factory=Counter[str])
    """Menus, options, labelled options, polarities, flags."""
    behaviors: Counter[str] = field(default_factory=Counter[str])
    """Options that exhibit each behavior, by behavior."""
    known: Counter[str] = field(default_factory=Counter[str])
    """Options of which it is known whether they do."""
    options: Counter[int] = field(default_factory=Counter[int])
    """Menus by number of options."""
    contexts: Counter[int] = field(default_factory=Counter[int])
    """Menus by length of context, in bins of 250 characters, keyed by the lower end."""

    def add(self, other: "Counts") -> None:
        """Adds the counts of other games to these."""
        for name in self.__dataclass_fields__:
            getattr(self, name).update(getattr(other, name))

    @property
    def labelled_share(self) -> float:
        """Share of options with a label, 0 to 1."""
        return self.totals["options labelled"] / (self.totals["options"] or 1)


def count_decisions(decisions: Iterable[Decision]) -> Counts:
    """Returns the counts of some Decisions."""
    counts = Counts()
    totals = counts.totals
    alike: Counter[OptionBehaviors] = Counter()
    for decision in decisions:
        totals["menus"] += 1
        totals["menus usable"] += len(decision.usable_places) > 1
        totals.update(f"menus flagged {flag}" for flag in decision.flags)
        counts.options[len(decision.options)] += 1
        counts.contexts[len(decision.context) // CONTEXT_BIN * CONTEXT_BIN] += 1
        for option in decision.options:
            totals["options"] += 1
            totals["options labelled"] += option.label_source is not None
            totals[f"options {option.polarity}"] += 1
            if option.flags:
                totals.update(f"options flagged {flag}" for flag in option.flags)
            alike[read_behaviors(option)] += 1
    counts.totals = +totals
    for each, options in alike.items():
        for behavior, known in each.exhibits.items():
            counts.known[behavior] += options * (known is not None)
            counts.behaviors[behavior] += options * bool(known)
    return counts
