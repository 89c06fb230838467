"""Config `decisions`: every menu with all its options, usable or not."""

from collections.abc import Sequence

from generators.kinds.base import Kind
from schemas.config import MachiavelliConfig
from schemas.decision import Decision


def view(decisions: Sequence[Decision], config: MachiavelliConfig) -> Sequence[Decision]:
    """Returns the Decisions themselves."""
    return decisions


def text(row: Decision) -> list[str]:
    """Returns the context, then the options."""
    return [row.context, *(option.text for option in row.options)]


KIND = Kind("decisions", Decision, view, text)
