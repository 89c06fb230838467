"""What may be sent now: one window, one pace, and one breaker that gives a server up.

The window is how many requests may be in flight: it grows a little with each answer and shrinks a
little with each refusal (additive increase, multiplicative decrease; RFC 5681, section 3.1). The
pace is the limit of the user, or the one that the server states in `x-ratelimit-limit-*`
(https://platform.openai.com/docs/guides/rate-limits), evenly spaced: servers enforce a limit per
minute over shorter periods, so a burst would be refused. The clock is injected.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping

START = 8
"""Requests in flight until the first reply, for at most `USUAL` at once."""
USUAL = 64
"""Requests at once by default. Whoever asks for more has high limits: those start at once."""
OPENING_RATE = 1700.0
"""Requests a second until the first reply, where more than `USUAL` may be in flight."""
FLOOR = 2
"""Requests in flight that refusals leave."""
GROWTH, SHRINKAGE = 0.6, 0.08
"""Requests that an answer adds to the window; share of it that a refusal takes."""
BURST_SECONDS = 0.04
"""Of the pace, how much may be sent at once after a pause."""
MARGIN = 0.993
"""Share of the stated limit that is used: clocks differ, and others may use the same key."""
LONGEST_PAUSE = 0.5
"""Seconds until a waiting request checks whether the run was stopped."""
LONGEST_WAIT = 60.0
"""Seconds, whatever a header says."""
LITTLE_LEFT = 0.05
"""Share of a minute's tokens; less means that the estimate is too low or others use the key."""
PATIENCE = 45.0
"""Seconds of failures alone until the server is given up."""
PATIENCE_AT_START = 5.0
"""The same for a server that has not answered yet: it may not exist."""
PATIENCE_WITH_REFUSALS = 600.0
"""Seconds of refusals for the rate limit, without an answer, until the run ends."""
FEWEST_FAILURES = 5
"""In a row until a server is given up, however long they took."""
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


class Rate:
    """A limit of so many units a second, evenly spaced."""

    def __init__(self, per_minute: float | None, clock: Callable[[], float]) -> None:
        self.ceiling = None if per_minute is None else per_minute / 60
        self.stated: float | None = None
        self.opening: float | None = None
        """In force until the first reply."""
        self._share = 1.0
        self._clock = clock
        self._free_at = clock()

    @property
    def per_second(self) -> float | None:
        """The rate in force; None without a limit."""
        known = [rate for rate in (self.ceiling, self.stated, self.opening) if rate]
        return min(known) * self._share if known else None

    def wait(self) -> float:
        """Returns the seconds until something may be sent."""
        return 0.0 if self.per_second is None else max(self._free_at - self._clock(), 0.0)

    def take(self, units: float) -> None:
        """Notes what is sent now; the next request waits for it."""
        if rate := self.per_second:
            self._free_at = max(self._free_at, self._clock() - BURST_SECONDS) + units / rate

    def state(self, per_minute: float) -> None:
        """Notes the limit that the server states."""
        first = self.per_second is None
        self.stated = per_minute / 60 * MARGIN
        if first:
            self._free_at = self._clock() + 1 / self.stated

    def hold(self, seconds: float) -> None:
        """Lets nothing be sent for a while."""
        self._free_at = max(self._free_at, self._clock() + min(seconds, LONGEST_WAIT))

    def adjust(self, *, refused: bool) -> None:
        """Gives way to others who use the same quota, and takes the share back step by step."""
        if self.stated:
            share = self._share * 0.98 if refused else self._share + 0.002
            self._share = min(max(share, 0.25), 1.0)


