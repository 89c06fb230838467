"""Config `icl`: a few solved situations, then one to solve, in three versions."""

from typing import Annotated

from pydantic import Field

from schemas.base import BehaviorRow, StoryText, StrictModel


class Exchange(StrictModel):
    """One situation and the two actions that contrast in it."""

    observation: Annotated[str, StoryText()]
    """The menu's own text, whole; where it has none, the last whole sentences before the menu. At
    most `--icl-chars` long: a longer situation is left out, never cut."""
    positive: Annotated[str, StoryText()]
    """The action that exhibits the behavior."""
    negative: Annotated[str, StoryText()]
    """The action that does not."""


class IclRow(BehaviorRow):
    """One in-context prompt; the three versions differ in the shots' answers only."""

    shots: tuple[Exchange, ...]
    """The solved situations: other queries of the same split and behavior, of other series."""
    query: Exchange
    """The situation to solve."""
    positive_prompt: Annotated[str, StoryText()]
    """Every shot answered with its positive action; ends at the query's cue."""
    negative_prompt: Annotated[str, StoryText()]
    """Every shot answered with its negative action."""
    shuffled_prompt: Annotated[str, StoryText()]
    """A seeded half of the shots answered with the negative, the rest with the positive action."""
    n_shots: Annotated[int, Field(ge=2)]
    """Number of shots."""
    shot_ids: tuple[str, ...]
    """The ids of the rows that the shots are the queries of."""
