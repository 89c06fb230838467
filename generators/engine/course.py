"""How a run goes, and what became of it besides answers."""

from dataclasses import dataclass, field
from typing import Protocol


class Meter(Protocol):
    """Shows how far the asking is."""

    def advance(self, done: int, dollars: float) -> None:
        """Notes items that are through, and what the run has cost so far."""
        ...

    def say(self, line: str) -> None:
        """Shows a line."""
        ...

    def close(self) -> None:
        """Ends the display."""
        ...


@dataclass(frozen=True)
class Unanswered:
    """A request that got no answer in this run; a later one asks again."""

    refused: bool
    """Whether the server called the request wrong; else it failed at every try."""
    detail: str


@dataclass
class Course:
    """What became of a run besides answers."""

    unanswered: dict[tuple[str, int], Unanswered] = field(
        default_factory=dict[tuple[str, int], Unanswered]
    )
    """Key and occurrence -> why there is no answer."""
    pending: int = 0
    """Requests that wait for an open batch."""
