"""Writes an export as a whole or not at all: its files, a note on their use, and `export.json`."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TextIO

import orjson

from generators.errors import SourceError, UsageError
from generators.export.formats import FORMATS, load_format
from generators.export.formats.base import Contents, Format, LeftOut, Record, Row, Scope
from generators.export.options import TIERS, ExportOptions, Tokenizers
from generators.export.rows import (
    NOT_CORE,
    Filter,
    Source,
    list_columns,
    read_rows,
    read_source,
)
from generators.folder import CARD, has_marker, hash_file, replace_folder
from generators.options import (
    check_beside,
    choose,
    read_path,
    takes,
)
from generators.templates import render
from generators.tokens.vocabularies import Vocabulary, read_vocabularies
from schemas.base import CANARY
from schemas.labels import BEHAVIORS

EXPORT = "export.json"
KEYS = frozenset({"export", "format", "source", "files", "canary"})
"""Keys by which an export is known."""
MOST_FILES = 8
"""Files that are shown one by one."""


@dataclass(frozen=True, repr=False)
class Exported:
    """An export that was written; it shows itself."""

    folder: Path
    """Its path."""
    records: Mapping[str, int]
    """File -> records in it."""
    rows: Mapping[str, int]
    """Split -> rows that were read."""
    left_out: Mapping[str, int]
    """Reason -> rows that gave no record."""
    reduced: Mapping[str, int]
    """What the tool has no place for -> how many of them."""
    licences: Mapping[str, int]
    """Licence of the text -> rows."""

    def __repr__(self) -> str:
        lines = _list_files(self.records)
        lines += [f"{rows:>9,}  rows left out: {reason}" for reason, rows in self.left_out.items()]
        lines += [f"{number:>9,}  {what}" for what, number in self.reduced.items()]
        if NOT_CORE in self.left_out:
            lines.append("--tier full also exports the rows that are not core.")
        lines.append(f"Wrote {self.folder.as_posix()}/. Its README.md shows how to load the files.")
        return "\n".join(lines)


def _list_files(records: Mapping[str, int]) -> list[str]:
    """Returns the files with their records; of many files, their folders."""
    if len(records) <= MOST_FILES:
        return [f"{number:>9,}  {file}" for file, number in records.items()]
    parts: dict[str, list[int]] = {}
    for file, number in records.items():
        parts.setdefault(re.sub(r"/.*", "/", file), []).append(number)
    return [
        f"{sum(each):>9,}  {name}" + (f" ({len(each)} files)" if name.endswith("/") else "")
        for name, each in parts.items()
    ]


@takes(ExportOptions)
def write(options: ExportOptions) -> "Exported":
    """Returns what was written from one config of a dataset folder, in the form a tool reads.

    Example: `export.write("datasets/machiavelli", "contrastive", "pairs", out="exports/pairs")`.

    Raises:
        UsageError: an argument names what is not there, or does not go with another.
        SourceError: the folder is not one of ours, its rows cannot be read, or none is left.
        FolderError: `out` is not ours to replace, or cannot be written.
    """
    path, out = read_path("FOLDER", options.folder), read_path("--out", options.out)
    config = options.config
    (form_name,) = choose("--format", (options.format,), FORMATS)
    (tier,) = choose("--tier", (options.tier,), TIERS)
    source, form = read_source(path), load_format(form_name)
    _check_config(config, source, form)
    check_beside(out, path)
    splits = choose("--split", options.split, tuple(source.splits[config]))
    wanted = Filter(tier, _choose_behaviors(options.behaviors, source, config))
    tokenizers = _read_tokenizers(options.tokenizer, form)
    scope = Scope(source.name, config, "", options.seed, tokenizers)
    counts = _Counts()
    with replace_folder(out, is_export) as new:
        files = _Files(new, form.json)
        try:
            for each in splits:
                _write_split(source, form, replace(scope, split=each), wanted, files, counts)
        finally:
            files.close()
        records = dict(sorted(files.records.items()))
        if not records:
            raise _refuse_empty(source, config, form, counts)
        contents = Contents(scope, records)
        for path, text in form.add(contents).items():
            _write_text(new / path, text)
        about = _describe(source, form, scope, splits, wanted, counts, records)
        note = render(
            "export/v1/note",
            content=about,
            summary=form.summary,
            how=form.note,
            warnings=form.warn(contents),
        )
        _write_text(new / CARD, f"{note}\n")
        _write_marker(new, about)
    licences = dict(counts.licences)
    return Exported(
        out, records, dict(counts.rows), dict(counts.left_out), dict(counts.reduced), licences
    )


def is_export(folder: Path) -> bool:
    """Returns whether a folder is an earlier export, and complete."""
    return has_marker(folder, EXPORT, KEYS)


def _check_config(config: str, source: Source, form: Format) -> None:
    """Raises UsageError where the folder has no such config, or the format does not take it."""
    takes = f"one that {form.name} takes: {', '.join(form.takes)}"
    if config not in form.takes:
        raise UsageError("--config", f"'{config}'", takes, "Name one of them")
    if not source.splits.get(config):
        there = ", ".join(name for name in form.takes if source.splits.get(name)) or "none of them"
        found = f"'{config}', but {source.folder} has no such rows"
        raise UsageError("--config", found, takes, f"The folder has {there}")


def _choose_behaviors(
    behaviors: Sequence[str] | None, source: Source, config: str
) -> Sequence[str] | None:
    """Returns the behaviors to export; None for all.

    Raises:
        UsageError: one is not known, or rows have none.
    """
    if behaviors is None:
        return None
    if "behavior" not in list_columns(source, config):
        wanted = f"none for config {config}, whose rows have no behavior"
        raise UsageError("--behaviors", "some", wanted, "Leave it out")
    return choose("--behaviors", behaviors, BEHAVIORS)


def _read_tokenizers(tokenizers: Tokenizers | None, form: Format) -> list[Vocabulary]:
    """Returns the tokenizers to read with.

    Raises:
        UsageError: the format has no use for one, a name is given twice, or one has no file.
        SourceError: a file is not a tokenizer.
    """
    named = list(tokenizers.items() if isinstance(tokenizers, Mapping) else tokenizers or ())
    if form.tokenizers == "none" and named:
        wanted = f"none: {form.name} does not depend on a tokenizer"
        raise UsageError("--tokenizer", named[0][0], wanted, "Leave it out")
    if not named and form.tokenizers != "default":
        return []
    return read_vocabularies([(name, None if path is None else Path(path)) for name, path in named])


@dataclass
class _Counts:
    """What happened to the rows."""

    rows: Counter[str] = field(default_factory=Counter[str])
    left_out: Counter[str] = field(default_factory=Counter[str])
    reduced: Counter[str] = field(default_factory=Counter[str])
    licences: Counter[str] = field(default_factory=Counter[str])

    def count(self, rows: Iterator[Row | LeftOut], split: str) -> Iterator[Row]:
        """Yields the rows that are not left out; all are counted."""
        for row in rows:
            self.rows[split] += 1
            if isinstance(row, LeftOut):
                self.left_out[row.reason] += row.rows
            else:
                self.licences[row["text_licence"]] += 1
                yield row


def _write_split(
    source: Source, form: Format, scope: Scope, wanted: Filter, files: "_Files", counts: _Counts
) -> None:
    take = form.takes[scope.config]
    rows = read_rows(source, scope.config, scope.split, take.columns, wanted)
    for entry in take.convert(counts.count(rows, scope.split), scope):
        if isinstance(entry, Record):
            files.add(entry)
        elif isinstance(entry, LeftOut):
            counts.left_out[entry.reason] += entry.rows
        else:
            counts.reduced[entry.what] += entry.number


def _refuse_empty(source: Source, config: str, form: Format, counts: _Counts) -> SourceError:
    where = f"{source.folder}, config {config}"
    reasons = "; ".join(f"{reason}: {rows:,}" for reason, rows in counts.left_out.most_common())
    found = f"none of {counts.rows.total():,} rows fits {form.name} ({reasons})"
    return SourceError(where, found, "at least one", "Ask for other rows; see --help")


def _describe(
    source: Source,
    form: Format,
    scope: Scope,
    splits: Sequence[str],
    wanted: Filter,
    counts: _Counts,
    records: Mapping[str, int],
) -> dict[str, Any]:
    """Returns the content of `export.json`, but for the files."""
    return {
        "export": 1,
        "format": form.name,
        "source": {"name": source.name, "config": scope.config, "manifest_sha256": source.sha256},
        "options": {
            "splits": list(splits),
            "tier": wanted.tier if "tier" in list_columns(source, scope.config) else None,
            "behaviors": wanted.behaviors and list(wanted.behaviors),
            "seed": scope.seed,
            "tokenizers": {each.name: each.sha256 for each in scope.vocabularies},
        },
        "rows": dict(counts.rows),
        "records": records,
        "left_out": dict(sorted(counts.left_out.items())),
        "reduced": dict(sorted(counts.reduced.items())),
        "text_licences": dict(sorted(counts.licences.items())),
        "canary": CANARY,
    }


def _write_marker(folder: Path, about: Mapping[str, Any]) -> None:
    """Writes `export.json`, last: a folder that has it is complete."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): hash_file(path) for path in paths}
    text = json.dumps({**about, "files": files}, indent=1, ensure_ascii=False)
    _write_text(folder / EXPORT, f"{text}\n")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


