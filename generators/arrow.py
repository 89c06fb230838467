"""From records to Arrow tables; with explicit types, never inferred ones."""

import types
from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any, Literal, Union, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel

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
