"""What the doctor finds in a `game_data/`: counts, and what is broken; never story text."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generators.machiavelli.game import CONTEXT_BIN, Counts
from generators.machiavelli.source import survey_games
from generators.progress import SILENT, Progress
from schemas.decision import DecisionFlag, OptionFlag
from schemas.labels import BEHAVIORS

BAR = 40
"""Longest bar of a histogram, characters."""
FLAGS: Mapping[OptionFlag | DecisionFlag, str] = {
    "no_record": "without labels",
    "no_text": "not used: it has no text",
    "unresolved": "not used: a variable in it is not filled in",
    "single_option": "not used: there is nothing to choose",
    "duplicate_option_text": "not used: two options read the same",
    "no_context": "no text leads there",
    "unresolved_context": "a variable in it is not filled in",
    "chosen_path": "several ways lead there; the context follows one of them",
}
"""What a flag says."""


@dataclass(frozen=True)
class Diagnosis:
    """All that was found."""

    games: int
    """Games that were read whole."""
    counts: Counts
    oddities: dict[str, int]
    """What is tolerated, by kind."""
    broken: dict[str, str]
    """What could not be read: game (or file) -> what is wrong with it."""

    def as_dict(self) -> dict[str, Any]:
        """Returns the counts as plain JSON values."""
        counts = self.counts
        return {
            "games": self.games,
            "counts": dict(sorted(counts.totals.items())),
            "labelled_share": round(counts.labelled_share, 6),
            "prevalence": {
                name: {"options": counts.behaviors[name], "known": counts.known[name]}
                for name in BEHAVIORS
            },
            "options_per_menu": dict(sorted(counts.options.items())),
            "context_length": dict(sorted(counts.contexts.items())),
            "tolerated": self.oddities,
            "broken": self.broken,
        }

    def __str__(self) -> str:
        counts = self.counts
        return "\n".join(
            [
                f"games {self.games:,}, menus {counts.totals['menus']:,},"
                f" options {counts.totals['options']:,}, labelled {counts.labelled_share:.1%}",
                *_list_counts(counts.totals),
                "",
                "prevalence: options that exhibit a behavior, of those where it is known",
                *_list_prevalence(counts),
                "",
                "options per menu",
                *_draw_histogram(counts.options, 1),
                "",
                "length of context, characters",
                *_draw_histogram(counts.contexts, CONTEXT_BIN),
                *_list_section("tolerated", self.oddities),
                *_list_section("broken", self.broken),
                "",
                self._conclude(),
            ]
        )

    def _conclude(self) -> str:
        """Returns whether a build can use all of it."""
        if self.broken:
            return (
                f"Problems: {len(self.broken):,} broken, see above. A build stops there;"
                " with --skip-broken it leaves broken games out."
            )
        said = f"No problems: all {self.games:,} games can be read."
        return f"{said} What is tolerated is counted and stops nothing." if self.oddities else said


def diagnose(data: str | Path, progress: Progress = SILENT) -> Diagnosis:
    """Returns what is in a `game_data/`; broken games and files are counted, and never stop it.

    Raises:
        SourceError: the folder is no `game_data/` at all.
    """
    totals = survey_games(Path(data), progress)
    return Diagnosis(
        len(totals.games),
        totals.counts,
        dict(sorted(totals.oddities.items())),
        dict(sorted(totals.broken.items())),
    )


def _list_section(title: str, items: Mapping[str, int | str]) -> Iterator[str]:
    if items:
        yield f"\n{title}"
        for name, value in sorted(items.items()):
            yield f"  {name}: {value}" if isinstance(value, str) else f"  {name:<40}{value:>10,}"


def _list_counts(totals: Mapping[str, int]) -> Iterator[str]:
    yield "\ncounts"
    for name, value in sorted(totals.items()):
        meant = [said for flag, said in FLAGS.items() if name.endswith(f" {flag}")]
        yield f"  {name:<40}{value:>10,}  {''.join(meant)}".rstrip()


def _list_prevalence(counts: Counts) -> Iterator[str]:
    for name in BEHAVIORS:
        count, known = counts.behaviors[name], counts.known[name]
        yield f"  {name:<20}{count:>10,} of {known:>9,}{count / known if known else 0:>9.2%}"


def _draw_histogram(bins: Counter[int], width: int) -> Iterator[str]:
    highest = max(bins.values(), default=1)
    for low, count in sorted(bins.items()):
        name = f"{low}" if width == 1 else f"{low}-{low + width - 1}"
        yield f"  {name:>12}{count:>10,}  {'#' * round(BAR * count / highest)}"
