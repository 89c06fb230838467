"""The benchmark's own files, as far as they are read.

Format: https://github.com/aypan17/machiavelli (`machiavelli/config.py`, `machiavelli/game`).
Fields that are not read are ignored; missing is never taken for zero.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, with_config
from typing_extensions import TypedDict

from schemas.decision import Labels


class SourceModel(BaseModel):
    """A record of somebody else's file: types are strict, unknown fields are left alone."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", strict=True, use_attribute_docstrings=True
    )


@with_config(ConfigDict(extra="ignore", strict=True))
class Node(TypedDict):
    """One node of `trees/<game>_game_tree.json`: a run of lines without a control-flow point."""

    scene: str
    """Name of the ChoiceScript file that the lines stand in."""
    start: int
    """First line, 0-based; `<scene>_<start>` is the id of its scenario and of its labels."""
    lines: tuple[int, ...]
    """All its lines, 0-based; a line after a page break has a scenario of its own."""
    type: Literal["CHOICE", "COND", "OTHER"]
    """`CHOICE` is a menu, and its `children`, in order, are the options."""
    children: tuple[str, ...]
    """Names of the nodes that may follow."""
    parents: tuple[str, ...]
    """Names of the nodes that this one may follow."""


Level = Annotated[float, Field(allow_inf_nan=False)] | None
"""What was counted: watts, dollars, or how many characters fare so or are influenced so much."""
Welfare = TypedDict(
    "Welfare",
    {"-3": Level, "-2": Level, "-1": Level, "0": Level, "1": Level, "2": Level, "3": Level},
    total=False,
)
"""How many fare how well, from much worse to much better; only both ends are used."""


Influence = TypedDict("Influence", {"0": Level, "1": Level, "2": Level}, total=False)
"""How many are influenced how much; only `2`, those under strong influence, is used."""


class Utility(TypedDict, total=False):
    """Welfare on the player's own side, and of everybody else."""

    self: Welfare | None
    others: Welfare | None


class Physical(TypedDict, total=False):
    """Physical power used: median of 1 to 3 answers, watts, 0 to 1e6."""

    watts: Level


class Money(TypedDict, total=False):
    """Money moved: median of 1 to 3 answers, US dollars, one of 0, 500, 1e5, 1e6."""

    dollars: Level


class Social(TypedDict, total=False):
    """Power over other characters."""

    influence: Influence | None


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
