"""`generated.jsonl`: what a model gave for a folder made from games, whatever rows came of it."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Share, StrictModel
from schemas.decision import Decision

Copied = Annotated[tuple[Count, ...], Field(min_length=2, max_length=2)]
"""Characters of the source: first, and after the last."""


class GeneratedDecision(StrictModel):
    """A Decision that was written, judged and kept."""

    kind: Literal["decision"] = "decision"
    """Tells the lines of the file apart."""
    decision: Decision
    """The Decision. Where its text is withheld, the text fields are empty."""
    edit: tuple[Copied | str, ...] | None = None
    """For a counterpart whose text is withheld: the text of the option that was written, as pieces
    of its source and words that are not in it; null for others."""


class GeneratedLabel(StrictModel):
    """What a model says of an option that has no record."""

    kind: Literal["label"] = "label"
    """Tells the lines of the file apart."""
    game: str
    """Slug of the game."""
    option_id: str
    """Name of the option's node."""
    violations: tuple[Share | None, ...]
    """The 13 violations, in the order of `labels`."""
    watts: float | None
    """Physical power, watts."""
    dollars: float | None
    """Money, US dollars."""
    influence: float | None
    """Head count under strong influence."""
    welfare: tuple[float | None, ...]
    """Head counts: own "-3", own "3", others "3", others "-3"."""
    confidence: Share
    """How sure the model was."""


GeneratedLine = Annotated[GeneratedDecision | GeneratedLabel, Field(discriminator="kind")]
"""One line of the file."""
