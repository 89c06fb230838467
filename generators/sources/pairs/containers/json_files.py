"""Records in JSON: an array, lines of objects, or one object with lists inside."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from generators.errors import SourceError
from generators.jsonl import read_json
from generators.sources.pairs.containers.content import Content, decode
from generators.sources.pairs.forms import TEXTS, find_other, recognize
from generators.sources.pairs.forms.base import Placed
from generators.sources.pairs.records import place_record

REMEDY = "Fix the file"
LONG = 1 << 26
"""Bytes of a file of lines from which on it is read line by line, and never held whole."""
LONGEST = 1 << 26
"""Bytes of a line in such a file."""
_TEXT = re.compile(rb"\S")
OBJECT = "a JSON object with the fields of a pair"


def read_json_file(content: Content) -> Iterator[Placed]:
    """Returns the records of a text that begins like JSON.

    Raises:
        SourceError: it is no JSON; a line only when it is read.
    """
    where, text = content
    start = _find_text(text, 0)
    end = text.find(b"\n", start)
    first = text[start:end] if end >= 0 else text[start:]
    several = end >= 0 and _find_text(text, end) >= 0
    if first.startswith(b"{") and several:
        try:
            whole = parse(first)
        except ValueError:
            whole = None
        if isinstance(whole, dict) or first.rstrip().endswith(b"}"):
            return _read_lines(content)
    try:
        value = parse(text)
    except ValueError as error:
        place = f" line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        found = f"broken or cut off JSON ({_explain(error)})"
        raise SourceError(f"{where}{place}", found, "a whole JSON file", REMEDY) from error
    return _open(f"{where} line 1" if first.startswith(b"{") and not several else where, value)


def _find_text(text: bytes, start: int) -> int:
    """Returns the place of the next byte that is no white space; -1 where there is none."""
    found = _TEXT.search(text, start)
    return found.start() if found else -1


def is_long(path: Path) -> bool:
    """Returns whether a file holds lines of JSON, and is too large to be held whole."""
    try:
        if not path.is_file() or path.stat().st_size <= LONG:
            return False
        with path.open("rb") as file:
            first = file.readline(LONGEST).removeprefix(BOM_UTF8).strip()
    except OSError:
        return False
    return first.startswith(b"{") and first.endswith(b"}")


def read_long_lines(path: Path, digest: Any) -> Iterator[Placed]:
    """Yields a record a line of a file that is too large to be held whole.

    Raises:
        SourceError: a line is no JSON, or longer than 64 MB, or the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST), b""), start=1):
                digest.update(line)
                place = f"{path} line {number}"
                if len(line) >= LONGEST:
                    found, wanted = "a line of 64 MB or more", "shorter ones in a file this large"
                    raise SourceError(place, found, wanted, REMEDY)
                line = decode(Content(place, line))
                if line.strip():
                    yield _read_line(place, line)
    except OSError as error:
        found = error.strerror or str(error)
        raise SourceError(str(path), found, "a file of pairs", "Check the path") from error


def parse(text: bytes) -> Any:
    """Returns the value of a JSON text, in which NaN may stand for a missing value.

    Raises:
        ValueError: it is no JSON, or nested too deep.
    """
    try:
        return read_json(text)
    except ValueError:
        try:
            return json.loads(text)  # takes NaN and half characters, which json.dumps writes
        except RecursionError:
            raise ValueError("nested too deep") from None


def _explain(error: ValueError) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)


def _read_lines(content: Content) -> Iterator[Placed]:
    """Yields a record a line; empty lines are passed over."""
    where, text = content
    start = number = 0
    while start < len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        line, start, number = text[start:end], end + 1, number + 1
        if not line.strip():
            continue
        yield _read_line(f"{where} line {number}", line)


def _read_line(place: str, line: bytes) -> Placed:
    try:
        value = parse(line)
    except ValueError as error:
        raise SourceError(place, f"no JSON ({_explain(error)})", OBJECT, REMEDY) from error
    return place_record(place, value)


def _open(where: str, value: Any) -> Iterator[Placed]:
    """Yields the records in a JSON value.

    An object is a record if a form fits it; else the objects inside it are, or those in its lists.
    """
    if isinstance(value, Mapping):
        whole = place_record(where, value)
        inside = cast(Mapping[str, Any], value).items()
        some = [(name, each) for name, each in inside if _holds_objects(each)]
        if recognize(whole.values) or find_other(whole.values) or not some:
            yield whole
            return
        for name, each in some:
            if isinstance(each, Mapping):
                yield place_record(f"{where} {name}", each)
            else:
                yield from _list(f"{where} {name}", each)
        return
    if not value:
        raise SourceError(where, "an empty array", f"records with {TEXTS}", "Name another file")
    yield from _list(where, value)


def _list(where: str, values: list[Any]) -> Iterator[Placed]:
    for number, each in enumerate(values, start=1):
        yield place_record(f"{where} entry {number}", each)


def _holds_objects(value: Any) -> bool:
    """Returns whether a value is an object, or a list of objects as far as its first shows."""
    first = next(iter(cast(list[Any], value)), None) if isinstance(value, list) else value
    return isinstance(first, Mapping)
