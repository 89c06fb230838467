"""Writes an export as a whole or not at all: its files, a note on their use, and `export.json`."""

import json
import re
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from generators.errors import SourceError, UsageError
from generators.export.earlier import (
    EXPORT,
    check_unchanged,
    describe_other,
    is_export,
    read_export,
)
from generators.export.formats import FORMATS, load_format
from generators.export.formats.base import Contents, Format, LeftOut, Record, Row, Scope, Take
from generators.export.options import TIERS, ExportOptions
from generators.export.record_files import RecordFile, open_records
from generators.export.rows import (
    NOT_CORE,
    Filter,
    Source,
    count_rows,
    list_columns,
    read_rows,
    read_source,
)
from generators.folder import CARD, hash_file, replace_folder
from generators.options import choose, read_path, suggest, takes
from generators.overwriting import check_beside
from generators.progress import Progress, begin
from generators.templates import render
from generators.text import make_visible
from generators.tokens.chat_templates import ChatTemplate
from generators.tokens.vocabularies import Vocabulary, read_vocabularies
from schemas.base import CANARY
from schemas.labels import BEHAVIORS

MODEL = "model"
"""Name of the tokenizer in the folder of a model whose chat template is named."""
MOST_FILES = 8
"""Files that are shown one by one; of more, their folders are shown."""


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
    replaced: str = ""
    """What the export was of that stood there, where it was of another selection; else empty."""

    def __repr__(self) -> str:
        parts: dict[str, list[int]] = {}
        for file, number in self.records.items():
            name = file if len(self.records) <= MOST_FILES else re.sub(r"/.*", "/", file)
            parts.setdefault(name, []).append(number)
        lines = [
            f"{sum(each):>9,}  {name}" + (f" ({len(each)} files)" if name.endswith("/") else "")
            for name, each in parts.items()
        ]
        lines += [f"{rows:>9,}  rows left out: {reason}" for reason, rows in self.left_out.items()]
        lines += [f"{number:>9,}  {what}" for what, number in self.reduced.items()]
        if NOT_CORE in self.left_out:
            lines.append("--tier full also exports the rows that are not core.")
        if self.replaced:
            said = make_visible(self.replaced)
            lines.append(f"Replaced an earlier export of another selection: {said}.")
        lines.append(f"Wrote {self.folder.as_posix()}/. Its README.md shows how to load the files.")
        return "\n".join(lines)


@takes(ExportOptions)
def write(options: ExportOptions) -> Exported:
    """Returns what was written from one config of a dataset folder, in the form a tool reads.

    Example: `export.write("datasets/machiavelli", "contrastive", "pairs", out="exports/pairs")`.

    Raises:
        UsageError: an argument names what is not there, or does not go with another.
        SourceError: the folder is not one of ours, its rows cannot be read, or none is left.
        FolderError: `out` is not ours to replace, holds files that no export wrote, or cannot be
            written.
    """
    path, out = read_path("FOLDER", options.folder), read_path("--out", options.out)
    config = options.config
    (form_name,) = choose("--format", (options.format,), FORMATS)
    (tier,) = choose("--tier", (options.tier,), TIERS)
    source, form = read_source(path), load_format(form_name)
    _check_config(config, source, form)
    check_beside(out, path)
    earlier = read_export(out)
    if earlier is not None:
        check_unchanged(out, earlier)
    splits = choose("--split", options.split, tuple(source.splits[config]))
    columns = list_columns(source, config)
    if options.behaviors is not None and "behavior" not in columns:
        wanted = f"none for config {config}, whose rows have no behavior"
        raise UsageError("--behaviors", "some", wanted, "Leave it out")
    behaviors = options.behaviors and choose("--behaviors", options.behaviors, BEHAVIORS)
    with _read_chat(options, form) as chat, replace_folder(out, is_export) as new:
        vocabularies = _read_tokenizers(options, form, chat)
        scope = Scope(source.name, config, "", options.seed, vocabularies, chat, options.messages)
        writer = _Writer(new, form)
        try:
            total = count_rows(source, config, splits)
            with begin(options.progress, "exporting", total, "row"):
                for split in splits:
                    take = form.takes[config]
                    rows = read_rows(source, config, split, take.columns, Filter(tier, behaviors))
                    writer.write_split(rows, take, replace(scope, split=split), options.progress)
        finally:
            writer.close()
        contents = Contents(scope, dict(sorted(writer.records.items())))
        if not contents.records:
            raise writer.refuse_empty(f"{source.folder}, config {config}")
        asked = {
            "splits": list(splits),
            "tier": tier if "tier" in columns else None,
            "behaviors": behaviors and list(behaviors),
            **({"chat_template": {"sha256": chat.sha256, "bos": chat.bos}} if chat else {}),
            **({"messages": True} if options.messages else {}),
        }
        about = _describe(new, source, form, contents, asked, writer)
    return Exported(
        out,
        contents.records,
        dict(writer.rows),
        dict(writer.left_out),
        dict(writer.reduced),
        dict(writer.licences),
        describe_other(earlier, about) if earlier else "",
    )


