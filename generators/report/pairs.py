"""Writes the report of a file of pairs: its quality, figures, page, and which pairs are core."""

import json
from pathlib import Path

from generators.configs import pairs
from generators.folder import replace_folder
from generators.quality.assessment import Assessed
from generators.quality.gates import PAIRS
from generators.report.files import PAGE, QUALITY, can_draw, write_page, write_quality
from generators.report.page.rows import MOST, choose_rows

TIERS = "tiers.jsonl"
OURS = frozenset({QUALITY, PAGE, TIERS, "figures"})


def write_pair_report(out: Path, assessed: Assessed) -> None:
    """Writes a folder with the report; one that holds anything else is refused.

    Raises:
        FolderError: it holds other files, or cannot be written.
    """
    table = assessed.table
    shown = choose_rows([("", str(tier)) for tier in table["tier"].to_pylist()], MOST)
    with replace_folder(out, is_report) as new:
        write_quality(new, assessed.quality)
        tiers = table.select(["id", "tier", "hard", "reversed_cue"]).to_pylist()
        lines = (json.dumps(row) + "\n" for row in tiers)
        (new / TIERS).write_text("".join(lines), encoding="utf-8", newline="\n")
        if can_draw():
            items = [pairs.CONFIG.show(row) for row in table.take(shown).to_pylist()]
            write_page(new, assessed.quality, items, sizes={PAIRS: table.num_rows})


def is_report(folder: Path) -> bool:
    """Returns whether a folder holds an earlier report of pairs, and nothing else."""
    return {path.name for path in folder.iterdir()} <= OURS
