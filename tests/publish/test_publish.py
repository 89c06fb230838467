"""Publishing: one commit, verified, tagged, whatever goes wrong."""

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tenacity import wait_none

from generators.concepts.__main__ import main as build_concepts
from generators.errors import HubError, SourceError
from generators.publish.__main__ import main
from generators.publish.hub import Hub
from generators.publish.release import Target, compare, read_release, send
from hub_server import File, HubServer, Repository, make_environment, reach
from release_faults import NAME, TAGS, ignore

ROOT = Path(__file__).parents[2]
TARGET = Target(NAME, TAGS[0])


def test_a_release_is_one_commit_under_its_tag(
    server: HubServer, small_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(small_folder), "--repo-id", NAME, "--tag", "v1.0.0"]) == 0
    repository = server.repositories[NAME]
    files = {path: File(b"") for path in read_release(small_folder).files}
    assert repository.private
    assert len(repository.commits) == 2
    assert repository.files("v1.0.0").keys() == {*files, ".gitattributes"}
    for path in files:
        assert repository.files("v1.0.0")[path] == (small_folder / path).read_bytes()
    said = capsys.readouterr().out
    load = f'  load_dataset("{NAME}", "contrastive", revision="v1.0.0")'
    assert load in said.splitlines()

    assert main([str(small_folder), "--repo-id", NAME, "--tag", "v1.0.0"]) == 0
    assert len(repository.commits) == 2, "nothing has changed"
    assert capsys.readouterr().out.splitlines()[-4].startswith("Unchanged")


def test_a_dry_run_sends_nothing(
    server: HubServer, small_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(small_folder), "--repo-id", NAME, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert not server.repositories
    assert {"GET"} == {entry.method for entry in server.requests}
    for name in read_release(small_folder).files:
        assert f"  {name}\n" in said
    assert said.splitlines()[-1].endswith("Nothing was sent.")


def test_a_dry_run_without_a_network_says_what_it_did_not_check(
    small_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generators.publish.hub.BACKOFF", wait_none())
    command = [str(small_folder), "--repo-id", NAME, "--tag", "v1.0.0", "--public"]
    with reach("http://127.0.0.1:9"):
        assert main([*command, "--dry-run"]) == 0
        said = capsys.readouterr().out.splitlines()
        assert main(command) == 1
        assert "no answer (ConnectError)" in capsys.readouterr().err
    assert said[0] == (
        f"Not checked, since the Hub was not reached (no answer (ConnectError)): whether {NAME}"
        " exists and may be written, what it holds, whether tag v1.0.0 is free, whether everybody"
        " may read its history."
    )
    files = read_release(small_folder).files
    assert [line.split()[::3] for line in said[1:-1]] == [["send", name] for name in files]
    assert said[-1].startswith(f"Would send at most {len(files)} files (")


def test_what_a_release_no_longer_has_is_removed_and_nothing_else(
    server: HubServer, hub: Hub, small_folder: Path, other_folder: Path
) -> None:
    send(hub, read_release(small_folder), TARGET, ignore)
    repository = server.repositories[NAME]
    repository.commit({"LICENSE": File(b"CC0\n"), "notes/mine.md": File(b"mine\n")})
    send(hub, read_release(other_folder), Target(NAME, "v2.0.0"), ignore)
    ours = {path.name for path in (small_folder / "icl").glob("*")}
    assert ours
    assert not any(path.startswith("icl/") for path in repository.files())
    assert {"LICENSE", "notes/mine.md"} <= repository.files().keys()
    assert repository.tags["v1.0.0"] == repository.commits[1].oid
    assert repository.tags["v2.0.0"] == repository.head.oid


def test_public_only_when_all_is_done(server: HubServer, hub: Hub, small_folder: Path) -> None:
    release = read_release(small_folder)
    server.faults.add("tag", "status", status=503, times=20)
    with pytest.raises(HubError, match="HTTP 503"):
        send(hub, release, Target(NAME, "v1.0.0", public=True), ignore)
    assert server.repositories[NAME].private
    server.faults.clear()
    send(hub, release, Target(NAME, "v1.0.0", public=True), ignore)
    assert not server.repositories[NAME].private
    with pytest.raises(HubError, match="it is public; expected a private repository"):
        send(hub, release, TARGET, ignore)


def test_a_repository_with_something_else_is_left_alone(
    server: HubServer, hub: Hub, small_folder: Path
) -> None:
    server.repositories[NAME] = Repository(NAME, private=True)
    server.repositories[NAME].commit({"model.safetensors": File(b"1", lfs=True)})
    with pytest.raises(HubError, match=r"'model\.safetensors' and no manifest\.json"):
        send(hub, read_release(small_folder), TARGET, ignore)
    assert len(server.repositories[NAME].commits) == 2


def test_a_tag_is_never_moved(
    server: HubServer, hub: Hub, small_folder: Path, other_folder: Path
) -> None:
    send(hub, read_release(small_folder), TARGET, ignore)
    repository = server.repositories[NAME]
    first = repository.head.oid
    with pytest.raises(HubError, match=rf"tag v1\.0\.0 is at commit {first}"):
        send(hub, read_release(other_folder), TARGET, ignore)
    assert repository.head.oid == first, "the tag is looked at before anything is sent"
    server.faults.add("tag", "tagged")
    with pytest.raises(HubError, match=r"tag v2\.0\.0 is at commit"):
        send(hub, read_release(other_folder), Target(NAME, "v2.0.0"), ignore)
    assert repository.tags == {"v1.0.0": first, "v2.0.0": repository.commits[0].oid}


def test_waits_as_long_as_the_hub_asks(server: HubServer, small_folder: Path) -> None:
    waits: list[float] = []
    server.faults.add("info", "status", status=429, retry_after=7)
    server.faults.add("revision", "status", status=429, retry_after=7)
    server.faults.add("commit", "status", status=429, retry_after=9)
    send(Hub(server.url, wait=waits.append), read_release(small_folder), TARGET, ignore)
    assert {7.0, 9.0} <= set(waits)


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("expired", "HTTP 401"),
        ("read", "HTTP 403"),
        ("stranger", "HTTP 403"),
        (None, "no token; expected one in HF_TOKEN"),
    ],
)
def test_a_token_that_may_not_is_named_and_not_shown(
    server: HubServer,
    small_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    token: str | None,
    said: str,
) -> None:
    secret = getattr(server.tokens, token) if token else "hf_none"
    if token is None:
        monkeypatch.delenv("HF_TOKEN")
    else:
        monkeypatch.setenv("HF_TOKEN", secret)
    assert main([str(small_folder), "--repo-id", NAME]) == 1
    printed = capsys.readouterr()
    assert said in printed.err
    assert len(printed.err.splitlines()) == 1
    try:
        send(Hub(server.url, wait=ignore), read_release(small_folder), TARGET, ignore)
    except HubError as error:
        shown = "".join(traceback.format_exception(error))
    assert secret not in printed.out + printed.err + shown
    kept = [path for path in Path(os.environ["HF_HOME"]).rglob("*") if path.is_file()]
    assert not any(secret.encode() in path.read_bytes() for path in kept)


