"""The one door to a model: asks what is missing, then gives all answers back in order.

Nothing is used that is not in the log. So a run that is repeated, or goes on after a kill, gives
the same answers in the same order, and pays for those that were missing.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from generators.engine.course import Course, Meter
from generators.engine.dialogue import Accepted, Ask, Found, Missing, Rejected, Step, advance
from generators.engine.exchange import Request
from generators.engine.money import Budget, Prices
from generators.engine.recorded import Recording
from generators.engine.response_log import ResponseLog
from generators.engine.rungs import Ladder
from schemas.exchange import Tokens

Asks = Callable[[], Iterable[Ask[Any]]]
"""Gives the asks, always the same ones; they may be many, so they are not kept."""


@dataclass(frozen=True)
class Settings:
    """How a model is asked."""

    responses: Path
    """The response log."""
    base_url: str | None = None
    """Server; None for OpenAI's own."""
    concurrency: int = 64
    per_minute: int | None = None
    tokens_per_minute: int | None = None
    repairs: int = 1
    max_cost: float | None = None
    batch: bool = False
    poll: float = 2.0
    """Seconds until an open batch is first looked at again."""


@dataclass
class TaskLedger:
    """What came of one task's requests, and what they cost."""

    asked: int = 0
    accepted: int = 0
    repaired: int = 0
    """Of those accepted, those that a first answer was unfit for."""
    rejected: Counter[str] = field(default_factory=Counter[str])
    pending: int = 0
    not_recorded: int = 0
    failed_tries: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    cost: float | None = 0.0


class Engine(Protocol):
    """Where answers come from."""

    ledgers: dict[str, TaskLedger]
    prices_as_of: str | None

    def run(self, asks: Asks, doing: str, total: int | None) -> Iterator[Step[Any]]:
        """Yields what came of each ask, in order: Accepted, Rejected, or Missing for now."""
        ...


class RecordedEngine:
    """Answers from recorded responses; sends nothing."""

    def __init__(
        self, recording: Recording, repairs: int, prices: Prices, *, lenient: bool
    ) -> None:
        """Takes answers from a recording.

        Args:
            recording: the answers.
            prices: what they cost when they were given.
            repairs: re-asks that a bad answer may have.
            lenient: whether what is not recorded is left out, in place of an error.
        """
        self.ledgers: dict[str, TaskLedger] = {}
        self.recording = recording
        self.prices_as_of: str | None = prices.as_of if recording.paid else None
        self._repairs, self._prices, self._lenient = repairs, prices, lenient

    def run(self, asks: Asks, doing: str, total: int | None) -> Iterator[Step[Any]]:
        """Yields what came of each ask, in order.

        Raises:
            ReplayError: an answer is not recorded, and none may be missing.
        """
        for ask in asks():
            ledger = self.ledgers.setdefault(ask.request.task.partition("/")[0], TaskLedger())
            step = advance(ask, self.recording.find, self._repairs)
            if isinstance(step, Missing):
                if not self._lenient:
                    raise self.recording.explain(step.request)
                ledger.not_recorded += 1
            enter(ledger, step, self._prices)
            yield step


class LoggedEngine:
    """Answers from the response log, which a server first fills."""

    def __init__(
        self, log: ResponseLog, settings: Settings, prices: Prices, meter: Callable[..., Meter]
    ) -> None:
        self.ledgers: dict[str, TaskLedger] = {}
        self.log = log
        self.budget = Budget(prices, settings.max_cost)
        self.prices_as_of: str | None = prices.as_of
        self._settings, self._meter = settings, meter
        self._counted: set[tuple[str, int]] = set()
        self._ladders: defaultdict[str, Ladder] = defaultdict(Ladder)

    def run(self, asks: Asks, doing: str, total: int | None) -> Iterator[Step[Any]]:
        """Yields what came of each ask, in order, once all that was missing is asked for.

        Raises:
            GeneratorError: the asking had to stop; what was answered is kept.
        """
        meter = self._meter(doing, total)
        try:
            course = self._fill(asks, meter)
        finally:
            meter.close()
        for ask in asks():
            ledger = self.ledgers.setdefault(ask.request.task.partition("/")[0], TaskLedger())
            step = advance(ask, self.log.find, self._settings.repairs)
            if isinstance(step, Missing):
                step = self._explain(step, course, ledger)
            paid_before = step.request.place in self._counted  # equal requests share an answer
            self._counted.add(step.request.place)
            enter(ledger, step, self.budget.prices, paid=not paid_before)
            yield step

    def _explain(self, step: Missing, course: Course, ledger: TaskLedger) -> Step[Any]:
        request = step.request
        if why := course.unanswered.get(request.place):
            reason = "request_refused" if why.refused else "no_answer"
            return Rejected(reason, why.detail, request, None, step.found)
        ledger.pending += 1
        return step

    def _fill(self, asks: Asks, meter: Meter) -> Course:
        if not any(self._is_missing(ask) for ask in asks()) and not (
            self._settings.batch and self.log.open_batches()
        ):
            return Course()
        from generators.engine.api import Api

        settings = self._settings
        api = Api(settings.base_url, settings.concurrency)

        async def fill() -> Course:
            async with api:
                return await self._ask(api, asks, meter)

        return asyncio.run(fill())

    async def _ask(self, api: Any, asks: Asks, meter: Meter) -> Course:
        settings = self._settings
        if settings.batch:
            from generators.engine.batch import BatchLane

            lane = BatchLane(api, self.log, self.budget, settings.repairs, meter, settings.poll)
            return await lane.fill(asks)
        from generators.engine.limits import Limits
        from generators.engine.live import Live

        limits = Limits(settings.concurrency, settings.per_minute, settings.tokens_per_minute)
        live = Live(api, self.log, limits, self.budget, self._ladders, settings.repairs, meter)
        return await live.fill(asks())

    def _is_missing(self, ask: Ask[Any]) -> bool:
        step = advance(ask, self.log.find, self._settings.repairs)
        return isinstance(step, Missing) and not (
            self.log.is_pending(step.request) and not self._settings.batch
        )


def enter(ledger: TaskLedger, step: Step[Any], prices: Prices, *, paid: bool = True) -> None:
    """Adds what came of one ask to its task's ledger, and what it cost unless that is there."""
    ledger.asked += 1
    if isinstance(step, Accepted):
        ledger.accepted += 1
        ledger.repaired += len(step.found) > 1
    elif isinstance(step, Rejected):
        ledger.rejected[step.reason] += 1
    for answer in step.found if paid else ():
        _pay(ledger, answer, step.request, prices)


def _pay(ledger: TaskLedger, answer: Found, request: Request, prices: Prices) -> None:
    ledger.tokens += answer.tokens
    ledger.failed_tries += answer.failed
    cost = prices.cost(request.model, answer.tokens, answer.lane)
    ledger.cost = None if ledger.cost is None or cost is None else ledger.cost + cost
