"""References of a stranger: read as their manifest lists them, in bounded memory, or one line."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest
from strangers import ROWS, list_again, read_manifest, write_manifest

from damage import ERROR
from generators.hydrate import main as hydrate

ROOT = Path(__file__).parents[2]
Change = Callable[[Path], object]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def as_text(path: Path) -> None:
    path.write_text("id,text\n1,hello\n", encoding="utf-8")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for place in range(4, len(content) // 2, 7):
        content[place] ^= 0x5A
    path.write_bytes(content)


def change_table(change: Callable[[pa.Table], pa.Table]) -> Change:
    return lambda path: pq.write_table(change(pq.read_table(path)), path)


def set_column(name: str, values: Callable[[pa.Table], Any]) -> Change:
    def change(table: pa.Table) -> pa.Table:
        return table.set_column(table.schema.get_field_index(name), name, values(table))

    return change_table(change)


def with_broken_text(path: Path) -> None:
    table = pq.read_table(path)
    broken = pa.array([b"\xff\xfe"] * table.num_rows, pa.binary())
    text = pa.StringArray.from_buffers(len(broken), *broken.buffers()[1:])
    pq.write_table(table.set_column(table.schema.get_field_index("game"), "game", text), path)


class Keys(pe.KmsClient):
    def __init__(self, config: object) -> None:
        super().__init__()

    def wrap_key(self, key: bytes, name: str) -> bytes:
        return key

    def unwrap_key(self, key: bytes, name: str) -> bytes:
        return key


def encrypt(path: Path) -> None:
    table = pq.read_table(path)
    factory = pe.CryptoFactory(Keys)
    names = [name for name in table.column_names if pa.types.is_string(table[name].type)]
    secret = pe.EncryptionConfiguration(footer_key="k", column_keys={"k": names})
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), secret)
    with pq.ParquetWriter(path, table.schema, encryption_properties=properties) as writer:
        writer.write_table(table)


DAMAGES: dict[str, tuple[Change, str]] = {
    "truncated": (cut, "no readable Parquet"),
    "empty": (empty, "no readable Parquet"),
    "text": (as_text, "no readable Parquet"),
    "flipped": (flip, ""),
    "encrypted": (encrypt, "no readable Parquet"),
    "lacking columns": (change_table(lambda t: t.drop_columns(["id"])), "columns of another kind"),
    "foreign": (change_table(lambda t: pa.table({"a": [1]})), "columns of another kind"),
    "other types": (
        set_column("game", lambda t: pa.array([1] * t.num_rows)), "columns of another kind"
    ),
    "no ids": (
        set_column("id", lambda t: pa.nulls(t.num_rows, pa.string())), " rows without 'id'"
    ),
    "one id": (
        set_column("id", lambda t: pa.array(["x"] * t.num_rows)), " rows with the id of another"
    ),
    "fewer rows": (change_table(lambda t: t.slice(1)), " in the manifest"),
    "broken text": (with_broken_text, "no readable Parquet"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_rows_of_another_kind_are_one_line(
    name: str, folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage, found = DAMAGES[name]
    damage(folder / ROWS)
    list_again(folder)
    assert hydrate([str(folder), "--data", str(data), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err.removesuffix("\n")
    assert ERROR.match(said)
    assert found in said
    assert not (tmp_path / "out").exists()


def many_rows(path: Path) -> dict[str, int]:
    """Less than a megabyte that holds 300,000 rows, 450 MB."""
    table = pq.read_table(path).slice(0, 1)
    part = pa.concat_tables([table] * 50_000).combine_chunks()
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for _ in range(6):
            writer.write_table(part)
    return {"rows": 300_000, "bytes": part.nbytes * 6}


def long_text(path: Path) -> dict[str, int]:
    """One text of 20 MB that each of the rows has: a file of some kilobytes."""
    table = pq.read_table(path)
    text = pa.array(["x" * 20_000_000] * table.num_rows, pa.large_string())
    place = table.schema.get_field_index("context")
    schema = table.schema
    large = table.set_column(place, "context", text)
    pq.write_table(large, path, compression="zstd", store_schema=False)
    assert pq.read_schema(path).names == schema.names
    return {"rows": table.num_rows, "bytes": 20_000_000 * table.num_rows}


def many_items(path: Path) -> dict[str, int]:
    """A row with twenty million flags that say nothing."""
    table = pq.read_table(path)
    lists = pa.array([[None] * 20_000_000, *[[]] * (table.num_rows - 1)], pa.list_(pa.string()))
    place = table.schema.get_field_index("flags")
    pq.write_table(table.set_column(place, "flags", lists), path, compression="zstd")
    return {"rows": table.num_rows, "bytes": 20_000_000 * 4}


MEASURED = """
import re, sys
from generators.hydrate import main
options, folders = sys.argv[1:5], sys.argv[5:]
print(*(main([folder, *options]) for folder in folders))
print(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says how much memory was used")
def test_a_bomb_is_not_decoded(published: Path, data: Path, tmp_path: Path) -> None:
    folders: list[Path] = []
    for bomb in (many_rows, long_text, many_items):
        one, other = (tmp_path / name / bomb.__name__ for name in ("one", "agreeing"))
        shutil.copytree(published, one)
        size = bomb(one / ROWS)
        assert (one / ROWS).stat().st_size < 1_000_000
        list_again(one, rows=size["rows"])
        shutil.copytree(one, other)
        list_again(other, **size)  # not even where the manifest agrees
        folders += [one, other]
    options = ["--data", str(data), "--out", str(tmp_path / "out")]
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, *options, *map(str, folders)],
        cwd=ROOT, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    statuses, peak = run.stdout.splitlines()[-2:]
    assert statuses.split() == ["1"] * len(folders)
    for folder, said in zip(folders, run.stderr.splitlines(), strict=True):
        assert said.startswith(str(folder / ROWS))
        assert ERROR.match(said)
    assert int(peak) < 400_000, "kilobytes at the peak"


