"""`rejected.jsonl`: what was rejected, and why; nothing is dropped silently."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from generators.jsonl import read_records, write_records
from schemas.exchange import Rejection

REJECTED = "rejected.jsonl"
_LINE = TypeAdapter(Rejection)


def write_rejections(path: Path, rejections: Sequence[Rejection]) -> None:
    """Writes one line for each rejection."""
    write_records(path, rejections)


def read_rejections(path: Path) -> list[Rejection]:
    """Returns the lines of the file; none where there is no file.

    Raises:
        SourceError: a line is not a rejection.
    """
    return read_records(path, _LINE, "a rejection, as it was written", "Build the folder again")
