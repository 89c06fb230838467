"""Writes the report of a file of pairs: its quality, figures, page, and which pairs are core."""

import json
from pathlib import Path

from generators.errors import FolderError
from generators.folder import explain
from generators.page.entries import list_pair_entries
from generators.quality.assessment import Assessed
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
    rows = assessed.table.to_pylist()
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_quality(out, assessed.quality)
        names = ("id", "tier", "hard", "reversed_cue")
        lines = (json.dumps({name: row[name] for name in names}) + "\n" for row in rows)
        (out / TIERS).write_text("".join(lines), encoding="utf-8", newline="\n")
        if can_draw():
            write_page(out, assessed.quality, list_pair_entries(rows))
    except OSError as error:
        raise explain(error, out) from error
