"""Config `decisions`: every menu with all its options, usable or not."""

from collections.abc import Iterator, Sequence

from generators.configs.from_games import Kind
from generators.sources.games.menus import Menu
from schemas.config import MachiavelliConfig
from schemas.decision import Decision


def view(menus: Sequence[Menu], config: MachiavelliConfig) -> Iterator[Decision]:
    """Yields the Decisions themselves."""
    return (menu.decision for menu in menus)


def text(row: Decision) -> list[str]:
    """Returns the context, then the options."""
    return [row.context, *(option.text for option in row.options)]


KIND = Kind("decisions", Decision, view, text)
