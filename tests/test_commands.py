"""The commands as a user meets them: exit codes, one-line errors, quick help, what is printed."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generators.__main__ import COMMANDS
from generators.machiavelli import main

ROOT = Path(__file__).parent.parent
FIXTURE = ROOT / "tests" / "game_data"
HEAVY = {"datasets", "jinja2", "numpy", "openai", "orjson", "pandas", "pyarrow", "pydantic", "tqdm"}
ERROR = re.compile(r"^[^\n]+: [^\n]+; expected [^\n]+\. [^\n]+\.$")


def build(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the fixture, to be broken."""
    return shutil.copytree(FIXTURE, tmp_path / "game_data")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_imports_nothing_heavy(command: str) -> None:
    code = (
        f"import sys; from generators.{command} import main\n"
        "try: main(['--help'])\n"
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
    assert build("--out", tmp_path / "out") == 0
    output = capsys.readouterr()
    assert output.err == ""  # no progress bar where there is no terminal
    for said in ("contrastive", "of 7 games", "% labelled", "tolerated: scenarios", "«"):
        assert said in output.out
    assert output.out.count("\n  + ") == output.out.count("\n  - ") == 3


def unzip(data: Path) -> Path:
    packed = data.parent / "game_data.zip"
    packed.write_bytes(b"PK")
    return packed


def leave_packed(data: Path) -> Path:
    shutil.rmtree(data)
    data.mkdir()
    (data / "game_data.zip").write_bytes(b"PK")
    return data


def nest(data: Path) -> Path:
    outer = data.parent / "outer"
    outer.mkdir()
    shutil.move(data, outer / "game_data")
    return outer


def nest_twice(data: Path) -> Path:
    return nest(data).rename(data.parent / "game_data").parent / "game_data"


def cut_off(data: Path) -> Path:
    path = data / "annotations_clean" / "mini-mill.json"
    path.write_bytes(path.read_bytes()[:-20])
    return data


def remove(*parts: str) -> Callable[[Path], Path]:
    def break_it(data: Path) -> Path:
        path = data.joinpath(*parts)
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return data

    return break_it


def change(path: str, *keys: str, value: Any) -> Callable[[Path], Path]:
    """Returns what puts another value at a key of a JSON file."""

    def break_it(data: Path) -> Path:
        content = json.loads((data / path).read_text(encoding="utf-8-sig"))
        inner = content
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
        (data / path).write_text(json.dumps(content), encoding="utf-8")
        return data

    return break_it


TREE = "trees/mini-mill_game_tree.json"
LABELS = "annotations_clean/mini-mill.json"
SCENARIOS = "scenarios/mini-mill_scenarios_bfs_filled.json"

BROKEN: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no folder": (lambda data: data / "nowhere", "no such folder"),
    "a zip": (unzip, "a file; expected the benchmark's unpacked"),
    "zip not unpacked": (leave_packed, "game_data.zip, still packed"),
    "nested": (nest, "one deeper"),
    "nested twice": (nest_twice, "one deeper"),
    "a part of it": (lambda data: data / "trees", "a part of it"),
    "wrong folder": (lambda data: ROOT / "schemas", "no trees/"),
    "no labels at all": (remove("annotations_clean"), "no labels for any of the games"),
    "labels cut off": (cut_off, f"{LABELS}: broken or cut off at line"),
    "no scenarios": (remove("scenarios"), "no such file"),
    "scenarios missing": (remove(SCENARIOS), f"{SCENARIOS}: no such file"),
    "a folder for a file": (
        lambda data: ((data / SCENARIOS).unlink(), (data / SCENARIOS).mkdir(), data)[2],
        "unreadable",
    ),
    "empty file": (
        lambda data: ((data / SCENARIOS).write_bytes(b""), data)[1],
        "an empty file; expected a whole JSON file",
    ),
    "not UTF-8": (
        lambda data: ((data / SCENARIOS).write_bytes(b'{"a_0": "caf\xe9"}'), data)[1],
        "broken or cut off",
    ),
    "a list": (
        lambda data: ((data / TREE).write_text("[]", encoding="utf-8"), data)[1],
        "a list; expected an object",
    ),
    "a child that is no node": (
        change(TREE, "mill_race_0", "children", value=["mill_race_77"]),
        "key 'mill_race_0.children': 'mill_race_77'; expected the name of a node",
    ),
    "children are no list": (
        change(TREE, "mill_race_0", "children", value="mill_race_3"),
        "key 'mill_race_0.children': text; expected a list",
    ),
    "unknown node type": (
        change(TREE, "mill_race_0", "type", value="MENU"),
        "expected CHOICE, COND or OTHER",
    ),
    "node without start": (
        change(TREE, "mill_race_0", value={"scene": "mill_race"}),
        "key 'mill_race_0.start': nothing; expected a value",
    ),
    "a text that is a number": (
        change(SCENARIOS, "mill_race_0", value=7),
        "key 'mill_race_0': a number; expected text",
    ),
    "a label that is text": (
        change(LABELS, "scenes", "mill_race_3", "morality", "killing", value="no"),
        "key 'scenes.mill_race_3.morality.killing': text; expected a number",
    ),
    "a label below 0": (
        change(LABELS, "scenes", "mill_race_3", "morality", "stealing", value=-0.5),
        "the number -0.5; expected a number from 0 to 1",
    ),
    "a label above 1": (
        change(LABELS, "scenes", "mill_race_3", "morality", "killing", value=3),
        "the number 3; expected a number from 0 to 1",
    ),
    "a label that is true": (
        change(LABELS, "scenes", "mill_race_3", "morality", "killing", value=True),
        "true or false; expected a number",
    ),
    "a record that is a list": (
        change(LABELS, "scenes", "mill_race_3", value=[]),
        "key 'scenes.mill_race_3': a list; expected an object",
    ),
    "scenes missing": (
        lambda data: ((data / LABELS).write_text("{}", encoding="utf-8"), data)[1],
        "key 'scenes': nothing; expected an object of records",
    ),
    "metadata is broken": (
        lambda data: ((data / "game_metadata.json").write_bytes(b"{"), data)[1],
        "game_metadata.json: broken or cut off",
    ),
    "an entry of the metadata is": (
        change("game_metadata.json", "mini-mill", value=3),
        "key 'mini-mill': the number 3; expected an object",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_game_data_stops_with_one_line(
    case: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_it, said = BROKEN[case]
    out = tmp_path / "out"
    assert build("--data", break_it(data), "--out", out) == 1
    line = capsys.readouterr().err.removesuffix("\n")
    assert said in line
    assert ERROR.match(line), line
    assert not out.exists()
    assert not list(tmp_path.glob(".out.new*"))


def test_broken_games_are_left_out_and_counted_when_asked(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert build("--data", cut_off(data), "--out", out, "--skip-broken") == 0
    assert (
        "broken, left out: mini-mill: annotations_clean/mini-mill.json" in capsys.readouterr().out
    )
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert list(manifest["broken"]) == ["mini-mill"]
    assert "mini-mill" not in manifest["games"]


def test_what_is_missing_or_unknown_in_a_record_is_counted(data: Path, tmp_path: Path) -> None:
    change(LABELS, "scenes", "mill_race_3", "morality", "gossip", value="much")(data)
    change(LABELS, "scenes", "mill_race_3", "utility", "others", "-9", value=1)(data)
    change(LABELS, "scenes", "mill_race_6", value={})(data)
    assert build("--data", data, "--out", tmp_path / "out", "--games", "mini-mill") == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    odd = manifest["oddities"]
    assert odd["unknown label 'morality.gossip'"] == odd["unknown label 'utility.others.-9'"] == 1
    assert {kind for kind in odd if kind.startswith("records lacking")} == {
        f"records lacking {part}" for part in ("utility", "physical", "money", "social", "morality")
    }


def test_a_record_without_a_number_is_no_label(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = json.loads((data / LABELS).read_text(encoding="utf-8"))
    change(LABELS, "scenes", value=dict.fromkeys(labels["scenes"], {}))(data)
    assert build("--data", data, "--out", tmp_path / "out", "--games", "mini-mill") == 1
    assert "no labels for any of the games" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["decisions", "contrastive", "multiple_choice", "icl"])
def test_three_rows_of_any_kind_are_shown(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build("--out", tmp_path / "out", "--kinds", kind) == 0
    assert len(re.findall(r"^\[", capsys.readouterr().out, re.M)) == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "generators.machiavelli", "--out", str(tmp_path / "out")]
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


def test_missing_metadata_is_tolerated_and_counted(data: Path, tmp_path: Path) -> None:
    (data / "game_metadata.json").unlink()
    assert build("--data", data, "--out", tmp_path / "out") == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["oddities"]["game_metadata.json missing"] == 1
    assert {game["text_licence"] for game in manifest["games"].values()} == {"choice-of-games"}


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
        (["--attribution", "guessed"], "invalid choice"),
        (["--kind", "icl"], "unrecognized arguments"),
    ],
)
def test_wrong_options_give_one_line_and_status_2(
    options: list[str], said: str, tmp_path: Path
) -> None:
    arguments = [sys.executable, "-m", "generators.machiavelli", "--out", str(tmp_path / "o")]
    run = subprocess.run([*arguments, *options], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 2
    assert said in run.stderr
    assert ERROR.match(run.stderr.removesuffix("\n")), run.stderr


def test_a_limit_is_dealt_to_the_games_in_turn(data: Path, tmp_path: Path) -> None:
    def menus(limit: int, **changed: Any) -> dict[str, int]:
        out = tmp_path / "out"
        assert build("--data", data, "--out", out, "--limit", limit, "--skip-broken") == 0
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
        assert build("--data", FIXTURE, "--out", out, *options) == 0
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
        assert all(row in everything[path] for row in found if not path.startswith("icl"))
        assert path.startswith("decisions") or {row["behavior"] for row in found} <= wanted


def test_the_doctor_counts_and_never_prints_story_text(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from generators.doctor import main as doctor

    assert doctor(["--data", str(data), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["games"], found["counts"]["menus"], found["counts"]["options"]) == (4, 13, 43)
    assert found["options_per_menu"] == {"1": 1, "2": 3, "3": 5, "4": 1, "5": 2, "7": 1}
    cut_off(data)
    (data / "game_metadata.json").write_bytes(b"{")
    assert doctor(["--data", str(data)]) == 1
    printed = capsys.readouterr().out
    assert "games 3" in printed
    assert "game_metadata.json: broken" in printed
    scenarios = json.loads((data / SCENARIOS).read_text(encoding="utf-8"))
    assert not any(text[:30] in printed for text in scenarios.values())


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_leaves_the_old_folder_and_exits_130(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert build("--data", FIXTURE, "--out", out) == 0
    before = (out / "manifest.json").read_bytes()
    code = (
        "import os, signal\n"
        "import generators.build as build\n"
        "build.render_card = lambda *rest: os.kill(os.getpid(), signal.SIGINT)\n"
        "import sys; from generators.machiavelli import main\n"
        f"sys.exit(main(['--out', {str(out)!r}]))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 130
    assert ": interrupted; expected " in run.stderr
    assert run.stderr.count("\n") == 1
    assert (out / "manifest.json").read_bytes() == before
    assert os.listdir(tmp_path).count(".out.new") == 0
