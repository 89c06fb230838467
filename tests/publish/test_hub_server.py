"""The Hub server of the tests, asked by the real clients."""

import json
import subprocess
import sys
import threading
import warnings
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from httpx2 import RemoteProtocolError
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from hub_server import File, HubServer, Repository, make_environment, reach
from hub_server.card_rules import check_card
from hub_server.storage import flip_byte

CARD = """---
license: cc0-1.0
language: [en]
size_categories: [n<1K]
task_categories: [multiple-choice]
configs:
- config_name: pairs
  data_files:
  - {split: train, path: pairs/train.parquet}
- config_name: choices
  data_files:
  - {split: test, path: choices/test.parquet}
---
# Rows
"""

HERE: dict[str, Any] = {"repo_id": "u/n", "repo_type": "dataset"}
TESTS = Path(__file__).parents[1]


@pytest.fixture
def hub() -> Generator[HubServer]:
    with HubServer() as server, reach(server.url):
        yield server
    assert [t.name for t in threading.enumerate() if "process_request" in t.name] == []


@pytest.fixture
def api(hub: HubServer) -> HfApi:
    api = HfApi(endpoint=hub.url, token=hub.tokens.write)
    api.create_repo(**HERE, private=True)
    return api


def write_parquet(path: Path, table: pa.Table) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, use_content_defined_chunking=True, write_page_index=True)
    return path.read_bytes()


def push(api: HfApi, files: dict[str, bytes], parent: str | None = None) -> str:
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    made = api.create_commit(
        **HERE, operations=operations, commit_message="Rows", parent_commit=parent
    )
    return made.oid


def read_status(error: pytest.ExceptionInfo[HfHubHTTPError]) -> int:
    return error.value.response.status_code


def test_a_release_from_first_commit_to_public(hub: HubServer, api: HfApi, tmp_path: Path) -> None:
    rows = write_parquet(tmp_path / "rows.parquet", pa.table({"id": ["a", "b"]}))
    files = {"README.md": CARD.encode(), "pairs/train.parquet": rows, "report.html": b"<p>"}
    files["hello.txt"] = b"hello\n"
    first = api.dataset_info("u/n").sha
    head = push(api, files, first)
    assert hub.repositories["u/n"].files() == files | {
        ".gitattributes": hub.repositories["u/n"].commits[0].tree[".gitattributes"].content
    }
    assert push(api, files) == head, "the client sees that nothing changed"
    infos: dict[str, Any] = {i.path: i for i in api.get_paths_info(**HERE, paths=list(files))}
    assert infos["pairs/train.parquet"].lfs.sha256 == File(rows).sha256
    assert infos["report.html"].lfs
    # echo hello | git hash-object --stdin
    assert infos["hello.txt"].blob_id == "ce013625030ba8dba906f756967f9e9ca394464a"
    hub.page_size = 2
    tree = [entry.path for entry in api.list_repo_tree(**HERE, recursive=True)]
    pairs = ["pairs", "pairs/train.parquet"]
    assert tree == [".gitattributes", "README.md", "hello.txt", *pairs, "report.html"]
    assert [commit.commit_id for commit in api.list_repo_commits(**HERE)] == [head, first]
    api.create_tag(**HERE, tag="v1.0.0", revision=head)
    refs = api.list_repo_refs(**HERE)
    assert [(tag.name, tag.target_commit) for tag in refs.tags] == [("v1.0.0", head)]
    with pytest.raises(HfHubHTTPError) as twice:
        api.create_tag(**HERE, tag="v1.0.0", revision=first)
    assert read_status(twice) == 409
    with pytest.raises(HfHubHTTPError) as stale:
        push(api, {"a.txt": b"a"}, first)
    assert read_status(stale) == 412
    with pytest.raises(RepositoryNotFoundError):
        HfApi(endpoint=hub.url, token=False).dataset_info("u/n")
    api.update_repo_settings(**HERE, visibility="public")
    stranger = HfApi(endpoint=hub.url, token=hub.tokens.stranger)
    for path, content in files.items():
        got = stranger.hf_hub_download(**HERE, filename=path, revision="v1.0.0", cache_dir=tmp_path)
        assert Path(got).read_bytes() == content
    assert not any(hub.tokens.write in str(entry) for entry in hub.requests)
    assert hub.uploaded_bytes["lfs"] == len(rows) + 3


