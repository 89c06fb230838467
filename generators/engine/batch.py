"""Asks for what is missing through the provider's Batch API, over the same log as live requests.

What a batch holds is noted before it is sent: such requests are *pending*, and are not paid for
again while it is open. The program may end at any point; the next run with `--batch` goes on.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, ParamSpec, TypeVar
from uuid import uuid4

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from generators.engine.api import TRIES, Api, NoReplyError, RefusedError
from generators.engine.dialogue import Ask, Missing, Unanswered, advance
from generators.engine.exchange import Request, count_tokens, find_error, is_answer, parse_body
from generators.engine.money import Budget
from generators.engine.refusal import MOST_SHOWN
from generators.engine.response_log import Arrival, OpenBatch, ResponseLog
from generators.errors import RequestError
from generators.jsonl import as_object, write_json
from generators.progress import Progress

MOST_LINES = 50_000
MOST_BYTES = 190 << 20
"""Of one batch file: the API allows 50,000 requests and 200 MB."""
ROUNDS = 3
"""Batches that may return a request unanswered until it is given up for this run."""
LONGEST_POLL = 60.0
"""Seconds between two looks at an open batch."""
PASSING = {408, 409, 429}
"""Statuses below 500 of a line that another batch may answer."""
OVER = {"completed", "expired", "cancelled", "failed"}
"""States of a batch that do not change any more."""

P = ParamSpec("P")
Result = TypeVar("Result")


class BatchLane:
    """Requests in batches against one server."""

    def __init__(
        self,
        api: Api,
        log: ResponseLog,
        budget: Budget,
        repairs: int,
        progress: Progress,
        poll: float = 2.0,
    ) -> None:
        self._api, self._log, self._budget = api, log, budget
        self._repairs, self._progress, self._poll = repairs, progress, poll
        self._tries: Counter[tuple[str, int]] = Counter()
        self._refusals: Unanswered = {}
        """Requests that the server calls wrong; another batch would not answer them either."""

    async def fill(self, asks: Callable[[], Iterable[Ask[Any]]]) -> Unanswered:
        """Returns which requests have no answer, once all are answered or given up.

        Raises:
            RequestError: the provider refuses, or does not answer.
            BudgetError: what is missing could cost more than is left.
        """
        unanswered: Unanswered = {}
        try:
            await self._adopt()
            while True:
                for batch in self._log.open_batches():
                    await self._collect(batch)
                missing = list(self._find_missing(asks(), unanswered))
                if not missing:
                    return unanswered
                for lines in _cut(missing):
                    await self._submit(self._choose_affordable(lines))
        except RefusedError as error:
            found = f"it refuses batches ({error.refusal.status}: {error.refusal.message})"
            raise self._error(found, "Run it without --batch") from error

    def _find_missing(self, asks: Iterable[Ask[Any]], unanswered: Unanswered) -> Iterator[Request]:
        seen: set[tuple[str, int]] = set()
        for ask in asks:
            step = advance(ask, self._log.find, self._repairs)
            if not isinstance(step, Missing):
                continue
            request = step.request
            if refusal := self._refusals.get(request.place):
                unanswered[request.place] = refusal
            elif self._tries[request.place] >= ROUNDS:
                unanswered[request.place] = ("no_answer", f"unanswered in {ROUNDS} batches")
            elif request.place not in seen:
                seen.add(request.place)
                yield request

    def _choose_affordable(self, requests: list[Request]) -> list[Request]:
        """Returns the first requests that fit into the limit on the cost, and reserves it."""
        chosen: list[Request] = []
        for request in requests:
            cost = self._budget.worst(request, "batch")
            if not self._budget.fits(cost):
                break
            self._budget.reserve(cost)
            chosen.append(request)
        if not chosen:
            raise self._budget.exceeded(self._budget.worst(requests[0], "batch"))
        return chosen

    async def _submit(self, requests: list[Request]) -> None:
        name = uuid4().hex
        by_endpoint: dict[str, list[Request]] = {}
        for request in requests:
            by_endpoint.setdefault(request.endpoint, []).append(request)
        if len(by_endpoint) > 1:  # one batch, one endpoint
            for some in by_endpoint.values():
                await self._submit(some)
            return
        named = {f"{request.key[:40]}-{request.occurrence}": request for request in requests}
        self._tries.update(request.place for request in requests)
        self._log.start_batch(name, named.items())
        lines = "".join(_write_line(custom_id, request) for custom_id, request in named.items())
        try:
            file = await self._retry(self._api.upload, f"{name}.jsonl", lines.encode())
            batch_id = await self._create(file, requests[0].endpoint, name)
        except NoReplyError as error:
            found = f"no reply to {TRIES} tries to start a batch ({error})"
            raise self._error(found, "Run it again; it checks whether one was started") from error
        except RefusedError as error:
            if not _may_pass(error):  # so none was started
                self._log.end_batch(name)
            raise
        self._log.name_batch(name, batch_id)
        self._progress.show(
            f"Batch {batch_id}: {len(requests)} requests sent. You can stop and run this again."
        )

    async def _create(self, file: str, endpoint: str, name: str) -> str:
        """Returns the id of a new batch; after a lost reply it checks first whether it was made."""
        for left in reversed(range(TRIES)):
            try:
                return await self._api.create_batch(file, endpoint, name)
            except (NoReplyError, RefusedError) as error:
                if not left or not _may_pass(error):
                    raise
            await asyncio.sleep(self._poll)
            known = await self._retry(self._api.find_batches)
            if name in known:
                return known[name]
        raise AssertionError("the last try returns or raises")

    async def _adopt(self) -> None:
        """Finds out which batches were started, of those being sent when the program ended."""
        unknown = [batch for batch in self._log.open_batches() if batch.id is None]
        if not unknown:
            return
        known = await self._retry(self._api.find_batches)
        for batch in unknown:
            if batch.name in known:
                self._log.name_batch(batch.name, known[batch.name])
            else:
                self._log.end_batch(batch.name)

    async def _collect(self, batch: OpenBatch) -> None:
        """Waits for a batch, and keeps its answers."""
        if batch.id is None:
            return
        wait = self._poll
        try:
            while (state := await self._retry(self._api.read_batch, batch.id)).status not in OVER:
                self._progress.show(
                    f"Batch {batch.id}: {state.status}, {state.done} of {batch.requests} done."
                )
                await asyncio.sleep(wait)
                wait = min(wait * 1.5, LONGEST_POLL)
            for file in state.files:
                content = await self._retry(self._api.download, file)
                for line in content.splitlines():
                    self._take(batch.name, line)
        except RefusedError as error:
            if error.refusal.status != 404:
                raise
            self._progress.show(f"Batch {batch.id}: the provider no longer has it.")
            self._log.end_batch(batch.name)
            return
        left = self._log.end_batch(batch.name)
        self._budget.release()
        unanswered = f", {left} unanswered" if left else ""
        self._progress.show(f"Batch {batch.id}: {state.status}{unanswered}.")
        if state.status == "failed":
            found = f"batch {batch.id} failed ({state.message or 'no reason given'})"
            raise self._error(found, "Fix what it names, and run it again")

    def _take(self, name: str, line: bytes) -> None:
        found = as_object(parse_body(line))
        custom_id, reply = str(found.get("custom_id")), as_object(found.get("response"))
        body, status = reply.get("body"), reply.get("status_code")
        answered = status == 200 and is_answer(body) and not find_error(body)
        message = self._api.redact(str(found.get("error") or body))[:MOST_SHOWN]
        response = body if answered else {"error": message}
        arrival = Arrival(response, answered, status, lane="batch")
        known = self._log.collect(name, custom_id, arrival)
        if known is None:
            return
        model, place = known
        if answered:
            cost = self._budget.prices.cost(model, count_tokens(body), "batch")
            self._budget.spent += cost or 0.0
            self._progress.advance()
            self._progress.note(f"${self._budget.spent:.2f}")
        elif isinstance(status, int) and 400 <= status < 500 and status not in PASSING:
            self._refusals[place] = ("request_refused", f"status {status}: {message}")

    async def _retry(
        self, call: Callable[P, Awaitable[Result]], *args: P.args, **kwargs: P.kwargs
    ) -> Result:
        """Returns the result of a call to the API, tried again while that may help.

        Raises:
            RefusedError: the API refuses.
            RequestError: it does not answer.
        """
        retrying = AsyncRetrying(
            retry=retry_if_exception(_may_pass),
            wait=wait_random_exponential(multiplier=self._poll / 4, max=20),
            stop=stop_after_attempt(TRIES),
            reraise=True,
        )
        try:
            return await retrying(call, *args, **kwargs)
        except NoReplyError as error:
            found = f"no reply to {TRIES} tries ({error})"
            raise self._error(found, "Run it again; an open batch goes on meanwhile") from error

    def _error(self, found: str, remedy: str) -> RequestError:
        return RequestError(self._api.where, found, "a batch that runs", remedy)


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, RefusedError):
        return error.refusal.status == 429 or error.refusal.status >= 500
    return isinstance(error, NoReplyError)


def _write_line(custom_id: str, request: Request) -> str:
    line = {"custom_id": custom_id, "method": "POST", "url": f"/v1{request.endpoint}"}
    return write_json({**line, "body": request.body}).decode() + "\n"


def _cut(requests: list[Request]) -> Iterator[list[Request]]:
    """Yields the requests in parts that fit into one batch file."""
    some: list[Request] = []
    size = 0
    for request in requests:
        length = len(_write_line(request.key[:42], request).encode())
        if some and (len(some) == MOST_LINES or size + length > MOST_BYTES):
            yield some
            some, size = [], 0
        some.append(request)
        size += length
    if some:
        yield some
