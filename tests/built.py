"""Builds a dataset folder for a test, and reads its manifest."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from generators.machiavelli.__main__ import main
from schemas import GameManifest


def build(out: Path, *options: str) -> GameManifest:
    assert main(["--no-report", "--out", str(out), *options]) == 0
    return GameManifest.model_validate_json((out / "manifest.json").read_text(encoding="utf-8"))


def read_manifest(out: Path) -> GameManifest:
    return GameManifest.model_validate_json((out / "manifest.json").read_text(encoding="utf-8"))


TIERED = ("tier", "hard", "reversed_cue", "core_weight")


def forget_tier(row: dict[str, Any]) -> dict[str, Any]:
    """Returns a row without what depends on the other rows of its config."""
    return {name: value for name, value in row.items() if name not in TIERED}


def read_rows(folder: Path, config: str) -> list[dict[str, Any]]:
    return [
        row
        for path in sorted((folder / config).glob("*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]
