"""Which rows of a folder its page shows, read with bounded memory."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from generators.page_entries import ENTRIES, Entry, View
from generators.splits import SPLITS

MOST = 10_000
"""Rows that one page holds at most."""

SHARED = ("id", "game", "group", "split", "tier", "origin", "hard", "reversed_cue")
"""Columns that every config is asked for; one that it lacks is not shown."""


class PageRows(NamedTuple):
    """The rows of a page."""

    entries: list[Entry]
    """Rows that are shown, by config, topic and tier."""
    sizes: dict[str, int]
    """Config -> rows in the files."""


def read_page_rows(folder: Path, most: int = MOST) -> PageRows:
    """Returns at most so many rows of a dataset folder, evenly by config, topic and tier.

    Row numbers are chosen first, from two columns; then one row group is read at a time, without
    the columns that no entry needs.
    """
    files = {config: _list_files(folder / config) for config in ENTRIES}
    sizes = {
        config: sum(pq.read_metadata(path).num_rows for path in paths)
        for config, paths in files.items()
        if paths
    }
    shares = share_out(list(sizes.values()), most)
    entries: list[Entry] = []
    for config, share in zip(sizes, shares, strict=True):
        view, paths = ENTRIES[config], files[config]
        chosen = choose_rows(_read_strata(paths, view), share)
        rows = _take(paths, view, chosen)
        entries += (view.read(rows[number]) for number in chosen)
    return PageRows(entries, sizes)


def share_out(sizes: Sequence[int], most: int) -> list[int]:
    """Returns how many to take of each size: as evenly as they allow, at most so many in all.

    What a small one leaves goes to the others; of an odd rest the first get one more.
    """
    shares = [0] * len(sizes)
    left = most
    waiting = [place for place, size in enumerate(sizes) if size]
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


def _list_files(folder: Path) -> list[Path]:
    return [path for split in SPLITS for path in sorted(folder.glob(f"{split}-*.parquet"))]


def _read_strata(paths: Sequence[Path], view: View) -> list[tuple[str, str]]:
    """Returns topic and tier of every row; the few that there are share their strings."""
    strata: list[tuple[str, str]] = []
    for path in paths:
        with pq.ParquetFile(path) as file:
            size = file.metadata.num_rows
            topics = _read_column(file, view.topic, size)
            tiers = _read_column(file, "tier", size)
        pairs = dict[tuple[str, str], tuple[str, str]]()
        strata += (pairs.setdefault(pair, pair) for pair in zip(topics, tiers, strict=True))
    return strata


def _read_column(file: pq.ParquetFile, name: str | None, size: int) -> list[str]:
    if name not in file.schema_arrow.names:
        return [""] * size
    column = file.read(columns=[str(name)]).column(0).dictionary_encode().combine_chunks()
    assert isinstance(column, pa.DictionaryArray)
    words = [str(word or "") for word in column.dictionary.to_pylist()]
    return [words[code] for code in column.indices.to_pylist()]


def _take(paths: Sequence[Path], view: View, chosen: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Returns row number -> row."""
    wanted = np.sort(np.asarray(chosen, dtype=np.int64))
    rows: dict[int, dict[str, Any]] = {}
    start = 0
    for size, table in _read_row_groups(paths, view, wanted):
        within = wanted[(wanted >= start) & (wanted < start + size)]
        if table is not None:
            taken = table.take(pa.array(within - start)).to_pylist()
            rows.update(zip(within.tolist(), taken, strict=True))
        start += size
    return rows


def _read_row_groups(
    paths: Sequence[Path], view: View, wanted: Any
) -> Iterator[tuple[int, pa.Table | None]]:
    """Yields the rows of every row group, and its table where a row of it is wanted."""
    start = 0
    for path in paths:
        with pq.ParquetFile(path) as file:
            asked = (*SHARED, *([view.topic] if view.topic else []), *view.columns)
            present = [name for name in asked if name.partition(".")[0] in file.schema_arrow.names]
            for group in range(file.num_row_groups):
                size = file.metadata.row_group(group).num_rows
                low, high = np.searchsorted(wanted, [start, start + size])
                yield size, file.read_row_group(group, columns=present) if low < high else None
                start += size
