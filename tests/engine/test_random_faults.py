"""Whatever a server does, and whenever a run ends: nothing is lost, asked twice, or told."""

import os
import sys
from pathlib import Path

import pytest

from asking_faults import try_asking


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("seed", [1, 2, 3, 24])
def test_random_faults(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # of the process that forks
    outcome = try_asking(tmp_path / "asking", seed)
    assert outcome.broken == ()
    assert outcome.items["accepted"] > 0