def test_who_may_not(hub: HubServer, api: HfApi) -> None:
    def ask(token: str) -> HfApi:
        return HfApi(endpoint=hub.url, token=token)

    assert ask(hub.tokens.read).whoami()["auth"]["accessToken"]["role"] == "read"
    refused: list[Any] = [
        (hub.tokens.read, 403, lambda api: push(api, {"a.txt": b"a"})),
        (hub.tokens.read, 403, lambda api: api.create_repo("u/other", repo_type="dataset")),
        (hub.tokens.read, 403, lambda api: api.auth_check(**HERE, write=True)),
        (hub.tokens.expired, 401, lambda api: push(api, {"a.txt": b"a"})),
        (hub.tokens.stranger, 404, lambda api: push(api, {"a.txt": b"a"})),
        (hub.tokens.write, 400, lambda api: push_unsent(api)),
    ]
    for token, status, act in refused:
        with pytest.raises(HfHubHTTPError) as error:
            act(ask(token))
        assert read_status(error) == status
        assert token not in str(error.value)
    with pytest.raises(ValueError, match="license"):
        push(api, {"README.md": CARD.replace("cc0-1.0", "CC0").encode()})
    assert len(hub.repositories["u/n"].commits) == 1


def push_unsent(api: HfApi) -> None:
    """Commits a pointer to an object that was never sent."""
    operation = CommitOperationAdd("a.parquet", b"PAR1")
    operation._upload_mode, operation._should_ignore = "lfs", False
    operation._is_uploaded, operation._remote_oid = True, None
    api.create_commit(**HERE, operations=[operation], commit_message="Unsent")


def test_large_objects_go_up_in_parts(hub: HubServer, api: HfApi) -> None:
    hub.part_size = 1000
    content = bytes(range(256)) * 10
    push(api, {"a.parquet": content, "b.bin": content})
    assert hub.repositories["u/n"].files()["b.bin"] == content
    assert [e.endpoint for e in hub.requests].count("lfs-part") in {3, 6}


def test_faults(hub: HubServer, api: HfApi) -> None:
    repository = hub.repositories["u/n"]
    for endpoint in ("preupload", "lfs-batch", "lfs-put", "lfs-verify"):
        for at, status in enumerate((429, 500, 503), 1):
            hub.faults.add(endpoint, "status", at, status=status)
    push(api, {"a.parquet": b"PAR1"})
    tried = [e.status for e in hub.requests if e.endpoint == "lfs-put"]
    assert tried == [429, 500, 503, 200], "the client tries again"

    hub.faults.add("commit", "status", status=429, retry_after=None)
    with pytest.raises(HfHubHTTPError) as busy:
        push(api, {"b.txt": b"b"})
    assert read_status(busy) == 429
    hub.faults.add("commit", "lost_before")
    with pytest.raises(RemoteProtocolError):
        push(api, {"b.txt": b"b"})
    assert "b.txt" not in repository.files()
    hub.faults.add("commit", "lost_after")
    with pytest.raises(RemoteProtocolError):
        push(api, {"b.txt": b"b"})
    assert repository.files()["b.txt"] == b"b"

    known = repository.head.oid
    hub.faults.add("commit", "concurrent", files={"theirs.txt": b"t"})
    with pytest.raises(HfHubHTTPError) as stale:
        push(api, {"c.txt": b"c"}, known)
    assert read_status(stale) == 412
    assert repository.head.parent == known
    assert repository.files().keys() >= {"b.txt", "theirs.txt"}

    hub.faults.add("tag", "tagged")
    with pytest.raises(HfHubHTTPError) as taken:
        api.create_tag(**HERE, tag="v1", revision="main")
    assert read_status(taken) == 409
    assert repository.tags == {"v1": repository.commits[0].oid}

    killed: list[str] = []
    hub.faults.add("commit", "killed_before", call=lambda: killed.append(repository.head.oid))
    hub.faults.add("commit", "killed_after", at=2, call=lambda: killed.append(repository.head.oid))
    for _ in range(2):
        with pytest.raises(RemoteProtocolError):
            push(api, {"d.txt": b"d"})
    assert killed == [repository.head.parent, repository.head.oid]
    with pytest.raises(ValueError, match="unknown fault"):
        hub.faults.add("commit", "lost")


