"""`manifest.json`: what a dataset folder holds, from what it was made and how to check it."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Split, StrictModel
from schemas.config import ConceptsConfig, MachiavelliConfig
from schemas.generation import ConceptGenerationReport, GenerationReport
from schemas.quality import Selection

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
FROM_COUNTERPART = "holds a counterpart, whose text is not published"
"""Reason in `left_out` of rows that a release of references does not have."""


class GameSource(StrictModel):
    """One game that rows were read from."""

    group: str
    """Series of games that it belongs to."""
    split: Split
    """Where its rows stand."""
    text_licence: str
    """Licence of its text."""
    menus: Count
    """Menus read."""
    sha256: Sha256
    """sha256 over its tree, scenario and label files, one after the other."""


class SplitSize(StrictModel):
    """The size of one split of one config."""

    rows: Count
    """Rows."""
    bytes: Count
    """Size in memory as Arrow, bytes: the `num_bytes` of the card."""


class Manifest(StrictModel):
    """What every `manifest.json` holds."""

    format: Literal[1] = 1
    """Version of this file's layout."""
    name: str
    """What the folder holds, such as `machiavelli`."""
    rows: dict[str, dict[str, SplitSize]]
    """Config -> split -> size. A split without rows is left out."""
    counts: dict[str, Count]
    """What was read, by kind."""
    left_out: dict[str, dict[str, Count]]
    """Config -> reason -> rows that were left out."""
    selections: dict[str, Selection]
    """Config -> how its `core` tier was chosen."""
    canary: str
    """The constant that stands in every row."""
    versions: dict[str, str]
    """Versions of Python and of the libraries that decide the bytes."""
    files: dict[str, Sha256]
    """sha256 of every file of the folder but this one and README.md."""


class References(StrictModel):
    """The whole folder that a folder of references was made from."""

    manifest_sha256: Sha256
    """sha256 of the manifest of the folder with the text."""
    files: dict[str, Sha256]
    """sha256 of the Parquet files that `hydrate` writes, with the same versions: those of the whole
    folder without the rows that hold a counterpart."""


class GameManifest(Manifest):
    """The manifest of a folder made from games."""

    config: MachiavelliConfig
    """What the run was asked for."""
    source: Literal["sample", "game_data"]
    """`sample`: the bundled stories. `game_data`: the user's own copy of the benchmark."""
    games: dict[str, GameSource]
    """The games that were read."""
    broken: dict[str, str]
    """Games that were left out with `--skip-broken`, each with what was wrong."""
    oddities: dict[str, Count]
    """What the reader tolerated in the game data, by kind."""
    generation: GenerationReport | None = None
    """What a model had to do with the folder; null where none was asked."""
    references: References | None = None
    """Where story text is left out: the folder with the text; null for a whole folder."""


class ConceptManifest(Manifest):
    """The manifest of a folder made from concepts, or from pairs of the user's own."""

    config: ConceptsConfig
    """What the run was asked for."""
    source: Literal["bundled", "concepts", "pairs"]
    """`bundled`: our concept file. `concepts`, `pairs`: a file of the user's own."""
    source_sha256: Sha256
    """sha256 of the file, or over both files of pairs."""
    text_licence: str
    """Licence of the file's text."""
    splits: dict[str, dict[str, Count]]
    """What was assigned (groups of contrasts, templates ...) -> split -> number. Of pairs:
    `groups`; where there are fewer than ten, `menus` (siblings) or the `pairs` themselves."""
    aligned: dict[str, dict[str, Count]]
    """Config -> tokenizer -> rows that it aligns, read with a leading space and without."""
    tally: dict[str, dict[str, Count]]
    """Column, such as `minimal_pairs.theme` -> value -> rows."""
    generation: ConceptGenerationReport | None = None
    """What a model had to do with the folder; null where none was asked."""
