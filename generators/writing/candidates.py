"""What a model may be asked about: menus to write from, and options to label."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from heapq import nsmallest
from typing import NamedTuple

from generators.errors import SourceError
from generators.sources.games.files import GameFiles
from generators.sources.games.game_data import BrokenGame, read_game
from generators.sources.games.menus import list_menus, read_decisions
from generators.writing.scenes import READ_FOR_MODELS, shorten_outcome
from schemas.decision import Decision, Option

BLIND = 200
"""Labelled options that the labeller sees without their labels."""


class OptionText(NamedTuple):
    """An option as a labeller sees it."""

    game: str
    option_id: str
    text: str
    outcome: str

    @property
    def item(self) -> str:
        """Its id among all games."""
        return f"{self.game}/{self.option_id}"


@dataclass
class Candidates:
    """What one game, or all of them, offers to a model."""

    game: str = ""
    menus: list[Decision] = field(default_factory=list[Decision])
    """Usable menus with a context, lowest sha256(id) first; as many as are asked for."""
    labelled: list[tuple[OptionText, Option]] = field(
        default_factory=list[tuple[OptionText, Option]]
    )
    """Options with a record, lowest sha256 first; at most 200."""
    unlabelled: list[OptionText] = field(default_factory=list[OptionText])
    """Options without a record, each once, by game; there may be a hundred thousand."""


@dataclass(frozen=True)
class CandidateTask:
    """One game to look through."""

    files: GameFiles
    metadata: object
    """Its entry of `game_metadata.json`, unchecked."""
    menus: int | None
    """Read only so many menus, the first in tree order; None for all."""
    most: int
    """Menus to write from."""
    densify: bool
    """Whether options are to be labelled."""


def find_candidates(task: CandidateTask) -> Candidates | BrokenGame:
    """Returns what one game offers, read in one way whatever the display options."""
    try:
        game = read_game(task.files, task.metadata)
    except SourceError as error:
        return BrokenGame(task.files.game, error)
    menus = list_menus(game)[: task.menus]
    found = Candidates(game.name)
    decisions = list(read_decisions(game, READ_FOR_MODELS, menus))
    usable = [decision for decision in decisions if len(decision.usable_places) > 1]
    found.menus = choose_menus(
        (each for each in usable if each.context and "unresolved_context" not in each.flags),
        task.most,
    )
    if task.densify:
        options = [each.options[place] for each in usable for place in each.usable_places]
        shown = [
            OptionText(game.name, each.option_id, each.text, shorten_outcome(each.outcome))
            for each in options
        ]
        pairs = [*zip(shown, options, strict=True)]
        found.labelled = choose_labelled(pair for pair in pairs if pair[1].label_source)
        unlabelled = (text for text, option in pairs if option.label_source is None)
        found.unlabelled = list(dict.fromkeys(unlabelled))
    return found


def choose_menus(menus: Iterable[Decision], most: int) -> list[Decision]:
    """Returns the menus with the lowest sha256(id)."""
    return nsmallest(most, menus, key=lambda decision: _hash(decision.id))


def choose_labelled(
    options: Iterable[tuple[OptionText, Option]],
) -> list[tuple[OptionText, Option]]:
    """Returns the labelled options with the lowest sha256."""
    return nsmallest(BLIND, options, key=lambda pair: _hash(pair[0].item))


def _hash(item: str) -> str:
    return sha256(item.encode()).hexdigest()
