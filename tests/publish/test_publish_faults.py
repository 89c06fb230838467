"""Publishing while something goes wrong: nothing is done twice, half, or over somebody else's."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from generators.errors import HubError
from generators.publish.hub import Hub
from generators.publish.release import Target, read_release, send
from hub_server import HubServer, make_environment
from release_faults import NAME, TAGS, ignore, try_release

ROOT = Path(__file__).parents[2]
TARGET = Target(NAME, TAGS[0])


@pytest.mark.parametrize("kind", ["lost_before", "lost_after", "concurrent"])
def test_a_commit_without_an_answer_is_looked_for(
    server: HubServer, hub: Hub, small_folder: Path, kind: str
) -> None:
    fault = server.faults.add("commit", kind)
    sent = send(hub, read_release(small_folder), TARGET, ignore)
    repository = server.repositories[NAME]
    assert fault.happened == 1
    ours = [commit.oid for commit in repository.commits if "manifest" in commit.title]
    assert ours == [sent.commit] == [repository.tags["v1.0.0"]]
    assert ("theirs.txt" in repository.files()) is (kind == "concurrent")


def test_a_file_that_somebody_else_changes_meanwhile_is_not_overwritten(
    server: HubServer, hub: Hub, small_folder: Path, other_folder: Path
) -> None:
    send(hub, read_release(small_folder), TARGET, ignore)
    repository = server.repositories[NAME]
    card = b"---\nlicense: cc0-1.0\n---\nTheirs.\n"
    server.faults.add("commit", "concurrent", files={"README.md": card})
    with pytest.raises(HubError, match=r"another writer changed README\.md meanwhile"):
        send(hub, read_release(other_folder), Target(NAME, "v2.0.0"), ignore)
    assert repository.files()["README.md"] == card
    assert repository.tags.keys() == {"v1.0.0"}


@pytest.mark.parametrize("endpoint", ["lfs-put", "commit"])
def test_what_rots_is_not_tagged(
    server: HubServer, hub: Hub, small_folder: Path, endpoint: str
) -> None:
    server.faults.add(endpoint, "corrupt")
    with pytest.raises(HubError, match="Nothing was tagged"):
        send(hub, read_release(small_folder), TARGET, ignore)
    assert not server.repositories[NAME].tags
    send(hub, read_release(small_folder), TARGET, ignore)
    assert server.repositories[NAME].tags["v1.0.0"] == server.repositories[NAME].head.oid


@pytest.mark.parametrize("seed", range(8))
def test_random_faults(
    seed: int, small_folder: Path, other_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", HubServer().tokens.write)
    assert try_release([small_folder, other_folder], seed).broken == ()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(("endpoint", "kind"), [("lfs-put", "before"), ("commit", "after")])
def test_killed_midway_it_goes_on(
    small_folder: Path, tmp_path: Path, endpoint: str, kind: str
) -> None:
    command = [sys.executable, "-m", "generators.publish", str(small_folder)]
    command += ["--repo-id", NAME, "--tag", "v1.0.0"]
    with HubServer() as server:
        environment = make_environment(server.url, tmp_path / "home")
        environment["HF_TOKEN"] = server.tokens.write
        runs: list[subprocess.Popen[str]] = []
        server.faults.add(endpoint, f"killed_{kind}", call=lambda: runs[0].kill())
        for _ in range(2):
            runs.append(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
            said, _ = runs[-1].communicate(timeout=60)
            assert server.tokens.write not in said
        repository = server.repositories[NAME]
        assert [run.returncode for run in runs] == [-signal.SIGKILL, 0], said
        assert len(repository.commits) == 2
        assert repository.tags["v1.0.0"] == repository.head.oid
