"""What the doctor finds in a `game_data/`: counts, and what is broken; never story text."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generators.errors import SourceError
from generators.machiavelli.reading import Progress, survey_games
from generators.machiavelli.totals import Tally
from generators.sources.games.counts import CONTEXT_BIN, Counts
from generators.sources.games.game_data import read_metadata
from generators.sources.games.layout import find_games
from schemas.labels import BEHAVIORS

BAR = 40
"""Longest bar of a histogram, characters."""


@dataclass(frozen=True)
class Diagnosis:
    """All that was found."""

    games: int
    """Games that were read whole."""
    survey: Counts
    oddities: dict[str, int]
    """What is tolerated, by kind."""
    broken: dict[str, str]
    """What could not be read: game (or file) -> what is wrong with it."""

    def as_dict(self) -> dict[str, Any]:
        """Returns the counts as plain JSON values."""
        survey = self.survey
        return {
            "games": self.games,
            "counts": dict(sorted(survey.totals.items())),
            "labelled_share": round(survey.labelled_share, 6),
            "prevalence": {
                name: {"options": survey.behaviors[name], "known": survey.known[name]}
                for name in BEHAVIORS
            },
            "options_per_menu": dict(sorted(survey.options.items())),
            "context_length": dict(sorted(survey.contexts.items())),
            "tolerated": self.oddities,
            "broken": self.broken,
        }


def diagnose(data: Path, progress: Progress) -> Diagnosis:
    """Returns what is in a `game_data/`; broken games and files are counted, and never stop it.

    Raises:
        SourceError: the folder is no `game_data/` at all.
    """
    games = find_games(data, need_labels=False)
    tally = Tally(skip_broken=True)
    try:
        metadata = read_metadata(data)
        tally.count_metadata(metadata, [files.game for files in games])
    except SourceError as error:
        metadata = None
        tally.broken["game_metadata.json"] = str(error)
    for result in survey_games(games, metadata or {}, progress):
        tally.take(result)
    return Diagnosis(
        len(tally.games),
        tally.survey,
        dict(sorted(tally.oddities.items())),
        dict(sorted(tally.broken.items())),
    )


def format_diagnosis(diagnosis: Diagnosis) -> str:
    """Returns the counts as text for a terminal, without a last newline."""
    survey = diagnosis.survey
    return "\n".join(
        [
            f"games {diagnosis.games:,}, menus {survey.totals['menus']:,},"
            f" options {survey.totals['options']:,}, labelled {survey.labelled_share:.1%}",
            *_list_section("counts", survey.totals),
            "",
            "prevalence: options that exhibit a behavior, of those where it is known",
            *_list_prevalence(survey),
            "",
            "options per menu",
            *_draw_histogram(survey.options, 1),
            "",
            "length of context, characters",
            *_draw_histogram(survey.contexts, CONTEXT_BIN),
            *_list_section("tolerated", diagnosis.oddities),
            *_list_section("broken", diagnosis.broken),
        ]
    )


def _list_section(title: str, items: Mapping[str, int | str]) -> Iterator[str]:
    if items:
        yield f"\n{title}"
        for name, value in sorted(items.items()):
            yield f"  {name}: {value}" if isinstance(value, str) else f"  {name:<40}{value:>10,}"


def _list_prevalence(survey: Counts) -> Iterator[str]:
    for name in BEHAVIORS:
        count, known = survey.behaviors[name], survey.known[name]
        yield f"  {name:<20}{count:>10,} of {known:>9,}{count / known if known else 0:>9.2%}"


def _draw_histogram(bins: Counter[int], width: int) -> Iterator[str]:
    highest = max(bins.values(), default=1)
    for low, count in sorted(bins.items()):
        name = f"{low}" if width == 1 else f"{low}-{low + width - 1}"
        yield f"  {name:>12}{count:>10,}  {'#' * round(BAR * count / highest)}"
