"""Asks for what is missing, many requests at a time, and puts every answer into the log.

Only here do requests wait, repeat or give up. Failures of the server count as tries; waits that it
asks for do not.
"""

import asyncio
import signal
import sys
import threading
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from random import random, uniform
from typing import Any

from generators.engine.api import TRIES, Api, NoReplyError
from generators.engine.dialogue import Ask, Found, Missing, Unanswered, advance, quote_answer
from generators.engine.exchange import Request, count_tokens, find_error, is_answer, parse_body
from generators.engine.ladder import Form, SchemaLadder, is_about_form
from generators.engine.limits import Breaker, Limits, Reserved, Usage
from generators.engine.money import Budget
from generators.engine.refusal import DENIED, WRONG_KEY, Refusal, Reply, read_refusal
from generators.engine.response_log import Arrival, ResponseLog
from generators.engine.waits import read_wait
from generators.errors import RequestError
from generators.jsonl import as_object, write_json
from generators.progress import Progress
from schemas.exchange import RejectionReason, Tokens

TURN = 32
"""Items found in the log, one after the other, until other work has its turn."""
MOST_REFUSED = 20
"""Requests refused as wrong, before any answer, until the run stops: the cause is not the item."""


MOST_DENIED = 3
"""Requests denied, before any answer, until the run stops: it is the key, or the model's name."""
UNAVAILABLE, LOADING = 60.0, 300.0
"""Seconds that one request waits for a server that is there and answers 503; for one that says
when to come again, or that it loads the model."""


