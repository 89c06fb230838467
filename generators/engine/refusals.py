"""What a reply that is an error says, and whether asking again may help. Pure; trusts no server."""

from collections.abc import Callable
from typing import NamedTuple

from generators.engine.api import Reply
from generators.engine.json_text import as_object, read_json

FINAL = {
    401: ("the key is not accepted", "Check OPENAI_API_KEY"),
    403: ("this key may not do this", "Check the key's project and permissions"),
    404: ("there is no such model or address", "Check --model and --base-url"),
}
"""Statuses that end a run, whichever request they come from."""
QUOTA_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
RETRIED = {408, 409, 425}
"""Statuses below 500 that may pass by themselves; 429 is a wait, and no failure."""
LONGEST = 300
"""Characters of a server's message that are shown."""


class Refusal(NamedTuple):
    """An error as a server gives it."""

    status: int
    code: str
    """Such as `insufficient_quota`; empty where it gives none."""
    named: str | None
    """The parameter it is about."""
    said: str
    """Its message on one line, without keys."""

    @property
    def is_about_quota(self) -> bool:
        """Whether the account is out of credit, which no waiting cures."""
        return self.code in QUOTA_CODES or self.status == 402

    @property
    def may_pass(self) -> bool:
        """Whether the server failed, and may not the next time."""
        return self.status in RETRIED or self.status >= 500


def read_refusal(reply: Reply, redact: Callable[[str], str]) -> Refusal:
    """Returns what an error reply says, as far as it does."""
    try:
        content = read_json(reply.body)
    except ValueError:
        content = None
    given = as_object(content).get("error", content)
    error = as_object(given)
    code, named = str(error.get("code") or error.get("type") or ""), error.get("param")
    message = error.get("message") or error.get("detail") or given
    text = str(message) if message else reply.body.decode("utf-8", "replace")
    said = " ".join(redact(text).split())[:LONGEST]
    return Refusal(reply.status, code, named if isinstance(named, str) else None, said)
