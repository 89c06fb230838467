"""From records to Arrow tables and Parquet files; with explicit types, never inferred ones."""

import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from schemas.base import Row

ROW_GROUP_BYTES = 32 << 20
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
    return pa.Table.from_pylist([one.model_dump() for one in rows], schema=arrow_schema(row))


class ParquetFile:
    """One Parquet file, written table by table with bounded memory; the same rows, same bytes."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.rows = 0
        self.bytes = 0
        self._pending: list[pa.Table] = []
        self._pending_bytes = 0
        self._writer = pq.ParquetWriter(
            path,
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

    def abandon(self) -> None:
        """Lets go of the file without finishing it."""
        self._pending.clear()
        self._writer.file_handle and self._writer.file_handle.close()

    def _flush(self) -> None:
        if self._pending:
            table = pa.concat_tables(self._pending)
            self._pending, self._pending_bytes = [], 0
            self._writer.write_table(table, row_group_size=table.num_rows)