@pytest.mark.parametrize("endpoint", ["lfs-put", "commit"])
def test_what_rots_is_seen_and_can_be_sent_again(hub: HubServer, api: HfApi, endpoint: str) -> None:
    content = b"PAR1" * 100
    fault = hub.faults.add(endpoint, "corrupt")
    push(api, {"a.parquet": content})
    assert fault.happened == 1
    info: Any = api.get_paths_info(**HERE, paths="a.parquet")[0]
    assert hub.repositories["u/n"].files()["a.parquet"] == flip_byte(content)
    assert info.lfs.sha256 == File(flip_byte(content)).sha256
    push(api, {"a.parquet": content})
    assert hub.repositories["u/n"].files()["a.parquet"] == content


LOAD = """
import gc, json, sys
from datasets import load_dataset
from huggingface_hub import get_token
rows = {
    config: load_dataset("u/n", config, revision="v1", split=split, token=sys.argv[1]).to_list()
    for config, split in (("pairs", "train"), ("choices", "test"))
}
stream = load_dataset("u/n", "pairs", revision="v1", split="train", streaming=True,
                      token=sys.argv[1])
print(json.dumps(rows | {"stream": list(stream)}))
del stream  # else Arrow's threads may outlive Arrow: https://github.com/huggingface/datasets/issues/7566
gc.collect()
"""


def test_datasets_loads_a_tag(tmp_path: Path) -> None:
    table = pa.table({"id": ["a", "b"], "n": [1, 2]})
    rows = write_parquet(tmp_path / "rows.parquet", table)
    repository = Repository("u/n", private=True)
    files = {"README.md": File(CARD.encode())}
    files |= {p: File(rows, lfs=True) for p in ("pairs/train.parquet", "choices/test.parquet")}
    repository.tags["v1"] = repository.commit(files).oid
    repository.commit({}, deleted=["README.md"])
    with HubServer() as hub:
        hub.repositories["u/n"] = repository
        run = subprocess.run(
            [sys.executable, "-c", LOAD, hub.tokens.read],
            env=make_environment(hub.url, tmp_path / "home"), cwd=tmp_path,
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        assert {e.status for e in hub.requests if not e.path.endswith(".yaml")} <= {
            200, 206, 302, 404,
        }  # fmt: skip
    expected = table.to_pylist()
    assert json.loads(run.stdout) == dict.fromkeys(["pairs", "choices", "stream"], expected)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cc0-1.0", "CC0", '"license" must be one of'),
        ("cc0-1.0", "other", "license_name"),
        ("[en]", "[english]", "language"),
        ("n<1K", "n<2K", "size_categories"),
        ("multiple-choice]", "choices]", "task_categories"),
        ("- config_name: pairs", "- name: pairs", "config_name"),
        ("split: train, path", "split: train, files", "configs"),
        ("license: cc0", "license: [cc0", "YAML"),
    ],
)
def test_card_rules(old: str, new: str, message: str) -> None:
    assert check_card(CARD) == ([], [])
    (error,) = check_card(CARD.replace(old, new))[0]
    assert message in error


def test_a_card_without_a_header_is_warned_of(hub: HubServer, api: HfApi) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="empty or missing yaml"):
            push(api, {"README.md": b"# Rows\n"})
