"""Reads the rows of a dataset folder for its checks, and counts what they leave unsaid."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ValidationError

from generators.configs import CONFIGS
from generators.configs.codes import Mask
from generators.quality.evidence import Rows
from generators.stored_rows import list_files, open_rows, refuse_rows
from schemas.base import CANARY, ConceptRow, Row

UNREAD = frozenset(
    {"canary", "text_licence", "provenance", "scene_id", "menu_text"}
    | {"positive_outcome", "negative_outcome", "edge_path"}
)
"""Columns that no check looks at; what they must say is counted while they pass."""
CHECKED = 2000
"""Rows of a config that its schema is tried on, evenly over the files; Arrow types hold for all."""


@dataclass
class Passing:
    """What is seen of all rows while they pass."""

    tables: list[pa.Table] = field(default_factory=list[pa.Table])
    """Their columns that checks look at."""
    off_schema: list[bool] = field(default_factory=list[bool])
    """Row -> whether its schema refuses it."""
    tried: list[bool] = field(default_factory=list[bool])
    """Row -> whether its schema was tried on it."""
    untrue: Counter[str] = field(default_factory=Counter[str])
    """What is not said, or not so."""


def read_rows(folder: Path, name: str) -> tuple[Rows, Counter[str]]:
    """Returns the rows of a config, and what they leave unsaid -> how many do.

    Raises:
        SourceError: a file cannot be read, or holds something else.
    """
    passing, config = Passing(), CONFIGS[name]
    paths = list_files(folder, name)
    step = max(sum(_count_rows(path, config.row) for path in paths) // CHECKED, 1)
    for batch in _list_batches(paths, config.row):
        _look_at(passing, batch, config.row, step)
    table = pa.concat_tables(passing.tables)
    rows = Rows(
        config=name,
        table=table,
        contrasts=config.read(table),
        flags=read_flags(table),
        off_schema=np.array(passing.off_schema, np.bool_),
        tried=np.array(passing.tried, np.bool_),
        templates=issubclass(config.row, ConceptRow),
    )
    return rows, passing.untrue


def _count_rows(path: Path, row: type[Row]) -> int:
    with open_rows(path, row) as file:
        return file.metadata.num_rows


def _list_batches(paths: list[Path], row: type[Row]) -> Iterator[pa.Table]:
    for path in paths:
        with open_rows(path, row) as file:
            for group in range(file.num_row_groups):
                batch: pa.Table = file.read_row_group(group)  # pyright: ignore[reportUnknownMemberType]
                _check_filled(path, batch, row)
                yield batch


def _check_filled(path: Path, batch: pa.Table, row: type[Row]) -> None:
    """Raises SourceError where there is nothing in a column that must hold something."""
    for name, described in row.model_fields.items():
        if batch[name].null_count and type(None) not in get_args(described.annotation):
            raise refuse_rows(path, f"column '{name}' has rows without a value")


def _look_at(passing: Passing, batch: pa.Table, row: type[Row], step: int) -> None:
    first = len(passing.off_schema)
    wrong = [False] * batch.num_rows
    tried = [place for place in range(batch.num_rows) if (first + place) % step == 0]
    for place, values in zip(tried, batch.take(tried).to_pylist(), strict=True):
        wrong[place] = not _is_row(row, values)
    passing.off_schema += wrong
    passing.tried += [(first + place) % step == 0 for place in range(batch.num_rows)]
    _count_unsaid(passing.untrue, batch)
    passing.tables.append(batch.select([name for name in batch.column_names if name not in UNREAD]))


def _is_row(row: type[BaseModel], values: Mapping[str, Any]) -> bool:
    try:
        row.model_validate(values, strict=False)
    except ValidationError:
        return False
    return True


def _count_unsaid(untrue: Counter[str], batch: pa.Table) -> None:
    canaries: list[Any] = batch["canary"].to_pylist()
    untrue["rows without the canary"] += sum(canary != CANARY for canary in canaries)
    untrue["rows without a licence"] += batch["text_licence"].null_count
    origins: list[Any] = batch["origin"].to_pylist()
    sources: list[Any] = batch["provenance"].to_pylist()
    for origin, source in zip(origins, sources, strict=True):
        needed = "model" if origin == "generated" else "template" if origin == "template" else None
        untrue["rows without a source"] += needed is not None and source[needed] is None


def read_flags(table: pa.Table) -> dict[str, Mask]:
    """Returns `core` and the flags that rows have: name -> row -> whether it is so."""
    flags: dict[str, Mask] = {}
    if "tier" in table.column_names:
        flags["core"] = np.array([tier == "core" for tier in table["tier"].to_pylist()], np.bool_)
    for name in ("hard", "reversed_cue"):
        if name in table.column_names:
            flags[name] = np.array(table[name].to_pylist(), np.bool_)
    return flags
