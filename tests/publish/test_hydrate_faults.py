"""Filling text in where data or references are not what they were: named, and nothing written."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from built import read_rows
from damage import ERROR
from generators.hydrate import main as hydrate
from generators.machiavelli.__main__ import main as build
from generators.publish.references import write_references
from generators.sources.games.files import find_sample

CONTRASTIVE = "contrastive/train-00000-of-00001.parquet"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's stories, as if they were not free."""
    data = Path(shutil.copytree(find_sample(), tmp_path_factory.mktemp("foreign") / "game_data"))
    (data / "game_metadata.json").unlink()
    return data


@pytest.fixture(scope="module")
def published(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """References to a few of their rows."""
    root = tmp_path_factory.mktemp("published")
    options = ["--kinds", "decisions,contrastive", "--limit", "40", "--no-report"]
    assert build(["--data", str(data), "--out", str(root / "whole"), *options]) == 0
    write_references(root / "whole", root / "references")
    return root / "references"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def with_a_line(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\xff\n")


def without_columns(path: Path) -> None:
    pq.write_table(pq.read_table(path).drop_columns(["id", "game"]), path)


def with_another_config(path: Path) -> None:
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["rows"]["../else"] = {"train": {"rows": 1, "bytes": 1}}
    path.write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "damage", "found"),
    [
        (CONTRASTIVE, Path.unlink, "No such file"),
        (CONTRASTIVE, cut, "changed since"),
        (CONTRASTIVE, without_columns, "changed since"),
        ("rejected.jsonl", with_a_line, "changed since"),
        ("manifest.json", with_another_config, "config '../else'"),
    ],
)
def test_references_that_were_damaged_are_one_line(
    name: str,
    damage: Callable[[Path], object],
    found: str,
    data: Path,
    published: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = Path(shutil.copytree(published, tmp_path / "published"))
    damage(folder / name)
    assert hydrate([str(folder), "--data", str(data), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err.removesuffix("\n")
    assert said.startswith(f"{folder}/{name}: {found}")
    assert ERROR.match(said)
    assert not (tmp_path / "out").exists()


def test_a_split_of_which_no_row_is_right_is_left_out(
    data: Path, published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    split = pq.read_table(published / CONTRASTIVE)
    changed = Path(shutil.copytree(data, tmp_path / "changed"))
    for game in set(split["game"].to_pylist()):
        path = changed / "scenarios" / f"{game}_scenarios_bfs_filled.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(
            json.dumps({key: f"Once, {text}" for key, text in told.items()}), encoding="utf-8"
        )
    command = [str(published), "--data", str(changed), "--out", str(tmp_path / "out")]
    assert hydrate(command) == 1
    assert ERROR.match(capsys.readouterr().err.removesuffix("\n"))
    assert not (tmp_path / "out").exists()
    assert hydrate([*command, "--skip-changed"]) == 0
    assert not (tmp_path / "out" / CONTRASTIVE).exists()
    kept = {row["id"] for row in read_rows(tmp_path / "out", "contrastive")}
    assert kept
    assert not kept & set(split["id"].to_pylist())
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert "train" not in manifest["rows"]["contrastive"]


def test_nothing_is_written_among_the_references(
    data: Path, published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(published.rglob("*"))
    assert hydrate([str(published), "--data", str(data), "--out", str(published / "out")]) == 2
    assert "expected a place outside" in capsys.readouterr().err
    assert sorted(published.rglob("*")) == before
