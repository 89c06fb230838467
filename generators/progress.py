"""How far a run is: one protocol that every long piece of work reports to, silent by default."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Progress(Protocol):
    """Shows one piece of work at a time; its own methods show nothing."""

    def start(self, doing: str, total: int | None, unit: str) -> None:
        """Begins a piece of work, such as `reading` 134 of `game`; total is None if unknown."""

    def advance(self, number: int = 1) -> None:
        """Notes that so many more units are done."""

    def note(self, text: str) -> None:
        """Shows a few words beside the count, such as the cost so far; they replace the last."""

    def show(self, line: str) -> None:
        """Shows a line that stays, such as the state of a batch."""

    def end(self) -> None:
        """Ends the piece of work; nothing happens where none was begun."""


class Silent(Progress):
    """Shows nothing."""


SILENT: Progress = Silent()
"""What functions use where no other progress is given."""


def track(
    results: Iterable[Result], progress: Progress, doing: str, total: int | None, unit: str
) -> Iterator[Result]:
    """Yields the results, each of them one unit of a piece of work."""
    progress.start(doing, total, unit)
    try:
        for result in results:
            yield result
            progress.advance()
    finally:
        progress.end()
