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
from generators.splits import SPLITS
from generators.tables import explain_damage, locate_file, refuse_rows

ROWS_AT_ONCE = 512
FORMAT = 1
"""Version of the manifest's layout that is read."""
_CONFIGS: TypeAdapter[dict[str, dict[str, Any]]] = TypeAdapter(dict[str, dict[str, Any]])
ALWAYS = ("id", "group", "text_licence")
FILTERS = ("tier", "behavior")
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
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    try:
        configs = _CONFIGS.validate_python(manifest.get("rows"))
    except ValidationError as error:
        raise _refuse_version(folder, "rows of another form") from error
    if manifest["format"] != FORMAT:
        raise _refuse_version(folder, f"format {manifest['format']}")
    splits = {
        config: [split for split in SPLITS if split in sizes] for config, sizes in configs.items()
    }
    return Source(folder, manifest["name"], hash_file(folder / MANIFEST), splits)


def _refuse_version(folder: Path, found: str) -> SourceError:
    wanted, remedy = f"format {FORMAT}", "Build it with this version"
    return SourceError(str(folder / MANIFEST), found, wanted, remedy)


def list_columns(source: Source, config: str) -> dict[str, bool]:
    """Returns the columns of a config, and whether each holds text."""
    path = locate_file(source.folder, config, source.splits[config][0])
    with explain_damage(path):
        schema = pq.read_schema(path)  # pyright: ignore[reportUnknownMemberType]
    return {
        name: "string" in str(kind) for name, kind in zip(schema.names, schema.types, strict=True)
    }


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
    texts = [name for name in needed if known[name]]
    with explain_damage(path), pq.ParquetFile(path) as file:
        batches: Iterator[pa.RecordBatch] = file.iter_batches(ROWS_AT_ONCE, columns=needed)  # pyright: ignore[reportUnknownMemberType]
        for batch in batches:
            doubtful = [name for name in texts if has_nulls(batch.column(name))]
            for row in batch.to_pylist():
                reason = _find_reason(row, wanted)
                if reason:
                    yield LeftOut(reason)
                    continue
                if any(is_withheld(row[name]) for name in doubtful):
                    raise _refuse_references(source, config)
                yield row


def _find_reason(row: Row, wanted: Filter) -> str | None:
    if wanted.behaviors is not None and row["behavior"] not in wanted.behaviors:
        return NOT_ASKED
    return NOT_CORE if wanted.tier == "core" and row.get("tier", "core") != "core" else None


def has_nulls(column: Any) -> bool:
    """Returns whether an Arrow array, or a part of it, has nulls."""
    if column.null_count:
        return True
    if pa.types.is_struct(column.type):
        return any(map(has_nulls, column.flatten()))
    return pa.types.is_list(column.type) and has_nulls(column.flatten())


def is_withheld(value: object) -> bool:
    """Returns whether a value, or a part of it, is null."""
    if isinstance(value, list):
        return any(map(is_withheld, cast(list[object], value)))
    if isinstance(value, dict):
        return any(map(is_withheld, cast(dict[str, object], value).values()))
    return value is None


def _refuse_references(source: Source, config: str) -> SourceError:
    where = f"{source.folder}, config {config}"
    found = "rows without their text: the dataset was published as references"
    remedy = f"Fill it in first: python -m generators.hydrate {source.folder} --data DIR --out DIR"
    return SourceError(where, found, "rows with their text", remedy)
