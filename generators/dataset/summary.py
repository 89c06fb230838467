"""What a build prints at its end: sizes, counts, the result of the checks, and some rows."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from generators.configs import CONFIGS
from generators.configs.items import Item, Side
from generators.folder import AnyManifest
from generators.quality.verdicts import show_outcome
from generators.splits import SPLITS
from generators.tables import read_first_rows
from generators.writing.audit import HAND_WRITTEN
from schemas.generation import GenerationReport
from schemas.manifest import ConceptManifest, GameManifest
from schemas.quality import Quality

PREVIEWED = 3
"""Rows that are shown of a folder with one config; of several, one each."""
READ_FOR_PREVIEW = 4000
"""First rows of a config that the three are spread over."""
WIDTH = 96
Marks = tuple[str, str]
"""What stands before and after words that differ."""
MARKS: Marks = ("«", "»")
BOLD: Marks = ("\x1b[1m", "\x1b[0m")


def summarize(manifest: AnyManifest, quality: Quality | None, out: Path, *, color: bool) -> str:
    """Returns the closing summary, without a last newline."""
    filled = [name for name, splits in manifest.rows.items() if splits]
    first = min(filled, key=lambda name: not CONFIGS[name].tiered)
    core = [f"{each.core:,} of {each.rows:,} {name}" for name, each in manifest.selections.items()]
    shown = [name for name in filled if CONFIGS[name].tiered] or filled
    each = 1 if len(shown) > 1 else PREVIEWED
    lines = [
        *_list_sizes(manifest),
        "",
        *_list_counts(manifest),
        *_list_generation(manifest),
        f"Rows in core: {', '.join(core) or 'none'}.",
        *([show_outcome(quality)] if quality else []),
        "",
        *(line for name in shown for line in _preview(manifest, out, name, each, color=color)),
        f"Wrote {out.as_posix()}/. Load it with:",
        "  from datasets import load_dataset",
        f'  load_dataset("{out.as_posix()}", "{first}")',
    ]
    return "\n".join(lines)


def _list_sizes(manifest: AnyManifest) -> Iterator[str]:
    """Yields the rows of each config and split as a table."""
    yield f"{'rows':<18}" + "".join(f"{split:>12}" for split in SPLITS)
    for name, splits in manifest.rows.items():
        sizes = (splits[split].rows if split in splits else 0 for split in SPLITS)
        yield f"{name:<18}" + "".join(f"{size:>12,}" for size in sizes)


def _list_counts(manifest: AnyManifest) -> Iterator[str]:
    """Yields what was read, aligned, left out and tolerated."""
    counts = manifest.counts
    if isinstance(manifest, GameManifest):
        counts = {"games": sum(game.menus > 0 for game in manifest.games.values())} | counts
    main = {what: count for what, count in counts.items() if " flagged " not in what}
    read = ", ".join(f"{what} {count:,}" for what, count in main.items())
    yield from textwrap.wrap(f"Read: {read}.", WIDTH, subsequent_indent="  ")
    if isinstance(manifest, ConceptManifest):
        for name, aligned in manifest.aligned.items():
            rows = sum(size.rows for size in manifest.rows[name].values())
            shares = (f"{tokenizer} {number:,}" for tokenizer, number in aligned.items())
            yield f"Aligned of {rows:,} {name}: {', '.join(shares)}."
    for name, reasons in manifest.left_out.items():
        for reason, count in reasons.items():
            yield f"  rows of {name} left out ({reason}): {count:,}"
    if isinstance(manifest, GameManifest):
        for kind, count in manifest.oddities.items():
            yield f"  tolerated: {kind}: {count:,}"
        for game, reason in manifest.broken.items():
            yield f"  broken, left out: {game}: {reason}"
    else:
        for name in (name for name, splits in manifest.rows.items() if not splits):
            yield f"No row of {name}: what it needs is in different splits; add more to the file."


def _list_generation(manifest: AnyManifest) -> Iterator[str]:
    """Yields what models added, were asked and had rejected."""
    report = manifest.generation
    if report is None:
        return
    if isinstance(report, GenerationReport):
        added = {"new Decisions": report.decisions, "labels": report.labels}
    else:
        added = dict(report.added)
    by = "Hand-written" if report.writer == HAND_WRITTEN else f"Written by {report.writer}"
    yield f"{by}: {', '.join(f'{number:,} {what}' for what, number in added.items() if number)}."
    for name, task in report.tasks.items():
        cost = f", ${task.cost:.4f}" if task.cost else ""
        waiting = task.pending + task.not_recorded
        yield (
            f"  {name}: {task.asked:,} asked, {task.accepted:,} accepted"
            f" ({task.repaired:,} repaired), {sum(task.rejected.values()):,} rejected,"
            f" {waiting:,} without an answer{cost}"
        )
    for reason, count in report.rejected.items():
        yield f"  rejected ({reason}): {count:,}"
    if isinstance(report, GenerationReport) and report.judged.status == "unaudited":
        yield f"  unaudited: {report.judged.reason}"
    if pending := sum(task.pending for task in report.tasks.values()):
        yield f"  {pending:,} wait in an open batch: collect them with the same command and --batch"


def _preview(
    manifest: AnyManifest, out: Path, name: str, most: int, *, color: bool
) -> Iterator[str]:
    """Yields some rows of a config, spread over its first rows; of twins both sides."""
    split = next(iter(manifest.rows[name]))
    path = out / name / f"{split}-00000-of-00001.parquet"
    rows = read_first_rows(path, READ_FOR_PREVIEW)
    step = max(rows.num_rows // most, 1)
    places = range(step // 2, rows.num_rows, step)[:most]
    ids: list[Any] = cast(Any, rows["id"]).to_pylist() if CONFIGS[name].twins else []
    yield f"{name}:"
    for row in rows.take(pa.array(places, pa.int64())).to_pylist():
        twin = row.get("counterpart_id")
        place = ids.index(twin) if twin in ids else None
        item = CONFIGS[name].show(
            row, None if place is None else rows.slice(place, 1).to_pylist()[0]
        )
        yield from _show_item(item, BOLD if color else MARKS)
    yield ""


def _show_item(item: Item, marks: Marks) -> Iterator[str]:
    about = ": ".join(filter(None, (item.topic, item.claim))) or item.id
    yield f"  [{_clean(about)}]"
    context = " ".join(item.context.split())
    if len(context) > 2 * WIDTH:
        context = f"... {context[-2 * WIDTH :].partition(' ')[2]}"
    yield from _wrap(_clean(context))
    for side in item.sides:
        yield from _wrap(f"{side.pole or ' '} {_mark(side, marks)}")


def _mark(side: Side, marks: Marks) -> str:
    """Returns the text of a side, in one line, with what differs marked."""
    start, end = side.span or (0, 0)
    if start == end:
        return _clean(side.text)
    start += len(side.text[start:end]) - len(side.text[start:end].lstrip())
    before, marked, after = map(_clean, (side.text[:start], side.text[start:end], side.text[end:]))
    return f"{before}{marks[0]}{marked}{marks[1]}{after}"


def _clean(text: str) -> str:
    """Returns a text that can be shown: a terminal takes some characters for orders."""
    return "".join(each if each.isprintable() else " " for each in text)


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="      ")
