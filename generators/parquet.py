"""Files of rows: Parquet to publish, and drafts that rows wait in while they lack a column."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from generators.parallel import run_ahead

ROW_GROUP_BYTES = 16 << 20
"""Arrow bytes that a row group is closed at: far below the 286 MiB the Hub's viewer can scan."""
REWRITTEN_GROUP_BYTES = 64 << 20
"""The same for files that are rewritten one by one, with memory to spare.

A column that changes a little throughout, as tiers do with any change of the data, costs one chunk
of the Hub's store (64 KiB) a row group when it is published again: the fewer of them, the better.
"""

CHUNKING = {"min_chunk_size": 256 * 1024, "max_chunk_size": 1024 * 1024, "norm_level": 0}
"""Content-defined pages, as `datasets` writes them: a small change re-uploads few bytes."""


def locate_file(folder: Path, config: str, split: str) -> Path:
    """Returns where the rows of a config and split are."""
    return folder / config / f"{split}-00000-of-00001.parquet"


def read_first_rows(path: Path, most: int = 1000) -> list[dict[str, Any]]:
    """Returns the first rows of a Parquet file."""
    with pq.ParquetFile(path) as file:
        batch: pa.RecordBatch = next(file.iter_batches(most))  # pyright: ignore[reportUnknownMemberType]
    return batch.to_pylist()


class RowFile:
    """One file of rows, written table by table with bounded memory; the same rows, same bytes."""

    def __init__(self, path: Path, make_writer: Callable[[Any], Any], group_bytes: int) -> None:
        self.path = path
        self.rows = 0
        self.bytes = 0
        self._group_bytes = group_bytes
        self._pending: list[pa.Table] = []
        self._pending_bytes = 0
        self._file = pa.OSFile(str(path), "wb")
        self._writer = make_writer(self._file)

    def write(self, table: pa.Table) -> None:
        """Adds a table; row groups are closed at table ends only."""
        self._pending.append(table)
        self._pending_bytes += table.nbytes
        self.rows += table.num_rows
        self.bytes += table.nbytes
        if self._pending_bytes >= self._group_bytes:
            self._flush()

    def close(self) -> None:
        """Writes what is pending, and the footer."""
        self._flush()
        self._writer.close()
        self._file.close()

    def abandon(self) -> None:
        """Lets go of the file, finished or not; it cannot be used."""
        self._pending.clear()
        with suppress(OSError, pa.ArrowException):
            self._writer.close()
        self._file.close()

    def _flush(self) -> None:
        if self._pending:
            table = pa.concat_tables(self._pending)
            self._pending, self._pending_bytes = [], 0
            if table.num_rows:
                self._write_group(table)

    def _write_group(self, table: pa.Table) -> None:
        self._writer.write_table(table, table.num_rows)


class ParquetFile(RowFile):
    """A file to publish."""

    def __init__(self, path: Path, schema: pa.Schema, group_bytes: int = ROW_GROUP_BYTES) -> None:
        make_writer = partial(
            pq.ParquetWriter,
            schema=schema,
            compression="zstd",
            use_content_defined_chunking=CHUNKING,
            write_page_index=True,
        )
        super().__init__(path, make_writer, group_bytes)


class Draft(RowFile):
    """The rows of a Parquet file that lack a column still; written in a sixth of Parquet's time.

    Arrow's own format, compressed: groups are read one by one, with those columns that are wanted.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        make_writer = partial(pa.ipc.new_file, schema=schema, options=options)
        super().__init__(name_draft(path), make_writer, ROW_GROUP_BYTES)

    def _write_group(self, table: pa.Table) -> None:
        super()._write_group(table.combine_chunks())  # else each of its pieces is a group


def name_draft(path: Path) -> Path:
    """Returns the name of a Parquet file's draft."""
    return path.with_suffix(".arrow")


def read_draft(path: Path, columns: Sequence[str] = ()) -> Iterator[pa.Table]:
    """Yields the groups of a Parquet file's draft as they were added.

    Args:
        path: the Parquet file.
        columns: those that are wanted; all if none is named.
    """
    with pa.OSFile(str(name_draft(path)), "rb") as file:
        schema: Any = pa.ipc.open_file(file).schema
        wanted = [schema.get_field_index(name) for name in columns]
        options = pa.ipc.IpcReadOptions(included_fields=wanted)
        reader = pa.ipc.open_file(file, options=options)
        for group in range(reader.num_record_batches):
            yield pa.Table.from_batches([reader.get_batch(group)])


def finish_draft(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Writes a Parquet file from its draft, changed group by group, if any row is left.

    The draft is removed.
    """
    with pa.OSFile(str(name_draft(path)), "rb") as file:
        schema: Any = pa.ipc.open_file(file).schema
    _write_changed(path, schema, run_ahead(read_draft(path), 1), change)
    name_draft(path).unlink()


def read_groups(path: Path) -> Iterator[pa.Table]:
    """Yields the row groups of a Parquet file."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group)  # pyright: ignore[reportUnknownMemberType]


def rewrite_file(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Changes a Parquet file row group by row group; one that has no rows left is removed."""
    whole = path.with_suffix(".whole")
    path.rename(whole)
    schema = pq.read_schema(whole)  # pyright: ignore[reportUnknownMemberType]
    _write_changed(path, schema, read_groups(whole), change)
    whole.unlink()


def _write_changed(
    path: Path,
    schema: pa.Schema,
    groups: Iterable[pa.Table],
    change: Callable[[pa.Table], pa.Table],
) -> None:
    file = ParquetFile(path, schema, REWRITTEN_GROUP_BYTES)
    try:
        for table in groups:
            file.write(change(table))
        file.close()
    except BaseException:
        file.abandon()
        raise
    if not file.rows:
        path.unlink()
