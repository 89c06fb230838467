"""What stands between a user and the Hub: one line that names it, and never the token."""

import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from damage import ERROR
from generators.errors import FolderError, HubError, UsageError
from generators.hydrate import main as hydrate
from generators.publish.hub import Hub
from generators.publish.publication import check_repository, check_tag
from generators.publish.references import open_release
from hub_server import HubServer, reach
from release_faults import NAME, ignore

ROOT = Path(__file__).parents[2]
Checked = Callable[[str], str]


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (check_tag, "main"),
        (check_tag, "HEAD"),
        (check_tag, "v1.lock"),
        (check_tag, "0123456789" * 4),
        (check_repository, "u/n.git"),
    ],
)
def test_names_that_git_or_the_hub_take_for_something_else(check: Checked, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(text)
    assert ERROR.match(str(caught.value))


@pytest.mark.parametrize("name", ["v1.0.0", "2025", "20250101", "mainly", "beta"])
def test_versions_are_tags(name: str) -> None:
    assert check_tag(name) == name


@pytest.mark.parametrize("address", ["http://127.0.0.1:99999", "http://[::1"])
def test_an_address_that_is_none_is_one_line(address: str, small_folder: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "generators.publish", str(small_folder), "--repo-id", NAME],
        cwd=ROOT,
        env={"HF_ENDPOINT": address},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert run.stderr.startswith("HF_ENDPOINT: not a URL; expected ")
    assert ERROR.match(run.stderr.removesuffix("\n"))


@pytest.mark.parametrize("address", ["ftp://127.0.0.1", "127.0.0.1/x"])
def test_an_address_of_another_kind_is_not_asked_again(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(HubError, match="HF_ENDPOINT is not a web address") as caught:
        Hub(address, wait=waits.append).find_repository(NAME)
    assert waits == []
    assert ERROR.match(str(caught.value))


@pytest.mark.usefixtures("server")
def test_a_token_that_cannot_be_sent_is_named_and_not_shown(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_sécret")
    with pytest.raises(HubError, match="a token with characters that no token has") as caught:
        hub.list_tags(NAME)
    assert "cret" not in str(caught.value)


def read_whole(hub: Hub) -> Any:
    return hub.download(NAME, "0" * 40, ["manifest.json"])


def read_one(hub: Hub) -> Any:
    return hub.read_file(NAME, "0" * 40, "manifest.json")


@pytest.mark.parametrize("read", [read_whole, read_one])
def test_without_a_network_it_is_the_network_that_is_named(read: Callable[[Hub], Any]) -> None:
    waits: list[float] = []
    with HubServer() as gone:
        address = gone.url
    with reach(address), pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", ignore)  # the client's own waits
        with pytest.raises(HubError, match="no answer") as caught:
            read(Hub(address, wait=waits.append))
        assert waits, "it may be back in a moment"
        assert ERROR.match(str(caught.value))
        patch.setattr(constants, "HF_HUB_OFFLINE", True)
        waits.clear()
        with pytest.raises(HubError, match="HF_HUB_OFFLINE is set; expected network access"):
            read(Hub(address, wait=waits.append))
        assert waits == []


def test_what_the_client_warns_of_is_not_a_second_line() -> None:
    module = "huggingface_hub.file_download"
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        Hub("http://127.0.0.1", wait=ignore)
        warnings.warn_explicit("no room", UserWarning, "file_download.py", 1, module=module)
    assert seen == []


def test_a_full_disk_for_temporary_files_is_named(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(folder: Path, out: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("generators.publish.references.write_references", fill)
    monkeypatch.setattr("generators.publish.release.is_free", lambda manifest: False)
    with pytest.raises(FolderError, match=r"^the folder for temporary files: the disk is full"):
        with open_release(small_folder, withheld=True):
            raise AssertionError("there is nothing to publish")


def test_a_fault_of_publishing_is_not_said_of_temporary_files(
    small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generators.publish.references.write_references", lambda folder, out: None)
    monkeypatch.setattr("generators.publish.references.read_release", _read_free(small_folder))
    with pytest.raises(OSError, match="of its own"), open_release(small_folder, withheld=True):
        raise OSError(5, "of its own")


def _read_free(folder: Path) -> Callable[[Path], Any]:
    from dataclasses import replace

    from generators.publish.release import read_release

    release = replace(read_release(folder), holds_foreign_text=True)
    return lambda path: release


def test_a_file_below_a_folder_is_not_looked_for_on_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "file").touch()
    assert hydrate(["x/file", "--data", "data", "--out", "out"]) == 2
    assert ERROR.match(capsys.readouterr().err.removesuffix("\n"))
