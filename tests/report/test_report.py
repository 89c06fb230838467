"""The command that measures: folders, plain pairs, audits, and what fails."""

import csv
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from built import read_manifest
from damage import ERROR
from generators.machiavelli.__main__ import main as build
from generators.quality.checks import CHECKS
from generators.report.__main__ import main
from schemas import Quality


def read_quality(folder: Path) -> Quality:
    return Quality.model_validate_json((folder / "quality.json").read_text(encoding="utf-8"))


def test_no_gate_of_the_sample_fails(measured_sample: Path) -> None:
    quality = read_quality(measured_sample)
    found = {check.verdict for check in quality.checks if check.counts}
    assert found == {"PASS", "too few", "unaudited"}
    cues = {each.name for each in CHECKS if each.about == "cue" and each.level == "gate"}
    for config in ("contrastive", "multiple_choice"):
        core = [each for each in quality.checks if (each.config, each.tier) == (config, "core")]
        verdicts = {each.name: each.verdict for each in core if each.name in cues}
        assert len(verdicts) == 5
        assert set(verdicts.values()) == {"PASS"}
        assert all((each.measured or 1) >= 0.5 for each in core)


def test_the_concepts_pass(measured_concepts: Path) -> None:
    quality = read_quality(measured_concepts)
    assert quality.verdict == "PASS"
    named = {(each.config, each.name) for each in quality.checks}
    assert ("associations", "sentiment") not in named, "the attributes are meant to differ in it"
    assert ("minimal_pairs", "length cue") not in named, "words always tie there"


def test_a_measured_folder_is_described_and_whole(
    measured_sample: Path, sample_folder: Path
) -> None:
    manifest = read_manifest(measured_sample)
    assert {"quality.json", "report.html", "figures/length.svg"} <= manifest.files.keys()
    for name, digest in manifest.files.items():
        assert hashlib.sha256((measured_sample / name).read_bytes()).hexdigest() == digest
    rows = {name for name in manifest.files if name.endswith(".parquet")}
    assert all(manifest.files[name] == read_manifest(sample_folder).files[name] for name in rows)
    card = (measured_sample / "README.md").read_text(encoding="utf-8")
    quality = read_quality(measured_sample)
    assert f"> **{'PASS' if quality.verdict == 'PASS' else 'Too few to tell'}.** " in card
    assert quality.summary in card
    assert "![length](figures/length.svg)" in card
    assert "**Not measured.**" in (sample_folder / "README.md").read_text(encoding="utf-8")


def test_what_people_say_goes_onto_the_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, sheet = tmp_path / "machiavelli", tmp_path / "sheet.csv"
    assert build(["--out", str(folder), "--limit", "20", "--kinds", "contrastive"]) == 0
    assert main([str(folder), "--audit-sheet", "120", "--out", str(sheet)]) == 0
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(line | {"ok": "yes", "auditor": "Ada"} for line in lines)
    capsys.readouterr()
    assert main([str(folder), "--audit", str(sheet)]) == 0
    said = capsys.readouterr().out
    assert "Not audited: agreement with a judge.\n" in said
    assert "audit by people" in said.partition("\nPassed: ")[2]
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"1 person judged {len(lines)} rows and found {len(lines)} of them right" in card


