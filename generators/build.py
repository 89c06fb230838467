"""From game data to a dataset folder: reads, views, splits, writes, describes."""

import platform
import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from generators.card import render_card
from generators.engine.engine import Engine
from generators.folder import CARD, MANIFEST, hash_files, replace_folder
from generators.game_rows import BrokenGame
from generators.generation import Models, Written, generate
from generators.hub_metadata import add_features, check_library, list_versions
from generators.kinds import KINDS
from generators.reading import (
    Plan,
    Progress,
    add_written,
    look_for_candidates,
    plan_reading,
    read_games,
)
from generators.rejected import REJECTED, write_rejections
from generators.sources.game_data import read_metadata
from generators.sources.layout import find_games
from generators.survey import Survey
from generators.tables import arrow_schema, give_memory_back
from generators.tally import Tally
from generators.tiers import TIERED, assign_tiers
from generators.writer import RowWriter
from schemas.base import CANARY
from schemas.config import MachiavelliConfig
from schemas.manifest import GameManifest
from schemas.quality import Selection

VERSIONED = (
    "datasets",
    "jinja2",
    "numpy",
    "orjson",
    "pyarrow",
    "pydantic",
    "scikit-learn",
    "scipy",
    "vaderSentiment",
)
"""The packages whose versions may decide the bytes of a folder."""


@dataclass(frozen=True)
class Job:
    """What to build, from where and to where."""

    data: Path
    out: Path
    config: MachiavelliConfig
    source: Literal["sample", "game_data"]
    engine: Engine | None = None
    """Where answers come from; None for a run without models."""


def build_folder(job: Job, progress: Progress) -> tuple[GameManifest, Survey]:
    """Returns what was written to `job.out`, and what was seen in the game data.

    Raises:
        GeneratorError: game data or `job.out` is not what it must be; nothing was changed.
    """
    check_library()
    give_memory_back()
    games = find_games(job.data, job.config.games)
    metadata = read_metadata(job.data)
    tally = Tally(skip_broken=job.config.skip_broken)
    if job.config.games is None:
        tally.count_metadata(metadata, [files.game for files in games])
    with replace_folder(job.out) as folder:
        schemas = {name: add_features(arrow_schema(KINDS[name].row)) for name in job.config.kinds}
        writer = RowWriter(folder, job.config, schemas)
        spools = folder / "spools"
        spools.mkdir()
        plan = plan_reading(games, metadata or {}, job.config, spools, progress)
        written = _write_with_models(job, plan, progress)
        results = read_games(plan, progress)
        with closing(results), closing(writer):
            for result in results:
                tally.take(result)
                if not isinstance(result, BrokenGame):
                    writer.add(result)
            writer.finish()
        shutil.rmtree(spools)
        write_rejections(folder / REJECTED, written.rejections)
        tally.check(job.data)
        tally.check_rows(writer.sizes)
        filled = [name for name in TIERED if writer.sizes.get(name)]
        selections = {name: assign_tiers(folder, name) for name in filled}
        manifest = _describe(job, tally, writer, written, selections, hash_files(folder))
        _write_description(folder, manifest, schemas)
    return manifest, tally.survey


def _write_with_models(job: Job, plan: Plan, progress: Progress) -> Written:
    """Returns what models add, and hands it to the games; nothing where none is asked."""
    config = job.config
    if job.engine is None or config.model is None:
        return Written()
    candidates = look_for_candidates(plan, config, progress)
    models = Models(config.model, config.judge_model or config.model, config.densify)
    written = generate(candidates, models, job.engine)
    add_written(plan, written)
    return written


def _describe(
    job: Job,
    tally: Tally,
    writer: RowWriter,
    written: Written,
    selections: dict[str, Selection],
    files: dict[str, str],
) -> GameManifest:
    return GameManifest(
        name="machiavelli",
        config=job.config,
        source=job.source,
        games=dict(sorted(tally.games.items())),
        broken=dict(sorted(tally.broken.items())),
        rows=writer.sizes,
        counts=dict(sorted(tally.survey.counts.items())),
        left_out=writer.left_out,
        selections=selections,
        oddities=dict(sorted(tally.oddities.items())),
        generation=written.report,
        canary=CANARY,
        versions={"python": platform.python_version(), **list_versions(VERSIONED)},
        files=files,
    )


def _write_description(
    folder: Path, manifest: GameManifest, schemas: Mapping[str, pa.Schema]
) -> None:
    content = manifest.model_dump_json(indent=2) + "\n"
    (folder / MANIFEST).write_text(content, encoding="utf-8", newline="\n")
    card = render_card(manifest, content, schemas)
    (folder / CARD).write_text(card, encoding="utf-8", newline="\n")
