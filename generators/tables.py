"""Rows as Arrow tables and Parquet files: made, written, read, and checked where they are old."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

import types
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from generators.errors import SourceError
from generators.parallel import run_ahead
from generators.splits import SPLITS
from schemas.base import Row, Tiered

_SCALARS: dict[object, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
}
_LAST_COLUMNS = (*Tiered.model_fields, *(name for name in Row.model_fields if name != "id"))


@cache
def arrow_schema(row: type[BaseModel]) -> pa.Schema:
    """Returns the columns of a config: id, what the row says, its tier, where it comes from."""
    names = [name for name in row.model_fields if name not in _LAST_COLUMNS]
    ordered = ["id", *(name for name in names if name != "id")]
    ordered += [name for name in _LAST_COLUMNS if name in row.model_fields]
    return pa.schema([(name, _arrow_type(row.model_fields[name].annotation)) for name in ordered])


def _arrow_type(annotation: Any) -> pa.DataType:
    """Returns the Arrow type of a field: models become structs, tuples and lists lists."""
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        (known,) = (argument for argument in arguments if argument is not types.NoneType)
        return _arrow_type(known)
    if origin is Literal:
        return _SCALARS[type(arguments[0])]
    if origin in (tuple, list):
        return pa.list_(_arrow_type(arguments[0]))
    if origin is dict:
        value = _arrow_type(arguments[1])
        return pa.struct([(name, value) for name in get_args(arguments[0])])
    if hasattr(annotation, "__metadata__"):
        return _arrow_type(annotation.__origin__)
    if issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        return pa.struct([(name, _arrow_type(field.annotation)) for name, field in fields])
    raise TypeError(f"{annotation}: no Arrow type; add one to generators/tables.py")


Values = Mapping[str, Any]
"""A row's values by column: cheaper than a record, which checks each of them."""


def make_table(row: type[BaseModel], rows: Sequence[BaseModel | Values]) -> pa.Table:
    """Returns the rows as a table with the columns of `arrow_schema`.

    Args:
        row: the record that says what the columns are.
        rows: records of that kind; or values, all of the same columns, which may leave out those
            that have a default.

    Raises:
        ValueError: values are of a column that there is not, or leave out one without a default.
    """
    schema = arrow_schema(row)
    if not rows:
        return schema.empty_table()
    values = [one.__dict__ if isinstance(one, BaseModel) else one for one in rows]
    given = tuple(values[0])
    by_name = {name: [each[name] for each in values] for name in given}
    columns: list[pa.Array[Any]] = []
    for name in schema.names:
        field = row.model_fields[name]
        if name in by_name:
            columns.append(_make_array(field.annotation, by_name.pop(name)))
        elif field.is_required():
            raise ValueError(f"{row.__name__}: no '{name}'; expected a value in each row")
        else:
            columns.append(_make_array(field.annotation, [field.default] * len(rows)))
    if by_name:
        raise ValueError(f"{row.__name__}: '{next(iter(by_name))}'; expected a column's name")
    return pa.Table.from_arrays(columns, schema=schema)


def pack_tables(tables: Sequence[pa.Table]) -> bytes:
    """Returns tables of the same columns as bytes that `unpack_tables` reads."""
    sink = pa.BufferOutputStream()
    if tables:
        with pa.ipc.new_stream(sink, tables[0].schema) as stream:
            for table in tables:
                stream.write_table(table.combine_chunks())
    return sink.getvalue().to_pybytes()


def unpack_tables(packed: bytes) -> list[pa.Table]:
    """Returns tables as they were packed, but for those without rows."""
    if not packed:
        return []
    with pa.ipc.open_stream(packed) as stream:
        return [pa.Table.from_batches([batch]) for batch in stream]


def _make_array(annotation: Any, values: Sequence[Any]) -> "pa.Array[Any]":
    """Returns the values of a field, field by field where they are records."""
    inner, fields = _take_apart(annotation)
    if inner is not None:
        return _make_lists(inner, values)
    if fields is None:
        return pa.array(values, _arrow_type(annotation))
    # Many rows share a few records, of which each is read once.
    known = {id(value): value for value in values}
    if len(known) < len(values):
        places = {key: place for place, key in enumerate(known)}
        shared = _make_array(annotation, [*known.values()])
        taken = shared.take(pa.array([places[id(value)] for value in values], pa.int32()))
        return _drop_masks(taken)
    plain = [getattr(value, "__dict__", value) for value in values]
    arrays = [
        _make_array(field, [each and each[name] for each in plain])
        for name, field in fields.items()
    ]
    struct: Any = _arrow_type(annotation)
    return pa.StructArray.from_arrays(arrays, fields=[*struct], mask=_mark_missing(values))


