"""Replacing a dataset folder: as a whole or not at all, whatever happens on the way."""

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from built import build, read_manifest
from generators import folder
from generators.errors import FolderError
from generators.machiavelli.__main__ import main

ROOT = Path(__file__).parents[2]


def describe(text: str) -> str:
    """A manifest.json that is known for ours, and says this."""
    return json.dumps(dict.fromkeys(folder.OURS, text))


def fill(path: Path, text: str) -> Path:
    path.mkdir(parents=True)
    (path / "manifest.json").write_text(describe(text), encoding="utf-8")
    return path


def read_text(path: Path) -> str:
    return json.loads((path / "manifest.json").read_text(encoding="utf-8"))["name"]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
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
        ({"out": "old", ".out.new": "half"}, "old"),  # killed while building
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
    assert main(["--no-report", "--out", str(tmp_path)]) == 1
    assert "a folder with other files; expected a new folder" in capsys.readouterr().err
    assert main(["--no-report", "--out", str(tmp_path / "thesis.tex")]) == 1
    assert "a file; expected a new folder" in capsys.readouterr().err
    assert main(["--no-report", "--out", str(tmp_path / "thesis.tex" / "deeper")]) == 1
    assert "expected a folder that can be written" in capsys.readouterr().err
    (tmp_path / "manifest.json").write_text('{"name": "an extension"}', encoding="utf-8")
    assert main(["--no-report", "--out", str(tmp_path)]) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"thesis.tex", "manifest.json"}


def test_the_folder_one_is_in_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for out in (".", "..", "/"):
        assert main(["--no-report", "--out", out]) == 1
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
    assert read_text(tmp_path / ".out.old") == "old"
    folder.recover(out)
    assert read_text(out) == "new"
    assert not (tmp_path / ".out.old").exists()


def test_two_runs_do_not_write_one_folder(tmp_path: Path) -> None:
    with folder.replace_folder(tmp_path / "out") as new:
        fill(new / "rows", "")
        with pytest.raises(FolderError, match="another run is writing it"):
            with folder.replace_folder(tmp_path / "out"):
                pass


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_where_no_lock_can_be_made_it_is_not_another_run() -> None:
    with pytest.raises(FolderError, match="expected a folder that can be written"):
        with folder.replace_folder(Path("/proc/out")):
            pass


@pytest.mark.skipif(sys.platform == "win32", reason="limits a file's size")
def test_a_full_disk_is_one_clear_line_and_nothing_half_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    before = build(out, "--limit", "10")
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))\n"
        "from generators.machiavelli.__main__ import main\n"
        f"sys.exit(main(['--no-report', '--out', {str(out)!r}]))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.startswith(f"--out {out}: ")
    assert run.stderr.endswith("nothing was changed.\n")
    assert run.stderr.count("\n") == 1
    assert read_manifest(out) == before
    assert {path.name for path in tmp_path.iterdir()} <= {"out", ".out.lock"}


KILLED_AT = """
import os, shutil, signal, sys
from pathlib import Path
from generators import folder

def die(*rest, **named):
    os.kill(os.getpid(), signal.SIGKILL)

moment, out, built = sys.argv[1:]
if moment == "before the swap":
    folder.swap = die
elif moment in ("between the renames", "after the renames"):
    rename, last = Path.rename, ".old" if moment == "between the renames" else "out"
    Path.rename = lambda path, to: (rename(path, to), die() if str(to).endswith(last) else None)
elif moment == "while the old one is removed":
    rmtree = folder.shutil.rmtree
    hidden = lambda path: Path(path).name.startswith(".")
    folder.shutil.rmtree = lambda path, **named: die() if hidden(path) else rmtree(path, **named)
with folder.replace_folder(Path(out)) as new:  # as a build does
    shutil.copytree(built, new, dirs_exist_ok=True)
"""
FEW = ("--kinds", "decisions", "--limit", "9")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders of seed 0 and 1."""
    folders = [tmp_path_factory.mktemp("seed") / str(seed) for seed in (0, 1)]
    for seed, out in enumerate(folders):
        build(out, *FEW, "--seed", str(seed))
    return folders


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a signal")
@pytest.mark.parametrize(
    ("moment", "seed"),
    [
        ("before the swap", 0),
        ("after the renames", 1),
        ("between the renames", 1),
        ("while the old one is removed", 1),
    ],
)
def test_a_kill_at_the_worst_moment_leaves_a_whole_folder(
    tmp_path: Path, two: list[Path], moment: str, seed: int
) -> None:
    out = Path(shutil.copytree(two[0], tmp_path / "out"))
    command = [sys.executable, "-c", KILLED_AT, moment, str(out), str(two[1])]
    assert subprocess.run(command, cwd=ROOT).returncode == -signal.SIGKILL
    folder.recover(out)  # what every command does first
    manifest = read_manifest(out)
    assert folder.hash_files(out) == manifest.files
    assert manifest.config.seed == seed
    build(out, *FEW, "--seed", "2")
    assert {path.name for path in tmp_path.iterdir()} <= {"out", ".out.lock"}


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a signal")
def test_a_kill_at_any_moment_leaves_a_whole_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(out, "--kinds", "decisions")
    command = [sys.executable, "-m", "generators.machiavelli", "--kinds", "decisions", "--seed"]
    chance = random.Random(0)
    for seed in range(1, 4):
        run = subprocess.Popen(
            [*command, str(seed), "--no-report", "--out", str(out)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.5, 2.5))
        run.kill()
        run.wait()
        folder.recover(out)  # what every command does first
        manifest = read_manifest(out)
        assert folder.hash_files(out) == manifest.files
    last = build(out, "--kinds", "decisions", "--seed", "99")
    assert last.config.seed == 99
    assert {path.name for path in tmp_path.iterdir()} <= {"out", ".out.lock"}
    shutil.rmtree(out)
