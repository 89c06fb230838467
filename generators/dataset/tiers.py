"""Gives the rows of a folder their tiers: reads the drafts, lets quality choose, writes Parquet."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa

from generators.configs import CONFIGS
from generators.configs.contrasts import WHOLE, Reader, hash_texts, share_texts
from generators.dataset.files import finish_drafts, list_drafts
from generators.parallel import count_cores
from generators.parquet import read_draft
from schemas.quality import Selection


def assign_tiers(folder: Path, configs: Sequence[str]) -> dict[str, Selection]:
    """Returns config -> what was chosen of its rows; their Parquet files are written.

    Args:
        folder: a dataset folder that is being built.
        configs: those that have rows; one whose rows have no tier is passed over.
    """
    readers = {name: reader for name in configs if (reader := find_reader(name)) is not None}
    if not readers:
        return {}
    from generators.quality.selection.features import extract_features
    from generators.quality.tiers import choose_all_rows

    paths = {config: list_drafts(folder, config) for config in readers}
    texts, contrasts = share_texts(
        [reader.read(_read_columns(paths[name], name, reader)) for name, reader in readers.items()]
    )
    chosen = dict(zip(readers, choose_all_rows(contrasts, extract_features(texts)), strict=True))
    del texts, contrasts
    with ThreadPoolExecutor(count_cores()) as pool:
        tasks = [pool.submit(finish_drafts, paths[name], chosen[name][0]) for name in readers]
        for task in tasks:
            task.result()
    return {config: selection for config, (_, selection) in chosen.items()}


def find_reader(config: str) -> Reader | None:
    """Returns how the rows of a config are read as contrasts; None where they have no tier."""
    return CONFIGS[config].contrasts if CONFIGS[config].tiered else None


def _read_columns(paths: Sequence[Path], config: str, reader: Reader) -> pa.Table:
    """Returns what a reader takes of all rows; their texts pass, and only hashes of them stay."""
    text = CONFIGS[config].text_columns
    needed = list(dict.fromkeys([*reader.columns, *text]))
    tables: list[pa.Table] = []
    for path in paths:
        for table in read_draft(path, needed):
            hashes = hash_texts(table, text)
            found = _code(table.select(list(reader.columns)), reader.repeated)
            tables.append(found.append_column(WHOLE, hashes))
    return pa.concat_tables(tables)


def _code(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Returns a table in which some columns have each value once."""
    for name in columns:
        coded: Any = table[name].dictionary_encode()
        table = table.set_column(table.schema.get_field_index(name), name, coded)
    return table
