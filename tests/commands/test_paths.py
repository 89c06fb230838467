"""Paths that the file system refuses: one line from every command, and no traceback."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from damage import ERROR
from generators import cli
from generators.concepts.__main__ import main as concepts
from generators.dataset.summary import show_loading
from generators.export.__main__ import main as export
from generators.hydrate import main as hydrate
from generators.report.__main__ import main as report

Command = Callable[[Sequence[str]], int]
TOO_LONG = "a" * 300
EXPORT = ("--config", "contrastive", "--format", "pairs", "--out", "out")


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (export, EXPORT),
        (report, ()),
        (report, ("--audit-sheet", "5")),
        (hydrate, ("--data", "data", "--out", "out")),
    ],
)
def test_a_name_that_is_too_long_is_one_line(
    command: Command, options: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command([f"{TOO_LONG}/x", *options]) == 1
    said = capsys.readouterr().err.removesuffix("\n")
    assert said.startswith(TOO_LONG)
    assert ERROR.match(said)


def test_links_in_a_circle_are_wrong_usage_or_an_error(
    small_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    try:
        status = export([str(small_folder), *EXPORT[:-1], str(loop / "out")])
    except SystemExit as stop:
        status = stop.code
    assert status in (1, 2)
    assert ERROR.match(capsys.readouterr().err.removesuffix("\n"))


def test_what_no_command_expects_of_a_disk_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(_: argparse.Namespace) -> int:
        raise PermissionError(13, "Permission denied", "somewhere/closed")

    assert cli.run(cli.Parser("python -m generators.x", ""), refuse, []) == 1
    said = capsys.readouterr().err.removesuffix("\n")
    assert said.startswith("somewhere/closed: Permission denied; expected ")
    assert ERROR.match(said)


@pytest.mark.parametrize("name", ["plain", "a[v1]", "what?*", 'the "best"', "back\\slash"])
def test_the_code_that_is_printed_loads(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = tmp_path / "pairs.csv"
    lines = (f"Take coin {n}.,Leave coin {n}.\n" for n in range(20))
    pairs.write_text(f"positive,negative\n{''.join(lines)}", encoding="utf-8")
    out = tmp_path / name / "ds"
    assert concepts(["--pairs", str(pairs), "--no-report", "--out", str(out)]) == 0
    printed = capsys.readouterr().out.partition("\nLoad: ")[2].partition("\nA row of ")[0]
    before, _, last = printed.rpartition("; load_dataset(")
    found: dict[str, Any] = {}
    exec(f"{before}\nloaded = load_dataset({last}", found)
    assert sum(len(split) for split in found["loaded"].values()) == 20
    assert {"positive", "tokens"} <= set(found["loaded"]["train"].column_names)


def test_where_nothing_can_be_loaded_it_is_said(tmp_path: Path) -> None:
    line = show_loading(tmp_path / "a::b", "contrastive", ["train"])
    assert line.startswith("# not from here: datasets takes '::'")
    assert "move the folder" in line
