"""Writes into the rows of a folder which are `core`, `hard`, and misled by their cues."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa

from generators.arrow import trim_heap
from generators.configs import CONFIGS
from generators.configs.base import Config
from generators.configs.codes import Mask
from generators.configs.contrasts import WHOLE, Contrasts, hash_texts, share_texts
from generators.parallel import count_cores
from generators.parquet import finish_draft, name_draft, read_spool
from generators.quality.selection.core import choose_core, count_reasons
from generators.quality.selection.features import (
    TextFeatures,
    extract_features,
    narrow,
    take_part,
)
from generators.quality.selection.flags import find_hard, find_reversed
from generators.splits import SPLITS
from generators.stored_rows import locate_file
from schemas.quality import Selection

FLAGS: dict[str, Callable[[Contrasts, TextFeatures], Mask]] = {
    "hard": find_hard,
    "reversed_cue": find_reversed,
}
"""Column -> what finds the items that have the flag."""

Columns = dict[str, "pa.Array[Any]"]
Choice = tuple[Columns, Selection]


class Masks:
    """What is chosen of a config's items, while its parts are."""

    def __init__(self, items: int) -> None:
        self.flags = {name: np.zeros(items, np.bool_) for name in ("core", *FLAGS)}
        self.reasons = np.full(items, "", object)
        """Item -> why it is not core."""


def assign_tiers(folder: Path, configs: Sequence[str]) -> dict[str, Selection]:
    """Returns config -> what was chosen of its rows; its files are written with the choice.

    Args:
        folder: a dataset folder that is being built.
        configs: those whose rows have a tier; each has some, in drafts.
    """
    paths = {config: list_drafts(folder, config) for config in configs}
    texts, contrasts = share_texts([_read(paths[name], CONFIGS[name]) for name in configs])
    trim_heap()
    chosen = dict(zip(configs, choose_all_rows(contrasts, extract_features(texts)), strict=True))
    del texts, contrasts
    trim_heap()
    with ThreadPoolExecutor(count_cores()) as pool:
        tasks = [pool.submit(_finish, paths[name], chosen[name][0]) for name in configs]
        for task in tasks:
            task.result()
    return {config: selection for config, (_, selection) in chosen.items()}


def list_drafts(folder: Path, config: str) -> list[Path]:
    """Returns the files that a config has drafts of, in the order of the splits."""
    paths = [locate_file(folder, config, split) for split in SPLITS]
    return [path for path in paths if name_draft(path).exists()]


def _read(paths: list[Path], config: Config) -> Contrasts:
    """Returns all rows as contrasts; their texts pass, and only hashes of them stay."""
    reader = config.contrasts
    assert reader is not None  # rows that have a tier have poles
    needed = list(dict.fromkeys([*reader.columns, *config.text_columns]))
    tables: list[pa.Table] = []
    for path in paths:
        for table in read_spool(name_draft(path), needed):
            hashes = hash_texts(table, config.text_columns)
            found = _code(table.select(list(reader.columns)), reader.repeated)
            tables.append(found.append_column(WHOLE, hashes))
    return reader.read(pa.concat_tables(tables))


def _code(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Returns a table in which some columns have each value once."""
    for name in columns:
        coded: Any = table[name].dictionary_encode()
        table = table.set_column(table.schema.get_field_index(name), name, coded)
    return table


def choose_rows(contrasts: Contrasts, readings: TextFeatures) -> Choice:
    """Returns the columns that rows get, and what is counted of them; each part by itself."""
    return choose_all_rows([contrasts], readings)[0]


def choose_all_rows(each: Sequence[Contrasts], readings: TextFeatures) -> list[Choice]:
    """Returns what `choose_rows` does for each of several configs that share their texts.

    Parts of one name are chosen one after the other, since they often have the same texts, whose
    readings then serve all of them; the largest first, so that none is left over at the end.
    """
    found = [Masks(contrasts.items) for contrasts in each]
    names = Counter[str]()
    for contrasts in each:
        sizes = np.bincount(contrasts.part.places, minlength=len(contrasts.part.names))
        names.update(dict(zip(contrasts.part.names, sizes.tolist(), strict=True)))
    choose = partial(_choose_parts, each, readings, found)
    with ThreadPoolExecutor(count_cores()) as pool:
        deque(pool.map(choose, [name for name, _ in names.most_common()]), 0)
    return [_sum_up(contrasts, masks) for contrasts, masks in zip(each, found, strict=True)]


def _choose_parts(
    each: Sequence[Contrasts], readings: TextFeatures, found: Sequence[Masks], name: str
) -> None:
    """Marks what is chosen of the parts of one name."""
    known = readings
    for contrasts, masks in zip(each, found, strict=True):
        here = contrasts.part.mark(name)
        if not here.any():
            continue
        part = take_part(contrasts, here)
        known = narrow(known, part)
        choice = choose_core(part, known)
        masks.flags["core"][here], masks.reasons[here] = choice.core, choice.reasons
        for flag, find in FLAGS.items():
            masks.flags[flag][here] = find(part, known)


def _sum_up(contrasts: Contrasts, masks: Masks) -> Choice:
    rows = {name: _spread(mask, contrasts) for name, mask in masks.flags.items()}
    rows_of = np.bincount(contrasts.row_item[contrasts.row_item >= 0], minlength=contrasts.items)
    selection = Selection(
        rows=len(contrasts.row_item),
        core=int(rows["core"].sum()),
        hard=int(rows["hard"].sum()),
        reversed_cue=int(rows["reversed_cue"].sum()),
        fell=count_reasons(np.repeat(masks.reasons, rows_of).tolist()),
    )
    tier = pa.array(np.where(rows["core"], "core", "full"), pa.string())
    flags = {name: pa.array(rows[name], pa.bool_()) for name in FLAGS}
    return {"tier": tier, **flags}, selection


def _spread(items: Mask, contrasts: Contrasts) -> Mask:
    """Returns for each row whether its item is among some; False for a row without an item."""
    return np.append(items, False)[contrasts.row_item]


def _finish(paths: Sequence[Path], columns: Columns) -> None:
    """Writes some files with these columns in the place of their drafts'; rows follow on."""
    done = 0

    def replace_columns(table: pa.Table) -> pa.Table:
        nonlocal done
        for name, values in columns.items():
            place = table.schema.get_field_index(name)
            field = cast(Any, table.schema).field(place)
            table = table.set_column(place, field, values.slice(done, table.num_rows))
        done += table.num_rows
        return table

    for path in paths:
        finish_draft(path, replace_columns)
