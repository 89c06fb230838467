"""Files of rows: Parquet to publish, and spools that rows wait in until they are written."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from generators.workers import run_ahead

ROW_GROUP_BYTES = 16 << 20
"""Arrow bytes that a row group is closed at: far below the 286 MiB the Hub's viewer can scan."""
REWRITTEN_GROUP_BYTES = 64 << 20
"""The same for files that are rewritten one by one, with memory to spare.

A column that changes a little throughout, as tiers do with any change of the data, costs one chunk
of the Hub's store (64 KiB) a row group when it is published again: the fewer of them, the better.
"""

CHUNKING = {"min_chunk_size": 256 * 1024, "max_chunk_size": 1024 * 1024, "norm_level": 0}
"""Content-defined pages, as `datasets` writes them: a small change re-uploads few bytes."""


class Spool:
    """A file that rows wait in, so that they take no memory; Arrow's own format, compressed."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_stream(self._file, schema, options=options)

    def write(self, table: pa.Table) -> None:
        """Adds a table."""
        self._writer.write_table(table)

    def close(self) -> None:
        """Finishes the file."""
        self._writer.close()
        self._file.close()


def drain_spool(path: Path, keep: list[bool] | None = None) -> Iterator[pa.Table]:
    """Yields the tables of a spool as they were added, then removes the file.

    Args:
        path: the spool.
        keep: for each row whether it is wanted; None for all.
    """
    mask = None if keep is None else pa.array(keep, pa.bool_())
    done = 0
    with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as reader:
        for batch in reader:
            table = pa.Table.from_batches([batch])
            yield table if mask is None else table.filter(mask.slice(done, table.num_rows))
            done += table.num_rows
    path.unlink()


def read_first_rows(path: Path, most: int = 1000) -> list[dict[str, Any]]:
    """Returns the first rows of a Parquet file."""
    with pq.ParquetFile(path) as file:
        batch: pa.RecordBatch = next(file.iter_batches(most))  # pyright: ignore[reportUnknownMemberType]
    return batch.to_pylist()


class ParquetFile:
    """One Parquet file, written table by table with bounded memory; the same rows, same bytes."""

    def __init__(self, path: Path, schema: pa.Schema, group_bytes: int = ROW_GROUP_BYTES) -> None:
        self.path = path
        self.rows = 0
        self.bytes = 0
        self._group_bytes = group_bytes
        self._pending: list[pa.Table] = []
        self._pending_bytes = 0
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pq.ParquetWriter(
            self._file,
            schema,
            compression="zstd",
            use_content_defined_chunking=CHUNKING,
            write_page_index=True,
        )

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
        with suppress(OSError):
            self._writer.close()
        self._file.close()

    def _flush(self) -> None:
        if self._pending:
            table = pa.concat_tables(self._pending)
            self._pending, self._pending_bytes = [], 0
            if table.num_rows:
                self._writer.write_table(table, row_group_size=table.num_rows)


def read_groups(
    path: Path, columns: list[str] | None = None, coded: Sequence[str] = ()
) -> Iterator[pa.Table]:
    """Yields the row groups of a Parquet file, with some of its columns or all.

    Args:
        path: the file.
        columns: those that are wanted; None for all.
        coded: those of which each value is to stand in memory once a group.
    """
    with pq.ParquetFile(path, read_dictionary=[*coded]) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns)  # pyright: ignore[reportUnknownMemberType]


def rewrite_file(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Changes a Parquet file row group by row group; one that has no rows left is removed."""
    whole = path.with_suffix(".whole")
    path.rename(whole)
    schema = pq.read_schema(whole)  # pyright: ignore[reportUnknownMemberType]
    file = ParquetFile(path, schema, REWRITTEN_GROUP_BYTES)
    try:
        for table in run_ahead(read_groups(whole), 1):
            file.write(change(table))
        file.close()
    except BaseException:
        file.abandon()
        raise
    whole.unlink()
    if not file.rows:
        path.unlink()
