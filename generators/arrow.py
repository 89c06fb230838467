"""From records to Arrow tables; with explicit types, never inferred ones."""

import ctypes
import gc
import sys
import types
from collections.abc import Callable, Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from operator import attrgetter, itemgetter
from typing import Any, Literal, Union, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel

from schemas.base import Row, Tiered

_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3
"""From glibc's `malloc.h`: how many heaps there may be; bytes of a piece that is none's."""
LARGE = 4 << 20
"""Bytes from which a piece of memory is returned at once; below it that takes too much time."""
_SCALARS: dict[object, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
}
_LAST_COLUMNS = (*Tiered.model_fields, *(name for name in Row.model_fields if name != "id"))


class _PandasBlocker(MetaPathFinder):
    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


def give_memory_back() -> None:
    """Makes large pieces of memory return to the system when they are freed.

    By default pyarrow keeps them; and so does glibc, for pieces of up to 32 MiB once it has seen
    some, which with columns of millions of numbers took a third more memory.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    _set_malloc(_M_MMAP_THRESHOLD, LARGE)


def share_one_heap() -> None:
    """Makes all threads share one heap: with glibc, each would keep what it freed for itself.

    That took a third more memory at full size. But threads that allocate much at once wait for each
    other: a tokenizer takes four times as long.
    """
    _set_malloc(_M_ARENA_MAX, 1)


def trim_heap() -> None:
    """Returns to the system what lies freed between what is still used; with glibc only."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


def _set_malloc(option: int, value: int) -> None:
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(option, value)


def prepare_worker() -> None:
    """Makes a process that only reads games quicker and smaller.

    It gives memory back, and has one heap. It collects no garbage: nothing here forms cycles, and
    the collector would walk every record again. And pyarrow may not import pandas, which takes
    53 MiB, and which it would only ask whether what it converts is a Series.
    """
    give_memory_back()
    share_one_heap()
    gc.disable()
    sys.meta_path.insert(0, _PandasBlocker())


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
    raise TypeError(f"{annotation}: no Arrow type; add one to generators/arrow.py")


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
