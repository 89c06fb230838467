"""What a run over games would ask and cost, before anything is sent (`--dry-run`)."""

import tempfile
from functools import partial
from pathlib import Path

from generators.engine.engine import Settings
from generators.machiavelli.reading import Progress, look_for_candidates, plan_reading
from generators.sources.games.game_data import read_metadata
from generators.sources.games.layout import find_games
from generators.writing.games import Models, count_requests
from generators.writing.plan import Plan, make_plan
from schemas.config import MachiavelliConfig


def plan_requests(
    data: Path, config: MachiavelliConfig, settings: Settings, progress: Progress
) -> Plan:
    """Returns what a run would ask; sends nothing and writes nothing.

    Raises:
        GeneratorError: the game data or an option is not what it must be.
    """
    if config.model is None:
        return Plan()
    models = Models(config.model, config.judge_model or config.model, config.densify)
    with tempfile.TemporaryDirectory(prefix="contrapose-") as folder:
        games = find_games(data, config.games)
        reading = plan_reading(games, read_metadata(data) or {}, config, Path(folder), progress)
        candidates = look_for_candidates(reading, config, progress)
        count = partial(count_requests, candidates=candidates, models=models)
        return make_plan(count, models.by_task, settings)
