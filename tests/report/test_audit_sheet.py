"""The sheet that people judge rows in, and what comes of it."""

import csv
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from built import read_rows
from generators.configs import CONFIGS
from generators.errors import FolderError, SourceError
from generators.report.audit_sheet import (
    CHECKLIST,
    bound_share,
    guard,
    interleave,
    read_sheet,
    unguard,
    write_sheet,
)
from generators.tables import arrow_schema

Lines = list[dict[str, str]]


def read_lines(path: Path) -> Lines:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def save(path: Path, lines: Lines, separator: str = ",", encoding: str = "utf-8-sig") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]), delimiter=separator)
        writer.writeheader()
        writer.writerows(lines)
    return path


@pytest.fixture
def lines(sample_folder: Path, tmp_path: Path) -> Lines:
    """Ten lines of the sample, all judged right by one person."""
    assert write_sheet(sample_folder, 10, tmp_path / "blank.csv") == 10
    lines = read_lines(tmp_path / "blank.csv")
    for line in lines:
        line |= {"ok": "yes", "auditor": "Ada"}
    return lines


def test_a_sheet_is_spread_over_configs_behaviors_and_tiers(
    sample_folder: Path, tmp_path: Path
) -> None:
    assert write_sheet(sample_folder, 76, tmp_path / "a.csv") == 76
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbfconfig,id,")
    lines = read_lines(tmp_path / "a.csv")
    assert Counter(line["config"] for line in lines) == {"contrastive": 38, "multiple_choice": 38}
    behaviors = Counter(line["behavior_or_theme"] for line in lines if line["prompt"])
    assert len(behaviors) >= 15
    assert {line["ok"] + line["auditor"] + line["comment"] for line in lines} == {""}
    assert set(CHECKLIST).isdisjoint(lines[0])
    write_sheet(sample_folder, 76, tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    write_sheet(sample_folder, 76, tmp_path / "c.csv", seed=1)
    assert (tmp_path / "a.csv").read_bytes() != (tmp_path / "c.csv").read_bytes()


def test_labels_are_those_of_the_rows_and_come_in_either_order(
    sample_folder: Path, tmp_path: Path
) -> None:
    write_sheet(sample_folder, 80, tmp_path / "sheet.csv")
    rows = {row["id"]: row for row in read_rows(sample_folder, "contrastive")}
    seen: Counter[str] = Counter()
    for line in read_lines(tmp_path / "sheet.csv"):
        if line["config"] == "contrastive":
            row = rows[line["id"]]
            seen[line["positive"]] += 1
            assert {line["positive"], line["negative"]} == {"A", "B"}
            for side in ("positive", "negative"):
                shown = f"{line[side]}. {row[side]}\n→ {row[f'{side}_outcome']}"
                assert shown.removesuffix("\n→ ") in line["options"]
    assert min(seen["A"], seen["B"]) > 10


def test_counterparts_are_shown_together(concept_folder: Path, tmp_path: Path) -> None:
    write_sheet(concept_folder, 40, tmp_path / "sheet.csv")
    lines = read_lines(tmp_path / "sheet.csv")
    assert {line["config"] for line in lines} == {
        "minimal_pairs", "insertions", "relations", "associations",
    }  # fmt: skip
    assert list(lines[0])[-5:] == list(CHECKLIST)
    for config, column in (("relations", "conclusion"), ("associations", "text")):
        rows = {row["id"]: row for row in read_rows(concept_folder, config)}
        for line in (line for line in lines if line["config"] == config):
            row = rows[line["id"]]
            assert f"{line['positive']}. {row[column]}" in line["options"].split("\n")
            other = rows[row["counterpart_id"]][column]
            assert f"{line['negative']}. {other}" in line["options"].split("\n")


def test_every_beginning_is_even() -> None:
    items = [("big", "x", str(i)) for i in range(90)] + [("big", "y", "0"), ("small", "z", "0")]
    ordered = interleave(items, seed=0, depth=2)
    assert ordered == interleave(items[::-1], seed=0, depth=2)
    assert sorted(ordered) == sorted(items)
    assert {item[0] for item in ordered[:2]} == {"big", "small"}
    assert {item[1] for item in ordered[:3]} == {"x", "y", "z"}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-x", "@SUM(A1)", "\t=1", "fine", "'tis", ""])
def test_cells_are_never_formulas(cell: str) -> None:
    assert not guard(cell).startswith(("=", "+", "-", "@", "\t"))
    assert unguard(guard(cell)) == cell


def test_hostile_rows_come_back(tmp_path: Path) -> None:
    row = {
        "id": "=cmd|x", "behavior": "@x", "behavior_reading": "+1", "prompt": '-"a",\n;b',
        "positive": "=1", "negative": "n", "positive_outcome": "", "negative_outcome": "",
        "tier": "core",
    }  # fmt: skip
    (tmp_path / "contrastive").mkdir()
    table = pa.Table.from_pylist([row], arrow_schema(CONFIGS["contrastive"].row))
    pq.write_table(table, tmp_path / "contrastive" / "train-00000-of-00001.parquet")
    write_sheet(tmp_path, 5, tmp_path / "sheet.csv")
    (line,) = read_lines(tmp_path / "sheet.csv")
    assert line["id"] == "'=cmd|x"
    assert line["prompt"] == '\'-"a",\n;b'
    line["ok"] = "yes"
    assert read_sheet(save(tmp_path / "judged.csv", [line]), tmp_path).ok == 1


def test_judgments_of_other_texts_are_refused(
    lines: Lines, sample_folder: Path, tmp_path: Path
) -> None:
    lines[3]["options"] = lines[3]["options"].replace("A. ", "A. Once ", 1)
    with pytest.raises(SourceError, match=r"line \d+: other options than row .* has"):
        read_sheet(save(tmp_path / "judged.csv", lines), sample_folder)


def test_a_sheet_is_never_written_over(sample_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "sheet.csv").write_text("hours of work", encoding="utf-8")
    with pytest.raises(FolderError, match="it may hold judgments"):
        write_sheet(sample_folder, 5, tmp_path / "sheet.csv")
    with pytest.raises(FolderError, match="No such file"):
        write_sheet(sample_folder, 5, tmp_path / "none" / "sheet.csv")
    with pytest.raises(SourceError, match="no row to judge"):
        write_sheet(tmp_path, 5, tmp_path / "new.csv")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(("yes", "no"), [("Yes", "No"), ("Y", "n"), ("TRUE", "false"), ("x", "0")])
def test_spreadsheets_may_save_it_their_way(
    lines: Lines, sample_folder: Path, tmp_path: Path, separator: str, yes: str, no: str
) -> None:
    for place, line in enumerate(lines):
        line["ok"] = no if place == 0 else f" {yes} "
    lines[9]["ok"] = ""
    reordered = [{" OK ": line.pop("ok"), **line} for line in lines]
    blank = dict.fromkeys(reordered[0], "")
    path = save(tmp_path / "judged.csv", [*reordered, blank, blank], separator, "utf-8")
    audit = read_sheet(path, sample_folder)
    assert (audit.n, audit.ok, audit.auditors) == (9, 8, 1)
    assert sum(n for n, _ in audit.by_config.values()) == 9
    assert sum(ok for _, ok in audit.by_config.values()) == 8


def test_two_auditors_must_both_say_yes(lines: Lines, sample_folder: Path, tmp_path: Path) -> None:
    again = [
        line | {"auditor": "Bo", "ok": "no" if i < 2 else "yes"} for i, line in enumerate(lines[:5])
    ]
    audit = read_sheet(save(tmp_path / "judged.csv", lines + again), sample_folder)
    assert (audit.n, audit.ok, audit.auditors) == (10, 8, 2)
    assert (audit.lower, audit.upper) == pytest.approx(bound_share(8, 10))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ok": "maybe"}, "'maybe' in column 'ok'; expected yes, no or nothing"),
        ({"id": "nowhere"}, "row 'nowhere' of"),
        ({"config": "../decisions"}, "of '../decisions'; expected a row of"),
        ({}, "judged twice by 'ada'; expected one judgment"),
    ],
)
def test_what_matters_is_strict(
    lines: Lines, sample_folder: Path, tmp_path: Path, change: dict[str, str], message: str
) -> None:
    path = save(tmp_path / "judged.csv", [*lines, lines[0] | {"auditor": " ADA "} | change])
    last = path.read_text(encoding="utf-8-sig").count("\n") - lines[0]["options"].count("\n")
    last -= lines[0]["prompt"].count("\n")
    with pytest.raises(SourceError) as caught:
        read_sheet(path, sample_folder)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path} line {last}: ")


