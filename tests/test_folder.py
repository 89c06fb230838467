"""The dataset folder: loads offline, same bytes, whole after any kill, never half-written."""

import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest

from generators import folder
from generators.card import render_card
from generators.errors import FolderError
from generators.kinds import KINDS
from generators.machiavelli import main
from generators.splits import SPLITS, assign_split, find_group, known_games
from generators.tables import arrow_schema
from schemas import CANARY, Manifest

ROOT = Path(__file__).parent.parent


def build(out: Path, *options: str) -> Manifest:
    assert main(["--out", str(out), *options]) == 0
    return Manifest.model_validate_json((out / "manifest.json").read_text(encoding="utf-8"))


def read_manifest(out: Path) -> Manifest:
    return Manifest.model_validate_json((out / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("config", KINDS)
def test_every_config_loads_offline(sample_folder: Path, config: str) -> None:
    loaded = datasets.load_dataset(str(sample_folder), config)
    sizes = read_manifest(sample_folder).rows[config]
    assert {split: rows.num_rows for split, rows in loaded.items()} == {
        split: size.rows for split, size in sizes.items()
    }
    for split, rows in loaded.items():
        assert rows.features.arrow_schema.names == arrow_schema(KINDS[config].row).names
        for row in rows.select(range(3)):
            assert (row["split"], row["canary"]) == (split, CANARY)
            KINDS[config].row.model_validate(row, strict=False)


def test_ids_are_unique_and_rows_in_order(sample_folder: Path) -> None:
    for config in KINDS:
        for split in SPLITS:
            table = pq.read_table(sample_folder / config / f"{split}-00000-of-00001.parquet")
            ids = table["id"].to_pylist()
            assert len(set(ids)) == len(ids)
            assert table["game"].to_pylist() == sorted(table["game"].to_pylist())


def test_no_series_scene_or_text_crosses_a_split(sample_folder: Path) -> None:
    for config, kind in KINDS.items():
        seen: dict[str, dict[Any, str]] = {"group": {}, "menu": {}, "text": {}}
        for split in SPLITS:
            table = pq.read_table(sample_folder / config / f"{split}-00000-of-00001.parquet")
            for row in table.to_pylist():
                text = {
                    "decisions": lambda r: (r["context"], *(o["text"] for o in r["options"])),
                    "contrastive": lambda r: (r["prompt"], r["positive"], r["negative"]),
                    "multiple_choice": lambda r: (r["question"], *sorted(r["choices"])),
                    "icl": lambda r: tuple(r["query"].values()),
                }[kind.name](row)
                keys = {"group": row["group"], "menu": row.get("decision_id", row["id"])}
                for what, key in {**keys, "text": text}.items():
                    assert seen[what].setdefault(key, split) == split, (config, what, key)


def test_splits_follow_the_series() -> None:
    known = known_games()
    assert {assign_split(find_group(game)) for game in known["test"]} == {"test"}
    assert len({game for games in known["series"].values() for game in games}) == 136
    for games in known["series"].values():
        assert len({assign_split(find_group(game)) for game in games}) == 1
    dealt = [assign_split(group) for group in known["series"]]
    assert (dealt.count("train"), dealt.count("validation")) == (78, 11)
    assert find_group("unheard-of") == "unheard-of"
    assert assign_split("mini-harbour") == "train"
    assert assign_split("the-long-ferry") == "validation"
    assert assign_split("harbour-lights") == "test"


def test_the_same_input_gives_the_same_bytes(sample_folder: Path, tmp_path: Path) -> None:
    build(tmp_path / "again")
    names = [path.relative_to(sample_folder) for path in sample_folder.rglob("*.*")]
    again = [path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*.*")]
    assert sorted(names) == sorted(again)
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (sample_folder / name).read_bytes()


def test_many_processes_give_the_same_bytes(
    sample_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generators.reading.PARALLEL_FROM_BYTES", 0)
    monkeypatch.setattr("generators.reading.count_cores", lambda: 2)
    assert build(tmp_path / "out").files == read_manifest(sample_folder).files


def test_a_rebuilt_folder_is_not_served_from_an_old_cache(tmp_path: Path) -> None:
    out = tmp_path / "machiavelli"
    orders: list[Any] = []
    for seed in ("0", "1"):
        build(out, "--seed", seed)
        rows = datasets.load_dataset(
            str(out), "multiple_choice", split="train", cache_dir=str(tmp_path / "cache")
        )
        orders.append(rows["order"][:])
        table = pq.read_table(out / "multiple_choice" / "train-00000-of-00001.parquet")
        assert orders[-1] == table["order"].to_pylist()
    assert orders[0] != orders[1]


def test_the_seed_changes_orders_and_shots_only(sample_folder: Path, tmp_path: Path) -> None:
    build(tmp_path / "out", "--seed", "7")
    for config in ("decisions", "contrastive"):
        for split in SPLITS:
            path = Path(config) / f"{split}-00000-of-00001.parquet"
            assert (tmp_path / "out" / path).read_bytes() == (sample_folder / path).read_bytes()


def test_the_manifest_names_every_file(sample_folder: Path) -> None:
    manifest = read_manifest(sample_folder)
    found = {path for path in sample_folder.rglob("*") if path.is_file()}
    assert {sample_folder / name for name in manifest.files} == found - {
        sample_folder / "manifest.json",
        sample_folder / "README.md",
    }
    for name, digest in manifest.files.items():
        assert hashlib.sha256((sample_folder / name).read_bytes()).hexdigest() == digest
    assert str(sample_folder) not in manifest.model_dump_json()


def test_the_card_says_what_must_be_said(sample_folder: Path) -> None:
    card = (sample_folder / "README.md").read_text(encoding="utf-8")
    manifest_text = (sample_folder / "manifest.json").read_text(encoding="utf-8")
    for said in (
        CANARY, "Content warning", "`--icl-shots`",
        "not that the act is good", "license: cc0-1.0", "CC0 1.0",
        hashlib.sha256(manifest_text.encode()).hexdigest(), "chosen_path", "null, never zero",
    ):  # fmt: skip
        assert said in card
    assert "\n\n\n" not in card
    manifest = read_manifest(sample_folder)
    for name, game in manifest.games.items():
        closed = {
            **manifest.games,
            name: game.model_copy(update={"text_licence": "choice-of-games"}),
        }
        changed = manifest.model_copy(update={"games": closed})
        schemas = {kind: arrow_schema(KINDS[kind].row) for kind in manifest.rows}
        card = render_card(changed, manifest_text, schemas)
        assert "license: other" in card
        assert "not ours to republish" in card


def test_sample_rows_are_as_they_were(sample_folder: Path) -> None:
    """Golden rows; rewrite them with `python tests/write_golden_rows.py` after a wanted change."""
    golden = json.loads((ROOT / "tests" / "golden" / "rows.json").read_text(encoding="utf-8"))
    for config, rows in golden.items():
        path = sample_folder / config / "train-00000-of-00001.parquet"
        by_id = {row["id"]: row for row in pq.read_table(path).to_pylist()}
        for row in rows:
            assert by_id[row["id"]] == row


# Replacing a folder.


def describe(text: str) -> str:
    """A manifest.json that is known for ours, and says this."""
    return json.dumps(dict.fromkeys(folder.OURS, text))


def fill(path: Path, text: str) -> Path:
    path.mkdir(parents=True)
    (path / "manifest.json").write_text(describe(text), encoding="utf-8")
    return path


def read_text(path: Path) -> str:
    return json.loads((path / "manifest.json").read_text(encoding="utf-8"))["name"]


@pytest.mark.parametrize("exchange", [True, False])
def test_a_folder_is_replaced_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    if not exchange:
        monkeypatch.setattr(folder, "_exchange", lambda one, other: False)
    out = fill(tmp_path / "out", "old")
    (out / "left-over").touch()
    with folder.replace_folder(out) as new:
        (new / "manifest.json").write_text(describe("new"), encoding="utf-8")
        assert read_text(out) == "old"
    assert [path.name for path in out.iterdir()] == ["manifest.json"]
    assert read_text(out) == "new"
    assert {path.name for path in tmp_path.iterdir()} <= {"out", ".out.lock"}


@pytest.mark.parametrize(
    ("there", "kept"),
    [
        ({"out": "old", ".out.new": "half"}, "old"),  # killed while building, or after an exchange
        ({".out.old": "old", ".out.new": "new"}, "new"),  # killed between the two renames
        ({".out.old": "old", "out": "new"}, "new"),  # killed while the old one was removed
        ({".out.old": "old"}, "old"),
    ],
)
def test_what_a_kill_left_is_finished_or_undone(
    tmp_path: Path, there: dict[str, str], kept: str
) -> None:
    for name, text in there.items():
        fill(tmp_path / name, text)
    folder.recover(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert read_text(tmp_path / "out") == kept


def test_a_folder_with_other_files_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    assert main(["--out", str(tmp_path)]) == 1
    assert "a folder with other files; expected a new folder" in capsys.readouterr().err
    assert main(["--out", str(tmp_path / "thesis.tex")]) == 1
    assert "a file; expected a new folder" in capsys.readouterr().err
    assert main(["--out", str(tmp_path / "thesis.tex" / "deeper")]) == 1
    assert "expected a folder that can be written" in capsys.readouterr().err
    (tmp_path / "manifest.json").write_text('{"name": "an extension"}', encoding="utf-8")
    assert main(["--out", str(tmp_path)]) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"thesis.tex", "manifest.json"}


def test_the_folder_one_is_in_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for out in (".", "..", "/"):
        assert main(["--out", out]) == 1
        assert "the folder you are in" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_old_folder_that_cannot_be_removed_is_left_for_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = fill(tmp_path / "out", "old")
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda path, ignore_errors=False: None)
        with folder.replace_folder(out) as new:
            (new / "manifest.json").write_text(describe("new"), encoding="utf-8")
    assert read_text(out) == "new"
    assert read_text(tmp_path / ".out.new") == "old"
    folder.recover(out)
    assert read_text(out) == "new"
    assert not (tmp_path / ".out.new").exists()


def test_two_runs_do_not_write_one_folder(tmp_path: Path) -> None:
    with folder.replace_folder(tmp_path / "out") as new:
        fill(new / "rows", "")
        with pytest.raises(FolderError, match="another run is writing it"):
            with folder.replace_folder(tmp_path / "out"):
                pass


@pytest.mark.skipif(sys.platform == "win32", reason="limits a file's size")
def test_a_full_disk_is_one_clear_line_and_nothing_half_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    before = build(out, "--limit", "10")
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))\n"
        "from generators.machiavelli import main\n"
        f"sys.exit(main(['--out', {str(out)!r}]))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.startswith(f"--out {out}: ")
    assert run.stderr.endswith("nothing was changed.\n")
    assert run.stderr.count("\n") == 1
    assert read_manifest(out) == before
    assert {path.name for path in tmp_path.iterdir()} <= {"out", ".out.lock"}


KILLED_AT = """
import os, signal, sys
from pathlib import Path
from generators import folder

def die(*rest, **named):
    os.kill(os.getpid(), signal.SIGKILL)

def then_die(function):
    return lambda *rest, **named: (function(*rest, **named), die())

moment, out = sys.argv[1:]
if moment == "before the swap":
    folder.swap = die
elif moment == "after the exchange":
    folder._exchange = then_die(folder._exchange)
elif moment == "between the renames":
    folder._exchange = lambda one, other: False
    rename = Path.rename
    Path.rename = lambda path, to: (rename(path, to), die() if ".old" in str(to) else None)
elif moment == "while the old one is removed":
    folder.shutil.rmtree = die
from generators.machiavelli import main
main(["--out", out, "--seed", "1"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a signal")
@pytest.mark.parametrize(
    ("moment", "seed"),
    [
        ("before the swap", 0),
        ("after the exchange", 1),
        ("between the renames", 1),
        ("while the old one is removed", 1),
    ],
)
def test_a_kill_at_the_worst_moment_leaves_a_whole_folder(
    tmp_path: Path, moment: str, seed: int
) -> None:
    out = tmp_path / "out"
    build(out)
    run = subprocess.run([sys.executable, "-c", KILLED_AT, moment, str(out)], cwd=ROOT)
    assert run.returncode == -signal.SIGKILL
    folder.recover(out)  # what every command does first
    manifest = read_manifest(out)
    assert folder.hash_files(out) == manifest.files
    assert manifest.config.seed == seed
    build(out, "--seed", "2")
    assert {path.name for path in tmp_path.iterdir()} <= {"out", ".out.lock"}


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a signal")
def test_a_kill_at_any_moment_leaves_a_whole_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(out)
    command = [sys.executable, "-m", "generators.machiavelli", "--seed"]
    chance = random.Random(0)
    for seed in range(1, 5):
        run = subprocess.Popen(
            [*command, str(seed), "--out", str(out)], cwd=ROOT, stdout=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(0.5, 2.5))
        run.kill()
        run.wait()
        manifest = read_manifest(out)
        assert folder.hash_files(out) == manifest.files
    last = build(out, "--seed", "99")
    assert last.config.seed == 99
    assert {path.name for path in tmp_path.iterdir()} <= {"out", ".out.lock"}
    shutil.rmtree(out)