class Failed(Exception):
    """The server failed at one try."""

    reason: RejectionReason = "no_answer"
    weight = 1
    """Of this failure among `TRIES`."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds
        """To wait; None where the server does not say how long."""


class _Misdrawn(Failed):
    """The server says that what the model wrote broke the schema; such tries are paid."""

    reason: RejectionReason = "invalid_json"
    weight = 2


class Wait(Exception):
    """The server asks to wait."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        """None where the server does not say how long."""


class _Unavailable(Wait):
    """The server is there, and cannot answer yet."""

    def __init__(self, seconds: float | None, patience: float, message: str) -> None:
        super().__init__(seconds)
        self.patience, self.message = patience, message


class _Refused(Exception):
    """The server says that this one request is wrong."""

    def __init__(self, message: str, *, flagged: bool = False) -> None:
        super().__init__(message)
        self.flagged = flagged
        """Whether the input is what it does not take; other inputs it may."""


def back_off(tries: int) -> float:
    """Returns seconds to wait after so many tries, where the server does not say how long.

    A random share of a time that doubles up to 20 seconds, so that requests do not come together
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter).
    """
    return uniform(0, min(0.5 * 2 ** min(tries - 1, 6), 20))


class Live:
    """One run against one server."""

    def __init__(
        self,
        api: Api,
        log: ResponseLog,
        limits: Limits,
        budget: Budget,
        ladders: defaultdict[str, SchemaLadder],
        repairs: int,
        progress: Progress,
    ) -> None:
        self._api, self._log, self._limits, self._budget = api, log, limits, budget
        self._ladders, self._repairs, self._progress = ladders, repairs, progress
        self._unanswered: Unanswered = {}
        self._usage: defaultdict[tuple[str, str], Usage] = defaultdict(Usage)
        """Of each task and model."""
        self._breaker = Breaker(asyncio.get_running_loop().time)
        self._stopped: BaseException | None = None
        self._answered = self._refused = self._done = 0
        self._denied: list[RequestError] = []
        self._in_a_row = 0
        """Requests denied since the last answer."""
        self._under_way: dict[tuple[str, int], asyncio.Event] = {}
        self._fresh: dict[tuple[str, int], Found] = {}
        self._known = False
        self._some_pending = bool(log.open_batches())

    async def fill(self, asks: Iterable[Ask[Any]]) -> Unanswered:
        """Returns which requests have no answer, once all that was missing is asked for.

        Requests in flight when the run must end are waited for, since they will be paid for.

        Raises:
            GeneratorError: the server is down or refuses for good, the limit on the cost is
                reached, or the log cannot be written.
        """
        queue = iter(asks)
        with self._heed_interrupts():
            workers = [self._work(queue) for _ in range(self._limits.at_once)]
            try:
                await asyncio.gather(*workers)
            except asyncio.CancelledError:
                if self._stopped is None:
                    raise
        if self._stopped is not None:
            raise self._stopped
        # Where nothing was ever answered, the cause is not one request.
        if self._denied and len(self._denied) == len(self._unanswered) and not self._known:
            raise self._denied[-1]
        failed = [detail for why, detail in self._unanswered.values() if why == "no_answer"]
        if failed and not self._answered and not self._known:
            found = f"no answer to any of {len(failed)} requests ({failed[-1]})"
            raise self._error(found, "answers", "Run it again when the server is back")
        return self._unanswered

    async def _work(self, queue: Iterator[Ask[Any]]) -> None:
        while self._stopped is None:
            try:
                ask = next(queue, None)
                if ask is None:
                    return
                await self._ask(ask)
            except Exception as error:  # one worker's end is everybody's; fill raises it
                self._stop(error)
                return
            self._progress.advance()
            if self._budget.spent:
                self._progress.note(f"${self._budget.spent:.2f}")
            self._done += 1
            if self._done % TURN == 0:
                await asyncio.sleep(0)

    async def _ask(self, ask: Ask[Any]) -> None:
        """Asks about one item until it is accepted or rejected, or its request is given up."""
        while isinstance(step := advance(ask, self._find, self._repairs), Missing):
            request = step.request
            if self._some_pending and self._log.is_pending(request):
                return
            if request.place in self._unanswered or self._stopped is not None:
                return
            if earlier := self._under_way.get(request.place):
                await earlier.wait()  # an equal request: one answer serves both
                continue
            self._under_way[request.place] = done = asyncio.Event()
            try:
                await self._send(request)
            except (Failed, Wait) as error:
                reason = error.reason if isinstance(error, Failed) else "no_answer"
                self._unanswered[request.place] = (reason, str(error))
                return
            except _Refused as error:
                self._unanswered[request.place] = ("request_refused", str(error))
                self._refused += not error.flagged
                if self._refused >= MOST_REFUSED and not self._answered:
                    found = f"{self._refused} requests refused: {error}"
                    wanted, remedy = "an answer to at least one", "Fix what the message names"
                    raise self._error(found, wanted, remedy) from error
                return
            finally:
                del self._under_way[request.place]
                done.set()

    def _find(self, request: Request) -> Found | None:
        """Returns an answer; one that was just logged is not read again."""
        found = self._fresh.pop(request.place, None) or self._log.find(request)
        self._known = self._known or found is not None
        return found

    async def _send(self, request: Request) -> None:
        """Sends a request until it is answered, and keeps the answer."""
        cost = self._budget.worst(request)
        while not self._budget.fits(cost):
            if not self._budget.in_flight:
                raise self._budget.exceeded(cost)
            await asyncio.sleep(0.05)
            if self._stopped is not None:
                raise Failed("the run was stopped")
        self._budget.reserve(cost)
        tokens = Tokens()
        try:
            tokens = await self._try_until_answered(request)
        finally:
            self._budget.settle(cost, request, tokens)

    async def _try_until_answered(self, request: Request) -> Tokens:
        """Raises Failed or Wait where the server failed too often, or the run was stopped."""
        tries = failures = 0
        loop = asyncio.get_running_loop()
        began, answered = loop.time(), self._answered
        while True:
            try:
                return await self._try(request)
            except (Failed, Wait) as error:
                tries += 1
                failures += error.weight if isinstance(error, Failed) else 0
                if isinstance(error, _Unavailable) and loop.time() - began > error.patience:
                    if answered == self._answered:  # for all requests, not this one alone
                        raise self._down(error.message, error.patience) from error
                    raise Failed(error.message) from error
                if failures >= TRIES or self._stopped is not None:
                    raise
                if error.seconds is not None:
                    pause = error.seconds * (1 + random() / 4) + 0.01  # not all at one moment
                else:
                    pause = back_off(tries)
            deadline = loop.time() + pause
            while self._stopped is None and (left := deadline - loop.time()) > 0:
                await asyncio.sleep(min(left, 1))

    def _stop(self, error: BaseException) -> None:
        """Ends the run: nothing more is sent, and nothing waits."""
        self._stopped = self._stopped or error
        self._limits.stop()

    async def _try(self, request: Request) -> Tokens:
        """Returns the tokens of the answer, once it is in the log."""
        ladder = self._ladders[request.model]
        form = ladder.form
        body = ladder.adapt(request.body, form)
        usage = self._usage[request.task, request.model]
        reserved = await self._limits.enter(partial(usage.expect, request))
        try:
            if self._stopped is not None:
                raise Failed("the run was stopped")
            reply = await self._api.send(request.endpoint, write_json(body))
        except NoReplyError as error:
            if error.sent:  # it may be paid, and no reply will tell the cost
                self._budget.spend_worst(request)
            self._note_failure(request, form, None, str(error))
            raise Failed(str(error)) from error
        finally:
            self._limits.leave(reserved)
        if reply.status == 200:
            return self._take(request, form, body, reply, reserved)
        if reply.status != 429:  # refusals that were given back would make room for the next ones
            self._limits.tokens.settle(reserved, 0)
        raise self._explain(request, form, body, reply)

    def _take(
        self, request: Request, form: Form, body: dict[str, Any], reply: Reply, reserved: Reserved
    ) -> Tokens:
        response = parse_body(reply.body)
        if error := find_error(response):
            self._limits.tokens.settle(reserved, 0)
            raise self._explain(request, form, body, _unwrap(reply, error))
        if not is_answer(response):
            self._note_failure(request, form, 200, "a reply that is no answer", response)
            raise Failed("a reply of status 200 that is no answer")
        tokens = count_tokens(response)
        if tokens == Tokens():
            self._budget.spend_worst(request)
        else:
            self._usage[request.task, request.model].note(request, tokens)
            self._limits.tokens.settle(reserved, tokens.prompt + tokens.completion)
        self._log.add(request, Arrival(response, answered=True, form=form))
        self._fresh[request.place] = Found(response, tokens)
        self._answered += 1
        self._in_a_row = 0
        self._breaker.note_answer()
        self._limits.note_answer(reply.headers)
        if request.schema:
            self._ladders[request.model].note_content(form, quote_answer(response))
        return tokens

    def _explain(
        self, request: Request, form: Form, body: dict[str, Any], reply: Reply
    ) -> Exception:
        """Returns what an error reply means: another try, one refused request or the end."""
        refusal = read_refusal(reply, self._api.redact)
        status, message = reply.status, refusal.message
        if refusal.is_about_quota:
            return self._error(f"the quota is used up ({message})", "credit", "Add some, or wait")
        if exception := self._explain_one(request, form, reply, refusal):
            return exception
        if self._adapt(request, form, body, refusal):
            return Wait(0.0)
        if refusal.is_about_key or status in DENIED:
            what, remedy = WRONG_KEY if refusal.is_about_key else DENIED[status]
            end = self._error(f"{what} ({status}: {message})", "an answer", remedy)
            return self._deny(end, f"status {status}: {message}", refusal)
        if refusal.may_pass:
            self._note_failure(request, form, status, message, parse_body(reply.body))
            seconds = read_wait(reply.headers, parse_body(reply.body))
            return Failed(f"status {status}: {message}", seconds)
        if 300 <= status < 400:
            place = self._api.redact(reply.headers.get("location", "elsewhere"))
            return self._error(f"it redirects to {place}", "an answer", "Use that as --base-url")
        return _Refused(f"status {status}: {message}")

    def _explain_one(
        self, request: Request, form: Form, reply: Reply, refusal: Refusal
    ) -> Exception | None:
        """Returns what an error means that says so itself: come again, or this input is flagged."""
        status, message = reply.status, refusal.message
        seconds = read_wait(reply.headers, parse_body(reply.body))
        if status == 429:
            self._limits.note_refusal(reply.headers)
            if patience := self._breaker.note_refusal():
                found = f"no answer for {patience:.0f} seconds, only refusals ({message})"
                return self._error(found, "answers", "Wait, or ask for a higher limit")
            return Wait(seconds)
        if refusal.is_about_input:
            return _Refused(f"status {status}: {message}", flagged=True)
        if refusal.is_about_draw:
            self._budget.spend_worst(request)
            failure = Arrival({"error": message}, answered=False, status=status, form=form)
            self._log.add(request, failure)
            return _Misdrawn(f"status {status}: {message}")
        if status in (503, 529) or refusal.is_loading:
            patience = UNAVAILABLE if seconds is None and not refusal.is_loading else LOADING
            return _Unavailable(seconds, patience, f"status {status}: {message}")
        return None

    def _deny(self, end: RequestError, message: str, refusal: Refusal) -> Exception:
        """Returns the end of the run where requests are denied and none is answered.

        A key that was accepted before is wrong only once it is refused again and again.
        """
        self._denied.append(end)
        self._in_a_row += 1
        most = 1 if refusal.is_about_key else MOST_DENIED
        if self._answered:
            most = MOST_REFUSED if refusal.is_about_key else self._in_a_row + 1
        return end if self._in_a_row >= most else _Refused(message)

    def _adapt(self, request: Request, form: Form, body: dict[str, Any], refusal: Refusal) -> bool:
        """Returns whether to send the request in another form, now that this one was refused."""
        ladder, status = self._ladders[request.model], refusal.status
        if status in (400, 422) and ladder.drop(
            body, refusal.named, f"{refusal.code} {refusal.message}"
        ):
            return True
        if request.schema is None or not is_about_form(
            status, f"{refusal.named} {refusal.message}"
        ):
            return False
        if form != ladder.form:
            return True  # another request has already changed it
        if self._answered and status == 500:
            return False  # the server works, and fails now and then
        return not ladder.proven and ladder.step_down(form)

    def _note_failure(
        self, request: Request, form: Form, status: int | None, message: str, response: Any = None
    ) -> None:
        """Keeps a failed try with what it may have cost; ends the run where nothing works."""
        failure: dict[str, Any] = {"error": message}
        if usage := as_object(response).get("usage"):
            failure["usage"] = usage
            self._budget.spend(request, count_tokens(failure))
        self._log.add(request, Arrival(failure, answered=False, status=status, form=form))
        if patience := self._breaker.note_failure():
            raise self._down(message, patience)

    def _down(self, message: str, patience: float) -> RequestError:
        found = f"{message}, for {patience:.0f} seconds and at every try"
        remedy = "All answers are kept: run it again when the server is back"
        return self._error(found, "answers", remedy)

    def _error(self, found: str, wanted: str, remedy: str) -> RequestError:
        return RequestError(self._api.where, found, wanted, remedy)

    @contextmanager
    def _heed_interrupts(self) -> Generator[None]:
        """Ends the run on the first Ctrl-C, once what is in flight has come; at once on the next.

        Where no signal handler can be set (on Windows, or in a thread), the first ends it at once.
        """
        if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
            yield
            return
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        interrupted = False

        def stop() -> None:
            nonlocal interrupted
            if interrupted and task:
                task.cancel()
                return
            interrupted = True
            self._stop(KeyboardInterrupt())
            waiting = self._limits.in_flight
            self._progress.show(f"Stopping: waiting for {waiting} answers that are under way.")

        loop.add_signal_handler(signal.SIGINT, stop)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGINT)


def _unwrap(reply: Reply, error: dict[str, Any]) -> Reply:
    """Returns an error in a reply of status 200 as a reply of its own.

    The key was accepted, so what is denied there is a server behind this one, which may recover.
    """
    code = str(as_object(error["error"]).get("code"))
    status = int(code) if code.isdecimal() and len(code) == 3 else 502
    if "rate_limit" in code:
        status = 429
    inner = Reply(status, reply.headers, write_json(error))
    denied = status == 401 or status in DENIED
    if not 400 <= status < 600 or (denied and not read_refusal(inner, str).is_about_input):
        return Reply(502, inner.headers, inner.body)
    return inner
