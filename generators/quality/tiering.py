"""Chooses the tiers of all configs that have any; what that takes is loaded only then."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from generators.configs import CONFIGS
from generators.parquet import ParquetFile, RowFile, open_draft
from schemas.quality import Selection


def open_file(path: Path, config: str, schema: pa.Schema) -> RowFile:
    """Returns the file that a config's rows are written to: a draft where they have a tier."""
    return open_draft(path, schema) if is_tiered(config) else ParquetFile(path, schema)


def is_tiered(config: str) -> bool:
    """Returns whether rows of a config have a tier."""
    return CONFIGS[config].tiered


def assign_all_tiers(folder: Path, configs: Sequence[str]) -> dict[str, Selection]:
    """Returns config -> what was chosen of its rows, for those whose rows have a tier.

    Args:
        folder: a dataset folder that is being built.
        configs: those that have rows.
    """
    tiered = [name for name in configs if is_tiered(name)]
    if not tiered:
        return {}
    from generators.quality.tiers import assign_tiers

    return assign_tiers(folder, tiered)
