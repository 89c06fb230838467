"""How long work shows how far it is; silent unless a caller hands in something that shows it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Work(Protocol):
    """A named piece of work that is under way."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Counts steps that are done; `note` is a word beside the count, such as the cost."""
        ...

    def end(self) -> None:
        """Ends the piece of work, finished or not."""
        ...


class Progress(Protocol):
    """Shows how far a run is: on a terminal, in a notebook, or nowhere."""

    def start(self, doing: str, total: int | None = None, unit: str = "item") -> Work:
        """Returns a piece of work that begins.

        Args:
            doing: what is done, such as "reading".
            total: how many steps it has; None if that is not known.
            unit: what one step is, such as "game".
        """
        ...

    def show(self, line: str) -> None:
        """Shows one line, such as a warning of a server."""
        ...


class _Silent:
    """Shows nothing."""

    def start(self, doing: str, total: int | None = None, unit: str = "item") -> Work:
        return self

    def show(self, line: str) -> None:
        pass

    def advance(self, steps: int = 1, note: str = "") -> None:
        pass

    def end(self) -> None:
        pass


SILENT: Progress = _Silent()


def follow(
    progress: Progress,
    items: Iterable[Item],
    doing: str,
    total: int | None = None,
    unit: str = "item",
    count: Callable[[Item], int] = lambda item: 1,
) -> Iterator[Item]:
    """Yields the items, and shows how many are through; `count` gives the steps of an item."""
    work = progress.start(doing, total, unit)
    try:
        for item in items:
            yield item
            work.advance(count(item))
    finally:
        work.end()
