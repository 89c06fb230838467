"""Assesses a dataset folder, or a file of pairs, by all checks: reads, measures, sums up."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from generators.configs import pairs as own_pairs
from generators.folder import hash_file
from generators.quality.evidence import FolderEvidence
from generators.quality.gates import FOLDER, PAIRS
from generators.quality.measurement import (
    Rows,
    list_evidence,
    measure_folder,
    run_checks,
    summarize_checks,
)
from generators.quality.plots import Sketchbook
from generators.quality.rows import read_flags, read_rows
from generators.quality.selection.cues import read_texts
from generators.quality.tiers import choose_rows
from generators.sources.pairs.pair_files import OwnPair
from schemas.generation import Audit, GenerationReport
from schemas.manifest import GameManifest, Manifest
from schemas.quality import CheckResult, HumanAudit, Quality

Watch = Callable[[Sequence[str]], Iterator[str]]
"""Shows which config is being measured."""


class Assessed(NamedTuple):
    """What was measured of pairs, and which of them a core would keep."""

    quality: Quality
    table: pa.Table
    """The pairs with `tier`, `hard` and `reversed_cue`."""


def assess_folder(
    folder: Path, manifest: Manifest, audit: HumanAudit | None, watch: Watch
) -> Quality:
    """Returns the quality of a folder.

    Args:
        folder: holds the files that the manifest names.
        manifest: what the folder says of itself.
        audit: what people said of its rows; None where none was asked.
        watch: shows how far it is.
    """
    checks: list[CheckResult] = []
    sketchbook = Sketchbook()
    untrue: Counter[str] = Counter()
    for config in watch([name for name, splits in manifest.rows.items() if splits]):
        rows, unsaid = read_rows(folder, config)
        untrue += unsaid
        untrue["rows that the manifest does not count"] += abs(
            rows.table.num_rows - sum(size.rows for size in manifest.rows[config].values())
        )
        for evidence in list_evidence(rows):
            checks += run_checks(evidence)
            sketchbook.add(evidence)
    untrue["files with another sha256"] += _count_changed(folder, manifest)
    judgments = list_judgments(manifest)
    whole = FolderEvidence(
        config=FOLDER,
        tier="full",
        rows=sum(size.rows for splits in manifest.rows.values() for size in splits.values()),
        judgments=judgments,
        audit=audit,
        untrue=dict(untrue),
    )
    checks += measure_folder(whole)
    plots = sketchbook.finish(judgments)
    return summarize_checks(manifest.name, checks, manifest.selections, plots, audit)


def _count_changed(folder: Path, manifest: Manifest) -> int:
    """Returns how many Parquet files are not what the manifest says, or are not there."""
    rows = {name: digest for name, digest in manifest.files.items() if name.endswith(".parquet")}
    return sum(
        not (folder / name).is_file() or hash_file(folder / name) != digest
        for name, digest in rows.items()
    )


def list_judgments(manifest: Manifest) -> list[Audit]:
    """Returns what came of independent judgments, if anything was judged."""
    report = manifest.generation if isinstance(manifest, GameManifest) else None
    if not isinstance(report, GenerationReport):
        return []
    return [report.judged, *([report.blind] if report.blind else [])]


def assess_pairs(name: str, pairs: Sequence[OwnPair]) -> Assessed:
    """Returns the quality of anybody's pairs, and which of them a core would keep."""
    contrasts = own_pairs.read_contrasts(pairs)
    number = len(pairs)
    texts = {
        "id": contrasts.ids,
        "prompt": pa.array([pair.prompt for pair in pairs]),
        "positive": pa.array([pair.positive for pair in pairs]),
        "negative": pa.array([pair.negative for pair in pairs]),
        "group": pa.array([pair.group for pair in pairs], pa.string()),
        "split": pa.array(["train"] * number),
        "origin": pa.array(["own"] * number),
    }
    del pairs  # Arrow holds their text in a fraction of the memory
    readings = read_texts(contrasts.texts)
    columns, selection = choose_rows(contrasts, readings)
    table = pa.table({**texts, **columns})
    nothing = np.zeros(number, np.bool_)
    rows = Rows(PAIRS, table, contrasts, read_flags(table), off_schema=nothing)
    checks: list[CheckResult] = []
    sketchbook = Sketchbook()
    for evidence in list_evidence(rows, readings):
        checks += run_checks(evidence)
        sketchbook.add(evidence)
    folder = FolderEvidence(PAIRS, "full", number, [], None, {})
    checks += [each for each in measure_folder(folder) if each.number != 25]
    plots = sketchbook.finish([])
    return Assessed(summarize_checks(name, checks, {PAIRS: selection}, plots, None), table)
