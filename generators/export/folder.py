"""Writes an export as a whole or not at all: data files, a note, and `export.json`."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from generators.errors import SourceError
from generators.export.files import Files
from generators.export.formats.base import Format, LeftOut, Record, Row, Scope, Written
from generators.export.rows import Filter, Source, list_columns, read_rows
from generators.folder import CARD, has_marker, hash_file, replace_folder
from generators.templates import render
from schemas.base import CANARY

EXPORT = "export.json"
KEYS = frozenset({"export", "format", "source", "files", "canary"})
"""The marker of an export."""


@dataclass(frozen=True)
class Job:
    """What is to be exported."""

    source: Source
    format: Format
    scope: Scope
    """Its split is empty."""
    splits: Sequence[str]
    wanted: Filter


@dataclass
class Tally:
    """What became of the rows."""

    rows: Counter[str] = field(default_factory=Counter[str])
    """Split -> rows read."""
    left_out: Counter[str] = field(default_factory=Counter[str])
    """Reason -> rows that gave no record."""
    reduced: Counter[str] = field(default_factory=Counter[str])
    """What the tool has no place for -> how many of them."""
    licences: Counter[str] = field(default_factory=Counter[str])
    """Licence of the text -> rows."""
    records: dict[str, int] = field(default_factory=dict[str, int])
    """File -> records."""


def is_export(folder: Path) -> bool:
    """Returns whether a folder is an earlier export, and whole."""
    return has_marker(folder, EXPORT, KEYS)


def write_export(job: Job, out: Path) -> Tally:
    """Returns what was counted; the export stands at `out`.

    Raises:
        SourceError: the rows cannot be read, or none is left.
        FolderError: `out` is not ours to replace, or cannot be written.
    """
    tally = Tally()
    with replace_folder(out, is_export) as new:
        files = Files(new, job.format.json)
        try:
            for split in job.splits:
                _write_split(job, split, files, tally)
        finally:
            files.close()
        tally.records = dict(sorted(files.records.items()))
        if not tally.records:
            raise _tell_empty(job, tally)
        written = Written(job.scope, tally.records)
        for name, text in job.format.add(written).items():
            (new / name).write_text(text, encoding="utf-8", newline="\n")
        content = describe(job, tally)
        note = write_note(job, tally, content, job.format.warn(written))
        (new / CARD).write_text(note, encoding="utf-8", newline="\n")
        _write_marker(new, content)
    return tally


def _write_split(job: Job, split: str, files: Files, tally: Tally) -> None:
    take = job.format.takes[job.scope.config]
    rows = read_rows(job.source, job.scope.config, split, take.columns, job.wanted)
    kept = _count(rows, split, tally)
    for entry in take.convert(kept, replace(job.scope, split=split)):
        if isinstance(entry, Record):
            files.add(entry)
        elif isinstance(entry, LeftOut):
            tally.left_out[entry.reason] += entry.rows
        else:
            tally.reduced[entry.what] += entry.number


def _count(rows: Iterator[Row | LeftOut], split: str, tally: Tally) -> Iterator[Row]:
    for row in rows:
        tally.rows[split] += 1
        if isinstance(row, LeftOut):
            tally.left_out[row.reason] += row.rows
        else:
            tally.licences[row["text_licence"]] += 1
            yield row


def _tell_empty(job: Job, tally: Tally) -> SourceError:
    where = f"{job.source.folder}, config {job.scope.config}"
    reasons = "; ".join(f"{reason}: {rows:,}" for reason, rows in tally.left_out.most_common())
    found = f"no row of {tally.rows.total():,} that {job.format.name} can take ({reasons})"
    return SourceError(where, found, "at least one", "Ask for other rows; see --help")


def describe(job: Job, tally: Tally) -> dict[str, Any]:
    """Returns what `export.json` says, but for the files."""
    return {
        "export": 1,
        "format": job.format.name,
        "source": {
            "name": job.source.name,
            "config": job.scope.config,
            "manifest_sha256": job.source.sha256,
        },
        "options": {
            "splits": list(job.splits),
            "tier": job.wanted.tier if _has_tier(job) else None,
            "behaviors": job.wanted.behaviors and list(job.wanted.behaviors),
            "seed": job.scope.seed,
            "tokenizers": {each.name: each.sha256 for each in job.scope.vocabularies},
        },
        "rows": dict(tally.rows),
        "records": tally.records,
        "left_out": dict(sorted(tally.left_out.items())),
        "reduced": dict(sorted(tally.reduced.items())),
        "text_licences": dict(sorted(tally.licences.items())),
        "canary": CANARY,
    }


def _has_tier(job: Job) -> bool:
    return "tier" in list_columns(job.source, job.scope.config)


def write_note(job: Job, tally: Tally, content: dict[str, Any], warnings: Sequence[str]) -> str:
    """Returns the `README.md` of an export."""
    return (
        render(
            "export/v1/note",
            content=content,
            summary=job.format.summary,
            how=render(f"export/v1/{job.format.name}"),
            warnings=warnings,
        )
        + "\n"
    )


def _write_marker(folder: Path, content: dict[str, Any]) -> None:
    """Writes `export.json`, last: a folder that has it is whole."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): hash_file(path) for path in paths}
    text = json.dumps(content | {"files": files}, indent=1, ensure_ascii=False) + "\n"
    (folder / EXPORT).write_text(text, encoding="utf-8", newline="\n")
