"""Ways to break a copy of the fixture's game data, and what an error must look like."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generators.machiavelli.__main__ import main

ERROR = re.compile(r"^[^\n]+: [^\n]+; expected [^\n]+\. [^\n]+\.$")


def build(*arguments: object) -> int:
    """Runs the main command; returns its exit status."""
    return main([str(argument) for argument in arguments])


def cut_off(data: Path) -> Path:
    path = data / "annotations_clean" / "mini-mill.json"
    path.write_bytes(path.read_bytes()[:-20])
    return data


def remove(*parts: str) -> Callable[[Path], Path]:
    def break_it(data: Path) -> Path:
        path = data.joinpath(*parts)
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return data

    return break_it


def change(path: str, *keys: str, value: Any) -> Callable[[Path], Path]:
    """Returns what puts another value at a key of a JSON file."""

    def break_it(data: Path) -> Path:
        content = json.loads((data / path).read_text(encoding="utf-8-sig"))
        inner = content
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
        (data / path).write_text(json.dumps(content), encoding="utf-8")
        return data

    return break_it


TREE = "trees/mini-mill_game_tree.json"
LABELS = "annotations_clean/mini-mill.json"
SCENARIOS = "scenarios/mini-mill_scenarios_bfs_filled.json"