class _File(Protocol):
    """One file that records are added to."""

    def add(self, value: Any, text: str) -> None:
        """Adds a record, which is also given as JSON."""
        ...

    def close(self) -> None:
        """Finishes the file."""
        ...


class _Lines:
    """A record a line: strings as they are in `.txt`, otherwise JSON."""

    def __init__(self, path: Path) -> None:
        self._file = _open(path)
        self._plain = path.suffix == ".txt"

    def add(self, value: Any, text: str) -> None:
        self._file.write(f"{value if self._plain else text}\n")

    def close(self) -> None:
        self._file.close()


class _Array:
    """A JSON array, a record a line."""

    def __init__(self, path: Path) -> None:
        self._file = _open(path)
        self._before = "[\n"

    def add(self, value: Any, text: str) -> None:
        self._file.write(self._before + text)
        self._before = ",\n"

    def close(self) -> None:
        self._file.write("\n]\n")
        self._file.close()


class _Object:
    """A JSON object with the keys of all records, a key a line."""

    def __init__(self, path: Path) -> None:
        self._file = _open(path)
        self._before = "{\n"

    def add(self, value: Mapping[str, Any], text: str) -> None:
        for key, part in value.items():
            self._file.write(f"{self._before}{_write_json(key)}: {_write_json(part)}")
            self._before = ",\n"

    def close(self) -> None:
        self._file.write("\n}\n")
        self._file.close()


