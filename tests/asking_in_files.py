"""Asks through a folder of files, as `--batch-folder` does."""

import json
from pathlib import Path
from typing import Any

import pytest
from batch_runner import REQUESTS

from asking import Asking
from generators.engine.dialogue import Accepted
from generators.engine.response_log import ResponseLog
from generators.errors import Unfinished


class Asked:
    """One log, and the folder that its requests go to."""

    def __init__(self, path: Path) -> None:
        self.path, self.folder = path, path / "asking"

    def run(self, number: int = 20, **settings: Any) -> list[Any]:
        """Asks so many questions; raises Unfinished where some wait."""
        self.asking = Asking(self.path, None, batch_folder=self.folder, **settings)
        return self.asking.run(number)

    def leave(self, number: int = 20, **settings: Any) -> str:
        """Returns the line that a run leaves with."""
        with pytest.raises(Unfinished) as left:
            self.run(number, **settings)
        assert left.value.exit_status == 0
        assert str(left.value).startswith(f"Ready in {self.folder}: ")
        return str(left.value)

    def finish(self, number: int = 20) -> list[str]:
        """Returns the lines of a run in which all is accepted, and nothing is left."""
        assert all(isinstance(step, Accepted) for step in self.run(number))
        assert list_requests(self.folder) == []
        with ResponseLog(self.path / "log.sqlite", "loopback") as log:
            assert log.open_batches() == []
        return self.asking.progress.lines

    @property
    def lines(self) -> str:
        return "\n".join(self.asking.progress.lines)


def list_requests(folder: Path) -> list[dict[str, Any]]:
    """Returns the requests that stand in a folder, in the order of its files."""
    return [
        json.loads(line)
        for path in sorted(folder.glob(f"*{REQUESTS}"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def take_answers(folder: Path) -> tuple[Path, list[str]]:
    """Returns the one file of answers, and its lines."""
    (path,) = folder.glob("*.answers.jsonl")
    return path, path.read_text(encoding="utf-8").splitlines(keepends=True)
