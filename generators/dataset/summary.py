"""What a build prints at its end: what was made, one row, the verdict, and where to look."""

import glob
import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from generators.configs import CONCEPT_CONFIGS, CONFIGS
from generators.dataset.examples import BOLD, MARKS, WIDTH, show_example
from generators.folder import CARD, MANIFEST, AnyManifest
from generators.splits import SPLITS
from generators.tables import locate_file
from generators.text import make_visible
from generators.writing.audit import HAND_WRITTEN
from generators.writing.generation import REJECTED
from schemas.generation import Audit, GenerationReport
from schemas.manifest import ConceptManifest, GameManifest
from schemas.quality import Quality

MOST_LINES = 15
"""That are printed, however much there is to say."""
SHORTENED = " ... (more in README.md)"
"""What stands in place of the rest of a sentence, all of which the card and the manifest have."""
PAGE = "report.html"
COUNTED = ("games", "menus", "options", "concepts", "contrasts", "templates", "edges", "pairs")
"""What was read, of the counts that are printed."""


def summarize(manifest: AnyManifest, quality: Quality | None, out: Path, *, color: bool) -> str:
    """Returns the closing summary, at most `MOST_LINES` lines, without a last newline."""
    filled = [name for name, splits in manifest.rows.items() if splits]
    first = min(filled, key=lambda name: not CONFIGS[name].tiered)
    checks = f"Checks: {quality.summary}" if quality else "Checks: nothing was measured."
    load = f"from datasets import load_dataset; {show_loading(out, first, manifest.rows[first])}"
    lines = [
        *_list_sizes(manifest),
        *_fold(" ".join(_list_read(manifest)), 2),
        *_fold(" ".join(_list_generation(manifest)), 1),
        *_fold(checks, 2),
        _show_place(out),
        f"Load: {load}",
    ]
    example = show_example(manifest, out, first, BOLD if color else MARKS)
    return "\n".join([*map(make_visible, lines), *example])


def show_loading(out: Path, config: str, splits: Iterable[str]) -> str:
    """Returns the code that loads a config; files by name where the folder's own name is a pattern.

    `datasets` reads `[`, `*` and `?` in a path as a pattern, and `::` as a chain of places.
    """
    whole = out.resolve().as_posix()
    if "::" in whole:
        return f"# not from here: datasets takes '::' in {whole} for a chain; move the folder"
    if glob.escape(whole) == whole:
        return f"load_dataset({quote(out.as_posix())}, {quote(config)})"
    names = ", ".join(f"{quote(split)}: {quote(_escape(out, config, split))}" for split in splits)
    return f'load_dataset("parquet", data_files={{{names}}})'


def _escape(out: Path, config: str, split: str) -> str:
    """Returns the whole path of a file of rows, for which a pattern stands for itself."""
    return glob.escape(locate_file(out.resolve(), config, split).as_posix())


