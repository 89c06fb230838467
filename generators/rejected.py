"""`rejected.jsonl`: what was rejected, and why; nothing is dropped without a word."""

from collections.abc import Sequence
from pathlib import Path

from schemas.exchange import Rejection

REJECTED = "rejected.jsonl"


def write_rejections(path: Path, rejections: Sequence[Rejection]) -> None:
    """Writes one line a rejection."""
    lines = "".join(f"{rejection.model_dump_json()}\n" for rejection in rejections)
    path.write_text(lines, encoding="utf-8", newline="\n")
