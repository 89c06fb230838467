"""No network, no key, no cache of the user's: every test starts from the same place."""

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

# Set before `datasets` is imported anywhere, since it reads them once.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="contrapose-tests-")
# Each process of the run has a core; numpy reads it once too.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
# A shell lets what it starts in the background ignore Ctrl-C, which tests send.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
for name in ("OPENAI_API_KEY", "HF_TOKEN"):
    os.environ.pop(name, None)

TESTS = Path(__file__).parent
ROOT = TESTS.parent
FIXTURE = TESTS / "game_data"
USUAL = "not real_model and not consumers and not dask"
"""What is run where nothing is named, as pyproject.toml has it."""
NO_REPORT = ("--no-report", "--out")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """The whole suite has a process for each core, and one more, since tests wait for servers.

    What is named on the command line has none.
    """
    from generators.parallel import count_cores

    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    named = config.option.keyword or config.option.markexpr != USUAL
    return count_cores() + 1 if whole and not named else 0


@pytest.fixture(scope="session")
def expected() -> dict[str, Any]:
    """The hand-computed expectations for the fixture, by file name."""
    paths = sorted((TESTS / "expected").glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


@pytest.fixture(scope="session", autouse=True)
def _vocabularies_are_parsed_once(pytestconfig: pytest.Config) -> Iterator[None]:
    if (
        pytestconfig.option.markexpr == "consumers"
    ):  # whose environments lack the project's libraries
        yield
        return
    from generators.tokens import vocabularies

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vocabularies, "_parse", cache(vocabularies._parse))
        yield


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the fixture, to be broken."""
    return Path(shutil.copytree(FIXTURE, tmp_path / "game_data"))


@pytest.fixture(scope="session")
def sample_folder(shared: Path) -> Path:
    """The dataset folder of the bundled sample, built once."""
    from generators.machiavelli.__main__ import main

    return make_once(shared / "built" / "machiavelli", lambda out: main([*NO_REPORT, str(out)]))


@pytest.fixture(scope="session")
def small_folder(shared: Path) -> Path:
    """A dataset folder of a few menus of the sample."""
    return build_few(shared / "small" / "machiavelli", "--kinds", "contrastive,multiple_choice,icl")


@pytest.fixture(scope="session")
def other_folder(shared: Path) -> Path:
    """Another one, without one of its configs."""
    out = shared / "other" / "machiavelli"
    return build_few(out, "--kinds", "contrastive,multiple_choice", "--seed", "1")


def build_few(out: Path, *options: str) -> Path:
    from generators.machiavelli.__main__ import main

    return make_once(out, lambda out: main(["--limit", "40", *NO_REPORT, str(out), *options]))


@pytest.fixture(scope="session")
def concept_folder(shared: Path) -> Path:
    """The dataset folder of the bundled concepts, built once."""
    from generators.concepts.__main__ import main

    return make_once(shared / "built" / "concepts", lambda out: main([*NO_REPORT, str(out)]))


@pytest.fixture(scope="session")
def measured_sample(sample_folder: Path, shared: Path) -> Path:
    """A copy of it with its report."""
    return make_once(shared / "measured" / "machiavelli", lambda out: measure(sample_folder, out))


@pytest.fixture(scope="session")
def measured_concepts(concept_folder: Path, shared: Path) -> Path:
    """A copy of it with its report."""
    return make_once(shared / "measured" / "concepts", lambda out: measure(concept_folder, out))


def measure(folder: Path, out: Path) -> int:
    from generators.report.__main__ import main

    return main([str(shutil.copytree(folder, out))])


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of a run have in common. Nothing in it is changed once made."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


def make_once(folder: Path, make: Callable[[Path], int]) -> Path:
    """Returns a folder of the run, which the first process that needs it makes."""
    folder.parent.mkdir(exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            new = folder.parent / "new" / folder.name
            assert make(new) == 0
            new.rename(folder)
    return folder


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A Hub, and a token for it."""
    from hub_server import HubServer, reach

    with HubServer() as server, reach(server.url):
        monkeypatch.setenv("HF_TOKEN", server.tokens.write)
        yield server


@pytest.fixture
def hub(server: Any) -> Any:
    """What asks it, without waiting."""
    from generators.publish.hub import Hub

    return Hub(server.url, wait=lambda seconds: None)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key, which is to go to the server and nowhere else."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-1234567890")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries again at once."""
    monkeypatch.setattr("generators.engine.live.back_off", lambda tries: 0.01)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives a server up after a fifth of a second."""
    monkeypatch.setattr("generators.engine.limits.PATIENCE", 0.2)
    monkeypatch.setattr("generators.engine.limits.PATIENCE_AT_START", 0.1)
    monkeypatch.setattr("generators.engine.failures.UNAVAILABLE", 0.2)
    monkeypatch.setattr("generators.engine.live.back_off", lambda tries: 0.02)
