"""What a failed try means, and when the request is sent again. Trusts no server.

Failures of the server count as tries; waits that it asks for do not.
"""

from collections.abc import Awaitable, Callable
from random import random
from typing import NamedTuple, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.wait import wait_random_exponential

from generators.engine.api import Reply
from generators.jsonl import as_object, read_json

FINAL = {
    401: ("the key is not accepted", "Check OPENAI_API_KEY"),
    403: ("the key has no permission for this", "Check the key's project and permissions"),
    404: ("there is no such model or address", "Check --model and --base-url"),
}
"""Statuses that end a run, whichever request they come from."""
QUOTA_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
RETRIED = {408, 409, 425}
"""Statuses below 500 after which another try may succeed; 429 is a wait and no failure."""
MOST_SHOWN = 300
"""Characters of a server's message that are shown."""
TRIES = 6
"""Failures of the server until one request is given up."""
BACKOFF = wait_random_exponential(multiplier=0.5, max=20)
"""Seconds after a failure, and after a refusal that does not say how long to wait."""

Result = TypeVar("Result")


class Failed(Exception):
    """The server failed at one try."""


class Wait(Exception):
    """The server asks to wait."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        """None where the server does not say how long."""


class Refusal(NamedTuple):
    """A reply that is an error."""

    status: int
    code: str
    """Such as `insufficient_quota`; empty where the server gives none."""
    named: str | None
    """The parameter that the error is about."""
    message: str
    """The server's message on one line, without keys."""

    @property
    def is_about_quota(self) -> bool:
        """Whether the account is out of credit; waiting does not help."""
        return self.code in QUOTA_CODES or self.status == 402

    @property
    def may_pass(self) -> bool:
        """Whether another try may succeed."""
        return self.status in RETRIED or self.status >= 500


def read_refusal(reply: Reply, redact: Callable[[str], str]) -> Refusal:
    """Returns what an error reply says; `redact` takes keys out of its message."""
    try:
        content = read_json(reply.body)
    except ValueError:
        content = None
    given = as_object(content).get("error", content)
    error = as_object(given)
    code, named = str(error.get("code") or error.get("type") or ""), error.get("param")
    message = error.get("message") or error.get("detail") or given
    text = str(message) if message else reply.body.decode("utf-8", "replace")
    line = " ".join(redact(text).split())[:MOST_SHOWN]
    return Refusal(reply.status, code, named if isinstance(named, str) else None, line)


async def try_again(
    attempt: Callable[[], Awaitable[Result]],
    error: Failed | Wait,
    sleep: Callable[[float], Awaitable[None]],
    is_stopped: Callable[[], bool],
) -> Result:
    """Returns the result of the first attempt that succeeds, after one that ended in `error`.

    Raises:
        Failed: the server failed too often, or the run was stopped.
    """
    failures = 0
    earlier: Exception | None = error

    def stop(state: RetryCallState) -> bool:
        nonlocal failures
        failures += isinstance(_find_error(state), Failed)
        return failures >= TRIES or is_stopped()

    def wait(state: RetryCallState) -> float:
        error = _find_error(state)
        if isinstance(error, Wait) and error.seconds is not None:
            return error.seconds * (1 + random() / 4) + 0.01  # not all at the same moment
        return BACKOFF(state)

    async def attempt_next() -> Result:
        nonlocal earlier
        if earlier:
            known, earlier = earlier, None
            raise known
        return await attempt()

    retrying = AsyncRetrying(
        retry=retry_if_exception_type((Failed, Wait)),
        wait=wait,
        stop=stop,
        sleep=sleep,
        reraise=True,
    )
    return await retrying(attempt_next)


def _find_error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
