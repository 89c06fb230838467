"""The commands as a user meets them: exit codes, one-line errors, quick help, what is printed."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from built import forget_tier, read_manifest
from damage import ERROR, SCENARIOS, build, cut_off
from generators.__main__ import COMMANDS
from generators.concepts.__main__ import main as concepts
from generators.machiavelli.__main__ import main as machiavelli
from generators.report.files import read_quality

ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "tests" / "game_data"
HEAVY = {
    "datasets",
    "jinja2",
    "networkx",
    "numpy",
    "tokenizers",
    "yaml",
    "openai",
    "orjson",
    "pandas",
    "pyarrow",
    "pydantic",
    "tqdm",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_imports_nothing_heavy(command: str) -> None:
    code = (
        "import runpy, sys; sys.argv[1:] = ['--help']\n"
        f"try: runpy.run_module('generators.{command}', run_name='__main__')\n"
        "except SystemExit as stop: assert stop.code == 0\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout.splitlines()[-1] == "[]", run.stderr


def test_commands_are_listed() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "generators"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert all(f"python -m generators.{command}" in run.stdout for command in COMMANDS)


def test_a_build_says_what_is_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build("--no-report", "--out", tmp_path / "out", "--limit", 20) == 0
    output = capsys.readouterr()
    assert output.err == ""  # no progress bar where there is no terminal
    lines = output.out.splitlines()
    assert lines[0].split() == ["rows", "train", "validation", "test", "core"]
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:5]}
    manifest = read_manifest(tmp_path / "out")
    for name, selection in manifest.selections.items():
        assert rows[name][-1] == f"{selection.core:,}"
    for said in (
        "7 games",
        "20 menus",
        "oddities",
        "without an answer",
        "«",
        "load_dataset(",
    ):
        assert said in output.out
    assert output.out.count("\n  + ") == output.out.count("\n  - ") == 1


@pytest.mark.parametrize("command", [machiavelli, concepts])
def test_a_build_ends_with_fifteen_lines_at_most(
    command: Callable[[Sequence[str]], int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where there is the most to say: a report, a model's part, all configs, a long path."""
    out = tmp_path / ("a" * 120) / "[v1]"
    assert command(["--out", str(out), "--limit", "12"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 15
    long = [line for line in lines if len(line) > 100]
    assert all(line.startswith(("Look: ", "Load: ")) for line in long)
    place, load = lines[-5:-3]
    assert place.startswith(f"Look: {out.as_posix()}/report.html. ")
    compile(load.removeprefix("Load: "), "what is printed", "exec")
    quality = read_quality(out / "quality.json")
    assert quality is not None
    assert f"Checks: {quality.summary[:60]}" in "\n".join(lines)


@pytest.mark.parametrize("kind", ["decisions", "contrastive", "multiple_choice", "icl"])
def test_a_row_of_any_kind_is_shown(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build("--no-report", "--out", tmp_path / "out", "--kinds", kind, "--limit", 20) == 0
    (head, *sides) = re.findall(r"^(?:A row of |  [-+?] ).*$", capsys.readouterr().out, re.M)
    assert head.startswith(f"A row of {kind} [")
    assert len(sides) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "generators.machiavelli",
        "--no-report",
        "--kinds",
        "decisions",
        "--limit",
        "9",
        "--out",
        str(tmp_path / "out"),
    ]
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
    assert run.returncode == 1
    assert ERROR.match(run.stderr.removesuffix("\n")), run.stderr
    assert (tmp_path / "out" / "manifest.json").exists()


def test_a_reader_that_goes_away_is_no_error() -> None:
    for command in ("generators", "generators.doctor"):
        arguments = ["--data", str(FIXTURE)] if "." in command else []
        run = subprocess.Popen(
            [sys.executable, "-m", command, *arguments],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert run.stdout is not None
        run.stdout.close()
        with run:
            assert run.stderr is not None
            assert run.stderr.read() == ""
        assert run.returncode == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--limit", "0"], "expected a whole number of 1 or more"),
        (["--limit", "many"], "expected a whole number of 1 or more"),
        (["--icl-chars", "19"], "expected a whole number of 20 or more"),
        (["--icl-shots", "1"], "expected a whole number of 2 or more"),
        (["--context-chars", "-1"], "expected a whole number of 0 or more"),
        (["--seed", "x"], "expected a whole number"),
        (["--kinds", "pairs"], "'pairs'; expected some of decisions"),
        (["--kinds", ","], "found nothing"),
        (["--behaviors", "evil"], "'evil'; expected some of ethical"),
        (["--games", "no-such-game"], "'no-such-game'; expected a game of"),
        (["--games", "winter-caravn"], "(did you mean winter-caravan?)"),
        (
            ["--attribution", "direkt"],
            "'direkt'; expected direct or reachable (did you mean direct?)",
        ),
        (["--kind", "icl"], "(did you mean --kinds?)"),
        (["--kinds", "contrastiv"], "(did you mean contrastive?)"),
        (["--behaviors", "deceptoin"], "(did you mean deception?)"),
    ],
)
def test_wrong_options_give_one_line_and_status_2(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        sys.exit(machiavelli(["--no-report", "--out", str(tmp_path / "o"), *options]))
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert said in error
    assert ERROR.match(error.removesuffix("\n")), error
    assert not (tmp_path / "o").exists()


def test_a_limit_is_dealt_to_the_games_in_turn(data: Path, tmp_path: Path) -> None:
    def menus(limit: int, **changed: Any) -> dict[str, int]:
        out = tmp_path / "out"
        assert (
            build("--data", data, "--no-report", "--out", out, "--limit", limit, "--skip-broken")
            == 0
        )
        games = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["games"]
        return {name: game["menus"] for name, game in games.items()}

    harbour, mill, no_labels, vampire = sorted(menus(100))
    assert menus(100) == {harbour: 9, mill: 2, no_labels: 1, vampire: 1}
    assert menus(2) == {harbour: 1, mill: 1, no_labels: 0, vampire: 0}
    assert menus(7) == {harbour: 3, mill: 2, no_labels: 1, vampire: 1}
    cut_off(data)
    assert menus(3) == {harbour: 1, no_labels: 1, vampire: 1}


def test_fewer_kinds_or_a_smaller_limit_never_change_a_row(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    def rows(*options: object) -> dict[str, list[dict[str, Any]]]:
        out = tmp_path / "out"
        assert build("--data", FIXTURE, "--no-report", "--out", out, *options) == 0
        tables = {
            path.relative_to(out).as_posix(): pq.read_table(path).to_pylist()
            for path in out.rglob("*.parquet")
        }
        return tables

    everything = rows()
    for kind in ("decisions", "contrastive", "multiple_choice", "icl"):
        assert rows("--kinds", kind) == {
            path: found for path, found in everything.items() if path.startswith(f"{kind}/")
        }
    wanted = {"deception", "power.utility"}
    for path, found in rows("--behaviors", ",".join(wanted)).items():
        about = [row for row in everything[path] if row.get("behavior", "deception") in wanted]
        assert found == about
    for path, found in rows("--behaviors", ",".join(wanted), "--limit", 9).items():
        every = [*map(forget_tier, everything[path])]
        assert all(forget_tier(row) in every for row in found if not path.startswith("icl"))
        assert path.startswith("decisions") or {row["behavior"] for row in found} <= wanted


def test_the_doctor_counts_and_never_prints_story_text(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from generators.doctor import main as doctor

    assert doctor(["--data", str(data), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["games"], found["counts"]["menus"], found["counts"]["options"]) == (4, 13, 43)
    assert doctor(["--data", str(data)]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1].startswith("No problems: all 4 games can be read.")
    flagged = re.findall(r"flagged (\w+) +\d+  \w", printed)
    assert flagged == [name.split()[-1] for name in sorted(found["counts"]) if " flagged " in name]
    assert found["options_per_menu"] == {"1": 1, "2": 3, "3": 5, "4": 1, "5": 2, "7": 1}
    cut_off(data)
    (data / "game_metadata.json").write_bytes(b"{")
    assert doctor(["--data", str(data)]) == 1
    printed = capsys.readouterr().out
    assert "games 3" in printed
    assert "game_metadata.json: broken" in printed
    assert printed.splitlines()[-1].startswith("Problems: 2 broken, see above.")
    scenarios = json.loads((data / SCENARIOS).read_text(encoding="utf-8"))
    assert not any(text[:30] in printed for text in scenarios.values())


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_leaves_the_old_folder_and_exits_130(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    few = ("--data", FIXTURE, "--no-report", "--kinds", "decisions", "--out", out)
    assert build(*few) == 0
    before, handler = (out / "manifest.json").read_bytes(), signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(
        "generators.dataset.build.describe_folder",
        lambda *rest, **named: signal.raise_signal(signal.SIGINT),
    )
    capsys.readouterr()
    try:
        assert build(*few, "--seed", 1) == 130
    finally:
        signal.signal(signal.SIGINT, handler)  # which a command that ends ignores
    said = capsys.readouterr().err
    assert ": interrupted; expected " in said
    assert said.count("\n") == 1
    assert (out / "manifest.json").read_bytes() == before
    assert os.listdir(tmp_path).count(".out.new") == 0