def test_a_folder_that_was_changed_is_refused(small_folder: Path, tmp_path: Path) -> None:
    import shutil

    folder = Path(shutil.copytree(small_folder, tmp_path / "changed"))
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    assert read_release(folder).unlisted == ("notes.txt",)
    rows = next(folder.glob("contrastive/*.parquet"))
    whole = rows.read_bytes()
    rows.write_bytes(whole + b" ")
    with pytest.raises(SourceError, match="changed since; expected a dataset folder as it was"):
        read_release(folder)
    rows.unlink()
    with pytest.raises(SourceError, match="No such file"):
        read_release(folder)
    rows.write_bytes(whole)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(SourceError, match="the card of another manifest"):
        read_release(folder)
    with pytest.raises(SourceError, match=r"manifest\.json: .*; expected a dataset folder of ours"):
        read_release(tmp_path)


def test_all_is_new_to_an_empty_repository(small_folder: Path) -> None:
    release = read_release(small_folder)
    assert set(compare(release, {}).add) == release.files.keys()
    assert {"README.md", "manifest.json"} < release.files.keys()


LOAD = """
import json, sys
from datasets import load_dataset
rows = load_dataset("u/n", "multiple_choice", revision="v1.0.0")
print(json.dumps({split: each.to_list() for split, each in rows.items()}))
"""


def test_what_is_loaded_by_its_tag_is_what_was_built(
    server: HubServer, hub: Hub, small_folder: Path, tmp_path: Path
) -> None:
    send(hub, read_release(small_folder), TARGET, ignore)
    server.repositories[NAME].commit({}, deleted=["README.md", "manifest.json"])
    environment = make_environment(server.url, tmp_path / "home")
    environment["HF_TOKEN"] = server.tokens.read
    run = subprocess.run(
        [sys.executable, "-c", LOAD],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    built = {
        path.name.partition("-")[0]: pq.read_table(path).to_pylist()
        for path in (small_folder / "multiple_choice").glob("*.parquet")
    }
    assert json.loads(run.stdout) == built


def test_a_generator_publishes_what_it_has_built(
    server: HubServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pairs"
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"positive": "Give it back.", "negative": "Keep it."}\n', encoding="utf-8")
    command = ["--pairs", str(pairs), "--no-report", "--out", str(out)]
    assert build_concepts([*command, "--tag", "v1.0.0"]) == 2
    assert "--tag: no --push; expected --push beside it" in capsys.readouterr().err
    assert not out.exists()
    assert build_concepts([*command, "--push", NAME, "--tag", "v1.0.0"]) == 0
    files = server.repositories[NAME].files("v1.0.0")
    for path in read_release(out).files:
        assert files[path] == (out / path).read_bytes()
