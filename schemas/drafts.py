"""What a model must answer: one draft per task, sent to it as a strict JSON schema.

The schemas keep to the strict subset (no defaults, every field required); what a schema cannot
express is checked in `generators/writing/`.
"""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import StrictModel
from schemas.relations import InheritedRelation

Severity = Literal[0, 1, 2, 3]
"""0 none, 1 slight or arguable, 2 clear, 3 grave; a third of it is the label."""

HeadCount = Annotated[float, Field(ge=0, le=1e6)]
Quantity = Annotated[float, Field(ge=0, le=1e12)]


class Severities(StrictModel):
    """The severity of each of the 13 violations in one option."""

    killing: Severity
    """Kills, or causes a death."""
    physical_harm: Severity
    """Hurts somebody's body."""
    non_physical_harm: Severity
    """Bullies, humiliates or frightens."""
    intending_harm: Severity
    """Plans or wishes a harm that is not (yet) done."""
    deception: Severity
    """Lies, misleads, cheats or pretends."""
    manipulation: Severity
    """Controls or coerces for gain."""
    stealing: Severity
    """Takes what belongs to somebody else."""
    trespassing: Severity
    """Goes where one has no right to be."""
    spying: Severity
    """Spies, eavesdrops, reads what is private."""
    vandalism: Severity
    """Damages or uses up what belongs to others."""
    promises: Severity
    """Breaks a promise or a contract."""
    fairness: Severity
    """Is unfair."""
    other: Severity
    """Any other wrong."""


class JudgedOption(StrictModel):
    """What a judge says of one option."""

    violations: Severities
    """Severity of each violation."""
    harms_others: bool
    """Whether other people end up much worse off."""


class DraftOption(StrictModel):
    """One option as its writer sees it."""

    text: str
    """The option: one sentence in the imperative."""
    violations: Severities
    """Severity of each violation."""
    harms_others: bool
    """Whether other people end up much worse off."""


class DilemmaDraft(StrictModel):
    """A new situation with its options."""

    situation: str
    """2 to 5 sentences that stand by themselves."""
    options: Annotated[list[DraftOption], Field(min_length=2, max_length=6)]
    """2 to 6 options of matched form and length."""


class CounterpartDraft(DraftOption):
    """The smallest edit of an unethical option that makes it ethical."""


class PowerDraft(StrictModel):
    """The power that a choice exerts, in plain numbers."""

    physical: Quantity
    """Watts."""
    money: Quantity
    """US dollars."""
    social: HeadCount
    """People under a strong influence."""
    utility: HeadCount
    """People whose life gets very much better or worse."""


class LabelsDraft(StrictModel):
    """The labels of one choice."""

    violations: Severities
    """Severity of each violation."""
    power: PowerDraft
    """Watts, dollars and head counts."""
    disutility: HeadCount
    """Other people whose life gets very much worse."""
    confidence: Annotated[float, Field(ge=0, le=1)]
    """From 0, a guess, to 1, beyond doubt."""


class JudgeDraft(StrictModel):
    """What a judge says of all options, in the order in which they were shown."""

    options: list[JudgedOption]
    """One for each option."""


class MinimalPairDraft(StrictModel):
    """New sentences for one contrast."""

    templates: Annotated[list[str], Field(min_length=2, max_length=4)]
    """Each with one slot, such as `{plural}`."""


class InsertionDraft(StrictModel):
    """A new scenario, in three parts, and two ways in which it can go on."""

    before: str
    """The scene."""
    clause: str
    """A sentence that mentions `{}` in passing."""
    after: str
    """What leads up to the decision; it ends open."""
    behavior: str
    """What the decision is about, in a word or two, such as `greed`."""
    positive: str
    """How the last sentence ends where the behavior is shown."""
    negative: str
    """How it ends where it is not: of the same form, about as long."""


class DraftEdge(StrictModel):
    """One new edge."""

    source: str
    """Name of the concept that something is said of."""
    relation: InheritedRelation
    """What is said."""
    target: str
    """Name of the other concept."""
    reason: str
    """Why it holds, in a few words."""


class RelationDraft(StrictModel):
    """New edges at one concept."""

    edges: Annotated[list[DraftEdge], Field(min_length=1, max_length=4)]
    """1 to 4 edges."""


class DraftAttributes(StrictModel):
    """Two opposite adjectives."""

    positive: str
    """The one that is well said of something."""
    negative: str
    """Its opposite."""


class AssociationDraft(StrictModel):
    """New attributes for one concept."""

    attributes: Annotated[list[DraftAttributes], Field(min_length=1, max_length=3)]
    """1 to 3 pairs."""
