"""Config `associations`: a target beside an attribute, of either valence."""

from typing import Literal

from schemas.base import ConceptRow, Span
from schemas.concept import Direction


class AssociationRow(ConceptRow):
    """One sentence under test, never a fact; its counterpart has the opposite attribute."""

    target: str
    """What something is said of."""
    target_kind: Literal["concept", "occupation", "nonce_group"]
    """What kind of thing that is; no real social group is among them."""
    attribute: str
    """What is said."""
    valence: Literal["positive", "negative"]
    """Of the attribute."""
    direction: Direction
    """Which of the two the sentence names first."""
    template: str
    """The sentence that both are put into."""
    text: str
    """The sentence."""
    attribute_span: Span
    """Characters of the attribute: all that differs from the counterpart."""
    counterpart_id: str
    """The same sentence with the attribute's opposite."""