def _check_config(config: str, source: Source, form: Format) -> None:
    """Raises UsageError where the folder has no such config, or the format does not take it."""
    near = suggest(config, tuple(form.takes))
    takes = f"one that {form.name} takes: {', '.join(form.takes)}{near}"
    if config not in form.takes:
        raise UsageError("--config", f"'{config}'", takes, "Name one of them")
    if not source.splits.get(config):
        there = ", ".join(name for name in form.takes if source.splits.get(name)) or "none of them"
        found = f"'{config}', but {source.folder} has no such rows"
        raise UsageError("--config", found, takes, f"The folder has {there}")


@contextmanager
def _read_chat(options: ExportOptions, form: Format) -> Generator[ChatTemplate | None]:
    """Yields the chat template, which is closed at the end; None where none is named.

    Raises:
        UsageError: the format takes none, or messages are asked for where it has none.
        SourceError: it is no chat template that can be used.
    """
    if options.messages and not form.messages:
        listed = ", ".join(name for name in FORMATS if load_format(name).messages)
        wanted = f"one of the formats that have messages: {listed}"
        raise UsageError("--messages", f"format {form.name}", wanted, "Leave it out")
    if options.chat_template is None:
        yield None
        return
    path, option = read_path("--chat-template", options.chat_template), "--chat-template"
    if form.unrendered or not form.takes[options.config].rendered:
        why = form.unrendered or f"its records of {options.config} are parts of prompts"
        wanted = f"none for {form.name}: {why}"
        raise UsageError(option, f"'{path}'", wanted, "Leave it out")
    if options.messages:
        wanted = "one of the two: who takes messages applies the chat template"
        raise UsageError(option, "--messages beside it", wanted, "Leave one out")
    chat = ChatTemplate(path)
    try:
        yield chat
    finally:
        chat.close()


def _read_tokenizers(
    options: ExportOptions, form: Format, chat: ChatTemplate | None
) -> list[Vocabulary]:
    """Returns the tokenizers to read with; of a model's folder with a chat template, its own.

    Raises:
        UsageError: the format has no use for one, a name is given twice, one has no file, or one
            is not that of the chat template.
        SourceError: a file is not a tokenizer.
    """
    given = options.tokenizer
    named = list(given.items() if isinstance(given, Mapping) else given or ())
    if form.tokenizers == "none" and named:
        wanted = f"none: {form.name} does not depend on a tokenizer"
        raise UsageError("--tokenizer", named[0][0], wanted, "Leave it out")
    if form.tokenizers == "none" or (not chat and not named and form.tokenizers == "asked"):
        return []
    if chat and not named:
        if chat.files.tokenizer is None and form.tokenizers == "asked":
            return []
        if chat.files.tokenizer is None:
            wanted = "that of the model whose chat template is named"
            raise UsageError("--tokenizer", "none", wanted, "Name its tokenizer.json")
        named = [(MODEL, chat.files.tokenizer)]
    found = read_vocabularies(
        [(name, None if path is None else Path(path)) for name, path in named]
    )
    for vocabulary in found if chat else ():
        _check_tokenizer(vocabulary, chat.declared if chat else [])
    return found


