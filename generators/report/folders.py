"""Measures a dataset folder that is there, and swaps in a copy with the new report and card."""

import json
import os
import shutil
from pathlib import Path

from generators.configs import CONFIGS
from generators.dataset.card import describe_games
from generators.dataset.concept_card import describe_concepts
from generators.dataset.finishing import finish_folder
from generators.dataset.manifest import AnyManifest, read_manifest
from generators.errors import SourceError
from generators.folder import CARD, MANIFEST, replace_folder
from generators.parquet import locate_file
from generators.quality.assessment import Watch
from generators.report.audit_sheet import read_sheet
from generators.report.files import FIGURES, PAGE, QUALITY
from generators.stored_rows import REMEDY, open_rows, refuse_rows
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
    _check_rows(folder, manifest)
    audit = read_sheet(sheet, folder) if sheet else _read_audit(folder)
    with replace_folder(folder) as new:
        _link_rows(folder, new)
        try:
            quality = _measure(new, manifest, watch, audit)
        except SourceError as error:
            where, *rest = error.args
            raise SourceError(where.replace(str(new), str(folder)), *rest) from error
    return quality


def _measure(
    folder: Path, manifest: AnyManifest, watch: Watch, audit: HumanAudit | None
) -> Quality:
    if isinstance(manifest, GameManifest):
        _, quality = finish_folder(folder, manifest, describe_games, watch, audit)
    else:
        _, quality = finish_folder(folder, manifest, describe_concepts, watch, audit)
    assert quality is not None
    return quality


def _check_rows(folder: Path, manifest: AnyManifest) -> None:
    """Raises SourceError where a file of rows is missing, or has none."""
    if not any(manifest.rows.values()):
        wanted = "a dataset that has some"
        raise SourceError(str(folder / MANIFEST), "no config with rows", wanted, REMEDY)
    for config, splits in manifest.rows.items():
        for path in (locate_file(folder, config, split) for split in splits):
            if config not in CONFIGS or not path.is_file():
                wanted = "rows that the manifest counts"
                raise SourceError(str(path), "no such file", wanted, REMEDY)
            with open_rows(path, CONFIGS[config].row) as file:
                if not file.metadata.num_rows:
                    raise refuse_rows(path, "no rows")


def _read_audit(folder: Path) -> HumanAudit | None:
    """Returns what people said of the rows, as an earlier report has it, of whatever version."""
    path = folder / QUALITY
    if not path.exists():
        return None
    try:
        said = json.loads(path.read_bytes()).get("audit")
        return HumanAudit.model_validate(said) if said else None
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        wanted = "what this command wrote, with the audit by people, if there was one"
        remedy = "Remove the file, and give the sheet again with --audit"
        raise SourceError(str(path), "something else", wanted, remedy) from error


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
