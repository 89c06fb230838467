"""No network, no key, no cache of the user's: every test starts from the same place."""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

# Set before `datasets` is imported anywhere, since it reads them once.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="contrapose-tests-")
for name in ("OPENAI_API_KEY", "HF_TOKEN"):
    os.environ.pop(name, None)

TESTS = Path(__file__).parent
ROOT = TESTS.parent
FIXTURE = TESTS / "game_data"


@pytest.fixture(scope="session")
def expected() -> dict[str, Any]:
    """The hand-computed expectations for the fixture, by file name."""
    paths = sorted((TESTS / "expected").glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the fixture, to be broken."""
    return Path(shutil.copytree(FIXTURE, tmp_path / "game_data"))


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset folder of the bundled sample, built once."""
    from generators.machiavelli import main

    out = tmp_path_factory.mktemp("built") / "machiavelli"
    assert main(["--no-report", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset folder of a few menus of the sample."""
    return build_few(tmp_path_factory, "--kinds", "contrastive,multiple_choice,icl")


@pytest.fixture(scope="session")
def other_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another one, without one of its configs."""
    return build_few(tmp_path_factory, "--kinds", "contrastive,multiple_choice", "--seed", "1")


def build_few(tmp_path_factory: pytest.TempPathFactory, *options: str) -> Path:
    from generators.machiavelli import main

    out = tmp_path_factory.mktemp("few") / "machiavelli"
    assert main(["--no-report", "--limit", "40", "--out", str(out), *options]) == 0
    return out


@pytest.fixture(scope="session")
def concept_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset folder of the bundled concepts, built once."""
    from generators.concepts import main

    out = tmp_path_factory.mktemp("built") / "concepts"
    assert main(["--no-report", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="session")
def measured_sample(sample_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it with its report."""
    return measure(sample_folder, tmp_path_factory)


@pytest.fixture(scope="session")
def measured_concepts(concept_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it with its report."""
    return measure(concept_folder, tmp_path_factory)


def measure(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from generators.report import main

    copy = shutil.copytree(folder, tmp_path_factory.mktemp("measured") / folder.name)
    assert main([str(copy)]) == 0
    return Path(copy)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key, which is to go to the server and nowhere else."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-1234567890")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries again at once."""
    monkeypatch.setattr("generators.engine.retries.BACKOFF", lambda state: 0.01)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives a server up after a fifth of a second."""
    monkeypatch.setattr("generators.engine.live.PATIENCE", 0.2)
    monkeypatch.setattr("generators.engine.live.PATIENCE_AT_START", 0.1)
    monkeypatch.setattr("generators.engine.retries.BACKOFF", lambda state: 0.02)
