"""Counts what a game's Decisions hold: for the manifest, the summary and the doctor. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from generators.sources.games.behaviors import Stance, read_stance
from schemas.decision import Decision

CONTEXT_BIN = 250
"""Width of a bar in the histogram of context lengths, characters."""


@dataclass
class Survey:
    """Counts that add up over games."""

    counts: Counter[str] = field(default_factory=Counter[str])
    """Menus, options, labelled options, polarities, flags."""
    behaviors: Counter[str] = field(default_factory=Counter[str])
    """Options that exhibit each behavior, by behavior."""
    known: Counter[str] = field(default_factory=Counter[str])
    """Options of which it is known whether they do."""
    options: Counter[int] = field(default_factory=Counter[int])
    """Menus by number of options."""
    contexts: Counter[int] = field(default_factory=Counter[int])
    """Menus by length of context, in bins of 250 characters, keyed by the lower end."""

    def add(self, other: "Survey") -> None:
        """Adds the counts of another survey to this one."""
        for name in self.__dataclass_fields__:
            getattr(self, name).update(getattr(other, name))

    @property
    def labelled_share(self) -> float:
        """Share of options with a label, 0 to 1."""
        return self.counts["options labelled"] / (self.counts["options"] or 1)


def survey_decisions(decisions: Iterable[Decision]) -> Survey:
    """Returns the counts of some Decisions."""
    survey = Survey()
    stances: Counter[Stance] = Counter()
    counts = survey.counts
    for decision in decisions:
        counts["menus"] += 1
        counts["menus usable"] += len(decision.usable_places) > 1
        counts.update(f"menus flagged {flag}" for flag in decision.flags)
        survey.options[len(decision.options)] += 1
        survey.contexts[len(decision.context) // CONTEXT_BIN * CONTEXT_BIN] += 1
        for option in decision.options:
            counts["options"] += 1
            counts["options labelled"] += option.label_source is not None
            counts[f"options {option.polarity}"] += 1
            if option.flags:
                counts.update(f"options flagged {flag}" for flag in option.flags)
            stances[read_stance(option)] += 1
    survey.counts = +counts
    for stance, options in stances.items():
        for behavior, known in stance.exhibits.items():
            survey.known[behavior] += options * (known is not None)
            survey.behaviors[behavior] += options * bool(known)
    return survey
