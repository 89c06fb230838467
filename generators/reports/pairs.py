"""Writes the report of a file of pairs: its quality, figures, page, and which pairs are core."""

import json
from pathlib import Path

from generators.errors import FolderError
from generators.folder import explain
from generators.page.entries import list_pair_entries
from generators.page.rows import MOST, choose_rows
from generators.quality.assessment import Assessed
from generators.quality.gates import PAIRS
from generators.reports.files import PAGE, QUALITY, can_draw, write_page, write_quality

TIERS = "tiers.jsonl"
OURS = frozenset({QUALITY, PAGE, TIERS, "figures"})


def write_pair_report(out: Path, assessed: Assessed) -> None:
    """Writes a folder with the report; one that holds anything else is refused.

    Raises:
        FolderError: it holds other files, or cannot be written.
    """
    if out.is_file() or (out.is_dir() and not {path.name for path in out.iterdir()} <= OURS):
        wanted = "a new folder, or that of an earlier report"
        raise FolderError(f"--out {out}", "other files", wanted, "Name another folder")
    shown = choose_rows([("", str(tier)) for tier in assessed.table["tier"].to_pylist()], MOST)
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_quality(out, assessed.quality)
        names = ("id", "tier", "hard", "reversed_cue")
        tiers = assessed.table.select(list(names)).to_pylist()
        lines = (json.dumps(row) + "\n" for row in tiers)
        (out / TIERS).write_text("".join(lines), encoding="utf-8", newline="\n")
        if can_draw():
            entries = list_pair_entries(assessed.table.take(shown).to_pylist())
            sizes = {PAIRS: assessed.table.num_rows}
            write_page(out, assessed.quality, entries, sizes=sizes)
    except OSError as error:
        raise explain(error, out) from error
