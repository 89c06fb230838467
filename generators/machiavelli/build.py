"""From game data to a dataset folder: reads, views, splits, writes, describes."""

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from generators.arrow import arrow_schema, give_memory_back, share_one_heap
from generators.configs import GAME_CONFIGS
from generators.dataset.card import describe_games
from generators.dataset.finishing import Watch, finish_folder
from generators.dataset.header import add_features, check_library, list_versions
from generators.dataset.writer import RowWriter
from generators.engine.engine import Engine
from generators.folder import hash_files, replace_folder
from generators.machiavelli.reading import (
    Plan,
    Progress,
    add_written,
    look_for_candidates,
    plan_reading,
    read_games,
)
from generators.machiavelli.totals import Tally
from generators.quality.tiering import assign_all_tiers
from generators.sources.games.counts import Counts
from generators.sources.games.game_data import BrokenGame, read_metadata
from generators.sources.games.layout import find_games
from generators.writing.games import Models, Written, generate
from generators.writing.generated import GENERATED, write_generated
from generators.writing.rejected import REJECTED, write_rejections
from schemas.base import CANARY
from schemas.config import MachiavelliConfig
from schemas.manifest import GameManifest
from schemas.quality import Quality, Selection

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
    watch: Watch | None = None
    """Shows which config is being measured; None to measure nothing."""


class Filled(NamedTuple):
    """What was read into a folder."""

    tally: Tally
    """What was seen in the game data."""
    writer: RowWriter
    """What was written of it."""
    written: Written
    """What models gave."""


class Built(NamedTuple):
    """What came of a build."""

    manifest: GameManifest
    """What was written."""
    survey: Counts
    """What was seen in the game data."""
    quality: Quality | None
    """What was measured; None where nothing was."""


def build_folder(job: Job, progress: Progress) -> Built:
    """Returns what was written to `job.out`, what was seen in the game data, and its quality.

    Raises:
        GeneratorError: game data or `job.out` is not what it must be; nothing was changed.
    """
    check_library()
    with replace_folder(job.out) as folder:
        filled = fill_folder(
            folder,
            job.data,
            job.config,
            lambda plan: _write_with_models(job, plan, progress),
            progress,
        )
        write_rejections(folder / REJECTED, filled.written.rejections)
        write_generated(folder / GENERATED, filled.written)
        selections = assign_all_tiers(
            folder, [name for name, size in filled.writer.sizes.items() if size]
        )
        manifest = _describe(job, filled, selections, hash_files(folder))
        manifest, quality = finish_folder(folder, manifest, describe_games, job.watch)
    return Built(manifest, filled.tally.survey, quality)


def fill_folder(
    folder: Path,
    data: Path,
    config: MachiavelliConfig,
    ask: Callable[[Plan], Written],
    progress: Progress,
) -> Filled:
    """Returns what was read into a folder: all rows; those with a tier in drafts, without it yet.

    Args:
        folder: is empty.
        data: the game data.
        config: what the run is asked for.
        ask: gets what models add, and hands it to the games.
        progress: shows how far the run is.

    Raises:
        GeneratorError: the game data is not what it must be.
    """
    give_memory_back()
    share_one_heap()
    games = find_games(data, config.games)
    metadata = read_metadata(data)
    tally = Tally(skip_broken=config.skip_broken)
    if config.games is None:
        tally.count_metadata(metadata, [files.game for files in games])
    schemas = {name: add_features(arrow_schema(GAME_CONFIGS[name].row)) for name in config.kinds}
    writer = RowWriter(folder, config, schemas)
    spools = folder / "spools"
    spools.mkdir()
    plan = plan_reading(games, metadata or {}, config, spools, progress)
    written = ask(plan)
    results = read_games(plan, progress)
    with closing(results), closing(writer):
        for result in results:
            tally.take(result)
            if not isinstance(result, BrokenGame):
                writer.add(result)
        writer.finish()
    shutil.rmtree(spools)
    tally.check(data)
    tally.check_rows(writer.sizes)
    return Filled(tally, writer, written)


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


def list_build_versions() -> dict[str, str]:
    """Returns the versions of Python and of what may decide the bytes of a folder."""
    return list_versions(VERSIONED)


def _describe(
    job: Job, filled: Filled, selections: dict[str, Selection], files: dict[str, str]
) -> GameManifest:
    tally, writer, written = filled
    return GameManifest(
        name="machiavelli",
        config=job.config,
        source=job.source,
        games=dict(sorted(tally.games.items())),
        broken=dict(sorted(tally.broken.items())),
        rows=writer.sizes,
        counts=dict(sorted(tally.survey.totals.items())),
        left_out=writer.left_out,
        selections=selections,
        oddities=dict(sorted(tally.oddities.items())),
        generation=written.report,
        canary=CANARY,
        versions=list_build_versions(),
        files=files,
    )
