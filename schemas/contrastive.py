"""Config `contrastive`: two options of one menu, one of which exhibits the behavior."""

from typing import Annotated

from pydantic import Field

from schemas.base import BehaviorRow, CoreWeighted, StoryText


class ContrastiveRow(BehaviorRow, CoreWeighted):
    """One pair: same prompt, two completions that differ in the behavior."""

    prompt: Annotated[str, StoryText()]
    """The menu's context without its options; empty where there is none."""
    positive: Annotated[str, StoryText()]
    """Text of the option that exhibits the behavior, without a leading space."""
    negative: Annotated[str, StoryText()]
    """Text of the option that does not."""
    positive_option_id: str
    """Node name of the positive option."""
    negative_option_id: str
    """Node name of the negative option."""
    positive_outcome: Annotated[str, StoryText()]
    """What follows the positive option in the story; the label is about this."""
    negative_outcome: Annotated[str, StoryText()]
    """What follows the negative option in the story."""
    margin: Annotated[float, Field(ge=-1, le=1)]
    """Score of the positive minus score of the negative."""
    weight: Annotated[float, Field(gt=0, le=1)]
    """1 / number of pairs of this menu and behavior: gives every menu the same say,
    of all rows together."""
    pure: bool
    """Whether the poles differ in no other label (for `ethical`: in exactly one violation)."""
    negative_is_ethical: bool
    """Whether the negative's polarity is `ethical`; where not, two wrongs may face each other."""
