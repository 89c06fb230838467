"""The only entry to a model: asks for what is missing, then yields all answers in order.

Nothing is used that is not in the log. So a run that is repeated, or goes on after a kill, gives
the same answers in the same order, and pays only for those that were missing.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from generators.engine.batch_folder import BatchFolder
from generators.engine.dialogue import (
    Accepted,
    Asks,
    Missing,
    Rejected,
    Step,
    Unanswered,
    advance,
    bound,
)
from generators.engine.exchange import OPENAI
from generators.engine.ladder import SchemaLadder
from generators.engine.limits import Limits
from generators.engine.money import Budget, Prices, read_prices
from generators.engine.response_log import ResponseLog
from generators.errors import UsageError
from generators.overwriting import check_outside
from generators.progress import SILENT, Progress
from generators.run_options import BatchFolderOptions, EngineOptions, name_log
from schemas.exchange import Tokens

FOLDER = "batch-folder"
"""What answers to files are kept under where no server is named."""


def bound_all(asks: Asks, most_tokens: int | None) -> Asks:
    """Returns asks whose answers have so many tokens at most; None for as many as they say."""
    return asks if most_tokens is None else lambda: (bound(ask, most_tokens) for ask in asks())


@dataclass(frozen=True, kw_only=True)
class Settings(EngineOptions):
    """How a model is asked: the options of a command, and what else the engine needs."""

    responses: Path = field()
    """The response log."""
    repairs: int = 1
    """Re-asks with the error before an answer is rejected."""
    poll: float = 2.0
    """Seconds until an open batch is first looked at again."""
    batch_folder: Path | None = None
    """Where requests are written to and their answers are read from, in place of a server."""
    lines_per_file: int = 50_000
    """Most requests in one file there."""

    @property
    def address(self) -> str:
        """What answers are kept under: the server's address, or a name for any that reads files.

        Raises:
            UsageError: `base_url` is no such address, or holds a password.
        """
        if self.base_url is None and self.batch_folder is not None:
            return FOLDER
        return clean_url(self.base_url)


def make_settings(options: EngineOptions, out: Path, repairs: int) -> Settings:
    """Returns how a model is asked, as the options of a run that writes to `out` name it.

    Raises:
        UsageError: the response log, or the folder of batches, lies in what the run replaces; or
            both kinds of batches are asked for.
    """
    responses = name_log(out) if options.responses is None else Path(options.responses)
    batches = options if isinstance(options, BatchFolderOptions) else BatchFolderOptions()
    batch_folder = None if batches.batch_folder is None else Path(batches.batch_folder)
    if getattr(options, "model", "named in each request") is not None:
        check_outside(out, {"--responses": responses, "--batch-folder": batch_folder})
    if batch_folder is not None and options.batch:
        raise UsageError("--batch-folder", "--batch beside it", "one of them", "Leave one out")
    given: dict[str, Any] = {
        each.name: getattr(options, each.name) for each in fields(EngineOptions)
    }
    given |= {"responses": responses, "repairs": repairs, "batch_folder": batch_folder}
    given["lines_per_file"] = batches.lines_per_file
    return Settings(**given)


def clean_url(url: str | None) -> str:
    """Returns the address that answers are kept under: without query; OpenAI's for None.

    Raises:
        UsageError: it is not such an address, or holds a password.
    """
    wanted = "a URL such as http://127.0.0.1:8080/v1"
    try:
        parts = urlsplit(url or OPENAI)
        port = parts.port
    except ValueError as error:
        # Without Python's message, which quotes what may be a password.
        raise UsageError("--base-url", "a URL that cannot be read", wanted, "Fix it") from error
    if parts.username or parts.password:
        found, remedy = "it holds a user name or a password", "Put the key into OPENAI_API_KEY"
        raise UsageError("--base-url", found, "an address alone", remedy)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        # What has an @ may be a password that is written in another way.
        found = "no such URL" if "@" in parts.geturl() else f"'{parts.geturl()}'"
        raise UsageError("--base-url", found, wanted, "Fix it")
    host = parts.hostname if port is None else f"{parts.hostname}:{port}"
    return f"{parts.scheme}://{host}{parts.path}".rstrip("/")


@dataclass
class TaskTotals:
    """The totals of one task's requests."""

    asked: int = 0
    accepted: int = 0
    repaired: int = 0
    """Of those accepted, those whose first answer was unfit."""
    json_repaired: int = 0
    """Of those accepted, those whose JSON was taken from text around it, or repaired."""
    rejected: Counter[str] = field(default_factory=Counter[str])
    pending: int = 0
    not_recorded: int = 0
    failed_tries: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    cost: float | None = 0.0

    def add(self, step: Step[Any], prices: Prices, *, paid: bool = True) -> None:
        """Adds how one dialogue ended; its cost is left out where it is counted already."""
        self.asked += 1
        if isinstance(step, Accepted):
            self.accepted += 1
            self.repaired += len(step.found) > 1
            self.json_repaired += step.json_repaired
        elif isinstance(step, Rejected):
            self.rejected[step.reason] += 1
        for answer in step.found if paid else ():
            self.tokens += answer.tokens
            self.failed_tries += answer.failed
            cost = prices.cost(step.request.model, answer.tokens, answer.lane)
            self.cost = None if self.cost is None or cost is None else self.cost + cost


