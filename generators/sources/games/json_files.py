"""JSON files read strictly: what is wrong is said with file and key, and never with story text."""

from collections.abc import Mapping
from hashlib import sha256
from json import JSONDecodeError
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from generators.errors import SourceError
from generators.jsonl import read_json, write_json

T = TypeVar("T")

REMEDY = "Unpack the archive again, or leave the game out with --skip-broken"
BOM = b"\xef\xbb\xbf"

_TYPE_NAMES: Mapping[type, str] = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}


class JsonReader:
    """Reads JSON objects, and keeps a sha256 over all the bytes it has read."""

    def __init__(self, remedy: str = REMEDY) -> None:
        self._remedy = remedy
        self._digest = sha256()

    @property
    def sha256(self) -> str:
        """The sha256 over the files read so far, one after the other."""
        return self._digest.hexdigest()

    def read_object(self, path: Path, name: str) -> dict[str, Any]:
        """Returns the object that a file holds; it is UTF-8, a byte order mark is left out.

        Args:
            path: the file.
            name: what to call it in errors.

        Raises:
            SourceError: the file is missing, unreadable, no JSON, or holds something else.
        """
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise SourceError(name, "no such file", "one", self._remedy) from error
        except OSError as error:
            found = f"unreadable ({error.strerror})"
            raise SourceError(name, found, "a file", self._remedy) from error
        self._digest.update(content)
        try:
            value = read_json(content.removeprefix(BOM))
        except JSONDecodeError as error:
            place = f"line {error.lineno} column {error.colno}"
            found = f"broken or cut off at {place}" if content.strip() else "an empty file"
            wanted = "a whole JSON file in UTF-8"
            raise SourceError(name, found, wanted, self._remedy) from error
        if not isinstance(value, dict):
            raise SourceError(name, describe(value), "an object", self._remedy)
        return cast(dict[str, Any], value)


def write_compact(value: object) -> str:
    """Returns a value as JSON without white space."""
    return write_json(value).decode()


def describe(value: object) -> str:
    """Returns what kind of JSON value this is, never the value: story text is not ours to print."""
    return _TYPE_NAMES.get(type(value), type(value).__name__)


def validate(adapter: TypeAdapter[T], value: object, name: str, key: str = "") -> T:
    """Returns the checked value.

    Args:
        adapter: the type it must have.
        value: the value, as read.
        name: what to call its file in errors.
        key: where it stands in the file.

    Raises:
        SourceError: something in it is of a wrong type; names the key of the first such thing.
    """
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        keys = ".".join(str(part) for part in (key, *first["loc"]) if part != "")
        found = "nothing" if first["type"] == "missing" else _describe_input(first["input"])
        wanted = _WANTED.get(first["type"]) or first["msg"][:1].lower() + first["msg"][1:]
        raise SourceError(f"{name}, key '{keys}'", found, wanted, REMEDY) from error


_WANTED: Mapping[str, str] = {
    "missing": "a value",
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "greater_than_equal": "a number from 0 to 1",
    "less_than_equal": "a number from 0 to 1",
    "literal_error": "CHOICE, COND or OTHER",
}
"""What a value should have been, by pydantic's name of the error."""


def _describe_input(value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"the number {value}" if is_number else describe(value)
