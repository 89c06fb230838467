"""References whose manifest lies, or is none: one line, and nothing is written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from strangers import ROWS, read_manifest, write_manifest

from damage import ERROR
from generators.hydrate import main as hydrate
from generators.plain_files import find_below

NAMES = [
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\x",
    "a\\..\\b",
    "./x",
    "a//b",
    "",
    "a/../b",
    "\x1b]",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leads_elsewhere_is_refused(
    name: str, folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match="not the name of a file"):
        find_below(folder, name)
    manifest = read_manifest(folder)
    manifest["files"][name] = "0" * 64
    write_manifest(folder, manifest)
    assert hydrate([str(folder), "--data", str(data), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err.removesuffix("\n")
    assert ERROR.match(said)
    assert "\x1b" not in said


def count_hugely(manifest: dict[str, Any]) -> None:
    manifest["rows"]["decisions"]["train"]["rows"] = 10**40


def name_a_split(manifest: dict[str, Any]) -> None:
    manifest["rows"]["decisions"]["../../x"] = {"rows": 1, "bytes": 1}


def list_no_rows(manifest: dict[str, Any]) -> None:
    del manifest["files"][ROWS]


def name_another(manifest: dict[str, Any]) -> None:
    manifest["name"] = "../../../x\x1b[2J"


@pytest.mark.parametrize("change", [count_hugely, name_a_split, list_no_rows, name_another])
def test_a_manifest_that_lies_is_one_line(
    change: Callable[[dict[str, Any]], None],
    folder: Path,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    manifest = read_manifest(folder)
    change(manifest)
    write_manifest(folder, manifest)
    assert hydrate([str(folder), "--data", str(data), "--out", str(tmp_path / "out")]) == 1
    assert ERROR.match(capsys.readouterr().err.removesuffix("\n"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 1_000_000,
        b'{"files":' * 100_000,
        b'{"format": 1, "files": "' + b"x" * (17 << 20) + b'"}',
        b"\xff\xfe",
        b"null",
        b'{"format": NaN}',
    ],
)
def test_a_manifest_that_is_none_is_one_line(
    content: bytes, folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "manifest.json").write_bytes(content)
    assert hydrate([str(folder), "--data", str(data), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err.removesuffix("\n")
    assert ERROR.match(said)
    assert len(said) < 1000