class Engine(Protocol):
    """Where answers come from."""

    totals: dict[str, TaskTotals]
    """Task, without its version -> its totals so far."""

    @property
    def prices_as_of(self) -> str | None:
        """What the cost was computed by; None where no server was paid."""
        ...

    def run(self, asks: Asks, doing: str, total: int | None) -> Iterator[Step[Any]]:
        """Yields how each dialogue ended, in order: Accepted, Rejected, or Missing for now."""
        ...

    def finish(self) -> None:
        """Ends the asking.

        Raises:
            Unfinished: requests were left in a folder, to be answered there.
        """
        ...


class LoggedEngine:
    """Answers from the response log, which a server first fills."""

    def __init__(
        self, log: ResponseLog, settings: Settings, prices: Prices, progress: Progress = SILENT
    ) -> None:
        self.totals: dict[str, TaskTotals] = {}
        self.log = log
        self.budget = Budget(prices, settings.max_cost)
        self._settings, self._progress = settings, progress
        self._counted: set[tuple[str, int]] = set()
        self._told = False
        self._folder: BatchFolder | None = None
        if settings.batch_folder is not None:
            self._folder = BatchFolder(
                settings.batch_folder,
                settings.lines_per_file,
                log,
                self.budget,
                settings.repairs,
                progress,
            )
        self._ladders: defaultdict[str, SchemaLadder] = defaultdict(SchemaLadder)

    @property
    def prices_as_of(self) -> str | None:
        """What the cost was computed by."""
        return self.budget.prices.as_of

    def run(self, asks: Asks, doing: str, total: int | None) -> Iterator[Step[Any]]:
        """Yields how each dialogue ended, in order, once all that was missing is asked for.

        Raises:
            GeneratorError: the run had to stop; what was answered is kept.
        """
        asks = bound_all(asks, self._settings.max_tokens)
        self._progress.start(doing, total, "item")
        try:
            unanswered = self._fill(asks, doing)
        finally:
            self._progress.end()
        for ask in asks():
            totals = self.totals.setdefault(ask.request.task.partition("/")[0], TaskTotals())
            step = advance(ask, self.log.find, self._settings.repairs)
            if isinstance(step, Missing):
                request = step.request
                if why := unanswered.get(request.place):
                    step = Rejected(*why, request, None, step.found)
                else:
                    totals.pending += 1
            counted = step.request.place in self._counted  # equal requests share an answer
            self._counted.add(step.request.place)
            totals.add(step, self.budget.prices, paid=not counted)
            yield step

    def finish(self) -> None:
        """Ends the asking.

        Raises:
            Unfinished: requests were left in a folder, to be answered there.
            BudgetError: the limit on the cost leaves room for none of them.
        """
        if self._folder is not None:
            self._folder.finish()

    def _fill(self, asks: Asks, doing: str) -> Unanswered:
        settings = self._settings
        self._show_open()
        if self._folder is not None:
            return self._folder.fill(asks, doing)
        log, repairs, progress = self.log, settings.repairs, self._progress
        steps = (advance(ask, log.find, repairs) for ask in asks())
        missing = (step.request for step in steps if isinstance(step, Missing))
        waiting = (not settings.batch and log.is_pending(request) for request in missing)
        if not (settings.batch and log.open_batches()) and all(waiting):
            return {}

        async def fill() -> Unanswered:
            from generators.engine.api import Api

            async with Api(settings.base_url, settings.concurrency) as api:
                if settings.batch:
                    from generators.engine.batch import BatchLane

                    lane = BatchLane(api, log, self.budget, repairs, progress, settings.poll)
                    return await lane.fill(asks)
                from generators.engine.live import Live

                limits = Limits(settings.concurrency, settings.rpm, settings.tpm)
                live = Live(api, log, limits, self.budget, self._ladders, repairs, progress)
                return await live.fill(asks())

        if not _is_loop_running():
            return asyncio.run(fill())
        with ThreadPoolExecutor(1) as thread:  # in a notebook this thread has a loop already
            return thread.submit(asyncio.run, fill()).result()

    def _show_open(self) -> None:
        """Says which requests this run neither asks for nor waits for."""
        for batch in () if self._told else self.log.open_batches():
            option = "--batch-folder" if batch.in_folder else "--batch"
            taken = self._folder if batch.in_folder else self._settings.batch
            if not taken:
                self._progress.show(
                    f"Batch {batch.id or batch.name} is open: its {batch.requests} requests are not"
                    f" asked for here. Run this with {option} to collect its answers."
                )
        self._told = True


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def open_logged(
    settings: Settings, models: Iterable[str], progress: Progress = SILENT
) -> Generator[LoggedEngine]:
    """Gives the engine that asks a server and keeps every answer in the response log.

    Raises:
        UsageError: a limit on the cost is set, and a model's price is unknown; or the address is
            not one.
        LogError: the log cannot be opened.
    """
    prices = find_prices(settings, models)
    with ResponseLog(settings.responses, settings.address) as log:
        yield LoggedEngine(log, settings, prices, progress)


def find_prices(settings: Settings, models: Iterable[str]) -> Prices:
    """Returns the prices of a run; raises UsageError where `max_cost` needs one that is unknown."""
    provider = settings.base_url or (OPENAI if settings.batch_folder is None else None)
    prices = read_prices(settings.prices, provider)
    for model in () if settings.max_cost is None else models:
        if prices.find(model) is None:
            found, wanted = f"no price is known for '{model}'", "a model with a price"
            remedy = "Give its price with --prices FILE"
            if settings.batch_folder is not None:
                remedy += ", or leave the limit out: engines of your own have no price"
            raise UsageError("--max-cost", found, wanted, remedy)
    return prices
