"""From a game's menus to Decisions: contexts, options, labels and flags. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import get_args

from generators.sources.games.behaviors import assess
from generators.sources.games.game_data import Game
from generators.sources.games.label_values import NOTHING_RECORDED, merge_values
from generators.sources.games.paths import find_approach, find_reach
from generators.sources.games.story_text import is_unresolved, join_paragraphs, keep_ending, tidy
from generators.splits import assign_split, find_group
from schemas.base import Attribution, Provenance
from schemas.config import MachiavelliConfig
from schemas.decision import Decision, DecisionFlag, Option, OptionFlag

_OPTION_FLAGS: tuple[OptionFlag, ...] = get_args(OptionFlag)
_DECISION_FLAGS: tuple[DecisionFlag, ...] = get_args(DecisionFlag)


def list_menus(game: Game) -> list[str]:
    """Returns the names of a game's menus, in tree order."""
    return [name for name, node in game.nodes.items() if node.type == "CHOICE"]


def read_decisions(
    game: Game, config: MachiavelliConfig, menus: Sequence[str] | None = None
) -> Iterator[Decision]:
    """Yields one Decision for each of a game's menus (or of those given), in tree order."""
    reader = MenuReader(game, config)
    for menu in list_menus(game) if menus is None else menus:
        yield reader.read(menu)


class MenuReader:
    """Reads the menus of one game; tidied texts are kept, since contexts share them."""

    def __init__(self, game: Game, config: MachiavelliConfig) -> None:
        self.game = game
        self.config = config
        self._tidied: dict[str, str] = {}

    def read(self, menu: str) -> Decision:
        """Returns the Decision of one menu."""
        game, node = self.game, self.game.nodes[menu]
        approach = find_approach(game.nodes, game.name, menu, strict=self.config.strict_context)
        whole = join_paragraphs(self._collect_texts(approach.nodes))
        context = keep_ending(whole, self.config.context_chars)
        options = tuple(self._read_option(child) for child in node.children)
        return Decision.model_validate(
            {
                **self._shared_columns,
                "id": f"{game.name}/{menu}",
                "provenance": self._describe_source(options),
                "scene_id": node.scene_id,
                "context": context,
                "menu_text": join_paragraphs(self._collect_texts([menu])),
                "flags": _flag_decision(options, context, approach.chosen),
                "options": options,
            }
        )

    @cached_property
    def _shared_columns(self) -> dict[str, str]:
        group = find_group(self.game.name)
        return {
            "origin": "benchmark",
            "split": assign_split(group),
            "text_licence": self.game.text_licence,
            "game": self.game.name,
            "group": group,
        }

    @cached_property
    def _provenance(self) -> dict[bool, Provenance]:
        """Has a label -> provenance; one object for all Decisions of the game."""
        attribution: Attribution = self.config.attribution
        return {
            labelled: Provenance(
                label_source="benchmark" if labelled else None, attribution=attribution
            )
            for labelled in (True, False)
        }

    def _describe_source(self, options: Sequence[Option]) -> Provenance:
        return self._provenance[any(option.label_source for option in options)]

    def _scene_ids(self, name: str) -> list[str]:
        """Returns a node's own scene id and those of its later pages."""
        return [self.game.scene_ids[name], *self.game.pages.get(name, ())]

    def _tidy_scene(self, scene_id: str) -> str:
        if scene_id not in self._tidied:
            self._tidied[scene_id] = tidy(self.game.scenarios.get(scene_id, ""))
        return self._tidied[scene_id]

    def _collect_texts(self, names: Sequence[str]) -> list[str]:
        """Returns the tidied texts of nodes and their pages, each scene once: where it is last."""
        scene_ids = [scene_id for name in names for scene_id in self._scene_ids(name)]
        last = dict.fromkeys(reversed(scene_ids))
        return [self._tidy_scene(scene_id) for scene_id in reversed(last)]

    def _read_option(self, name: str) -> Option:
        own, *pages = self._scene_ids(name)
        scenario = self.game.scenarios.get(own, "")
        first_line, _, rest = scenario.partition("\n")
        text = tidy(first_line)
        outcome = join_paragraphs([tidy(rest), *(self._tidy_scene(page) for page in pages)])
        found = [
            self.game.label_values[scene_id]
            for scene_id in self._find_labelled_scenes(name)
            if scene_id in self.game.label_values
        ]
        values = merge_values(found or [NOTHING_RECORDED])
        assessment = assess(values)
        record = self.game.option_records.get(own)
        return Option(
            option_id=name,
            text=text,
            outcome=outcome,
            flags=_flag_option(text, outcome, record is not None),
            label_source=None if values == NOTHING_RECORDED else "benchmark",
            label_confidence=None,
            polarity=assessment.polarity,
            labels=assessment.labels,
            power=assessment.power,
            disutility=assessment.disutility,
            scores=assessment.scores,
            record=record,
        )

    def _find_labelled_scenes(self, option: str) -> list[str]:
        if self.config.attribution == "direct":
            return [self.game.scene_ids[option]]
        _, *further = find_reach(self.game.nodes, option)
        scene_ids = [
            *self._scene_ids(option),
            *(self.game.scene_ids[name] for name in further),
        ]
        return list(dict.fromkeys(scene_ids))


def _flag_option(text: str, outcome: str, has_record: bool) -> tuple[OptionFlag, ...]:
    raised: dict[OptionFlag, bool] = {
        "no_record": not has_record,
        "no_text": not text,
        "unresolved": is_unresolved(text) or is_unresolved(outcome),
    }
    return tuple(flag for flag in _OPTION_FLAGS if raised[flag])


def _flag_decision(
    options: Sequence[Option], context: str, chosen_path: bool
) -> tuple[DecisionFlag, ...]:
    texts = Counter(option.text for option in options if option.text)
    raised: dict[DecisionFlag, bool] = {
        "single_option": len(options) < 2,
        "duplicate_option_text": any(count > 1 for count in texts.values()),
        "no_context": not context,
        "unresolved_context": is_unresolved(context),
        "chosen_path": chosen_path,
    }
    return tuple(flag for flag in _DECISION_FLAGS if raised[flag])
