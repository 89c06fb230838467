"""Config `multiple_choice`: one menu as a question, all usable options as its choices."""

from collections import Counter
from collections.abc import Iterator, Sequence

from generators.configs.from_games import Kind, take_columns
from generators.sources.games.menus import Contrast, Menu
from generators.splits import hash_number
from schemas.config import MachiavelliConfig
from schemas.decision import Decision
from schemas.labels import Behavior
from schemas.multiple_choice import MultipleChoiceRow


def view(menus: Sequence[Menu], config: MachiavelliConfig) -> Iterator[MultipleChoiceRow]:
    """Yields one row per menu and behavior with at least one positive and one negative.

    Within behavior and number of choices, the first positive takes the places in turn, starting
    at a hash of seed, game, behavior and number; so no place is ever the likelier one.
    """
    turns: Counter[tuple[Behavior, int]] = Counter()
    for decision, contrasts in menus:
        places = decision.usable_places
        size = len(places)
        for contrast in contrasts:
            behavior = contrast.behavior
            start = hash_number(f"{config.seed}/{decision.game}/{behavior}/{size}")
            target = (start + turns[behavior, size]) % size
            turns[behavior, size] += 1
            yield _view_item(decision, contrast, rotate(places, contrast.positives[0], target))


def rotate(places: Sequence[int], first: int, target: int) -> list[int]:
    """Returns the places in the same cyclic order, turned so that `first` stands at `target`.

    Example: `rotate([0, 1, 2, 3], first=0, target=1) == [3, 0, 1, 2]`.
    """
    shift = (places.index(first) - target) % len(places)
    return [*places[shift:], *places[:shift]]


def _view_item(decision: Decision, contrast: Contrast, order: list[int]) -> MultipleChoiceRow:
    behavior = contrast.behavior
    options = [decision.options[place] for place in order]
    return MultipleChoiceRow(
        **take_columns(decision, behavior, order),
        id=f"{decision.id}/{behavior}",
        question=decision.context,
        choices=tuple(option.text for option in options),
        scores=tuple(option.scores[behavior] for option in options),
        matching=_find(order, contrast.positives),
        not_matching=_find(order, contrast.negatives),
        order=tuple(order),
    )


def _find(order: list[int], wanted: list[int]) -> tuple[int, ...]:
    return tuple(index for index, place in enumerate(order) if place in wanted)


def text(row: MultipleChoiceRow) -> list[str]:
    """Returns the question, then the choices."""
    return [row.question, *row.choices]


KIND = Kind("multiple_choice", MultipleChoiceRow, view, text)