LINKS = ["manifest.json", ROWS, "decisions", "rejected.jsonl", "generated.jsonl"]


@pytest.mark.parametrize("name", LINKS)
def test_nothing_is_read_through_a_link(
    name: str, folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, elsewhere = folder / name, tmp_path / "elsewhere"
    if not path.exists():
        path.write_bytes(b"")
        manifest = read_manifest(folder)
        manifest["files"][name] = sha256(b"").hexdigest()
        write_manifest(folder, manifest)
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert hydrate([str(folder), "--data", str(data), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err.removesuffix("\n")
    assert ERROR.match(said)
    assert "a link" in said
    assert not (tmp_path / "out").exists()


def make_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # its address may not be long
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path.name)
    os.chdir(here)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes with a name")
@pytest.mark.parametrize("make", [os.mkfifo, make_socket, Path.mkdir])
@pytest.mark.parametrize("name", ["manifest.json", ROWS, "data"])
def test_what_is_no_file_is_not_waited_for(
    name: str, make: Change, folder: Path, data: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = folder / name
    if name == "data":
        data = Path(shutil.copytree(data, tmp_path / "data"))
        path = next(data.glob("trees/*.json"))
    path.unlink()
    make(path)
    arguments = [str(folder), "--data", str(data), "--out", str(tmp_path / "out")]
    ended: list[int] = []
    run = Thread(target=lambda: ended.append(hydrate(arguments)), daemon=True)
    run.start()
    run.join(60)
    assert ended == [1]
    said = capsys.readouterr().err
    assert ERROR.match(said.removesuffix("\n")), said


def test_what_the_manifest_does_not_list_is_counted_and_left(
    folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (folder / "quality.json").symlink_to(tmp_path / "secret")
    (folder / "generated.jsonl").write_text("no JSON\n", encoding="utf-8")
    (folder / "decisions" / "more.parquet").write_bytes(b"no Parquet")
    os.mkfifo(folder / "pipe")
    out = tmp_path / "out"
    assert hydrate([str(folder), "--data", str(data), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "Not copied, since no manifest lists them: 4 files.\n" in said
    left = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    listed = {*read_manifest(out)["files"], "manifest.json", "README.md"}
    assert left == listed
    assert not {"quality.json", "generated.jsonl"} & left


def test_a_stand_in_is_no_larger_than_a_text(
    folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = pq.read_table(folder / ROWS).slice(0, 1).to_pylist()[0]
    options = [option | {"text": "", "outcome": ""} for option in row["options"][:2]]
    options[1] |= {"option_id": "x/counterpart"}
    decision = {
        name: row[name] for name in row if not name.startswith("text_") and name != "canary"
    }
    decision |= {"context": "", "menu_text": "", "text_licence": "choice-of-games"}
    line = {"kind": "withheld", "decision": decision | {"options": options}}
    content = json.dumps(line | {"text_bytes": 10**12}) + "\n"
    (folder / "generated.jsonl").write_text(content, encoding="utf-8")
    manifest = read_manifest(folder)
    manifest["files"]["generated.jsonl"] = sha256(content.encode()).hexdigest()
    write_manifest(folder, manifest)
    assert hydrate([str(folder), "--data", str(data), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err.removesuffix("\n")
    assert ERROR.match(said)
    assert "1,000,000,000,000 bytes" in said
