"""What a build of concept sets prints at its end: sizes, counts, and three rows of each config."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from generators.dataset.card import count_rows
from generators.dataset.summary import PREVIEWED, WIDTH, list_quality, list_sizes
from generators.parquet import read_first_rows
from generators.text import BOLD, MARKS
from generators.writing.audit import HAND_WRITTEN
from schemas.generation import ConceptGenerationReport
from schemas.manifest import ConceptManifest
from schemas.quality import Quality


def summarize(manifest: ConceptManifest, quality: Quality | None, out: Path, *, color: bool) -> str:
    """Returns the closing summary, without a last newline."""
    first = next(name for name, splits in manifest.rows.items() if splits)
    lines = [
        *list_sizes(manifest),
        "",
        *_list_counts(manifest),
        *list_quality(manifest, quality),
        "",
        *_preview(manifest, out, color=color),
        f"Wrote {out.as_posix()}/. Load it with:",
        "  from datasets import load_dataset",
        f'  load_dataset("{out.as_posix()}", "{first}")',
    ]
    return "\n".join(lines)


def _list_counts(manifest: ConceptManifest) -> Iterator[str]:
    read = ", ".join(f"{part} {count:,}" for part, count in manifest.counts.items())
    yield from textwrap.wrap(f"Read: {read}.", WIDTH, subsequent_indent="  ")
    rows = {name: sum(sizes) for name, sizes in count_rows(manifest).items()}
    for name, aligned in manifest.aligned.items():
        shares = (f"{tokenizer} {number:,}" for tokenizer, number in aligned.items())
        yield f"Aligned of {rows[name]:,} {name}: {', '.join(shares)}."
    for column, values in manifest.tally.items():
        counted = ", ".join(f"{value or '(none)'} {count:,}" for value, count in values.items())
        if counted:
            yield from textwrap.wrap(f"{column}: {counted}", WIDTH, subsequent_indent="  ")
    for name, reasons in manifest.left_out.items():
        for reason, count in reasons.items():
            yield f"  rows of {name} left out ({reason}): {count:,}"
    for name in (name for name, number in rows.items() if not number):
        yield f"No row of {name}: a few templates and contrasts seldom meet in one split; add more."
    if manifest.generation:
        yield from _list_generation(manifest.generation, manifest.config.judge_model)


def _list_generation(report: ConceptGenerationReport, judge: str | None) -> Iterator[str]:
    by = "Hand-written" if report.writer == HAND_WRITTEN else f"Written by {report.writer}"
    added = ", ".join(f"{number:,} {part}" for part, number in report.added.items())
    yield f"{by}: {added}."
    for name, task in report.tasks.items():
        if report.writer == HAND_WRITTEN:
            yield f"  {name}: {task.accepted:,} answers are bundled, for {task.asked:,} requests"
            continue
        cost = "" if not task.cost else f", ${task.cost:.4f}"
        yield (
            f"  {name}: {task.asked:,} asked, {task.accepted:,} fit ({task.repaired:,} repaired),"
            f" {sum(task.rejected.values()):,} rejected,"
            f" {task.pending + task.not_recorded:,} without an answer{cost}"
        )
    for reason, count in report.rejected.items():
        yield f"  rejected ({reason}): {count:,}"
    pending = sum(task.pending for task in report.tasks.values())
    if pending:
        yield f"  {pending:,} wait in an open batch: collect them with --batch, the same otherwise"
    if judge is not None and judge != report.writer:
        yield f"  {judge} had nothing to judge: concept sets have no labels that could be"


def _preview(manifest: ConceptManifest, out: Path, *, color: bool) -> Iterator[str]:
    """Yields three rows of each config, spread over its first rows."""
    marks = BOLD if color else MARKS
    for name, splits in manifest.rows.items():
        if not splits:
            continue
        split = next(iter(splits))
        rows = read_first_rows(out / name / f"{split}-00000-of-00001.parquet", 4000)
        yield f"{name}:"
        step = max(len(rows) // PREVIEWED, 1)
        for row in rows[step // 2 :: step][:PREVIEWED]:
            yield from _SHOWN[name](row, marks)
        yield ""


Marks = tuple[str, str]


def _show_pair(row: dict[str, Any], marks: Marks) -> Iterator[str]:
    yield f"  [{_clean(row['theme'])}: {_clean(row['contrast'])}]"
    for side, sign in (("positive", "+"), ("negative", "-")):
        yield from _wrap(f"{sign} {_mark(row[side], row[f'{side}_span'], marks)}")


def _show_insertion(row: dict[str, Any], marks: Marks) -> Iterator[str]:
    yield f"  [{row['theme']}: {row['concept']}, control {row['control_concept']}]"
    yield from _wrap(f"+ {_mark(row['inserted'], row['inserted_span'], marks)}")
    start, end = row["control_span"]
    yield from _wrap(f"- {_mark(row['control'][start:end].strip(), None, marks)}")


def _show_relation(row: dict[str, Any], marks: Marks) -> Iterator[str]:
    yield f"  [{row['theme']}: {row['relation']}, {row['hops']} hops]"
    yield from _wrap(" ".join(row["premises"]))
    sign = "+" if row["valid"] else "-"
    yield from _wrap(f"{sign} {_mark(row['conclusion'], None, marks)}")


def _show_association(row: dict[str, Any], marks: Marks) -> Iterator[str]:
    sign = "+" if row["valence"] == "positive" else "-"
    yield from _wrap(f"{sign} {_mark(row['text'], row['attribute_span'], marks)}")


_SHOWN: dict[str, Callable[[dict[str, Any], Marks], Iterator[str]]] = {
    "minimal_pairs": _show_pair,
    "insertions": _show_insertion,
    "relations": _show_relation,
    "associations": _show_association,
}
"""Config -> how one of its rows is shown."""


def _mark(text: str, span: list[int] | None, marks: Marks) -> str:
    """Returns a text with some characters marked; all of them where none are named."""
    start, end = span or (0, len(text))
    start += len(text[start:end]) - len(text[start:end].lstrip())
    before, marked, after = map(_clean, (text[:start], text[start:end], text[end:]))
    return f"{before}{marks[0]}{marked}{marks[1]}{after}"


def _clean(text: str) -> str:
    """Returns a text that can be shown: a terminal takes some characters for orders."""
    return "".join(each if each.isprintable() else " " for each in text)


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="      ")
