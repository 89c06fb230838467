"""JSON as it is sent, kept and hashed; the engine's only importer of orjson."""

import json
from typing import Any, cast

import orjson


def write_json(value: Any) -> bytes:
    """Returns a value as compact JSON, UTF-8, keys in their order."""
    try:
        return orjson.dumps(value)
    except TypeError:  # nested deeper than it goes, or a number beyond 64 bits
        return json.dumps(value, separators=(",", ":")).encode()


def write_canonical(value: Any) -> bytes:
    """Returns a value as compact JSON, UTF-8, keys sorted at every level."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def read_json(text: bytes | str) -> Any:
    """Returns the value in a text; raises ValueError where it is no JSON."""
    return orjson.loads(text)


def as_object(value: Any) -> dict[str, Any]:
    """Returns a value that is a JSON object; an empty one in the place of anything else."""
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def as_objects(value: Any) -> list[dict[str, Any]]:
    """Returns the objects in a JSON array; none in the place of anything else."""
    if not isinstance(value, list):
        return []
    return [as_object(each) for each in cast(list[Any], value) if isinstance(each, dict)]
