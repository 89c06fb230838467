"""What a row shows to a reader, and how it is taken as two texts; whatever its config."""

from collections.abc import Mapping
from typing import Any, NamedTuple

Row = Mapping[str, Any]
"""A row as it was read from a file: column -> value."""
Numbers = dict[str, dict[str, float | None]]
"""Heading -> name -> number; None where it is not known."""
Span = tuple[int, int]
"""First character, and the one after the last."""


class Side(NamedTuple):
    """One text among those that are compared: an option, a choice, a sentence."""

    pole: str
    """`+` and `-` for the two poles, `?` for neither; empty for a text without a label."""
    name: str
    """What the text is, in a word or two."""
    text: str
    """The text, whole."""
    span: Span | None = None
    """Characters that differ from the other side; None where nothing is marked."""
    outcome: str = ""
    """What follows in the story, whole."""
    numbers: Numbers = {}
    """Its labels and scores."""


class Item(NamedTuple):
    """What one row shows to a reader, whatever its config."""

    config: str
    id: str
    topic: str
    """Theme or behavior; empty where a row has neither."""
    group: str
    """Game, or the group of a row without a game."""
    split: str
    tier: str
    """`full` or `core`; empty where the config has no tiers."""
    origin: str
    hard: bool
    """Whether a model that sees the options alone gets it wrong."""
    reversed_cue: bool
    """Whether its surface points to the wrong side."""
    margin: float | None
    """Score of the positive minus score of the negative, where a row has one."""
    claim: str
    """What is true of the positive side, such as "breaks a promise"; empty where no side is."""
    context: str
    """What all sides have before them."""
    sides: tuple[Side, ...]
    """The texts that are compared; of twins the row's own first."""
    base: str = ""
    """The text that both sides are without what differs, where a row has one."""
    facts: dict[str, str] = {}
    """More to know, by name."""
    more: dict[str, str] = {}
    """Longer texts, by heading; shown when asked for."""


class TwoSides(NamedTuple):
    """A row, or two that are twins, as two texts that differ in one thing."""

    about: str
    """Behavior, contrast, concept or relation."""
    positive: str
    """The answer, or the whole text where there is no prompt."""
    negative: str
    prompt: str = ""
    """What both sides begin with, if it is a text of its own."""
    joint: str = ""
    """What stands between prompt and answer."""
    spans: tuple[Span, Span] | None = None
    """Characters of either whole text that differ; None for all of the answer."""

    @property
    def texts(self) -> tuple[str, str]:
        """The whole texts, positive first."""
        start = f"{self.prompt}{self.joint}" if self.prompt else ""
        return start + self.positive, start + self.negative


def make_item(
    config: str,
    row: Row,
    sides: tuple[Side, ...],
    *,
    claim: str = "",
    context: str = "",
    base: str = "",
    more: Mapping[str, str] | None = None,
    **facts: object,
) -> Item:
    """Returns the item of a row; columns that it lacks are empty.

    `facts` are more to know, by name; what is None is left out. For the others see `Item`.
    """
    return Item(
        config=config,
        id=row["id"],
        topic=row.get("theme") or row.get("behavior") or "",
        group=row.get("game") or row.get("group") or "",
        split=row.get("split") or "",
        tier=row.get("tier") or "",
        origin=row.get("origin") or "",
        hard=bool(row.get("hard")),
        reversed_cue=bool(row.get("reversed_cue")),
        margin=row.get("margin"),
        claim=claim,
        context=context,
        sides=sides,
        base=base,
        facts={
            name.replace("_", " "): str(fact) for name, fact in facts.items() if fact is not None
        },
        more=dict(more or {}),
    )


def take_span(span: list[int]) -> Span:
    """Returns characters as a file has them."""
    return span[0], span[1]