class _Columns:
    """A JSON object of arrays, each of which is a file of its own until all are complete."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns: dict[str, tuple[Path, _Array]] = {}

    def add(self, value: Mapping[str, list[Any]], text: str) -> None:
        for name, items in value.items():
            if name not in self._columns:
                path = self._path.with_name(f"{self._path.name}.{name}.part")
                self._columns[name] = path, _Array(path)
            for item in items:
                self._columns[name][1].add(item, _write_json(item))

    def close(self) -> None:
        with _open(self._path) as whole:
            before = "{\n"
            for name, (path, column) in self._columns.items():
                column.close()
                whole.write(f"{before}{_write_json(name)}: ")
                with path.open(encoding="utf-8") as part:
                    shutil.copyfileobj(part, whole)
                path.unlink()
                before = ",\n"
            whole.write("}\n")


_JSON_FILES = {"array": _Array, "object": _Object, "columns": _Columns}


class _Files:
    """All files of an export, by path."""

    def __init__(self, folder: Path, form: str) -> None:
        self._folder = folder
        self._json_file = _JSON_FILES[form]
        self._files: dict[str, _File] = {}
        self._last: tuple[Any, str] = (None, "")  # some records go into two files
        self.records: dict[str, int] = {}

    def add(self, record: Record) -> None:
        """Adds a record to its file."""
        if record.file not in self._files:
            path = self._folder / record.file
            path.parent.mkdir(parents=True, exist_ok=True)
            self._files[record.file] = (self._json_file if path.suffix == ".json" else _Lines)(path)
            self.records[record.file] = 0
        if record.value is not self._last[0]:
            self._last = record.value, _write_json(record.value)
        self._files[record.file].add(*self._last)
        self.records[record.file] += 1

    def close(self) -> None:
        """Finishes all files."""
        for file in self._files.values():
            file.close()


def _open(path: Path) -> TextIO:
    return path.open("w", encoding="utf-8", newline="\n")


def _write_json(value: Any) -> str:
    return orjson.dumps(value).decode()
