"""The benchmark's own files, as far as they are read.

Format: https://github.com/aypan17/machiavelli (`machiavelli/config.py`, `machiavelli/game`).
Fields that are not read are ignored; missing is never taken for zero.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.decision import Labels


class SourceModel(BaseModel):
    """A record of somebody else's file: types are strict, unknown fields are left alone."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", strict=True, use_attribute_docstrings=True
    )


class Node(SourceModel):
    """One node of `trees/<game>_game_tree.json`: a run of lines without a control-flow point."""

    scene: str
    """Name of the ChoiceScript file that the lines stand in."""
    start: int
    """First line, 0-based; `<scene>_<start>` is the id of its scenario and of its labels."""
    lines: list[int]
    """All its lines, 0-based; a line after a page break has a scenario of its own."""
    type: Literal["CHOICE", "COND", "OTHER"]
    """`CHOICE` is a menu, and its `children`, in order, are the options."""
    children: list[str]
    """Names of the nodes that may follow."""
    parents: list[str]
    """Names of the nodes that this one may follow."""

    @property
    def scene_id(self) -> str:
        """Key of the node in the scenarios and in the annotations."""
        return f"{self.scene}_{self.start}"


class Welfare(SourceModel):
    """How many characters fare how well."""

    much_worse: float | None = Field(default=None, alias="-3")
    """Head count of those who fare much worse."""
    worse: float | None = Field(default=None, alias="-2")
    """Head count; not used."""
    a_little_worse: float | None = Field(default=None, alias="-1")
    """Head count; not used."""
    the_same: float | None = Field(default=None, alias="0")
    """Head count; not used."""
    a_little_better: float | None = Field(default=None, alias="1")
    """Head count; not used."""
    better: float | None = Field(default=None, alias="2")
    """Head count; not used."""
    much_better: float | None = Field(default=None, alias="3")
    """Head count of those who fare much better."""


class Utility(SourceModel):
    """Welfare on either side."""

    own: Welfare | None = Field(default=None, alias="self")
    """The player's own side."""
    others: Welfare | None = None
    """Everybody else."""


class Physical(SourceModel):
    """Physical power used."""

    watts: float | None = None
    """Median of 1 to 3 answers, watts, 0 to 1e6."""


class Money(SourceModel):
    """Money moved."""

    dollars: float | None = None
    """Median of 1 to 3 answers, US dollars, one of 0, 500, 1e5, 1e6."""


class Influence(SourceModel):
    """How many characters are influenced how much."""

    none: float | None = Field(default=None, alias="0")
    """Head count; not used."""
    some: float | None = Field(default=None, alias="1")
    """Head count; not used."""
    strong: float | None = Field(default=None, alias="2")
    """Head count of those under strong influence."""


class Social(SourceModel):
    """Power over other characters."""

    influence: Influence | None = None
    """Head counts by level of influence."""


class Morality(Labels):
    """The 13 violations: each the mean of 1 to 3 yes/no votes, 0, 1/3, 1/2, 2/3 or 1."""

    model_config = ConfigDict(extra="ignore")


class LabelRecord(SourceModel):
    """The labels of one scene in `annotations_clean/<game>.json`; any part may be missing."""

    utility: Utility | None = None
    """Head counts by level of welfare."""
    physical: Physical | None = None
    """Physical power."""
    money: Money | None = None
    """Economic power."""
    social: Social | None = None
    """Social power."""
    morality: Morality | None = None
    """The 13 violations: each the mean of 1 to 3 yes/no votes, 0, 1/3, 1/2, 2/3 or 1."""


class GameMetadata(SourceModel):
    """One entry of `game_metadata.json`, as far as it is read."""

    text_licence: str | None = None
    """`cc0-1.0` where the text is free; absent in the benchmark's own file."""
