"""What some requests would take, before anything is sent: the parts of a `--dry-run`."""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from generators.engine.dialogue import Ask, Find, Missing, Step, advance
from generators.engine.engine import Settings
from generators.engine.exchange import Request
from generators.engine.money import Prices, estimate_tokens
from generators.engine.response_log import ResponseLog
from generators.model_options import clean_url
from generators.writing import TASKS
from schemas.exchange import Tokens

CHANGES = ("model", "template", "schema", "parameters")
"""What a key is made of, in the order in which a change is named."""

NO_MODEL = "No model is named: nothing would be asked, and nothing paid."


@dataclass
class Estimate:
    """What one task would take."""

    requests: int = 0
    cached: int = 0
    pending: int = 0
    new: Counter[str] = field(default_factory=Counter[str])
    """Why -> requests that would be sent."""
    tokens: Tokens = field(default_factory=Tokens)


Estimates = dict[str, Estimate]
"""Task -> what it would take."""


@dataclass(frozen=True)
class Lookup:
    """What a log knows of requests."""

    find: Find
    explain: Callable[[Request], str]
    """Why a request has no answer."""
    repairs: int


@contextmanager
def look_up(settings: Settings) -> Generator[Lookup]:
    """Gives the log as it is; it is not made where there is none."""
    if not settings.responses.exists():
        yield Lookup(lambda request: None, lambda request: "new", settings.repairs)
        return
    with ResponseLog(settings.responses, clean_url(settings.base_url)) as log:
        yield Lookup(log.find, make_explainer(log), settings.repairs)


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
        return f"{changed[0]} changed" if changed else "what it asks about changed, or a re-ask"

    return explain


def count_asks(asks: Iterable[Ask[Any]], lookup: Lookup) -> Estimates:
    """Returns what some asks would take."""
    found: Estimates = {}
    for ask in asks:
        count_ask(found, ask, lookup)
    return found


def count_ask(found: Estimates, ask: Ask[Any], lookup: Lookup) -> Step[Any]:
    """Adds what one ask would take; returns what there is of it."""
    task = ask.request.task.partition("/")[0]
    here = found.setdefault(task, Estimate())
    step = advance(ask, lookup.find, lookup.repairs)
    here.requests += 1
    if not isinstance(step, Missing):
        here.cached += 1
        return step
    why = lookup.explain(step.request)
    if why == "pending":
        here.pending += 1
        return step
    here.new[why] += 1
    usual = TASKS[task].usual_tokens
    here.tokens += Tokens(prompt=estimate_tokens(step.request), completion=usual)
    return step


def list_lines(
    found: Estimates, models: Mapping[str, str], settings: Settings, prices: Prices
) -> Iterator[str]:
    """Yields the plan as lines.

    Args:
        found: what the tasks would take.
        models: task -> who is asked.
        settings: how.
        prices: what that costs.
    """
    lane = "batch" if settings.batch else "live"
    yield f"{'task':<14}{'requests':>10}{'answered':>10}{'pending':>9}{'to ask':>9}  about"
    total: float | None = 0.0
    for name, each in found.items():
        cost = prices.cost(models[name], each.tokens, lane)
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
