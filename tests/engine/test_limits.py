"""The window, the pace and the breaker, by a clock that only the test moves."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from generators.engine import limits
from generators.engine.limits import Breaker, Limits, read_duration, read_retry_after


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def run(test: Callable[[Clock], Coroutine[Any, Any, None]], monkeypatch: Any) -> None:
    """Runs a test whose sleeping moves the clock, and takes no time."""
    clock, sleep = Clock(), asyncio.sleep

    async def skip(seconds: float) -> None:
        clock.now += seconds
        await sleep(0)

    monkeypatch.setattr(limits.asyncio, "sleep", skip)
    asyncio.run(test(clock))


async def send(limiter: Limits, clock: Clock, number: int, tokens: float = 0) -> list[float]:
    """Returns when each of so many requests may be sent; each is answered at once."""
    times: list[float] = []
    for _ in range(number):
        await limiter.enter(tokens)
        times.append(clock.now)
        limiter.leave()
    return times


def test_requests_keep_the_pace_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(clock: Clock) -> None:
        times = await send(Limits(8, rpm=600, clock=clock), clock, 11)
        assert times[-1] - times[0] == pytest.approx(1.0, abs=0.03)

    run(test, monkeypatch)


def test_tokens_are_paced_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(clock: Clock) -> None:
        times = await send(Limits(8, tpm=6000, clock=clock), clock, 5, tokens=100)
        assert times[-1] - times[0] == pytest.approx(4.0, abs=0.03)

    run(test, monkeypatch)


def test_a_stated_limit_is_kept_just_below(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(clock: Clock) -> None:
        limiter = Limits(8, clock=clock)
        limiter.note_answer({"x-ratelimit-limit-requests": "600"})
        times = await send(limiter, clock, 11)
        assert 1.0 < times[-1] - times[0] < 1.1

    run(test, monkeypatch)


def test_a_process_that_was_held_up_sends_no_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(clock: Clock) -> None:
        limiter = Limits(64, rpm=6000, clock=clock)
        await send(limiter, clock, 1)
        clock.now += 30
        times = await send(limiter, clock, 50)
        at_once = sum(time == times[0] for time in times)
        assert at_once <= 1 + 100 * limits.BURST_SECONDS
        assert times[-1] - times[0] > 0.4

    run(test, monkeypatch)


def test_the_window_opens_with_the_first_answer_and_shrinks_with_refusals() -> None:
    clock = Clock()
    window = Limits(64, clock=clock)
    assert window.window == limits.START
    window.note_answer({})
    assert window.window == 64
    for _ in range(1000):
        window.note_refusal({})
    assert window.window == limits.FLOOR
    window.note_answer({})
    assert window.window == pytest.approx(limits.FLOOR + limits.GROWTH)


def test_many_at_once_are_spread_until_the_first_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(clock: Clock) -> None:
        limiter = Limits(512, clock=clock)
        times = await send(limiter, clock, 170)
        assert 0.05 < times[-1] - times[0] < 0.2
        limiter.note_answer({})
        times = await send(limiter, clock, 170)
        assert times[-1] == times[0]

    run(test, monkeypatch)


def test_a_server_that_only_fails_is_given_up_after_a_while() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(limits.FEWEST_FAILURES + 5):
        assert breaker.note_failure() is None  # all at one moment
    clock.now += limits.PATIENCE_AT_START
    assert breaker.note_failure() == limits.PATIENCE_AT_START
    breaker.note_answer()
    for _ in range(limits.FEWEST_FAILURES):
        assert breaker.note_failure() is None
    clock.now += limits.PATIENCE_AT_START
    assert breaker.note_failure() is None  # it has answered before
    clock.now += limits.PATIENCE
    assert breaker.note_failure() == limits.PATIENCE


def test_refusals_show_that_a_server_is_up_and_end_a_run_late() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(limits.FEWEST_FAILURES):
        breaker.note_failure()
    clock.now += limits.PATIENCE
    for _ in range(limits.FEWEST_FAILURES):
        assert breaker.note_refusal() is None
    assert breaker.note_failure() is None
    clock.now += limits.PATIENCE_WITH_REFUSALS
    assert breaker.note_refusal() == limits.PATIENCE_WITH_REFUSALS


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("6m12.5s", 372.5), ("120ms", 0.12), ("1.5", 1.5), ("1h", 3600), ("soon", None), (None, None)],
)
def test_durations_in_headers_are_read(text: str | None, seconds: float | None) -> None:
    assert read_duration(text) == (None if seconds is None else pytest.approx(seconds))


def test_a_wait_is_read_and_bounded() -> None:
    assert read_retry_after({"retry-after": "3"}) == 3
    assert read_retry_after({"retry-after": "3", "retry-after-ms": "250"}) == 0.25
    assert read_retry_after({"retry-after": "86400"}) == limits.LONGEST_WAIT
    assert read_retry_after({"retry-after": "-1"}) is None
    assert read_retry_after({}) is None
