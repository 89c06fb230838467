"""JSON as it is sent, kept and hashed; the engine's only importer of orjson."""

from typing import Any

import orjson


def write_json(value: Any) -> bytes:
    """Returns a value as compact JSON, UTF-8, keys in their order."""
    return orjson.dumps(value)


def write_canonical(value: Any) -> bytes:
    """Returns a value as compact JSON, UTF-8, keys sorted at every level."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def read_json(text: bytes | str) -> Any:
    """Returns the value in a text; raises ValueError where it is no JSON."""
    return orjson.loads(text)
