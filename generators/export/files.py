"""The files of an export, written record by record: lines, arrays, objects and text."""

import shutil
from pathlib import Path
from typing import Any, Literal, Protocol, TextIO

import orjson

from generators.export.formats.base import Record

JsonForm = Literal["array", "columns", "object"]


class Sink(Protocol):
    """One file that records are added to."""

    def add(self, value: Any) -> None:
        """Adds one record."""
        ...

    def close(self) -> None:
        """Finishes the file."""
        ...


class Lines:
    """Text as it is, or JSON, a record a line."""

    def __init__(self, path: Path) -> None:
        self._file = _open(path)
        self._plain = path.suffix == ".txt"

    def add(self, value: Any) -> None:
        """Adds one line."""
        self._file.write(value if self._plain else _write(value))
        self._file.write("\n")

    def close(self) -> None:
        """Finishes the file."""
        self._file.close()


class Nested:
    """A JSON array, a record a line; or an object, a key a line."""

    def __init__(self, path: Path, brackets: str = "[]") -> None:
        self._file = _open(path)
        self._end = brackets[1]
        self._before = f"{brackets[0]}\n"

    def add(self, value: Any) -> None:
        """Adds an element; or the keys of an object."""
        if self._end == "}":
            parts = [f"{_write(key)}: {_write(part)}" for key, part in value.items()]
        else:
            parts = [_write(value)]
        for part in parts:
            self._file.write(self._before + part)
            self._before = ",\n"

    def close(self) -> None:
        """Finishes the file."""
        self._file.write(f"\n{self._end}\n")
        self._file.close()


class Columns:
    """A JSON object of arrays, each of which waits in a file of its own until all are whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns: dict[str, tuple[Path, Nested]] = {}

    def add(self, value: dict[str, list[Any]]) -> None:
        """Lengthens each array."""
        for name, items in value.items():
            if name not in self._columns:
                path = self._path.with_name(f"{self._path.name}.{name}.part")
                self._columns[name] = path, Nested(path)
            for item in items:
                self._columns[name][1].add(item)

    def close(self) -> None:
        """Puts the arrays into one file."""
        with _open(self._path) as whole:
            before = "{\n"
            for name, (path, column) in self._columns.items():
                column.close()
                whole.write(f"{before}{_write(name)}: ")
                with path.open(encoding="utf-8") as part:
                    shutil.copyfileobj(part, whole)
                path.unlink()
                before = ",\n"
            whole.write("}\n")


class Files:
    """All files of an export, by path."""

    def __init__(self, folder: Path, form: JsonForm) -> None:
        self._folder = folder
        self._form = form
        self._sinks: dict[str, Sink] = {}
        self.records: dict[str, int] = {}

    def add(self, record: Record) -> None:
        """Adds a record to its file."""
        if record.file not in self._sinks:
            self._sinks[record.file] = self._open_sink(record.file)
            self.records[record.file] = 0
        self._sinks[record.file].add(record.value)
        self.records[record.file] += 1

    def close(self) -> None:
        """Finishes all files."""
        for sink in self._sinks.values():
            sink.close()

    def _open_sink(self, name: str) -> Sink:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix != ".json":
            return Lines(path)
        if self._form == "columns":
            return Columns(path)
        return Nested(path, "{}" if self._form == "object" else "[]")


def _open(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="\n")


class _Last:
    """The last record as JSON: some go into two files."""

    value: Any = None
    text = ""


def _write(value: Any) -> str:
    if value is not _Last.value:
        _Last.value, _Last.text = value, orjson.dumps(value).decode()
    return _Last.text
