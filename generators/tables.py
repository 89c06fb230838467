"""From records to Arrow tables and Parquet files; with explicit types, never inferred ones."""

import sys
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from importlib.abc import MetaPathFinder
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from schemas.base import Row

ROW_GROUP_BYTES = 16 << 20
"""Arrow bytes that a row group is closed at: far below the 286 MiB the Hub's viewer can scan."""

CHUNKING = {"min_chunk_size": 256 * 1024, "max_chunk_size": 1024 * 1024, "norm_level": 0}
"""Content-defined pages, as `datasets` writes them: a small change re-uploads few bytes."""

_SCALARS: dict[object, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
}
_LAST_COLUMNS = tuple(name for name in Row.model_fields if name != "id")


class _PandasBlocker(MetaPathFinder):
    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


def give_memory_back() -> None:
    """Makes pyarrow return freed memory to the system, which by default it keeps."""
    pa.set_memory_pool(pa.system_memory_pool())


def save_memory() -> None:
    """Gives memory back, and keeps pyarrow from importing pandas, which takes 53 MiB.

    It would do so only to ask whether what it converts is a Series; in a worker it never is.
    """
    give_memory_back()
    sys.meta_path.insert(0, _PandasBlocker())


@cache
def arrow_schema(row: type[BaseModel]) -> pa.Schema:
    """Returns the columns of a config: the id, what the row says, then where it comes from."""
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


def make_table(row: type[BaseModel], rows: Sequence[BaseModel]) -> pa.Table:
    """Returns the rows as a table with the columns of `arrow_schema`."""
    schema = arrow_schema(row)
    if not rows:
        return schema.empty_table()
    take = itemgetter(*schema.names)
    columns: list[pa.Array[Any]] = []
    by_column = zip(*[take(one.__dict__) for one in rows], strict=True)
    for name, values in zip(schema.names, by_column, strict=True):
        annotation = row.model_fields[name].annotation
        unpack = _find_unpacker(annotation)
        plain: list[Any] = [*map(unpack, values)] if unpack else [*values]
        columns.append(pa.array(plain, _arrow_type(annotation)))
    return pa.Table.from_arrays(columns, schema=schema)


@cache
def _find_unpacker(annotation: Any) -> Callable[[Any], Any] | None:
    """Returns what makes plain dicts of the models in a value; None where there are none.

    Arrow reads the fields' own dicts: three times as fast as `model_dump`, which copies all.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (tuple, list):
        unpack_one = _find_unpacker(arguments[0])
        return unpack_one and (lambda values: [*map(unpack_one, values)])
    if not isinstance(annotation, type) or not issubclass(annotation, BaseModel):
        return None
    inner = {
        name: unpack
        for name, field in annotation.model_fields.items()
        if (unpack := _find_unpacker(field.annotation))
    }
    if not inner:
        return attrgetter("__dict__")
    return lambda value: {
        **value.__dict__,
        **{name: unpack(value.__dict__[name]) for name, unpack in inner.items()},
    }


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


def drain_spool(path: Path) -> Iterator[pa.Table]:
    """Yields the tables of a spool as they were added, then removes the file."""
    with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as reader:
        for batch in reader:
            yield pa.Table.from_batches([batch])
    path.unlink()


def read_first_rows(path: Path, columns: list[str], most: int = 10_000) -> list[dict[str, Any]]:
    """Returns the first rows of a Parquet file, some of their columns only."""
    with pq.ParquetFile(path) as file:
        batch: pa.RecordBatch = next(file.iter_batches(most, columns=columns))  # pyright: ignore[reportUnknownMemberType]
    return batch.to_pylist()


class ParquetFile:
    """One Parquet file, written table by table with bounded memory; the same rows, same bytes."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.rows = 0
        self.bytes = 0
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
        if self._pending_bytes >= ROW_GROUP_BYTES:
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
            self._writer.write_table(table, row_group_size=table.num_rows)
