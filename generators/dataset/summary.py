"""What a build prints at its end: sizes, counts, what was left out, and three rows to look at."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generators.parquet import read_first_rows
from generators.quality.verdicts import show_outcome
from generators.sources.games.counts import Survey
from generators.splits import SPLITS
from generators.text import mark_difference
from generators.writing.audit import HAND_WRITTEN
from schemas.generation import GenerationReport
from schemas.manifest import GameManifest, Manifest
from schemas.quality import Quality

PREVIEWED = 3
WIDTH = 96


def summarize(
    manifest: GameManifest, survey: Survey, quality: Quality | None, out: Path, *, color: bool
) -> str:
    """Returns the closing summary, without a last newline."""
    lines = [
        *list_sizes(manifest),
        "",
        *_list_counts(manifest, survey),
        *list_quality(manifest, quality),
        "",
        *_preview(manifest, out, color=color),
        f"Wrote {out.as_posix()}/. Load it with:",
        "  from datasets import load_dataset",
        f'  load_dataset("{out.as_posix()}", "{_first_config(manifest)}")',
    ]
    return "\n".join(lines)


def list_quality(manifest: Manifest, quality: Quality | None) -> Iterator[str]:
    """Yields how much is core, and what the gates come to, each that fails by name."""
    chosen = (f"{name} {each.core:,}" for name, each in manifest.selections.items())
    yield f"Core: {', '.join(chosen) or 'none'}."
    if quality is not None:
        yield show_outcome(quality)


def _first_config(manifest: GameManifest) -> str:
    filled = [name for name, splits in manifest.rows.items() if splits]
    return next(name for name in _SHOWN if name in filled)


def list_sizes(manifest: Manifest) -> Iterator[str]:
    """Yields the rows of each config and split as a table."""
    yield f"{'rows':<18}" + "".join(f"{split:>12}" for split in SPLITS)
    for name, splits in manifest.rows.items():
        sizes = (splits[split].rows if split in splits else 0 for split in SPLITS)
        yield f"{name:<18}" + "".join(f"{size:>12,}" for size in sizes)


def _list_counts(manifest: GameManifest, survey: Survey) -> Iterator[str]:
    counts = survey.counts
    games = sum(game.menus > 0 for game in manifest.games.values())
    yield (
        f"Read {_number(counts['menus'], 'menu')} ({counts['menus usable']:,} usable)"
        f" of {_number(games, 'game')} with {_number(counts['options'], 'option')}:"
        f" {survey.labelled_share:.1%} labelled, {counts['options ethical']:,} ethical,"
        f" {counts['options unethical']:,} unethical, {counts['options ambiguous']:,} ambiguous."
    )
    flagged = {name: count for name, count in manifest.counts.items() if " flagged " in name}
    for name, count in flagged.items():
        yield f"  {name}: {count:,}"
    for config, reasons in manifest.left_out.items():
        for reason, count in reasons.items():
            yield f"  rows of {config} left out ({reason}): {count:,}"
    for kind, count in manifest.oddities.items():
        yield f"  tolerated: {kind}: {count:,}"
    if manifest.generation:
        yield from _list_generation(manifest.generation)
    for game, reason in manifest.broken.items():
        yield f"  broken, left out: {game}: {reason}"


def _list_generation(report: GenerationReport) -> Iterator[str]:
    labels = f", {_number(report.labels, 'option')} labelled" if report.labels else ""
    by = "Hand-written" if report.writer == HAND_WRITTEN else f"Written by {report.writer}"
    yield f"{by}: {_number(report.decisions, 'new Decision')} kept{labels}."
    for name, task in report.tasks.items():
        cost = "" if not task.cost else f", ${task.cost:.4f}"
        waiting = task.pending + task.not_recorded
        yield (
            f"  {name}: {task.asked:,} asked, {task.accepted:,} fit ({task.repaired:,} repaired),"
            f" {sum(task.rejected.values()):,} rejected, {waiting:,} without an answer{cost}"
        )
    for reason, count in report.rejected.items():
        yield f"  rejected ({reason}): {count:,}"
    if report.judged.status == "unaudited":
        yield f"  unaudited: {report.judged.reason}"
    pending = sum(task.pending for task in report.tasks.values())
    if pending:
        yield f"  {pending:,} wait in an open batch: collect them with --batch, the same otherwise"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _preview(manifest: GameManifest, out: Path, *, color: bool) -> Iterator[str]:
    """Yields three rows of the first config that has any, spread over its first rows."""
    config = _first_config(manifest)
    split = next(iter(manifest.rows[config]))
    rows = read_first_rows(out / config / f"{split}-00000-of-00001.parquet")
    for row in rows[:: max(len(rows) // PREVIEWED, 1)][:PREVIEWED]:
        yield from _SHOWN[config](row, color)


def _show_pair(row: dict[str, Any], color: bool) -> Iterator[str]:
    positive, negative = mark_difference(row["positive"], row["negative"], color=color)
    yield f"[{row['behavior']}: {row['behavior_reading']}]"
    yield from _show_ending(row["prompt"])
    yield from (f"  + {positive}", f"  - {negative}", "")


def _show_item(row: dict[str, Any], color: bool) -> Iterator[str]:
    yield f"[{row['behavior']}: {row['behavior_reading']}]"
    yield from _show_ending(row["question"])
    for place, choice in enumerate(row["choices"]):
        side = "+" if place in row["matching"] else "-" if place in row["not_matching"] else "?"
        yield f"  {side} {choice}"
    yield ""


def _show_query(row: dict[str, Any], color: bool) -> Iterator[str]:
    yield from _show_pair({**row, **row["query"], "prompt": row["query"]["observation"]}, color)


def _show_decision(row: dict[str, Any], color: bool) -> Iterator[str]:
    yield f"[{row['id']}]"
    yield from _show_ending(row["context"])
    yield from (f"  {option['polarity']:>10}  {option['text']}" for option in row["options"])
    yield ""


_SHOWN = {
    "contrastive": _show_pair,
    "multiple_choice": _show_item,
    "icl": _show_query,
    "decisions": _show_decision,
}
"""Config -> how one of its rows is shown."""


def _show_ending(text: str) -> Iterator[str]:
    """Yields the last two lines or so of a text."""
    whole = " ".join(text.split())
    ending = whole if len(whole) <= 2 * WIDTH else whole[-2 * WIDTH :].partition(" ")[2]
    if ending:
        start = "  " if ending == whole else "  ... "
        yield from textwrap.wrap(ending, WIDTH, initial_indent=start, subsequent_indent="  ")
