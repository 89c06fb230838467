"""When a request is sent again: failures of the server count, waits that it asks for do not."""

from collections.abc import Awaitable, Callable
from random import random
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.wait import wait_random_exponential

TRIES = 6
"""Failures of the server until one request is given up."""
BACKOFF = wait_random_exponential(multiplier=0.5, max=20)
"""Seconds after a failure, and after a refusal that does not say for how long to wait."""

Result = TypeVar("Result")


class Failed(Exception):
    """The server failed at one try."""


class Wait(Exception):
    """The server asks to wait, for so many seconds where it says so."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__(seconds)
        self.seconds = seconds


async def try_again(
    attempt: Callable[[], Awaitable[Result]],
    error: Failed | Wait,
    sleep: Callable[[float], Awaitable[None]],
    is_stopped: Callable[[], bool],
) -> Result:
    """Returns what an attempt gives in the end, after one that ended in `error`.

    Raises:
        Failed: the server failed too often, or the run was stopped.
    """
    failures = 0
    earlier: Exception | None = error

    def stop(state: RetryCallState) -> bool:
        nonlocal failures
        failures += isinstance(_find_error(state), Failed)
        return failures >= TRIES or is_stopped()

    async def attempt_next() -> Result:
        nonlocal earlier
        if earlier:
            known, earlier = earlier, None
            raise known
        return await attempt()

    retrying = AsyncRetrying(
        retry=retry_if_exception_type((Failed, Wait)),
        wait=wait_as_told,
        stop=stop,
        sleep=sleep,
        reraise=True,
    )
    return await retrying(attempt_next)


def wait_as_told(state: RetryCallState) -> float:
    """Returns the seconds until the next try."""
    error = _find_error(state)
    if isinstance(error, Wait) and error.seconds is not None:
        return error.seconds * (1 + random() / 4) + 0.01  # not all again at the same moment
    return BACKOFF(state)


def _find_error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
