"""Measures a dataset folder that is there, and swaps in a copy with the new report and card."""

import os
import shutil
from pathlib import Path

from generators.audit_sheet import read_sheet
from generators.card import describe_games
from generators.concept_sets.card import describe_concepts
from generators.errors import SourceError
from generators.folder import CARD, MANIFEST, replace_folder
from generators.manifests import read_manifest
from generators.quality.assessment import Watch
from generators.reports.files import FIGURES, PAGE, QUALITY, read_quality
from generators.reports.finishing import finish_folder
from schemas.manifest import GameManifest
from schemas.quality import HumanAudit, Quality

WRITTEN = (MANIFEST, CARD, QUALITY, PAGE)


def rewrite_report(folder: Path, sheet: Path | None, watch: Watch) -> Quality:
    """Returns what was measured of a folder, which then has it.

    Args:
        folder: a dataset folder of ours.
        sheet: judgments of people; None to keep those that are there.
        watch: shows which config is being measured.

    Raises:
        GeneratorError: it is no such folder, or cannot be written, or the sheet is broken; nothing
            was changed.
    """
    manifest = read_manifest(folder)
    if isinstance(manifest, GameManifest) and manifest.references:
        wanted = "a folder with its text"
        remedy = "Fill it in with `python -m generators.hydrate`"
        raise SourceError(str(folder), "references, without it", wanted, remedy)
    audit = read_sheet(sheet, folder) if sheet else _read_audit(folder)
    with replace_folder(folder) as new:
        _link_rows(folder, new)
        if isinstance(manifest, GameManifest):
            _, quality = finish_folder(new, manifest, describe_games, watch, audit)
        else:
            _, quality = finish_folder(new, manifest, describe_concepts, watch, audit)
    assert quality is not None
    return quality


def _read_audit(folder: Path) -> HumanAudit | None:
    quality = read_quality(folder / QUALITY)
    return quality and quality.audit


def _link_rows(folder: Path, new: Path) -> None:
    """Gives the new folder the files of the old one that are kept, without copying where it can."""
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.is_dir() or place.as_posix() in WRITTEN or place.parts[0] == FIGURES:
            continue
        (new / place).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, new / place)
        except OSError:
            shutil.copy2(path, new / place)
