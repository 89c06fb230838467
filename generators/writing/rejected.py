"""`rejected.jsonl`: what was rejected, and why; nothing is dropped without a word."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from generators.errors import SourceError
from schemas.exchange import Rejection

REJECTED = "rejected.jsonl"


def write_rejections(path: Path, rejections: Sequence[Rejection]) -> None:
    """Writes one line a rejection."""
    lines = "".join(f"{rejection.model_dump_json()}\n" for rejection in rejections)
    path.write_text(lines, encoding="utf-8", newline="\n")


def read_rejections(path: Path) -> list[Rejection]:
    """Returns what stands in the file; nothing where there is none.

    Raises:
        SourceError: a line is no rejection.
    """
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    return [_read_line(f"{path} line {n}", line) for n, line in enumerate(lines, 1) if line]


def _read_line(where: str, line: bytes) -> Rejection:
    try:
        return Rejection.model_validate_json(line)
    except ValidationError as error:
        wanted, remedy = "a rejection, as it was written", "Build the folder again"
        raise SourceError(where, "something else", wanted, remedy) from error
