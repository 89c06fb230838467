"""Asks what is missing, many requests at a time, and puts every answer into the log.

Only in here do requests wait, repeat or give up. Two budgets of tries are kept apart: failures of
the server count, waits that it asks for do not.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from generators.engine.answers import count_tokens, is_answer, parse_body
from generators.engine.api import Api, NoReplyError, Reply
from generators.engine.course import Course, Meter, Unanswered
from generators.engine.dialogue import Ask, Found, Missing, advance, quote_answer
from generators.engine.exchange import Request
from generators.engine.interrupts import heed_interrupts
from generators.engine.json_text import as_object, write_json
from generators.engine.limits import Breaker, Limits, read_retry_after
from generators.engine.money import Budget, estimate_tokens, most_completion
from generators.engine.refusals import FINAL, Refusal, read_refusal
from generators.engine.response_log import Arrival, ResponseLog
from generators.engine.retries import Failed, Wait, try_again
from generators.engine.rungs import Ladder, Rung, is_about_format
from generators.errors import RequestError
from schemas.exchange import Tokens

PATIENCE = 45.0
"""Seconds of nothing but failures until the server is given up."""
PATIENCE_AT_START = 5.0
"""The same for a server that has not answered once: it may not be there at all."""
PATIENCE_WITH_LIMITS = 600.0
"""Seconds of nothing but refusals for the rate limit until the run ends."""
TURN = 32
"""Items that may be found in the log, one after the other, until others have their turn."""
MOST_REFUSED = 20
"""Requests refused as wrong, with not one answered, until the run stops: it is not the item."""


class _Refused(Exception):
    """The server says that this one request is wrong."""


class Live:
    """One run against one server."""

    def __init__(
        self,
        api: Api,
        log: ResponseLog,
        limits: Limits,
        budget: Budget,
        ladders: defaultdict[str, Ladder],
        repairs: int,
        meter: Meter,
    ) -> None:
        self._api, self._log, self._limits, self._budget = api, log, limits, budget
        self._ladders, self._repairs, self._meter = ladders, repairs, meter
        self._course = Course()
        self._breaker = Breaker(asyncio.get_running_loop().time)
        self._stall = Breaker(asyncio.get_running_loop().time)
        self._stopped: BaseException | None = None
        self._answered = self._refused = self._through = 0
        self._interrupts = 0
        self._under_way: dict[tuple[str, int], asyncio.Event] = {}
        self._fresh: dict[tuple[str, int], Found] = {}
        self._known = False
        self._some_pending = bool(log.open_batches())

    async def fill(self, asks: Iterable[Ask[Any]]) -> Course:
        """Asks what is missing, in the order of the asks; returns what became of it.

        What is in flight when the run must end is waited for, since it will be paid for.

        Raises:
            GeneratorError: the server is down, refuses for good, the money is spent or the log
                cannot be written.
        """
        queue = iter(asks)
        with heed_interrupts(self._interrupt):
            workers = [self._work(queue) for _ in range(self._limits.at_once)]
            try:
                await asyncio.gather(*workers)
            except asyncio.CancelledError:
                if self._stopped is None:
                    raise
        if self._stopped is not None:
            raise self._stopped
        self._check_any()
        return self._course

    def _check_any(self) -> None:
        """Raises RequestError where every try failed, now and before: that is no poor request."""
        failed = [each for each in self._course.unanswered.values() if not each.refused]
        if failed and not self._answered and not self._known:
            found = f"no answer to any of {len(failed)} requests ({failed[-1].detail})"
            raise self._error(found, "some", "Run it again when the server is back")

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
            self._meter.advance(1, self._budget.spent)
            self._through += 1
            if self._through % TURN == 0:
                await asyncio.sleep(0)

    async def _ask(self, ask: Ask[Any]) -> None:
        """Asks until the answers there are suffice."""
        while isinstance(step := advance(ask, self._find, self._repairs), Missing):
            request = step.request
            if self._some_pending and self._log.is_pending(request):
                self._course.pending += 1
                return
            if request.place in self._course.unanswered or self._stopped is not None:
                return
            if earlier := self._under_way.get(request.place):
                await earlier.wait()  # an equal request: its answer serves both
                continue
            self._under_way[request.place] = done = asyncio.Event()
            try:
                await self._send(request)
            except (Failed, Wait) as error:
                self._course.unanswered[request.place] = Unanswered(False, str(error))
                return
            except _Refused as error:
                self._note_refused(request, str(error))
                return
            finally:
                del self._under_way[request.place]
                done.set()

    def _find(self, request: Request) -> Found | None:
        """Returns an answer; one that has just been logged need not be read again."""
        found = self._fresh.pop(request.place, None) or self._log.find(request)
        self._known = self._known or found is not None
        return found

    def _note_refused(self, request: Request, said: str) -> None:
        self._course.unanswered[request.place] = Unanswered(True, said)
        self._refused += 1
        if self._refused >= MOST_REFUSED and not self._answered:
            wanted = "an answer to at least one"
            raise self._error(f"{self._refused} requests refused: {said}", wanted, "See --help")

    async def _send(self, request: Request) -> None:
        """Sends a request until it is answered, and keeps the answer."""
        cost = self._budget.worst(request)
        await self._afford(cost)
        tokens = Tokens()
        try:
            try:
                tokens = await self._try(request)
            except (Failed, Wait) as error:  # most requests never need tenacity
                attempt = partial(self._try, request)
                tokens = await try_again(attempt, error, self._sleep, self._is_stopped)
        finally:
            self._budget.settle(cost, request, tokens)

    async def _afford(self, cost: float) -> None:
        while not self._budget.fits(cost):
            if not self._budget.in_flight:
                raise self._budget.exceeded(cost)
            await asyncio.sleep(0.05)
            if self._stopped is not None:
                raise Failed("the run was stopped")
        self._budget.reserve(cost)

    def _stop(self, error: BaseException) -> None:
        """Ends the asking: nothing more is sent, and nobody waits for a turn."""
        self._stopped = self._stopped or error
        self._limits.stop()

    def _is_stopped(self) -> bool:
        return self._stopped is not None

    async def _sleep(self, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while self._stopped is None and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, 1))

    async def _try(self, request: Request) -> Tokens:
        """Returns the tokens of the answer, once it is in the log."""
        ladder = self._ladders[request.model]
        rung = ladder.rung
        body = ladder.adapt(request.body, rung)
        await self._limits.enter(estimate_tokens(request) + most_completion(request) / 4)
        try:
            if self._stopped is not None:
                raise Failed("the run was stopped")
            reply = await self._api.send(request.endpoint, write_json(body))
        except NoReplyError as error:
            if error.sent:  # it may be paid, and nobody will say what
                self._budget.spend_worst(request)
            self._note_failure(request, rung, None, str(error))
            raise Failed(str(error)) from error
        finally:
            self._limits.leave()
        if reply.status == 200:
            return self._take(request, rung, reply)
        raise self._judge(request, rung, body, reply)

    def _take(self, request: Request, rung: Rung, reply: Reply) -> Tokens:
        response = parse_body(reply.body)
        if not is_answer(response):
            self._note_failure(request, rung, 200, "a reply that is no answer", response)
            raise Failed("a reply of status 200 that is no answer")
        tokens = count_tokens(response)
        if tokens == Tokens():
            self._budget.spend_worst(request)
        self._log.add(request, Arrival(response, answered=True, rung=rung))
        self._fresh[request.place] = Found(response, tokens)
        self._answered += 1
        self._breaker.note_success()
        self._stall.note_success()
        self._limits.note_answer(reply.headers)
        if request.schema:
            self._ladders[request.model].note_content(rung, quote_answer(response))
        return tokens

    def _judge(self, request: Request, rung: Rung, body: dict[str, Any], reply: Reply) -> Exception:
        """Returns what a reply that is an error means."""
        refusal = read_refusal(reply, self._api.redact)
        status, said = reply.status, refusal.said
        if refusal.is_about_quota:
            return self._error(f"the quota is used up ({said})", "credit", "Add some, or wait")
        if status == 429:
            self._limits.note_refusal(reply.headers)
            self._breaker.note_success()  # it is there, and talks
            if self._stall.note_failure(PATIENCE_WITH_LIMITS):
                found = f"no answer for {PATIENCE_WITH_LIMITS:.0f} seconds, only refusals ({said})"
                return self._error(found, "some", "Wait, or ask for a higher limit")
            return Wait(read_retry_after(reply.headers))
        if self._adapt(request, rung, body, refusal):
            return Wait(0.0)
        if status in FINAL:
            what, remedy = FINAL[status]
            return self._error(f"{what} ({status}: {said})", "an answer", remedy)
        if refusal.may_pass:
            self._note_failure(request, rung, status, said)
            return Failed(f"status {status}: {said}")
        if 300 <= status < 400:
            place = self._api.redact(reply.headers.get("location", "elsewhere"))
            return self._error(f"it redirects to {place}", "an answer", "Use that as --base-url")
        return _Refused(f"status {status}: {said}")

    def _adapt(self, request: Request, rung: Rung, body: dict[str, Any], why: Refusal) -> bool:
        """Returns whether to send the request in another form, now that this one failed."""
        ladder = self._ladders[request.model]
        if why.status in (400, 422) and ladder.drop(body, why.named, f"{why.code} {why.said}"):
            return True
        if request.schema is None or not is_about_format(why.status, f"{why.named} {why.said}"):
            return False
        if rung != ladder.rung:
            return True  # another request has found it out meanwhile
        if self._answered and why.status == 500:
            return False  # the server works, and fails now and then
        return not ladder.proven and ladder.step_down(rung)

    def _note_failure(
        self, request: Request, rung: Rung, status: int | None, said: str, response: Any = None
    ) -> None:
        """Keeps a failed try with what it may have cost; stops the run where nothing works."""
        failure: dict[str, Any] = {"error": said}
        if usage := as_object(response).get("usage"):
            failure["usage"] = usage
            self._budget.spend(request, count_tokens(failure))
        self._log.add(request, Arrival(failure, answered=False, status=status, rung=rung))
        patience = PATIENCE if self._answered else PATIENCE_AT_START
        if self._breaker.note_failure(patience):
            found = f"{said}, for {patience:.0f} seconds and at every try"
            remedy = "What was answered is kept: run it again when the server is back"
            raise self._error(found, "answers", remedy)

    def _error(self, found: str, wanted: str, remedy: str) -> RequestError:
        return RequestError(self._api.where, found, wanted, remedy)

    def _interrupt(self) -> bool:
        """Ends the asking; returns whether it was ended before."""
        self._interrupts += 1
        if self._interrupts > 1:
            return True
        self._stop(KeyboardInterrupt())
        waiting = self._limits.in_flight
        self._meter.say(f"Stopping: waiting for {waiting} answers that are under way.")
        return False