def quote(text: str) -> str:
    """Returns a text as a string of Python, in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def _fold(text: str, most: int) -> list[str]:
    """Returns a text in lines, at most so many; what does not fit is left out, and it is said."""
    lines = textwrap.wrap(text, WIDTH, subsequent_indent="  ")
    if len(lines) <= most:
        return lines
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ", max_lines=most, placeholder=SHORTENED)


def _list_sizes(manifest: AnyManifest) -> Iterator[str]:
    """Yields the rows of each config and split as a table, with those in core beside them."""
    yield f"{'rows':<18}" + "".join(f"{name:>12}" for name in (*SPLITS, "core"))
    for name, splits in manifest.rows.items():
        if not splits and isinstance(manifest, ConceptManifest):
            needs = f"none: they take {CONCEPT_CONFIGS[name].needs}"
            yield f"{name:<18}  {textwrap.shorten(needs, WIDTH - 20, placeholder=' ...')}"
            continue
        sizes = [f"{splits[split].rows if split in splits else 0:,}" for split in SPLITS]
        chosen = manifest.selections.get(name)
        sizes.append(f"{chosen.core:,}" if chosen else "-")
        yield f"{name:<18}" + "".join(f"{size:>12}" for size in sizes)


def _list_read(manifest: AnyManifest) -> Iterator[str]:
    """Yields what must be known of the rows, then what was read, left out and tolerated."""
    if isinstance(manifest, GameManifest) and manifest.broken:
        yield f"Left out, broken: {_count(len(manifest.broken), 'games')}."
    elif isinstance(manifest, ConceptManifest):
        yield from _list_splits(manifest)
    left_out = sum(sum(reasons.values()) for reasons in manifest.left_out.values())
    counts: Mapping[str, int] = manifest.counts
    if isinstance(manifest, GameManifest):
        counts = {"games": sum(game.menus > 0 for game in manifest.games.values()), **counts}
    yield f"Read: {', '.join(_count(counts[what], what) for what in COUNTED if counts.get(what))}."
    if isinstance(manifest, ConceptManifest):
        yield from _list_aligned(manifest)
    if left_out:
        yield f"Left out: {_count(left_out, 'rows')}."
    if isinstance(manifest, GameManifest) and manifest.oddities:
        yield f"Tolerated: {_count(sum(manifest.oddities.values()), 'oddities')}."


def _list_aligned(manifest: ConceptManifest) -> Iterator[str]:
    """Yields for each tokenizer how many rows it aligns, of those that have tokens."""
    each = [size.rows for name in manifest.aligned for size in manifest.rows[name].values()]
    names = dict.fromkeys(name for aligned in manifest.aligned.values() for name in aligned)
    for name in names:
        rows = sum(aligned.get(name, 0) for aligned in manifest.aligned.values())
        yield f"Aligned by {name}: {rows:,} of {_count(sum(each), 'rows')}."


def _list_splits(manifest: ConceptManifest) -> Iterator[str]:
    """Yields which splits have no row, and by what few groups were split."""
    if manifest.source == "pairs" and "groups" not in manifest.splits:
        (by,), groups = manifest.splits, manifest.counts["groups"]
        few = f"Fewer than ten groups ({groups})"
        yield f"{few}: split by {by}, so a group may stand in two splits."
    empty = [
        f"{name} ({', '.join(lacking)})"
        for name, splits in manifest.rows.items()
        if splits and (lacking := [split for split in SPLITS if split not in splits])
    ]
    if empty:
        yield f"No row in a split, since there is too little to assign: {', '.join(empty)}."


def _list_generation(manifest: AnyManifest) -> Iterator[str]:
    """Yields what models added, what waits and was rejected, and whether it was audited."""
    report = manifest.generation
    if report is None:
        return
    if isinstance(report, GenerationReport):
        added = {"decisions": report.decisions, "labels": report.labels}
    else:
        added = dict(report.added)
    by = "Hand-written" if report.writer == HAND_WRITTEN else f"Written by {report.writer}"
    parts = [
        ", ".join(_count(number, what) for what, number in added.items() if number) or "nothing"
    ]
    if rejected := sum(report.rejected.values()):
        parts.append(f"{rejected:,} rejected ({REJECTED})")
    if lacking := sum(task.not_recorded for task in report.tasks.values()):
        parts.append(f"{lacking:,} without an answer")
    yield f"{by}: {'; '.join(parts)}."
    if pending := sum(task.pending for task in report.tasks.values()):
        yield f"{pending:,} wait in a batch: repeat the command with --batch."
    if isinstance(report, GenerationReport):
        yield "Unaudited." if report.judged.status == "unaudited" else "Judged blind."
        if report.blind is not None:
            yield _show_labels(report.blind)


def _show_labels(blind: Audit) -> str:
    """Returns whether the labels that a model gave may be core."""
    if blind.polarity is None:
        return "Labels: unaudited, so none is core."
    shown = sum(each.shown for each in blind.behaviors.values())
    return f"Labels better than chance in {shown} of {len(blind.behaviors)} behaviors."


def _show_place(out: Path) -> str:
    """Returns where to read on."""
    details = f"Every count and reason: {CARD} and {MANIFEST} there."
    place = out.as_posix()
    if (out / PAGE).exists():
        return f"Look: {place}/{PAGE}. {details}"
    return f"Wrote {place}/. {details}"


def _count(number: int, what: str) -> str:
    """Returns a number with what it counts, in the singular for one."""
    singular = {"oddities": "oddity"}.get(what, what.removesuffix("s"))
    return f"{number:,} {singular if number == 1 else what}"
