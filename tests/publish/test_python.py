"""Publishing and hydrating from Python: the same results and errors as the commands, and silent."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from damage import ERROR
from generators import publish
from generators.errors import GeneratorError, UsageError
from generators.machiavelli.__main__ import main as build
from generators.publish.references import write_references
from generators.sources.games.files import find_sample
from hub_server import HubServer
from release_faults import NAME

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's stories, as if they were not free."""
    data = Path(shutil.copytree(find_sample(), tmp_path_factory.mktemp("foreign") / "game_data"))
    (data / "game_metadata.json").unlink()
    return data


@pytest.fixture(scope="module")
def foreign(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with their text."""
    out = tmp_path_factory.mktemp("foreign") / "machiavelli"
    options = ["--kinds", "decisions,contrastive", "--limit", "30", "--no-report"]
    assert build(["--data", str(data), "--out", str(out), *options]) == 0
    return out


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys; from generators import publish, export\n"
        "heavy = {'huggingface_hub', 'datasets', 'pyarrow', 'pydantic', 'numpy', 'argparse'}\n"
        "assert {'push', 'hydrate'} <= set(dir(publish)) and 'write' in dir(export)\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout == "[]\n", run.stderr


def test_what_was_published_shows_how_it_is_loaded(
    server: HubServer, small_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planned = publish.push(small_folder, NAME, dry_run=True)
    assert planned.commit is None
    assert "Nothing was sent." in repr(planned)
    assert not server.repositories
    published = publish.push(str(small_folder), NAME, tag="v1.0.0")
    repository = server.repositories[NAME]
    assert (published.commit, published.made) == (repository.tags["v1.0.0"], True)
    assert f'load_dataset("{NAME}", "contrastive", revision="v1.0.0")' in repr(published)
    again = publish.push(small_folder, NAME, tag="v1.0.0")
    assert (again.commit, again.made) == (published.commit, False)
    assert capsys.readouterr() == ("", "")


def test_references_come_back_whole(data: Path, foreign: Path, tmp_path: Path) -> None:
    write_references(foreign, tmp_path / "references")
    out = tmp_path / "out"
    hydrated = publish.hydrate(tmp_path / "references", data=data, out=out)
    files = [path for path in foreign.rglob("*.parquet")]
    assert hydrated.identical == len(files) > 0
    assert not hydrated.mismatches
    assert f"{len(files)} of {len(files)} Parquet files are byte for byte" in repr(hydrated)
    for path in files:
        assert (out / path.relative_to(foreign)).read_bytes() == path.read_bytes()


def test_rows_that_differ_are_in_the_error(data: Path, foreign: Path, tmp_path: Path) -> None:
    write_references(foreign, tmp_path / "references")
    changed = Path(shutil.copytree(data, tmp_path / "changed"))
    (path,) = (changed / "scenarios").glob("winter-caravan*_filled.json")
    path.write_text(path.read_text(encoding="utf-8").replace(".", "!"), encoding="utf-8")
    with pytest.raises(publish.ChangedRows, match="rows are not as published") as caught:
        publish.hydrate(tmp_path / "references", data=changed, out=tmp_path / "out")
    assert {mismatch.game for mismatch in caught.value.mismatches} == {"winter-caravan"}
    assert not (tmp_path / "out").exists()
    hydrated = publish.hydrate(
        tmp_path / "references", data=changed, out=tmp_path / "out", skip_changed=True
    )
    assert list(hydrated.mismatches) == list(caught.value.mismatches)


@pytest.mark.parametrize(
    ("repo_id", "options", "found"),
    [
        ("no-slash", {}, "expected USER/NAME"),
        (NAME, {"tag": "main"}, "expected a version"),
        (NAME, {"text": "all"}, "expected one of references, full"),
        (NAME, {"text": "full"}, "expected --i-have-the-rights"),
        (NAME, {"text": "full", "i_have_the_rights": True, "public": True}, "a private repository"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_sent(
    repo_id: str, options: dict[str, Any], found: str, foreign: Path, server: HubServer
) -> None:
    with pytest.raises(UsageError, match=found) as caught:
        publish.push(foreign, repo_id, **options)
    assert ERROR.match(str(caught.value))
    assert not server.repositories


def test_a_bad_address_is_refused_before_the_client_is_imported(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:99999")
    for act in (
        lambda: publish.push(small_folder, NAME),
        lambda: publish.hydrate(NAME, data="data", out="out"),
    ):
        with pytest.raises(UsageError, match="HF_ENDPOINT: not a URL"):
            act()


@pytest.mark.parametrize("path", ["", "bad\udc80name"])
def test_paths_that_cannot_be_used_are_one_line(path: str, foreign: Path) -> None:
    for act in (
        lambda: publish.push(path, NAME),
        lambda: publish.hydrate(foreign, data=foreign, out=path),
    ):
        with pytest.raises(GeneratorError) as caught:
            act()
        assert ERROR.match(str(caught.value))