class Limits:
    """Lets requests through as fast as user and server allow."""

    def __init__(
        self,
        at_once: int,
        rpm: int | None = None,
        tpm: int | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.at_once = at_once
        self.window = float(at_once if at_once > USUAL else min(START, at_once))
        self.in_flight = 0
        clock = clock or asyncio.get_running_loop().time
        self.requests, self.tokens = Rate(rpm, clock), Rate(tpm, clock)
        if at_once > USUAL:
            self.requests.opening = OPENING_RATE
        self._pace = asyncio.Lock()
        self._stopped = self._answered = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self, tokens: float) -> None:
        """Returns when one more request, of about so many tokens, may be sent."""
        if self.in_flight >= int(self.window) and not self._stopped:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self.leave()
                raise
        else:
            self.in_flight += 1
        if self.requests.per_second is None and self.tokens.per_second is None:
            return
        try:
            # One at a time: the wait is counted from the last request that was really sent, so a
            # process that was held up sends no burst.
            async with self._pace:
                while (pause := max(self.requests.wait(), self.tokens.wait())) > 0:
                    if self._stopped:
                        return
                    await asyncio.sleep(min(pause, LONGEST_PAUSE))
                self.requests.take(1)
                self.tokens.take(tokens)
        except asyncio.CancelledError:
            self.leave()
            raise

    def stop(self) -> None:
        """Lets all waiting requests through: nothing will be sent any more."""
        self._stopped = True
        self._admit()

    def leave(self) -> None:
        """Notes that a request is no longer in flight."""
        self.in_flight -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and (self._stopped or self.in_flight < int(self.window)):
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)

    def note_answer(self, headers: Mapping[str, str]) -> None:
        """Learns from an answer: the limits it states, and that the window may grow."""
        if not self._answered:
            self._answered = True
            self.requests.opening = None
            self.window = float(self.at_once)
        self.window = min(self.window + GROWTH, self.at_once)
        self.requests.adjust(refused=False)
        self._read(headers)

    def note_refusal(self, headers: Mapping[str, str]) -> None:
        """Learns from a refusal: the other requests go on, a little slower."""
        self.requests.opening = None
        self.window = max(self.window * (1 - SHRINKAGE), min(FLOOR, self.at_once))
        self.requests.adjust(refused=True)
        self._read(headers)

    def _read(self, headers: Mapping[str, str]) -> None:
        limit = read_number(headers.get("x-ratelimit-limit-requests"))
        if limit and limit >= 1:
            self.requests.state(limit)
        limit = read_number(headers.get("x-ratelimit-limit-tokens"))
        if limit and limit >= 1:
            self.tokens.state(limit)
            left = read_number(headers.get("x-ratelimit-remaining-tokens"))
            reset = read_duration(headers.get("x-ratelimit-reset-tokens"))
            if left is not None and reset and left < limit * LITTLE_LEFT:
                self.tokens.hold(min(reset / 10, 5))


class Breaker:
    """Gives up a server from which nothing but failures, or refusals, has come for a while."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._answered = False
        self._failing = self._refusing = (0, 0.0)
        """Number in a row, and when they began."""

    def note_answer(self) -> None:
        """Notes that the server answers."""
        self._answered = True
        self._failing = self._refusing = (0, 0.0)

    def note_failure(self) -> float | None:
        """Returns the seconds after which the server is given up, if that is now; else None."""
        self._failing = self._count(self._failing)
        patience = PATIENCE if self._answered else PATIENCE_AT_START
        return patience if self._is_over(self._failing, patience) else None

    def note_refusal(self) -> float | None:
        """Returns the same for a refusal; it shows that the server is up."""
        self._failing = (0, 0.0)
        self._refusing = self._count(self._refusing)
        over = self._is_over(self._refusing, PATIENCE_WITH_REFUSALS)
        return PATIENCE_WITH_REFUSALS if over else None

    def _count(self, row: tuple[int, float]) -> tuple[int, float]:
        return row[0] + 1, row[1] if row[0] else self._clock()

    def _is_over(self, row: tuple[int, float], patience: float) -> bool:
        return row[0] >= FEWEST_FAILURES and self._clock() - row[1] >= patience


def read_number(text: str | None) -> float | None:
    """Returns the number in a header; None where it holds none."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def read_duration(text: str | None) -> float | None:
    """Returns the seconds in a header such as `6m12.5s`, `120ms` or `1.5`; None for no duration."""
    parts = _DURATION.findall(text or "")
    if parts and "".join(map("".join, parts)) == text:
        return sum(float(number) * UNITS[unit] for number, unit in parts)
    return read_number(text)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Returns the seconds that a refusal says to wait, at most 60; None where it does not say."""
    milliseconds = read_number(headers.get("retry-after-ms"))
    seconds = read_number(headers.get("retry-after"))
    if milliseconds is not None:
        seconds = milliseconds / 1000
    return None if seconds is None else min(seconds, LONGEST_WAIT)
