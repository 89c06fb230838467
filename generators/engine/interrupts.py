"""Ctrl-C while requests are under way: the first asks for an end, the next one ends at once."""

import asyncio
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager


@contextmanager
def heed_interrupts(interrupt: Callable[[], bool]) -> Generator[None]:
    """Calls `interrupt` on Ctrl-C; where that says it was called before, cancels the task.

    On Windows, whose event loop takes no signal handlers, Ctrl-C ends at once.
    """
    if sys.platform == "win32":
        yield
        return
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stop() -> None:
        if interrupt() and task:
            task.cancel()

    loop.add_signal_handler(signal.SIGINT, stop)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
