"""`rejected.jsonl`: what was rejected, and why; nothing is dropped without a word."""

from collections.abc import Sequence
from pathlib import Path

from schemas.exchange import Rejection

REJECTED = "rejected.jsonl"


def write_rejections(path: Path, rejections: Sequence[Rejection]) -> None:
    """Writes one line a rejection."""
    lines = "".join(f"{rejection.model_dump_json()}\n" for rejection in rejections)
    path.write_text(lines, encoding="utf-8", newline="\n")


def read_rejections(path: Path) -> list[Rejection]:
    """Returns what stands in the file; nothing where there is none."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Rejection.model_validate_json(line) for line in lines]
