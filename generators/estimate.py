"""What a run would ask and cost, before anything is sent (`--dry-run`)."""

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from generators.candidates import Candidates, read_options
from generators.engine.dialogue import Accepted, Ask, Find, Missing, advance
from generators.engine.engine import Settings
from generators.engine.exchange import Request
from generators.engine.money import Prices, estimate_tokens
from generators.engine.response_log import ResponseLog
from generators.engines import check_unused
from generators.generation import draft_decision, list_judging_asks, list_writing_asks
from generators.model_options import clean_url, read_settings
from generators.reading import Progress, look_for_candidates, plan_reading
from generators.sources.game_data import read_metadata
from generators.sources.layout import find_games
from generators.tasks import TASKS, judge, labels
from schemas.config import MachiavelliConfig
from schemas.exchange import Tokens

CHANGES = ("model", "template", "schema", "parameters")
"""What a key is made of, in the order in which a change is named."""


@dataclass
class Estimate:
    """What one task would take."""

    requests: int = 0
    cached: int = 0
    pending: int = 0
    new: Counter[str] = field(default_factory=Counter[str])
    """Why -> requests that would be sent."""
    tokens: Tokens = field(default_factory=Tokens)


def show_plan(
    data: Path, config: MachiavelliConfig, arguments: argparse.Namespace, progress: Progress
) -> str:
    """Returns the plan as text, without a last newline; sends nothing and writes nothing."""
    if config.model is None and arguments.data is not None:
        check_unused(config)
    if config.model is None:
        return "No model is named: nothing would be asked, and nothing paid."
    run = read_settings(arguments, [config.model, config.judge_model or config.model])
    with tempfile.TemporaryDirectory(prefix="contrapose-") as folder:
        games = find_games(data, config.games)
        plan = plan_reading(games, read_metadata(data) or {}, config, Path(folder), progress)
        candidates = look_for_candidates(plan, config, progress)
        if not run.settings.responses.exists():
            found = estimate(candidates, config, lambda request: None, lambda request: "new")
        else:
            url = clean_url(run.settings.base_url)
            with ResponseLog(run.settings.responses, url) as log:
                found = estimate(candidates, config, log.find, make_explainer(log))
    return "\n".join(_list_lines(found, config, run.settings, run.prices))


def make_explainer(log: ResponseLog) -> Callable[[Request], str]:
    """Returns what says why a request has no answer in the log."""
    earlier = log.last_marks()

    def explain(request: Request) -> str:
        if log.is_pending(request):
            return "pending"
        marks = earlier.get((request.task.partition("/")[0], request.item))
        if not marks:
            return "new"
        changed = [name for name in CHANGES if marks.get(name) != request.marks[name]]
        return f"{changed[0]} changed" if changed else "text of the game changed, or a re-ask"

    return explain


def estimate(
    candidates: Candidates,
    config: MachiavelliConfig,
    find: Find,
    explain: Callable[[Request], str],
) -> dict[str, Estimate]:
    """Returns what each task would take.

    Judgments of what is not written yet are counted as two for each request for a Decision.
    """
    assert config.model is not None
    found = {name: Estimate() for name in TASKS}
    judge_model = config.judge_model or config.model
    menus = {menu.id: menu for menu in candidates.menus}
    unwritten = 0
    for ask in list_writing_asks(candidates.menus, config.model):
        step = _count(found, ask, find, explain, config.repairs)
        if isinstance(step, Missing):
            unwritten += 1
        elif isinstance(step, Accepted):
            answer = cast(Accepted[Any], step)
            decision = draft_decision(menus[answer.request.item], answer).decision
            for judging in list_judging_asks([decision], judge_model):
                _count(found, judging, find, explain, config.repairs)
    _expect_judgments(found[judge.TASK.name], 2 * unwritten, candidates, judge_model)
    if config.densify:
        for ask in _list_labelling(candidates, config.model):
            _count(found, ask, find, explain, config.repairs)
    return {name: each for name, each in found.items() if each.requests}


def _list_labelling(candidates: Candidates, model: str) -> Iterator[Ask[Any]]:
    options: Iterable[Any] = read_options(candidates.unlabelled)
    for option in (*options, *(text for text, _ in candidates.labelled)):
        yield labels.ask(option.item, option.text, option.outcome, model)


def _count(
    found: dict[str, Estimate],
    ask: Ask[Any],
    find: Find,
    explain: Callable[[Request], str],
    repairs: int,
) -> Any:
    task = ask.request.task.partition("/")[0]
    here = found[task]
    step = advance(ask, find, repairs)
    here.requests += 1
    if not isinstance(step, Missing):
        here.cached += 1
        return step
    why = explain(step.request)
    if why == "pending":
        here.pending += 1
        return step
    here.new[why] += 1
    usual = TASKS[task].usual_tokens
    here.tokens += Tokens(prompt=estimate_tokens(step.request), completion=usual)
    return step


def _expect_judgments(here: Estimate, number: int, candidates: Candidates, model: str) -> None:
    if not number or not candidates.menus:
        return
    like = next(iter(list_judging_asks(candidates.menus[:1], model))).request
    each = Tokens(prompt=estimate_tokens(like), completion=judge.TASK.usual_tokens)
    here.requests += number
    here.new["not written yet, so at most"] += number
    here.tokens += Tokens(prompt=number * each.prompt, completion=number * each.completion)


def _list_lines(
    found: dict[str, Estimate], config: MachiavelliConfig, settings: Settings, prices: Prices
) -> Iterator[str]:
    lane = "batch" if settings.batch else "live"
    yield f"{'task':<14}{'requests':>10}{'answered':>10}{'pending':>9}{'to ask':>9}  about"
    total: float | None = 0.0
    for name, each in found.items():
        model = config.judge_model if name == judge.TASK.name else config.model
        cost = prices.cost(model or config.model or "", each.tokens, lane)
        total = None if total is None or cost is None else total + cost
        tokens = f"{each.tokens.prompt:,} + {each.tokens.completion:,} tokens"
        yield (
            f"{name:<14}{each.requests:>10,}{each.cached:>10,}{each.pending:>9,}"
            f"{each.new.total():>9,}  {tokens}" + ("" if cost is None else f", ${cost:.2f}")
        )
        yield from (f"  {count:,}: {why}" for why, count in sorted(each.new.items()))
    if total is None:
        yield "The price of a model is not known: tokens only. Give it with --prices FILE."
    else:
        half = " (a batch, at half the price)" if settings.batch else ""
        yield f"About ${total:.2f} in all{half}, by prices of {prices.as_of}; re-asks not included."
        if settings.max_cost is not None and total > settings.max_cost:
            yield f"That is more than --max-cost {settings.max_cost:g}: the run would stop there."
    yield f"Log: {settings.responses.as_posix()}. Nothing was sent."