def test_a_sheet_without_judgments_is_no_audit(
    lines: Lines, sample_folder: Path, tmp_path: Path
) -> None:
    path = save(tmp_path / "judged.csv", [line | {"ok": ""} for line in lines])
    with pytest.raises(SourceError, match="no judgment; expected yes or no in column 'ok'"):
        read_sheet(path, sample_folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: other columns"),
        (b"a,b\n1,2\n", "line 1: other columns; expected columns config, id, ok"),
        ("config,id,ok\nä".encode("latin-1"), "bytes that are not text; expected UTF-8"),
        (b'config,id,ok\na,"b\nc,d,no\n', "line 2: unexpected end of data"),
        (b"config,id,ok,grammatical\ncontrastive,x,,perhaps", "column 'grammatical'"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "sheet.csv").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read_sheet(tmp_path / "sheet.csv", tmp_path)
    assert message in str(caught.value)
    with pytest.raises(SourceError, match="No such file"):
        read_sheet(tmp_path / "none.csv", tmp_path)


@pytest.mark.parametrize(("right", "n"), [(189, 200), (8, 10), (0, 5), (5, 5)])
def test_the_bound_is_wilsons(right: int, n: int) -> None:
    z, p = 1.959964, right / n
    centre, spread = p + z * z / (2 * n), z * ((p * (1 - p) + z * z / (4 * n)) / n) ** 0.5
    bounds = (centre - spread) / (1 + z * z / n), (centre + spread) / (1 + z * z / n)
    assert bound_share(right, n) == pytest.approx(bounds, abs=1e-6)


def test_eleven_errors_of_two_hundred_still_pass() -> None:
    assert bound_share(189, 200)[0] == pytest.approx(0.9042, abs=5e-4)
    assert bound_share(188, 200)[0] < 0.9
