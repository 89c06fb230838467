"""What a build prints at its end: sizes, counts, what was left out, and three rows to look at."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generators.contrast import mark_difference
from generators.splits import SPLITS
from generators.survey import Survey
from schemas.manifest import Manifest

PREVIEWED = 3
WIDTH = 96


def summarize(manifest: Manifest, survey: Survey, out: Path, *, color: bool) -> str:
    """Returns the closing summary, without a last newline."""
    lines = [
        *_list_sizes(manifest),
        "",
        *_list_counts(manifest, survey),
        "",
        *_preview(manifest, out, color=color),
        f"Wrote {out.as_posix()}/. Load it with:",
        "  from datasets import load_dataset",
        f'  load_dataset("{out.as_posix()}", "{_first_config(manifest)}")',
    ]
    return "\n".join(lines)


def _first_config(manifest: Manifest) -> str:
    filled = [name for name, splits in manifest.rows.items() if splits]
    return "contrastive" if "contrastive" in filled else filled[0]


def _list_sizes(manifest: Manifest) -> Iterator[str]:
    yield f"{'rows':<18}" + "".join(f"{split:>12}" for split in SPLITS)
    for name, splits in manifest.rows.items():
        sizes = (splits[split].rows if split in splits else 0 for split in SPLITS)
        yield f"{name:<18}" + "".join(f"{size:>12,}" for size in sizes)


def _list_counts(manifest: Manifest, survey: Survey) -> Iterator[str]:
    counts = survey.counts
    yield (
        f"Read {len(manifest.games)} games, {counts['menus']:,} menus"
        f" ({counts['menus usable']:,} usable), {counts['options']:,} options:"
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
    for game, reason in manifest.broken.items():
        yield f"  broken, left out: {game}: {reason}"


def _preview(manifest: Manifest, out: Path, *, color: bool) -> Iterator[str]:
    split = next((split for split in SPLITS if split in manifest.rows.get("contrastive", {})), None)
    if split is None:
        return
    from generators.row_files import read_first_rows

    path = out / "contrastive" / f"{split}-00000-of-00001.parquet"
    columns = ["behavior", "behavior_reading", "prompt", "positive", "negative"]
    rows = read_first_rows(path, columns)
    step = max(len(rows) // PREVIEWED, 1)
    for row in rows[::step][:PREVIEWED]:
        yield from _show(row, color=color)


def _show(row: dict[str, Any], *, color: bool) -> Iterator[str]:
    positive, negative = mark_difference(row["positive"], row["negative"], color=color)
    yield f"[{row['behavior']}: {row['behavior_reading']}]"
    ending = " ".join(row["prompt"].split())[-2 * WIDTH :].partition(" ")[2]
    if ending:
        yield from textwrap.wrap(
            f"... {ending}", WIDTH, initial_indent="  ", subsequent_indent="  "
        )
    yield f"  + {positive}"
    yield f"  - {negative}"
    yield ""
