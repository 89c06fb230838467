"""Counts the modules that one follows from the command to a contrastive row in its Parquet file.

    python tests/follow_row.py

A module counts if one of its functions runs while the row is read, viewed, weighed and written (of
game data, without a model and without a report); what runs while modules are imported does not.
"""

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

DATA = ROOT / "generators" / "sample" / "game_data"
TIERS = ("generators/dataset/build", "assign_tiers")
"""Where tiers are chosen: module and function."""
WRITTEN = ("generators/dataset/card", "describe_folder")
"""What comes when all files of rows are there."""


class Followed(NamedTuple):
    """The modules in the order in which they are entered."""

    modules: list[str]
    before_tiers: int
    """How many of them are entered before tiers are chosen."""


def follow(arguments: Sequence[str]) -> Followed:
    """Returns the modules that a build with these options goes through until rows are written."""
    from generators.machiavelli.__main__ import main

    modules: list[str] = []
    seen: set[str] = set()
    before_tiers = 0
    done = False

    def note(frame: FrameType, event: str, _: Any) -> None:
        nonlocal before_tiers, done
        code = frame.f_code
        path = Path(code.co_filename)
        if event != "call" or done or code.co_name.startswith("<") or ROOT not in path.parents:
            return
        module = path.relative_to(ROOT).with_suffix("").as_posix()
        if (module, code.co_name) == WRITTEN:
            done = True
        elif not is_import(frame) and not module.startswith("tests/"):
            if (module, code.co_name) == TIERS:
                before_tiers = len(modules)
            if module not in seen:
                seen.add(module)
                modules.append(module)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        main(arguments)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return Followed(modules, before_tiers)


def is_import(frame: FrameType | None) -> bool:
    """Returns whether a frame runs because a module is imported."""
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") != "__main__":
            return True
        frame = frame.f_back
    return False


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        found = follow(
            ["--data", str(DATA), "--kinds", "contrastive", "--no-report", "--out", f"{folder}/out"]
        )
    print("\n".join(found.modules))
    print(f"{len(found.modules)} modules, {found.before_tiers} of them before tiers are chosen")