def test_anybodys_pairs_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.jsonl"
    words = "ropes tables windows baskets letters lamps boats gardens kettles clocks".split()
    lines = [
        {
            "positive": f"Yes, the {one} stand beside the {other}.",
            "negative": f"No, the {other} stand beside the {one}.",
            "group": one,
        }
        for one in words
        for other in words
        if one != other
    ] * 2
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert main([str(path), "--strict"]) == 1
    said = capsys.readouterr()
    assert ERROR.match(said.err.strip())
    found = [line for line in said.out.splitlines() if "best single n-gram" in line]
    assert any("1.000" in line and "FAIL" in line for line in found)
    folder = tmp_path / "mine.report"
    assert read_quality(folder).verdict == "FAIL"
    tiers = (folder / "tiers.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(tiers) == len(lines)
    assert "Yes, the ropes" in (folder / "report.html").read_text(encoding="utf-8")


CONTRASTIVE = "contrastive/train-00000-of-00001.parquet"


def without_values(path: Path) -> None:
    table = pq.read_table(path)
    nothing = pa.nulls(table.num_rows, pa.string())
    place = table.schema.get_field_index("positive")
    pq.write_table(table.set_column(place, "positive", nothing), path)


def garbled(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[200:2200] = bytes(2000)
    path.write_bytes(content)


def with_other_columns(path: Path) -> None:
    pq.write_table(pq.read_table(path).drop_columns("hard"), path)


def without_rows(path: Path) -> None:
    pq.write_table(pq.read_table(path).slice(0, 0), path)


def without_splits(path: Path) -> None:
    manifest = json.loads(path.read_bytes())
    rows = dict[str, object].fromkeys(manifest["rows"], {})
    path.write_text(json.dumps(manifest | {"rows": rows}), encoding="utf-8")


def with_rest(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "damage", "found"),
    [
        (CONTRASTIVE, Path.unlink, "no such file"),
        (CONTRASTIVE, garbled, "no readable Parquet"),
        (CONTRASTIVE, with_rest(""), "no readable Parquet"),
        (CONTRASTIVE, with_other_columns, "column 'hard' is missing"),
        (CONTRASTIVE, without_values, "column 'positive' has rows without a value"),
        (CONTRASTIVE, without_rows, "no rows"),
        ("manifest.json", with_rest("{"), "not JSON"),
        ("manifest.json", without_splits, "no config with rows"),
        ("quality.json", with_rest("{"), "something else"),
        ("quality.json", with_rest("[" * 100_000), "something else"),
        ("rejected.jsonl", with_rest("x"), "expected a rejection"),
    ],
)
def test_a_damaged_folder_is_one_line_and_stays_as_it_is(
    name: str,
    damage: Callable[[Path], object],
    found: str,
    sample_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = Path(shutil.copytree(sample_folder, tmp_path / "sample"))
    damage(folder / name)
    # What is not reached takes no time: rows are read first, the page comes last.
    monkeypatch.setattr("generators.quality.assessment.list_evidence", lambda rows: ())
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main([str(folder)]) == 1
    said = capsys.readouterr().err.strip()
    assert ERROR.match(said)
    assert said.startswith(str(folder / name))
    assert found in said
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_rows_that_were_changed_never_pass_for_those_that_were_built(
    sample_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(sample_folder, tmp_path / "sample"))
    table = pq.read_table(folder / CONTRASTIVE)
    pq.write_table(table.slice(0, table.num_rows - 1), folder / CONTRASTIVE)
    monkeypatch.setattr("generators.quality.assessment.list_evidence", lambda rows: ())
    for _ in range(2):
        assert main([str(folder)]) == 0
        (provenance,) = [each for each in read_quality(folder).checks if each.name == "provenance"]
        assert provenance.verdict == "FAIL"
        assert provenance.figures["files whose sha256 differs from the manifest"] == 1


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["none.jsonl"], 1),
        (["{empty}"], 1),
        (["{folder}"], 1),
        (["{folder}", "--out", "elsewhere"], 1),
        (["{ours}", "--out", "elsewhere"], 2),
        (["{empty}", "--audit-sheet", "5"], 2),
        (["{folder}", "--audit-sheet", "5", "--audit", "sheet.csv"], 2),
        (["/", "--audit-sheet", "5"], 2),
        (["{empty}", "--out", "{parent}"], 2),
    ],
)
def test_what_cannot_be_measured_is_one_line(
    arguments: list[str], status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.jsonl").write_text("", encoding="utf-8")
    for name in ("folder", "ours"):
        (tmp_path / name).mkdir()
    (tmp_path / "ours" / "manifest.json").write_text("{}", encoding="utf-8")
    places = {"empty": tmp_path / "empty.jsonl", "folder": tmp_path / "folder", "parent": tmp_path}
    places["ours"] = tmp_path / "ours"
    assert main([each.format(**places) for each in arguments]) == status
    assert ERROR.match(capsys.readouterr().err.strip())


def test_a_report_is_named_after_what_it_measures_whatever_its_folder_is_called(
    tmp_path: Path,
) -> None:
    options = ["--limit", "20", "--kinds", "contrastive", "--behaviors", "deception,promises"]
    for name in ("one", "other"):
        assert build(["--out", str(tmp_path / name), *options]) == 0
    renamed = (tmp_path / "other").rename(tmp_path / "renamed")
    assert main([str(renamed)]) == 0
    assert read_quality(renamed).name == "7 bundled stories: deception, promises"
    for file in ("quality.json", "report.html", "README.md", "manifest.json"):
        assert (renamed / file).read_bytes() == (tmp_path / "one" / file).read_bytes()
    page = (renamed / "report.html").read_text(encoding="utf-8")
    assert "<title>7 bundled stories: deception, promises: quality report</title>" in page
