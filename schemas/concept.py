"""The concept file: concepts, contrasts, a typed network, attributes and templates (YAML)."""

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from schemas.base import StrictModel

Form = Literal["a", "singular", "plural", "mass", "adjective", "base", "third", "past", "ing"]
"""What may stand in a slot: `a` is the article with the singular, the others are forms."""

Relation = Literal[
    "kind_of", "related_to", "causes", "associated_with", "opposite_of", "part_of"
]  # fmt: skip
"""The types of edge; the first four are what relations are built from."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
_EDGE, _INNER = r"[^\s\x00-\x1f\x7f]", r"[^\x00-\x1f\x7f]"
_WORD_EDGE, _WORD_INNER = r"[^\s{}\[\]\x00-\x1f\x7f]", r"[^{}\[\]\x00-\x1f\x7f]"
Word = Annotated[str, Field(pattern=rf"^{_WORD_EDGE}({_WORD_INNER}*{_WORD_EDGE})?$", max_length=60)]
Sentence = Annotated[str, Field(pattern=rf"^{_EDGE}({_INNER}*{_EDGE})?$", max_length=1000)]
Article = Literal["a", "an"]
SaidOf = Literal["concept", "people"]
Direction = Literal["target_first", "attribute_first"]

FORMS: tuple[Form, ...] = get_args(Form)
PARTS_OF_SPEECH: dict[str, tuple[str, ...]] = {
    "count noun": ("singular", "plural", "article"),
    "uncountable noun": ("mass",),
    "verb": ("base", "third", "past", "ing"),
    "adjective": ("adjective",),
}
"""Part of speech -> the forms that a concept of it has, all of them."""


class CountNoun(StrictModel):
    """A noun with an article."""

    singular: Word
    """Such as `baby`."""
    plural: Word
    """Such as `babies`."""
    article: Article
    """`a` or `an`, as the singular is said."""


class Concept(StrictModel):
    """One concept and its forms: those of one part of speech, and of no other."""

    theme: Name
    """What it belongs to."""
    slot: Name | None = None
    """The class of concepts that can stand in its place; null: it is in the network only."""
    singular: Word | None = None
    """Count noun: `baby`."""
    plural: Word | None = None
    """Count noun: `babies`."""
    article: Article | None = None
    """Count noun: `a` or `an`."""
    mass: Word | None = None
    """Uncountable noun: `greed`."""
    base: Word | None = None
    """Verb: `hoard`."""
    third: Word | None = None
    """Verb: `hoards`."""
    past: Word | None = None
    """Verb: `hoarded`."""
    ing: Word | None = None
    """Verb: `hoarding`."""
    adjective: Word | None = None
    """Adjective: `honest`."""
    target: bool = True
    """Whether associations may be about it; false for a word that also names people."""
    kind: Name | None = None
    """What it is, such as `act` or `feeling`: attribute pairs say which kinds they suit."""
    control: Word | None = None
    """What takes its place in the control of an insertion, as insertions say it (plural, or
    uncountable): on the same topic, without its moral content, such as `invoices` of `bribe`."""

    @property
    def part_of_speech(self) -> str:
        """Which of `PARTS_OF_SPEECH` it is."""
        return next(part for part, forms in PARTS_OF_SPEECH.items() if getattr(self, forms[0]))

    @model_validator(mode="after")
    def _check_forms(self) -> "Concept":
        every = [form for forms in PARTS_OF_SPEECH.values() for form in forms]
        given = [form for form in every if getattr(self, form) is not None]
        if tuple(given) not in PARTS_OF_SPEECH.values():
            wanted = "; ".join(", ".join(forms) for forms in PARTS_OF_SPEECH.values())
            raise ValueError(f"has {', '.join(given) or 'no form'}|all of one group ({wanted})")
        return self


class SlotReadout(StrictModel):
    """How a sentence goes on to where the two sides want different words."""

    cue: Sentence
    """What follows the sentence, such as `The one they saved was the`."""
    answer: Form
    """The form of the concept that comes next."""


class SlotTemplate(StrictModel):
    """One sentence with one slot, such as `{plural}`; `{singular|plural}` takes what aligns."""

    theme: Name
    """What it belongs to."""
    fits: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Slots of the concepts that may stand in it."""
    text: Sentence
    """The sentence."""
    readout: SlotReadout | None = None
    """Where the two sides can be told apart by what a model says next; null where nowhere."""


class Edge(StrictModel):
    """One edge of the network."""

    source: Name
    """The concept that something is said of."""
    relation: Relation
    """What is said."""
    target: Name
    """The other concept."""
    reason: Sentence
    """A short reason, or a source."""


class Continuations(StrictModel):
    """Two ways in which a scenario can go on, of matched form and length."""

    positive: Sentence
    """The one that shows the behavior."""
    negative: Sentence
    """The one that does not."""


class Scenario(StrictModel):
    """A decision, told without its end, with one clause in brackets that mentions a `{}`."""

    theme: Name
    """What it belongs to."""
    text: Sentence
    """The text: `... [On the radio somebody talks about {}.] ... She decides to`."""
    behavior: Sentence | None = None
    """What the decision is about, such as `greed`."""
    readout: Continuations | None = None
    """How it can end; a scenario without gives no rows."""


class AttributePair(StrictModel):
    """Two adjectives, one of either valence."""

    positive: Word
    """The one that is well said of somebody or something."""
    negative: Word
    """Its counterpart."""
    of: Annotated[tuple[Name, ...], Field(min_length=1)]
    """What both can be said of: kinds of concepts, or people (occupations, groups)."""


class AssociationTemplate(StrictModel):
    """A sentence with `{target}` and `{attribute}`, once each."""

    of: SaidOf
    """What its target is: a concept (an uncountable noun) or people (a plural)."""
    direction: Direction
    """Which of the two comes first."""
    text: Sentence
    """The sentence; `{Target}` where it begins with it."""


class NonceWord(StrictModel):
    """A noun that means nothing."""

    singular: Word
    """Such as `dax`; also said without an article, in the place of an uncountable noun."""
    article: Article
    """`a` or `an`."""


class ConceptFile(StrictModel):
    """The whole file."""

    text_licence: Literal["cc0-1.0", "own"] = "own"
    """Licence of its text; `own` for yours."""
    themes: Annotated[dict[Name, Sentence], Field(min_length=1)]
    """Theme -> its title. Relations are assigned to splits by theme."""
    concepts: Annotated[dict[Name, Concept], Field(min_length=2)]
    """Name -> concept."""
    contrasts: Annotated[tuple[tuple[Name, Name], ...], Field(min_length=1)]
    """Positive and negative concept, of one slot."""
    templates: Annotated[dict[Name, SlotTemplate], Field(min_length=1)]
    """Name -> sentence with a slot."""
    edges: tuple[Edge, ...] = ()
    """The network."""
    relations: dict[Relation, Sentence] = {}
    """Relation -> how it is said, with `{source}` and `{target}`."""
    nonce: tuple[NonceWord, ...] = ()
    """Words that mean nothing."""
    scenarios: dict[Name, Scenario] = {}
    """Name -> scenario."""
    attributes: tuple[AttributePair, ...] = ()
    """Pairs of adjectives."""
    occupations: tuple[CountNoun, ...] = ()
    """What people do."""
    groups: tuple[CountNoun, ...] = ()
    """Groups that do not exist."""
    associations: dict[Name, AssociationTemplate] = {}
    """Name -> sentence."""
