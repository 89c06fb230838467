"""Tables in Parquet, and in Arrow as `datasets` saves them to disk."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from generators.errors import SourceError
from generators.sources.pairs.containers.content import LARGEST, Content
from generators.sources.pairs.forms import FIELDS, WANTED, describe, recognize
from generators.sources.pairs.forms.base import Placed
from generators.sources.pairs.records import NoForm, check_names, place_record, tidy_name

PARQUET = b"PAR1"
ARROW_STARTS = (b"ARROW1", b"\xff\xff\xff\xff")
"""A file of Arrow, and a stream of it."""
ROWS_AT_ONCE = 512
BUFFER = 1 << 20
"""Bytes of a column that stand in memory unpacked: a group of rows would else be read whole."""


def read_arrow(content: Content) -> Iterator[Placed]:
    """Yields the rows of a table as records, of columns that a form reads.

    Raises:
        SourceError: it is broken, holds too much, or no form fits it.
    """
    where, data = content
    number = 0
    try:
        for names, batch in _read_batches(where, data):
            for start in range(0, batch.num_rows, ROWS_AT_ONCE):
                for row in batch.slice(start, ROWS_AT_ONCE).to_pylist():
                    number += 1
                    record = place_record(f"{where} row {number}", row)
                    if number == 1 and not recognize(record.values):
                        found = describe({tidy_name(name): None for name in names})
                        raise NoForm(where, found, WANTED, "Rename the columns")
                    yield record
    except (OSError, ValueError, pa.ArrowException) as error:
        kind = "Parquet" if data.startswith(PARQUET) else "Arrow"
        found = f"no readable {kind} after row {number}" if number else f"no readable {kind}"
        raise SourceError(where, found, "a whole file", "Fetch or save it again") from error


def _read_batches(where: str, data: bytes) -> Iterator[tuple[list[str], pa.RecordBatch]]:
    """Yields the names of all columns, with rows of those that a form reads."""
    source = pa.BufferReader(data)
    if data.startswith(PARQUET):
        file = pq.ParquetFile(source, pre_buffer=False, buffer_size=BUFFER)
        names: list[str] = file.schema_arrow.names
        wanted = _choose(where, names)
        _check_size(where, file, wanted)
        batches: Iterator[pa.RecordBatch] = file.iter_batches(ROWS_AT_ONCE, columns=wanted)  # pyright: ignore[reportUnknownMemberType]
        yield from ((names, batch) for batch in batches)
        return
    if data.startswith(ARROW_STARTS[0]):
        reader = pa.ipc.open_file(source)
        batches = (reader.get_batch(place) for place in range(reader.num_record_batches))
    else:
        batches = iter(pa.ipc.open_stream(source))
    for batch in batches:
        names = batch.schema.names
        yield names, batch.select(_choose(where, names))


def _choose(where: str, names: list[str]) -> list[str]:
    """Returns the columns that a form reads."""
    check_names(where, names)
    return [name for name in names if tidy_name(name) in FIELDS]


def _check_size(where: str, file: pq.ParquetFile, wanted: list[str]) -> None:
    """Raises SourceError where a group of rows is too large once its columns are unpacked."""
    groups = [file.metadata.row_group(place) for place in range(file.num_row_groups)]
    size = max((_find_size(group, wanted) for group in groups), default=0)
    if size > LARGEST:
        most = f"at most {LARGEST / 1e9:.1f} GB"
        raise SourceError(
            where,
            f"{size / 1e9:.1f} GB of texts in one group of rows",
            most,
            "Write it in smaller ones",
        )


def _find_size(group: pq.RowGroupMetaData, wanted: list[str]) -> int:
    columns = [group.column(place) for place in range(group.num_columns)]
    chosen = [each for each in columns if each.path_in_schema.partition(".")[0] in wanted]
    return sum(each.total_uncompressed_size for each in chosen)
