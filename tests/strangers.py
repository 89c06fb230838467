"""What a stranger may do to the manifest of a folder that they published."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

ROWS = "decisions/train-00000-of-00001.parquet"


def read_manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def list_again(folder: Path, **size: int) -> None:
    """Lets the manifest list the rows as they are now: a stranger's hash is right."""
    manifest = read_manifest(folder)
    manifest["files"][ROWS] = sha256((folder / ROWS).read_bytes()).hexdigest()
    manifest["rows"]["decisions"]["train"] |= size
    write_manifest(folder, manifest)
