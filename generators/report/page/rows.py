"""Which rows of a folder its page shows, read with bounded memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from generators.configs import CONFIGS
from generators.configs.base import Item
from generators.configs.texts import change_text
from generators.tables import list_files

MOST = 10_000
"""Rows that one page holds at most."""

NOT_PUBLISHED = "(text not published)"
"""Stands in the place of text that references leave out."""

UNSHOWN = frozenset({"tokens", "provenance", "canary"})
"""Columns that no item shows, and that need not be read."""


class PageRows(NamedTuple):
    """The rows of a page."""

    items: list[Item]
    """Rows that are shown, by config, topic and tier."""
    sizes: dict[str, int]
    """Config -> rows in the files."""


def read_page_rows(folder: Path, most: int = MOST) -> PageRows:
    """Returns at most so many rows of a dataset folder, evenly by config, topic and tier.

    Row numbers are chosen first, from two columns; then one row group is read at a time. Configs
    with a tier come first.
    """
    tiered_first = sorted(CONFIGS.values(), key=lambda config: not config.tiered)
    files = {config.name: list_files(folder, config.name) for config in tiered_first}
    sizes = {
        name: sum(_count_rows(path) for path in paths) for name, paths in files.items() if paths
    }
    shares = share_out(list(sizes.values()), most)
    items: list[Item] = []
    for name, share in zip(sizes, shares, strict=True):
        config, paths = CONFIGS[name], files[name]
        chosen = choose_rows(_read_strata(paths, config.topic), share)
        rows = _take(paths, chosen)
        fields = config.story_fields
        items += (config.show(change_text(rows[number], fields, show_text)) for number in chosen)
    return PageRows(items, sizes)


def show_text(text: str | None) -> str:
    """Returns a text, or what stands for one that was left out."""
    return NOT_PUBLISHED if text is None else text


def share_out(sizes: Sequence[int], most: int) -> list[int]:
    """Returns how many to take of each size: as evenly as they allow, at most so many in all.

    What a small one leaves goes to the others; of an odd rest the first get one more.
    """
    shares = [0] * len(sizes)
    left = most
    waiting: list[int] = [place for place, size in enumerate(sizes) if size]
    while waiting and left:
        each, more = divmod(left, len(waiting))
        for nth, place in enumerate(waiting):
            given = min(sizes[place] - shares[place], each + (nth < more))
            shares[place] += given
            left -= given
        waiting = [place for place in waiting if shares[place] < sizes[place]]
    return shares


def choose_rows(strata: Sequence[tuple[str, str]], most: int) -> list[int]:
    """Returns the numbers of at most so many rows, evenly by topic and within it by tier.

    Args:
        strata: topic and tier of every row.
        most: how many to choose.

    Returns:
        Row numbers by topic in order of appearance, `core` first, equally far apart within both.
    """
    topics: dict[str, dict[str, list[int]]] = {}
    for number, (topic, tier) in enumerate(strata):
        topics.setdefault(topic, {}).setdefault(tier, []).append(number)
    shares = share_out([sum(map(len, tiers.values())) for tiers in topics.values()], most)
    chosen: list[int] = []
    for tiers, share in zip(topics.values(), shares, strict=True):
        ordered = [tiers[tier] for tier in sorted(tiers, key=lambda tier: tier != "core")]
        for rows, taken in zip(ordered, share_out(list(map(len, ordered)), share), strict=True):
            chosen += (rows[nth * len(rows) // taken] for nth in range(taken))
    return chosen


def _count_rows(path: Path) -> int:
    with pq.ParquetFile(path) as file:
        return file.metadata.num_rows


def _read_strata(paths: Sequence[Path], topic: str | None) -> list[tuple[str, str]]:
    """Returns topic and tier of every row; equal ones are one object, for there are many rows."""
    strata: list[tuple[str, str]] = []
    known = dict[tuple[str, str], tuple[str, str]]()
    for path in paths:
        with pq.ParquetFile(path) as file:
            names = [name for name in (topic, "tier") if name in file.schema_arrow.names]
            if not names:
                strata += [("", "")] * file.metadata.num_rows
                continue
            for batch in file.iter_batches(columns=names):  # pyright: ignore[reportUnknownMemberType]
                rows: list[dict[str, str]] = batch.to_pylist()
                pairs = ((row.get(topic or "", ""), row.get("tier", "")) for row in rows)
                strata += (known.setdefault(pair, pair) for pair in pairs)
    return strata


def _take(paths: Sequence[Path], chosen: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Returns row number -> row."""
    rows: dict[int, dict[str, Any]] = {}
    waiting = sorted(chosen, reverse=True)
    start = 0
    for path in paths:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                end = start + file.metadata.row_group(group).num_rows
                wanted: list[int] = []
                while waiting and waiting[-1] < end:
                    wanted.append(waiting.pop())
                if wanted:
                    places = [number - start for number in wanted]
                    taken = _read_row_group(file, group).take(pa.array(places))
                    rows.update(zip(wanted, taken.to_pylist(), strict=True))
                start = end
    return rows


def _read_row_group(file: pq.ParquetFile, group: int) -> pa.Table:
    shown = [name for name in file.schema_arrow.names if name not in UNSHOWN]
    return file.read_row_group(group, columns=shown)  # pyright: ignore[reportUnknownMemberType]
