"""What may be sent now: a pace, a window of requests in flight, and when to give a server up.

The pace is the server's own limit, as `x-ratelimit-limit-*` states it
(https://platform.openai.com/docs/guides/rate-limits), evenly spaced: a minute's limit is enforced
over shorter periods, so a burst would be refused. The window grows by a little with each answer and
shrinks by a little with each refusal (additive increase, multiplicative decrease), to a floor: one
refusal in twenty leaves it wide, one in five halves it again and again. The clock is injected.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping

BURST_SECONDS = 0.02
"""Share of a rate that may go at once after a pause."""
CATCHING_UP = 0.8
"""Share of the usual distance that is kept when catching up."""
MARGIN = 0.993
"""Share of the stated limit that is used: clocks differ, and others may use the same key."""
START, RAMP = 8, 0.025
"""Requests in flight at first, and seconds until they may be twice as many, again and again: up to
the first answer, which opens the window, or the first refusal, which says what the limits are.
Only who asks for more than the usual number at once gets this ramp: limits are high then.
"""
USUAL = 64
FLOOR = 2
GROWTH, SHRINKAGE = 0.6, 0.08
"""Per answer, requests added; per refusal, share of the window lost."""
LONGEST_PAUSE = 0.5
"""Seconds until somebody who waits looks whether the run goes on."""
LONGEST_WAIT = 60.0
"""Seconds, whatever a header says."""
LITTLE_LEFT = 0.05
"""Share of a minute's tokens; below it our guess of their number is too low, or others use them."""
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


class Rate:
    """So many units a second, evenly spaced; what is taken ahead must be waited for."""

    def __init__(self, per_minute: float | None, clock: Callable[[], float]) -> None:
        self.ceiling = None if per_minute is None else per_minute / 60
        self.stated: float | None = None
        self._share = 1.0
        self._clock = clock
        self._free_at = self._spaced_at = clock()

    @property
    def per_second(self) -> float | None:
        """The rate in force; None without a limit."""
        known = [rate for rate in (self.ceiling, self.stated) if rate]
        return min(known) * self._share if known else None

    def take(self, units: float) -> float:
        """Returns the seconds to wait until these units may be sent; they are taken already."""
        rate = self.per_second
        if rate is None:
            return 0.0
        now = self._clock()
        self._free_at = max(self._free_at, now - BURST_SECONDS)
        wait = self._free_at - now
        self._free_at += units / rate
        return max(wait, 0.0)

    def space(self) -> float:
        """Returns the seconds to wait on top, so that a process that was held up sends no burst."""
        rate = self.per_second
        if rate is None:
            return 0.0
        now = self._clock()
        wait = self._spaced_at - now
        self._spaced_at = max(self._spaced_at, now) + CATCHING_UP / rate
        return max(wait, 0.0)

    def state(self, per_minute: float) -> None:
        """Notes what the server says it allows."""
        first = self.per_second is None
        self.stated = per_minute / 60 * MARGIN
        if first:
            self._free_at = self._clock() + 1 / self.stated

    def hold(self, seconds: float) -> None:
        """Sends nothing for a while."""
        self._free_at = max(self._free_at, self._clock() + min(seconds, LONGEST_WAIT))

    def adjust(self, *, refused: bool) -> None:
        """Gives way to others who use the same quota, and takes its share back by and by."""
        if self.stated:
            share = self._share * 0.98 if refused else self._share + 0.002
            self._share = min(max(share, 0.25), 1.0)


class Limits:
    """Lets requests through as fast as user and server allow."""

    def __init__(
        self,
        at_once: int,
        per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.at_once = at_once
        self.window = float(min(START, at_once))
        self.in_flight = 0
        self._clock = clock or asyncio.get_running_loop().time
        self.requests = Rate(per_minute, self._clock)
        self.tokens = Rate(tokens_per_minute, self._clock)
        self._stopped = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._opened = self._started = self._answered = False

    async def enter(self, tokens: float) -> None:
        """Returns when one more request, of about so many tokens, may be sent."""
        if not self._started:
            self._started = True
            asyncio.get_running_loop().call_later(RAMP, self._ramp)
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
        try:
            await self._pause(max(self.requests.take(1), self.tokens.take(tokens)))
            await self._pause(self.requests.space())
        except asyncio.CancelledError:
            self.leave()
            raise

    async def _pause(self, seconds: float) -> None:
        while seconds > 0 and not self._stopped:
            part = min(seconds, LONGEST_PAUSE)
            await asyncio.sleep(part)
            seconds -= part

    def stop(self) -> None:
        """Lets everybody through who waits: nothing will be sent any more."""
        self._stopped = True
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)

    def leave(self) -> None:
        """Notes that a request is no longer in flight."""
        self.in_flight -= 1
        self._admit()

    def _ramp(self) -> None:
        if self._opened or self._stopped or self.at_once <= USUAL or self.window >= self.at_once:
            return
        self.window = min(2 * self.window, float(self.at_once))
        self._admit()
        asyncio.get_running_loop().call_later(RAMP, self._ramp)

    def _admit(self) -> None:
        while self._waiting and self.in_flight < int(self.window):
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)

    def note_answer(self, headers: Mapping[str, str]) -> None:
        """Learns from an answer: the limits it states, and that the window may grow."""
        if not self._answered:
            self._answered = self._opened = True
            self.window = float(self.at_once)
        self.window = min(self.window + GROWTH, self.at_once)
        self.requests.adjust(refused=False)
        self._read(headers)

    def note_refusal(self, headers: Mapping[str, str]) -> None:
        """Learns from a refusal: others go on, a little slower."""
        self._opened = True  # no more ramp
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
    """Gives a server up that has been failing for a while without a single answer."""

    def __init__(self, clock: Callable[[], float], failures: int = 5) -> None:
        self._clock = clock
        self._least = failures
        self._failures = 0
        self._since = clock()

    def note_success(self) -> None:
        """Notes that the server answers."""
        self._failures = 0

    def note_failure(self, patience: float) -> bool:
        """Notes a failure; returns whether to give up, after so many seconds of nothing else."""
        if not self._failures:
            self._since = self._clock()
        self._failures += 1
        long_enough = self._clock() - self._since >= patience
        return long_enough and self._failures >= self._least


def read_number(text: str | None) -> float | None:
    """Returns a number in a header; None where it holds none."""
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
    """Returns the seconds a refusal says to wait, at most a minute; None where it does not say."""
    milliseconds = read_number(headers.get("retry-after-ms"))
    seconds = read_number(headers.get("retry-after"))
    if milliseconds is not None:
        seconds = milliseconds / 1000
    return None if seconds is None else min(seconds, LONGEST_WAIT)
