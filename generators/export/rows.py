"""Reads the rows of a dataset folder batch by batch, and gives a reason for each one it skips."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from generators.errors import SourceError
from generators.export.formats.base import LeftOut, Row
from generators.folder import MANIFEST, hash_file, is_ours
from generators.plain_files import read_plain
from generators.splits import SPLITS
from generators.tables import explain_damage, locate_file, refuse_rows

ROWS_AT_ONCE = 512
BUFFER = 2**20
"""Bytes of a column that stand in memory: a group of rows would else be read whole."""
FORMAT = 1
"""Version of the manifest's layout that is read."""
_CONFIGS: TypeAdapter[dict[str, dict[str, Any]]] = TypeAdapter(dict[str, dict[str, Any]])
ALWAYS = ("id", "group", "text_licence")
FILTERS = ("tier", "behavior")
NOT_ALWAYS = "readout"
"""The column of text that is null where there is none."""
NOT_CORE = "tier is not core"
NOT_ASKED = "behavior not asked for"


@dataclass(frozen=True)
class Source:
    """A dataset folder."""

    folder: Path
    name: str
    """Name in its manifest."""
    sha256: str
    """sha256 of its manifest, which lists the sha256 of all other files."""
    splits: Mapping[str, Sequence[str]]
    """Config -> splits that have rows."""


@dataclass(frozen=True)
class Filter:
    """Which rows are wanted."""

    tier: str = "core"
    """`core` or `full`, which takes all; rows without a tier are always taken."""
    behaviors: Sequence[str] | None = None
    """None for all."""


def read_source(folder: Path) -> Source:
    """Returns what a dataset folder holds.

    Raises:
        SourceError: it is not one of our dataset folders.
    """
    if not is_ours(folder):
        wanted = f"a dataset folder with our {MANIFEST}"
        found = "no such folder" if not folder.is_dir() else f"no {MANIFEST} of ours in it"
        raise SourceError(str(folder), found, wanted, "Name a folder that was built")
    path = folder / MANIFEST
    manifest = json.loads(read_plain(path))
    wanted, remedy = f"format {FORMAT}", "Build it with this version"
    try:
        configs = _CONFIGS.validate_python(manifest.get("rows"))
    except ValidationError as error:
        raise SourceError(str(path), "rows of another form", wanted, remedy) from error
    if manifest["format"] != FORMAT:
        raise SourceError(str(path), f"format {manifest['format']}", wanted, remedy)
    splits = {
        config: [split for split in SPLITS if split in sizes] for config, sizes in configs.items()
    }
    return Source(folder, manifest["name"], hash_file(path), splits)


def list_columns(source: Source, config: str) -> dict[str, bool]:
    """Returns the columns of a config, and whether each holds text."""
    path = locate_file(source.folder, config, source.splits[config][0])
    with explain_damage(path):
        schema = pq.read_schema(path)  # pyright: ignore[reportUnknownMemberType]
    return {
        name: "string" in str(kind) for name, kind in zip(schema.names, schema.types, strict=True)
    }


def count_rows(source: Source, config: str, splits: Iterable[str]) -> int:
    """Returns the rows of some splits, wanted or not."""
    rows = 0
    for split in splits:
        path = locate_file(source.folder, config, split)
        with explain_damage(path):
            rows += pq.read_metadata(path).num_rows  # pyright: ignore[reportUnknownMemberType]
    return rows


def read_rows(
    source: Source, config: str, split: str, columns: Iterable[str], wanted: Filter
) -> Iterator[Row | LeftOut]:
    """Yields the wanted rows of a split in order, and for each other row why it is left out.

    Raises:
        SourceError: the file cannot be read, or a wanted row has no text.
    """
    path = locate_file(source.folder, config, split)
    known = list_columns(source, config)
    needed = [name for name in dict.fromkeys((*ALWAYS, *FILTERS, *columns)) if name in known]
    missing = [name for name in ("id", *columns) if name not in known]
    if missing:
        raise refuse_rows(path, f"no column '{missing[0]}'")
    texts = [name for name in needed if known[name] and name != NOT_ALWAYS]
    with explain_damage(path), pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER) as file:
        batches: Iterator[pa.RecordBatch] = file.iter_batches(ROWS_AT_ONCE, columns=needed)  # pyright: ignore[reportUnknownMemberType]
        for batch in batches:
            for row in batch.to_pylist():
                if wanted.behaviors is not None and row["behavior"] not in wanted.behaviors:
                    yield LeftOut(NOT_ASKED)
                elif wanted.tier == "core" and row.get("tier", "core") != "core":
                    yield LeftOut(NOT_CORE)
                elif any(is_withheld(row[name]) for name in texts):
                    where = f"{source.folder}, config {config}"
                    found = "rows without their text: the dataset was published as references"
                    fill = f"python -m generators.hydrate {source.folder} --data DIR --out DIR"
                    remedy = f"Fill it in first: {fill}"
                    raise SourceError(where, found, "rows with their text", remedy)
                else:
                    yield row


def is_withheld(value: object) -> bool:
    """Returns whether a value, or a part of it, is null."""
    if isinstance(value, list):
        return any(map(is_withheld, cast(list[object], value)))
    if isinstance(value, dict):
        return any(map(is_withheld, cast(dict[str, object], value).values()))
    return value is None
