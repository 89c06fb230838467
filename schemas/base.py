"""What all published rows have in common."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.labels import Behavior

Split = Literal["train", "validation", "test"]
Axis = Literal["concept", "template", "both"]
Origin = Literal["benchmark", "generated", "template"]
LabelSource = Literal["benchmark", "model"]
Attribution = Literal["direct", "reachable"]
TextLicence = Literal["cc0-1.0", "generated", "own", "choice-of-games"]
"""From the most to the least permissive: a row that mixes sources takes the last that applies.
`own` is text that the user brought along, and its licence theirs to know."""

Tier = Literal["full", "core"]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Span = Annotated[tuple[Count, ...], Field(min_length=2, max_length=2)]
"""First place and the place after the last one."""

CANARY = (
    "contrapose data should not be in training corpora: canary ad85cc55-5793-4058-966b-66e1fe485ea2"
)
"""Stands in every row and in every card, so that contamination can be searched for."""


class StoryText:
    """Marks a field that holds text of a story: hashed, measured and left out as such.

    All other fields are ids, labels and numbers.
    """


class StrictModel(BaseModel):
    """A frozen record that refuses unknown fields and never converts a wrong type."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        use_attribute_docstrings=True,
        defer_build=True,
    )

    def __getitem__(self, name: str) -> Any:
        """Returns the value of a field, as a row that was read from a file gives it."""
        return getattr(self, name)


class Provenance(StrictModel):
    """Where a row comes from."""

    template: str | None = None
    """Template that rendered or asked for the text, such as `icl/v1`; null for plain story text."""
    model: str | None = None
    """Model that wrote the row; null for rows that no model wrote."""
    request_key: str | None = None
    """sha256 of the canonical request behind a generated row; null for others."""
    label_source: LabelSource | None = None
    """Who labelled the options the row is built from; null where none of them has a label."""
    attribution: Attribution | None = None
    """`direct`: an option's own record. `reachable`: the maximum up to the next menu."""
    json_repaired: bool | None = None
    """Whether the JSON of the model's answer was taken from text around it, or repaired; null for
    rows that no model wrote."""


class Row(StrictModel):
    """The columns of every config."""

    id: str
    """Unique within its config, and stable from run to run."""
    origin: Origin
    """`benchmark`: read from game data. `generated`: written by a model. `template`: from slots
    (or, with `--pairs`, the user's own sentence read as a slot between prefix and suffix)."""
    split: Split
    """Assigned by series of games, or by group and template, so that none is in two splits."""
    text_licence: TextLicence
    """Licence of the row's text; `choice-of-games` is not ours to republish."""
    canary: str = CANARY
    """A constant that lets a training corpus be searched for this data."""
    provenance: Provenance
    """Template, model, request, label source and attribution."""


class GameRow(Row):
    """The columns of every config built from games."""

    game: str
    """Slug of the game, as in the benchmark's file names."""
    group: str
    """Series of games that the game belongs to; splits and intervals go by it."""


class Tiered(StrictModel):
    """What is said of a row that was weighed for the `core` tier."""

    tier: Tier = "full"
    """`core`: the selection on which the surface gates hold; else `full`."""
    hard: bool = False
    """Whether a model of single options' words, fitted on other groups, gets the row wrong."""
    reversed_cue: bool = False
    """Whether length and other surface cues point to the wrong side."""


class CoreWeighted(Tiered):
    """What is also said where a menu has several rows."""

    core_weight: Annotated[float, Field(gt=0, le=1)] | None = None
    """1 / number of `core` rows of this menu and behavior: gives every menu of `core` the same say;
    null where the row is not `core`."""


class ConceptRow(Row, Tiered):
    """The columns of every config of the concept sets."""

    theme: str
    """What the row is about, such as `money`."""
    group: str
    """What splits and intervals go by: contrasted concepts, a theme, or a target; see the card."""
    axis: Axis | None = None
    """What a row of `test` has that no row of `train` has: its group (`concept`), its sentence or
    scenario (`template`), or `both`; null in other splits, and for pairs of your own."""
    unproven: bool = False
    """Whether it rests on an edge of the network that a model added and nobody judged; such a row
    is never `core`."""


class BehaviorRow(GameRow):
    """The columns of every view of a Decision."""

    decision_id: str
    """The Decision that this row is a view of: its `id` in config `decisions`."""
    behavior: Behavior
    """The trait; a *positive* option exhibits it."""
    behavior_reading: str
    """What positive means, in a few words, such as "breaks a promise"."""
    unproven: bool = False
    """Whether it rests on labels of a model that is not shown to be better than chance in this
    behavior; such a row is never `core`."""


class Readout(StrictModel):
    """How a text goes on to where a model wants one of two words or continuations next."""

    cue: str
    """What follows the text, after a space; empty where the text ends at that place itself."""
    positive: str
    """What comes next on the positive side, or shows the behavior."""
    negative: str
    """What comes next on the negative side, or does not show the behavior."""


class Encoding(StrictModel):
    """How one tokenizer reads a row, in one of four ways."""

    tokenizer: str
    """Name of the tokenizer, such as `gpt2`."""
    leading_space: bool
    """Whether the texts are read with a space before them, as after other text."""
    bos: bool
    """Whether one token (beginning of sequence) is put before them."""
    aligned: bool
    """Whether both sides have as many tokens, and differ in one run of them."""
