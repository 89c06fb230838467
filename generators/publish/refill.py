"""Makes a dataset that was published as references whole again, from the user's own game data.

Reader and views run as they did; tiers and what models gave are taken from what was published. Each
row is compared with its reference before anything is written.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from generators.configs import GAME_CONFIGS
from generators.dataset.card import describe_games
from generators.dataset.finishing import describe_folder
from generators.dataset.manifest import read_manifest
from generators.errors import SourceError
from generators.folder import MANIFEST, hash_file, replace_folder
from generators.machiavelli.build import fill_folder, list_build_versions
from generators.machiavelli.reading import Plan, Progress, add_written
from generators.parquet import finish_draft, name_draft, read_groups, read_spool, rewrite_file
from generators.publish.matching import Matcher, Mismatch, read_published
from generators.report.files import QUALITY, read_quality, write_folder_report
from generators.splits import SPLITS
from generators.stored_rows import list_files
from generators.writing.games import Written
from generators.writing.generated import GENERATED, gather_written, read_lines
from generators.writing.rejected import REJECTED
from schemas.generated import GeneratedDecision
from schemas.manifest import GameManifest, SplitSize

Sizes = dict[str, dict[str, SplitSize]]

CHANGED = "not as published"
"""Reason for which a row is left out."""


KEPT = (REJECTED, GENERATED, QUALITY)
"""Files that go along as they were published."""


class Hydrated(NamedTuple):
    """What came of it."""

    manifest: GameManifest
    """Of the whole folder; where rows differ, and may not, of the one that was not written."""
    mismatches: list[Mismatch]
    """Rows that are not as they were published."""
    identical: int
    """Parquet files that are, byte for byte, those that the references were made of."""
    versions: dict[str, tuple[str, str]]
    """Library -> its version there and here, where they differ."""


class Differing(Exception):
    """Rows differ, and nothing is to be written."""


def hydrate_folder(
    published: Path, data: Path, out: Path, progress: Progress, *, skip_changed: bool
) -> Hydrated:
    """Returns what came of filling the text in; the folder is written if all rows are right.

    Args:
        published: a folder of references.
        data: the user's own game data.
        out: where the whole folder goes.
        progress: shows how far the run is.
        skip_changed: leave out rows that are not right, and count them, instead of stopping.

    Raises:
        GeneratorError: one of the three is not what it must be; nothing was changed.
    """
    manifest = read_manifest(published)
    if not isinstance(manifest, GameManifest) or manifest.references is None:
        found, wanted = "no text was left out of it", "a dataset that was published as references"
        raise SourceError(str(published), found, wanted, "Use it as it is")
    check_published(published, manifest)
    mismatches: list[Mismatch] = []
    try:
        with replace_folder(out) as folder:
            filled = fill_folder(folder, data, manifest.config, _recall(published), progress)
            for config in manifest.rows:
                mismatches += _settle(folder, published, config)
            if mismatches and not skip_changed:
                raise Differing
            made = _finish(folder, published, manifest, filled.writer.sizes, mismatches)
    except Differing:
        return Hydrated(manifest, mismatches, 0, {})
    there = manifest.references.files
    identical = sum(made.files.get(name) == digest for name, digest in there.items())
    return Hydrated(made, mismatches, identical, _compare_versions(manifest, made))


def check_published(folder: Path, manifest: GameManifest) -> None:
    """Raises SourceError where a file that is read is not the one that was published."""
    wanted, remedy = "a dataset as it was published", "Get it again"
    for config in manifest.rows:
        if config not in GAME_CONFIGS:
            raise SourceError(f"{folder}/{MANIFEST}", f"config '{config}'", wanted, remedy)
    for name, digest in manifest.files.items():
        if name.endswith(".parquet") or name in KEPT:
            try:
                found = "" if hash_file(folder / name) == digest else "changed since"
            except OSError as error:
                found = error.strerror or str(error)
            if found:
                raise SourceError(f"{folder}/{name}", found, wanted, remedy)


def _recall(published: Path) -> Callable[[Plan], Written]:
    """Returns what hands the games what models gave, as it was published."""

    def recall(plan: Plan) -> Written:
        lines = read_lines(published / GENERATED)
        edits = {
            line.decision.id: line.edit
            for line in lines
            if isinstance(line, GeneratedDecision) and line.edit is not None
        }
        written = gather_written(lines)
        add_written(plan, written, edits)
        return written

    return recall


def _settle(folder: Path, published: Path, config: str) -> list[Mismatch]:
    """Returns what is wrong with the rows of a config; those that are right get their tiers."""
    mismatches: list[Mismatch] = []
    for split in SPLITS:
        name = Path(config) / f"{split}-00000-of-00001.parquet"
        matcher = Matcher(config, read_published(config, published / name))
        if (folder / name).exists() or name_draft(folder / name).exists():
            _match_file(matcher, folder / name)
        mismatches += matcher.finish()
    return mismatches


def _match_file(matcher: Matcher, path: Path) -> None:
    """Writes a file with the tiers that were published, without rows that are not right.

    One that has no tiers, and is right, is left as it was written.
    """
    draft = name_draft(path)
    tiered = draft.exists()
    tables = read_spool(draft) if tiered else read_groups(path)
    masks = iter([matcher.compare(table) for table in tables])
    if tiered or matcher.mismatches:
        write = finish_draft if tiered else rewrite_file
        write(path, lambda table: matcher.fill(table).filter(next(masks)))


def _finish(
    folder: Path,
    published: Path,
    manifest: GameManifest,
    sizes: Sizes,
    mismatches: Sequence[Mismatch],
) -> GameManifest:
    """Returns the manifest of the whole folder, which then has its other files, too."""
    for name in KEPT:
        if (published / name).exists():
            shutil.copyfile(published / name, folder / name)
    quality = read_quality(folder / QUALITY)
    if quality is not None:
        write_folder_report(folder, quality)
    left_out = {config: dict(reasons) for config, reasons in manifest.left_out.items()}
    for mismatch in mismatches:
        reasons = left_out.setdefault(mismatch.config, {})
        reasons[CHANGED] = reasons.get(CHANGED, 0) + 1
    update = {
        "references": None,
        "rows": _count_rows(folder, sizes) if mismatches else sizes,
        "left_out": left_out,
        "versions": list_build_versions(),
    }
    return describe_folder(folder, manifest.model_copy(update=update), describe_games, quality)


def _count_rows(folder: Path, sizes: Sizes) -> Sizes:
    """Returns config -> split -> size, of the files that are there."""
    counted: Sizes = {config: {} for config in sizes}
    for config in sizes:
        for path in list_files(folder, config):
            table = pq.read_table(path)  # pyright: ignore[reportUnknownMemberType]
            split = path.name.partition("-")[0]
            counted[config][split] = SplitSize(rows=table.num_rows, bytes=table.nbytes)
    return counted


def _compare_versions(there: GameManifest, here: GameManifest) -> dict[str, tuple[str, str]]:
    return {
        name: (version, here.versions.get(name, "none"))
        for name, version in there.versions.items()
        if here.versions.get(name) != version
    }


def list_by_game(mismatches: Sequence[Mismatch], most: int = 3) -> list[str]:
    """Returns what is wrong, game by game: how much, and the first few rows by name."""
    by_game: dict[str, list[Mismatch]] = {}
    for mismatch in mismatches:
        by_game.setdefault(mismatch.game, []).append(mismatch)
    lines: list[str] = []
    for game, found in sorted(by_game.items()):
        lines.append(f"{game}: {len(found):,} rows are not as published")
        lines += [f"  {each.config} {each.id}: {each.found}" for each in found[:most]]
        if len(found) > most:
            lines.append(f"  and {len(found) - most:,} more")
    return lines
