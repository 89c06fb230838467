"""Config `relations`: premises, and a conclusion that follows from them or does not."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import ConceptRow

InheritedRelation = Literal["kind_of", "related_to", "causes", "associated_with"]


class RelationRow(ConceptRow):
    """One item; its counterpart has the same premises and a conclusion of the other validity."""

    premises: tuple[str, ...]
    """The sentences given, those of the distractor among them, in any order."""
    conclusion: str
    """The sentence to judge."""
    relation: InheritedRelation
    """What the conclusion says."""
    valid: bool
    """Whether it follows from the premises by the rules; computed from the network."""
    hops: Annotated[int, Field(ge=1, le=3)]
    """Premises that it takes."""
    nonce: bool
    """Whether words are replaced by ones that mean nothing."""
    nonce_scope: Literal["none", "subject", "all"]
    """Which are: none, the one that the conclusion is about, or all of them."""
    swapped: bool
    """Whether path and distractor trade their targets, so that their last premises are no edges of
    the network; with real words only."""
    distractor: str
    """The premises that are not needed: a chain as long as `hops`, which ends at the target of the
    invalid twin; empty where none is."""
    edge_path: tuple[str, ...]
    """The path in `concepts.json`: concept, relation, concept, and so on; where `swapped`, another
    target takes the place of its last concept."""
    counterpart_id: str
    """The twin of the other validity."""