def _check_tokenizer(vocabulary: Vocabulary, special: list[str]) -> None:
    """Raises UsageError where a special token of a chat template is several tokens."""
    for token, length in zip(special, vocabulary.encode(special).lengths, strict=True):
        if length != 1:
            found = f"one that splits '{token}' of the chat template into {length} tokens"
            wanted = "the tokenizer of the model whose chat template is named"
            raise UsageError(f"--tokenizer {vocabulary.name}", found, wanted, "Name its file")


class _Writer:
    """The files of records, while they are written; it counts what happened to the rows."""

    def __init__(self, folder: Path, form: Format) -> None:
        self.records: Counter[str] = Counter()
        self.rows: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.reduced: Counter[str] = Counter()
        self.licences: Counter[str] = Counter()
        self._folder = folder
        self._form = form
        self._files: dict[str, RecordFile] = {}

    def write_split(
        self, rows: Iterator[Row | LeftOut], take: Take, scope: Scope, progress: Progress
    ) -> None:
        """Writes the records of a split."""
        for entry in take.convert(self._keep(rows, take, scope.split, progress), scope):
            if isinstance(entry, Record):
                self._add(entry)
            elif isinstance(entry, LeftOut):
                self.left_out[entry.reason] += entry.rows
            else:
                self.reduced[entry.what] += entry.number

    def _keep(
        self, rows: Iterator[Row | LeftOut], take: Take, split: str, progress: Progress
    ) -> Iterator[Row]:
        """Yields the rows that are not left out; all are counted."""
        for row in rows:
            self.rows[split] += 1
            progress.advance()
            if isinstance(row, LeftOut):
                self.left_out[row.reason] += row.rows
                continue
            self.licences[row["text_licence"]] += 1
            if reason := take.refuse(row):
                self.left_out[reason] += 1
            else:
                yield row

    def _add(self, record: Record) -> None:
        if record.file not in self._files:
            path = self._folder / record.file
            path.parent.mkdir(parents=True, exist_ok=True)
            self._files[record.file] = open_records(path, self._form.json)
        self._files[record.file].add(record.value)
        self.records[record.file] += 1

    def close(self) -> None:
        """Finishes all files."""
        for file in self._files.values():
            file.close()

    def refuse_empty(self, where: str) -> SourceError:
        """Returns the error for an export without a record."""
        reasons = "; ".join(f"{reason}: {rows:,}" for reason, rows in self.left_out.most_common())
        found = f"none of {self.rows.total():,} rows fits {self._form.name} ({reasons})"
        return SourceError(where, found, "at least one", "Ask for other rows; see --help")


def _describe(
    folder: Path,
    source: Source,
    form: Format,
    contents: Contents,
    asked: Mapping[str, Any],
    counts: _Writer,
) -> dict[str, Any]:
    """Returns what `export.json` says; it is the last file written about all records.

    Who has it is complete.
    """
    scope = contents.scope
    about = {
        "export": 1,
        "format": form.name,
        "source": {"name": source.name, "config": scope.config, "manifest_sha256": source.sha256},
        "options": {
            **asked,
            "seed": scope.seed,
            "tokenizers": {each.name: each.sha256 for each in scope.vocabularies},
        },
        "rows": dict(counts.rows),
        "records": contents.records,
        "left_out": dict(sorted(counts.left_out.items())),
        "reduced": dict(sorted(counts.reduced.items())),
        "text_licences": dict(sorted(counts.licences.items())),
        "canary": CANARY,
    }
    note = render(
        "export/v1/note",
        content=about,
        summary=form.summary,
        how=form.note,
        chat=scope.chat,
        messages=scope.messages,
        unrendered=form.unrendered,
        warnings=form.warn(contents),
    )
    texts = {**form.add(contents), CARD: f"{note}\n"}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): hash_file(path) for path in paths}
    marker = json.dumps({**about, "files": files}, indent=1, ensure_ascii=False)
    (folder / EXPORT).write_text(f"{marker}\n", encoding="utf-8", newline="\n")
    return about
