"""What a run over games would ask and cost, before anything is sent (`--dry-run`)."""

import argparse
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from generators.engine.dialogue import Accepted, Ask, Missing
from generators.engine.money import estimate_tokens
from generators.machiavelli.reading import Progress, look_for_candidates, plan_reading
from generators.model_options import read_settings
from generators.sources.games.game_data import read_metadata
from generators.sources.games.layout import find_games
from generators.writing import GAME_TASKS, judge, labels
from generators.writing.candidates import Candidates, read_options
from generators.writing.engines import check_unused
from generators.writing.games import Models, draft_decision, list_judging_asks, list_writing_asks
from generators.writing.plan import (
    NO_MODEL,
    Estimate,
    Estimates,
    Lookup,
    count_ask,
    list_lines,
    look_up,
)
from schemas.config import MachiavelliConfig
from schemas.exchange import Tokens


def show_plan(
    data: Path, config: MachiavelliConfig, arguments: argparse.Namespace, progress: Progress
) -> str:
    """Returns the plan as text, without a last newline; sends nothing and writes nothing."""
    if config.model is None and arguments.data is not None:
        check_unused(config)
    if config.model is None:
        return NO_MODEL
    models = Models(config.model, config.judge_model or config.model, config.densify)
    run = read_settings(arguments, [models.writer, models.judge])
    with tempfile.TemporaryDirectory(prefix="contrapose-") as folder:
        games = find_games(data, config.games)
        plan = plan_reading(games, read_metadata(data) or {}, config, Path(folder), progress)
        candidates = look_for_candidates(plan, config, progress)
        with look_up(run.settings) as lookup:
            found = estimate(candidates, models, lookup)
    return "\n".join(list_lines(found, models.by_task, run.settings, run.prices))


def estimate(candidates: Candidates, models: Models, lookup: Lookup) -> Estimates:
    """Returns what each task would take.

    Judgments of what is not written yet are counted as two for each request for a Decision.
    """
    found = {name: Estimate() for name in GAME_TASKS}
    menus = {menu.id: menu for menu in candidates.menus}
    unwritten = 0
    for ask in list_writing_asks(candidates.menus, models.writer):
        step = count_ask(found, ask, lookup)
        if isinstance(step, Missing):
            unwritten += 1
        elif isinstance(step, Accepted):
            decision = draft_decision(menus[step.request.item], step).decision
            for judging in list_judging_asks([decision], models.judge):
                count_ask(found, judging, lookup)
    _expect_judgments(found[judge.TASK.name], 2 * unwritten, candidates, models.judge)
    if models.densify:
        for ask in _list_labelling(candidates, models.writer):
            count_ask(found, ask, lookup)
    return {name: each for name, each in found.items() if each.requests}


def _list_labelling(candidates: Candidates, model: str) -> Iterator[Ask[Any]]:
    options: Iterable[Any] = read_options(candidates.unlabelled)
    for option in (*options, *(text for text, _ in candidates.labelled)):
        yield labels.ask(option.item, option.text, option.outcome, model)


def _expect_judgments(here: Estimate, number: int, candidates: Candidates, model: str) -> None:
    if not number or not candidates.menus:
        return
    like = next(iter(list_judging_asks(candidates.menus[:1], model))).request
    each = Tokens(prompt=estimate_tokens(like), completion=judge.TASK.usual_tokens)
    here.requests += number
    here.new["not written yet, so at most"] += number
    here.tokens += Tokens(prompt=number * each.prompt, completion=number * each.completion)