def _make_lists(inner: Any, values: Sequence[Any]) -> "pa.Array[Any]":
    """Returns lists of records."""
    ends = accumulate((len(value or ()) for value in values), initial=0)
    flat = _make_array(inner, [each for value in values for each in value or ()])
    offsets = pa.array(ends, pa.int32())
    return pa.ListArray.from_arrays(offsets, flat, mask=_mark_missing(values))


def _mark_missing(values: Sequence[Any]) -> "pa.Array[Any] | None":
    """Returns which values are null; None where none is."""
    missing = [value is None for value in values]
    return pa.array(missing) if any(missing) else None


def _drop_masks(array: Any) -> "pa.Array[Any]":
    """Returns an array without masks that mark nothing, as it would also come from a worker.

    So its size, which is published, does not depend on where it was made.
    """
    if pa.types.is_struct(array.type):
        arrays = [_drop_masks(array.field(place)) for place in range(array.type.num_fields)]
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays(arrays, fields=[*array.type], mask=mask)
    if pa.types.is_list(array.type):
        mask = array.is_null() if array.null_count else None
        return pa.ListArray.from_arrays(array.offsets, _drop_masks(array.values), mask=mask)
    if array.null_count:
        return array
    return pa.Array.from_buffers(array.type, len(array), [None, *array.buffers()[1:]])


@cache
def _take_apart(annotation: Any) -> tuple[Any, dict[str, Any] | None]:
    """Returns what a list of records is a list of, and the fields of a record; else None."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return _take_apart(annotation.__origin__)
    if origin in (Union, types.UnionType):
        return _take_apart(next(each for each in arguments if each is not types.NoneType))
    if origin in (tuple, list):
        return (arguments[0] if any(_take_apart(arguments[0])) else None), None
    if origin is dict:
        return None, dict.fromkeys(get_args(arguments[0]), arguments[1])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return None, {name: each.annotation for name, each in annotation.model_fields.items()}
    return None, None


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


def read_first_rows(path: Path, most: int = 1000) -> pa.RecordBatch:
    """Returns the first rows of a Parquet file."""
    with pq.ParquetFile(path) as file:
        return next(file.iter_batches(most))


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
    """Yields the groups of a Parquet file's draft as they were added, with all columns or these."""
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
    write_changed(path, schema, run_ahead(read_draft(path), 1), change)
    name_draft(path).unlink()


def read_groups(path: Path) -> Iterator[pa.Table]:
    """Yields the row groups of a Parquet file."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group)  # pyright: ignore[reportUnknownMemberType]


def write_changed(
    path: Path,
    schema: pa.Schema,
    groups: Iterable[pa.Table],
    change: Callable[[pa.Table], pa.Table],
) -> ParquetFile:
    """Returns the file that was written, of changed groups; one without rows is removed."""
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
    return file


REMEDY = "Build the folder again"


def list_files(folder: Path, config: str) -> list[Path]:
    """Returns a config's files in the order of the splits; a split without rows has none."""
    paths = [locate_file(folder, config, split) for split in SPLITS]
    return [path for path in paths if path.exists()]


@contextmanager
def open_rows(path: Path, row: type[BaseModel]) -> Generator[pq.ParquetFile]:
    """Gives a file of rows of a model to read.

    Raises:
        SourceError: it is not there, holds something else, or cannot be read, now or later on.
    """
    with explain_damage(path), pq.ParquetFile(path) as file:
        schema, wanted = file.schema_arrow, arrow_schema(row)
        if schema.remove_metadata() != wanted:
            types = {name: schema.field(name).type for name in schema.names}
            wrong = [name for name in wanted.names if types.get(name) != wanted.field(name).type]
            lacking = f"column '{wrong[0]}' is missing, or of another type" if wrong else ""
            raise refuse_rows(path, lacking or "other columns")
        yield file


@contextmanager
def explain_damage(path: Path) -> Generator[None]:
    """Raises SourceError for what Arrow says of a file that cannot be read."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else "no readable Parquet"
        raise SourceError(str(path), found, "a file of rows, as it was built", REMEDY) from error


def refuse_rows(path: Path, found: str) -> SourceError:
    """Returns the error for a file whose rows are not what they should be."""
    return SourceError(str(path), found, "rows of this version", REMEDY)
