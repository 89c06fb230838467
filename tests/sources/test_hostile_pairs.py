"""Files of pairs that are broken, foreign or too large: each is one line."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from damage import ERROR
from generators.concepts.__main__ import main as build
from generators.errors import SourceError
from generators.report.__main__ import main as report
from generators.sources.pairs.containers import content
from generators.sources.pairs.pair_files import read_pairs

LINE = b'{"positive": "a", "negative": "b"}\n'
DEEP = b"[" * 100_000 + b"]" * 100_000
HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty.csv": (b"", "no line"),
    "blank.jsonl": (b"\n \n\n", "no line"),
    "mark.csv": (b"\xef\xbb\xbf", "no line"),
    "array.json": (b"[]", "an empty array"),
    "object.json": (b"{}", "a record without fields"),
    "cut.json": (b'[{"positive": "a", "negative": "b"},', "broken or cut off JSON"),
    "deep.json": (DEEP, "nested too deep"),
    "deep.jsonl": (LINE + b'{"positive": ' + DEEP + b"}\n", "line 2: no JSON (nested too deep)"),
    "nan.jsonl": (LINE + b'{"positive": NaN, "negative": "b"}\n', "line 2: positive: Field req"),
    "null.jsonl": (LINE + b"null\n", "line 2: null; expected an object"),
    "numbers.json": (b"[1, 2]", "entry 1: a number"),
    "bytes.jsonl": (b'{"positive": "a\xff", "negative": "b"}\n', "line 1: bytes that are no text"),
    "latin.csv": (b"positive,negative\ncaf\xe9,b\n", "line 2: bytes that are no text"),
    "wide.csv": ("pos,neg\na,b\n".encode("utf-16-le"), "line 1: bytes that are no text"),
    "half.txt": ("pos,neg\na,b\n".encode("utf-16")[:-1], "broken UTF-16"),
    "columns.csv": (b"positive,Positive,negative\na,b,c\n", "two columns 'positive'"),
    "short.csv": (b"positive,negative\na,b\nc\n", "line 3: a row of 1; expected 2 cells"),
    "long.csv": (b"positive,negative\na,b\nc,d,e\n", "line 3: a row of 3; expected 2 cells"),
    "open.csv": (b'positive,negative\n"a,b\n', "a broken quote (unexpected end of data)"),
    "header.csv": (b"positive,negative\n", "no record"),
    "other.csv": (b"text,mood\na,b\n", "the fields text, mood; expected JSON, or a table, with"),
    "poem.txt": (b"Roses are red,\nviolets are blue.\n", "lines of text without a header"),
    "texts.jsonl": (b'{"text": "a", "label": 1}\n', "single texts with a label, and no id"),
    "sides.jsonl": (b'{"positive": "a", "negative": 5}\n', "negative: Input should be a valid str"),
    "lists.json": (b'{"positives": ["a"], "negatives": []}', "1 positives and 0 negatives"),
    "labels.json": (b'{"data": ["a"], "labels": [[true, false]]}', "1 texts in data for 1 labels"),
    "letters.json": (
        b'[{"question": "Q\\n(A) x\\n(B) y", "answer_matching_behavior": "(A)",'
        b' "answer_not_matching_behavior": "(A)"}]',
        "A as both answers",
    ),
    "choice.jsonl": (b'{"choices": ["a", "b"], "target": "F"}\n', "none of the 2 choices"),
    "chat.jsonl": (b'{"chosen": [{"role": "user"}], "rejected": []}\n', "neither both texts nor"),
    "python.csv": (b"chosen,rejected\n[{'role': 'user'}],b\n", "messages that are no JSON"),
    "broken.parquet": (b"PAR1, and no more", "no readable Parquet"),
    "broken.arrow": (b"\xff\xff\xff\xff, and no more", "no readable Arrow"),
    "broken.gz": (b"\x1f\x8b, and no more", "a broken or cut off gzip file"),
    "book.xlsx": (b"PK\x03\x04, and more", "a zip archive or an Excel workbook"),
    "pointer.jsonl": (
        b"version https://git-lfs.github.com/spec/v1\n",
        "what Git LFS keeps in place",
    ),
    "page.json": (b"<!DOCTYPE html><html>", "a page of the web"),
    "._pairs.jsonl": (b"\x00\x05\x16\x07\x00", "what macOS keeps beside a file"),
}
"""Name -> what stands in it, and what is said."""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, said = HOSTILE[name]
    path = tmp_path / name
    path.write_bytes(data)
    assert report([str(path), "--out", str(tmp_path / "out")]) == 1
    assert build(["--pairs", str(path), "--no-report", "--out", str(tmp_path / "out")]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2
    assert errors[0] == errors[1]
    assert ERROR.match(errors[0]), errors[0]
    assert said in errors[0]


def test_files_beyond_what_fits_are_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.jsonl"
    with path.open("wb") as file:
        file.truncate(2 * 10**9)
    with pytest.raises(SourceError, match="2.0 GB; expected at most 1.0 GB"):
        read_pairs(path)
    monkeypatch.setattr(content, "LARGEST", 10**6)
    path.write_bytes(gzip.compress(b" " * 2 * 10**6))
    with pytest.raises(SourceError, match="expected at most"):
        read_pairs(path)


def test_columns_of_one_name_are_refused_in_tables(tmp_path: Path) -> None:
    names = ["positive", "positive", "negative"]
    pq.write_table(pa.table([["a"], ["b"], ["c"]], names=names), tmp_path / "two.parquet")
    with pytest.raises(SourceError, match="two columns 'positive'"):
        read_pairs(tmp_path / "two.parquet")
