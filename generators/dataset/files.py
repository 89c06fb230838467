"""The files of rows of a dataset folder: written table by table, finished when tiers are known."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import pyarrow as pa

from generators.arrow import arrow_schema
from generators.configs import CONFIGS
from generators.dataset.header import add_features
from generators.parquet import Draft, ParquetFile, RowFile, finish_draft, locate_file, name_draft
from generators.splits import SPLITS
from schemas.base import Split
from schemas.manifest import SplitSize

Sizes = dict[str, dict[str, SplitSize]]
"""Config -> split -> size; a split without rows is left out."""


class Part(NamedTuple):
    """Some rows of one config and split, in their order."""

    config: str
    split: Split
    table: pa.Table


class RowFiles:
    """Takes the rows of a folder, part by part, and puts each into the file of its split.

    Rows that get a tier wait in a draft (Arrow, compressed), since which of them are `core` depends
    on all of them; other rows go straight into Parquet.
    """

    def __init__(self, folder: Path, configs: Sequence[str]) -> None:
        self._folder = folder
        self._configs = configs
        self._files: dict[tuple[str, Split], RowFile] = {}

    def write(self, part: Part) -> None:
        """Adds rows to the file of their config and split."""
        if not part.table.num_rows:
            return
        key = part.config, part.split
        if key not in self._files:
            path = locate_file(self._folder, *key)
            path.parent.mkdir(exist_ok=True)
            schema = add_features(arrow_schema(CONFIGS[part.config].row))
            make = Draft if CONFIGS[part.config].tiered else ParquetFile
            self._files[key] = make(path, schema)
        self._files[key].write(part.table)

    def close(self) -> Sizes:
        """Returns the size of each split, once all files are written to their end."""
        sizes: Sizes = {config: {} for config in self._configs}
        for config in self._configs:
            for split in SPLITS:
                if (config, split) in self._files:
                    file = self._files[config, split]
                    file.close()
                    sizes[config][split] = SplitSize(rows=file.rows, bytes=file.bytes)
        return sizes

    def abandon(self) -> None:
        """Lets go of all files, finished or not."""
        for file in self._files.values():
            file.abandon()


def list_drafts(folder: Path, config: str) -> list[Path]:
    """Returns the Parquet files of a config whose rows wait in a draft, in the order of splits."""
    paths = [locate_file(folder, config, split) for split in SPLITS]
    return [path for path in paths if name_draft(path).exists()]


def finish_drafts(paths: Sequence[Path], columns: Mapping[str, "pa.Array[Any]"]) -> None:
    """Writes the Parquet files of drafts, with these columns in the place of the drafts' own.

    Args:
        paths: files of one config, in the order of the splits.
        columns: name -> its values for all rows of these files, one after the other.
    """
    replace = replace_columns(columns)
    for path in paths:
        finish_draft(path, replace)


def replace_columns(columns: Mapping[str, "pa.Array[Any]"]) -> Callable[[pa.Table], pa.Table]:
    """Returns what puts columns into tables that follow one another, row after row."""
    done = 0

    def replace(table: pa.Table) -> pa.Table:
        nonlocal done
        for name, values in columns.items():
            place = table.schema.get_field_index(name)
            field = cast(Any, table.schema).field(place)
            table = table.set_column(place, field, values.slice(done, table.num_rows))
        done += table.num_rows
        return table

    return replace


def list_parts(config: str, split: Split, tables: Iterator[pa.Table]) -> Iterator[Part]:
    """Yields tables of one config and split as parts."""
    return (Part(config, split, table) for table in tables)
