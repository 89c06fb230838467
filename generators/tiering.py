"""Chooses the tiers of all configs that have any; what that takes is loaded only then."""

from collections.abc import Sequence
from pathlib import Path

from schemas.base import Tiered
from schemas.quality import Selection
from schemas.rows import ROWS


def assign_all_tiers(folder: Path, configs: Sequence[str]) -> dict[str, Selection]:
    """Returns config -> what was chosen of its rows, for those whose rows have a tier.

    Args:
        folder: a dataset folder that is being built.
        configs: those that have rows.
    """
    tiered = [name for name in configs if issubclass(ROWS[name], Tiered)]
    if not tiered:
        return {}
    from generators.tiers import assign_tiers

    return assign_tiers(folder, tiered)
