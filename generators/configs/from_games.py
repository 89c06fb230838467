"""What a config of games is: a pure view of the menus of each game."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import pyarrow as pa

from generators.configs.base import Config
from generators.configs.contrasts import Contrasts, code, read_sides
from generators.sources.games.labels import MEANINGS
from generators.sources.games.menus import Menu
from schemas.base import BehaviorRow, GameRow, Provenance
from schemas.config import MachiavelliConfig
from schemas.decision import Decision
from schemas.labels import Behavior

View = Callable[[Sequence[Menu], MachiavelliConfig], Iterable[GameRow]]
"""The menus of one game, in tree order -> rows, sorted by menu, behavior and places."""


@dataclass(frozen=True)
class AcrossGames:
    """How rows are made that need rows of other games of their split."""

    candidate: type[BehaviorRow]
    """What the view yields; it has a `rank`."""
    most: int
    """How many candidates of a behavior are kept, lowest rank first."""
    gather: Callable[[Sequence[Any], MachiavelliConfig], Iterable[GameRow]]
    """The kept candidates of one split, sorted by game -> the rows to publish."""
    why_not: str
    """Why a candidate that was kept may give no row."""


@dataclass(frozen=True, kw_only=True, eq=False)
class GameConfig(Config):
    """A config whose rows are made from the menus of games."""

    row: type[GameRow]
    view: View
    """One game's rows; reads nothing but the menus and the options."""
    across_games: AcrossGames | None = None
    """Where rows need rows of other games: what `view` yields instead, and how rows are made."""

    @property
    def viewed(self) -> type[GameRow]:
        """What the view yields, and `texts` takes."""
        return self.across_games.candidate if self.across_games else self.row

    def find_owner(self, passage: str) -> str:
        """Returns the menu: what was written from it may be like it."""
        return "/".join(passage.split("/")[:2])


def find_lowest(behaviors: Sequence[str], ranks: Sequence[str], most: int) -> list[int]:
    """Returns the places of at most `most` items of each behavior, lowest rank first chosen.

    The places are in ascending order.
    """
    chosen: Counter[str] = Counter()
    kept: list[int] = []
    for place in sorted(range(len(ranks)), key=ranks.__getitem__):
        if chosen[behaviors[place]] < most:
            chosen[behaviors[place]] += 1
            kept.append(place)
    return sorted(kept)


class ViewColumns(TypedDict):
    """The columns that every view takes from its Decision."""

    origin: Any
    split: Any
    text_licence: Any
    game: str
    group: str
    decision_id: str
    behavior: Behavior
    behavior_reading: str
    provenance: Provenance


def take_columns(
    decision: Decision,
    behavior: Behavior,
    places: Iterable[int] | None = None,
    template: str | None = None,
) -> ViewColumns:
    """Returns the columns that a row about this behavior shares with its Decision.

    Args:
        decision: what the row is a view of.
        behavior: what it is about.
        places: of the options it is built from; None for all.
        template: that renders it.
    """
    provenance = find_provenance(decision, places)
    if template is not None:
        provenance = provenance.model_copy(update={"template": template})
    return {
        "origin": decision.origin,
        "split": decision.split,
        "text_licence": decision.text_licence,
        "game": decision.game,
        "group": decision.group,
        "decision_id": decision.id,
        "behavior": behavior,
        "behavior_reading": MEANINGS[behavior],
        "provenance": provenance,
    }


def find_provenance(decision: Decision, places: Iterable[int] | None) -> Provenance:
    """Returns a Decision's provenance; its label source is that of these options."""
    provenance = decision.provenance
    if provenance.label_source != "benchmark":
        return provenance
    options = decision.options
    chosen = options if places is None else [options[place] for place in places]
    if any(option.label_source == "model" for option in chosen):
        return provenance.model_copy(update={"label_source": "model"})
    return provenance


def behavior_of(row: GameRow) -> Behavior | None:
    """Returns the behavior a row is about; None for a Decision, which is about all."""
    return row.behavior if isinstance(row, BehaviorRow) else None


def read_options(table: pa.Table, positives: Any, negatives: Any) -> Contrasts:
    """Returns rows that are one pair of options each; a menu counts once, behaviors apart."""
    return read_sides(table, positives, negatives, table["decision_id"], code(table["behavior"]))
