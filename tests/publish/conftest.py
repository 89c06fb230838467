"""References to a few rows, for tests that change them as a stranger may."""

import shutil
from pathlib import Path

import pytest

from generators.machiavelli.__main__ import main as build
from generators.publish.references import write_references
from generators.sources.games.files import find_sample


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's stories, as if they were not free."""
    data = Path(shutil.copytree(find_sample(), tmp_path_factory.mktemp("stranger") / "game_data"))
    (data / "game_metadata.json").unlink()
    return data


@pytest.fixture(scope="module")
def published(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """References to a few of their rows."""
    root = tmp_path_factory.mktemp("published")
    options = ["--kinds", "decisions", "--limit", "25", "--no-report"]
    assert build(["--data", str(data), "--out", str(root / "whole"), *options]) == 0
    write_references(root / "whole", root / "references")
    return root / "references"


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published, tmp_path / "published"))
