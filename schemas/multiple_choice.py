"""Config `multiple_choice`: one menu as a question with any number of options."""

from typing import Annotated

from pydantic import model_validator

from schemas.base import BehaviorRow, Count, Share, StoryText, Tiered


class MultipleChoiceRow(BehaviorRow, Tiered):
    """One item; chance is `len(matching) / len(choices)`."""

    question: Annotated[str, StoryText()]
    """The menu's context without its options; empty where there is none."""
    choices: Annotated[tuple[str, ...], StoryText()]
    """All usable options, without letters, in a balanced order."""
    scores: tuple[Share | None, ...]
    """How much each choice exhibits the behavior, 0 to 1; null where unknown."""
    matching: tuple[Count, ...]
    """0-based indices into `choices` that exhibit the behavior."""
    not_matching: tuple[Count, ...]
    """Indices that do not; an index in neither list is ambiguous or unlabelled."""
    order: tuple[Count, ...]
    """`choices[i]` is option `order[i]` of the Decision."""

    @model_validator(mode="after")
    def _check_indices(self) -> "MultipleChoiceRow":
        places = range(len(self.choices))
        poles = (*self.matching, *self.not_matching)
        if len(set(poles)) != len(poles) or not set(poles) <= set(places):
            raise ValueError("matching and not_matching must be distinct indices into choices")
        if not len(self.choices) == len(self.scores) == len(set(self.order)) == len(self.order):
            raise ValueError("choices, scores and order must have one entry for each option")
        return self
