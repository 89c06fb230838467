"""Exports: golden files for every format, what is left out and told, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer
from tokenizers.models import BPE, WordLevel

from damage import ERROR
from dataset_folders import (
    EXPORTS,
    ROWS,
    SMALL,
    TOKENIZERS,
    change,
    export,
    read_json,
    write_folder,
)
from generators.export.__main__ import main


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset folder of the rows that the golden exports are made of."""
    return write_folder(tmp_path_factory.mktemp("rows") / "small", SMALL)


def read_files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.mark.parametrize(("name", "config"), EXPORTS)
def test_exports_are_the_golden_ones(name: str, config: str, small: Path, tmp_path: Path) -> None:
    assert export(small, name, config, tmp_path / "out", *TOKENIZERS.get(name, ())) == 0
    golden = read_files(ROWS.parent / f"{name}-{config}")
    assert read_files(tmp_path / "out") == golden


RECORDS_OF_A_ROW = {
    "pairs": 2,
    "caa": 2,
    "mcq": 1,
    "aligned": 1,
    "cvector": 2,
    "preference": 1,
    "repe": 1,
}
"""Format whose records are rows -> how many of them one row gives, over all files."""


@pytest.mark.parametrize(
    ("name", "config"), [each for each in EXPORTS if each[0] in RECORDS_OF_A_ROW]
)
def test_every_row_is_in_a_record_or_counted(name: str, config: str) -> None:
    """Twins are two rows."""
    about = read_json(ROWS.parent / f"{name}-{config}" / "export.json")
    records, rows, left = about["records"], about["rows"], sum(about["left_out"].values())
    twins = 2 if config in ("relations", "associations") else 1
    each = sum(n for file, n in records.items() if "reduced" not in file and "open" not in file)
    assert each * twins // RECORDS_OF_A_ROW[name] == sum(rows.values()) - left


def test_withheld_text_asks_to_hydrate(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_folder(tmp_path / "in", {"contrastive": SMALL["contrastive"]})
    path = folder / "contrastive" / "test-00000-of-00001.parquet"
    table = pq.read_table(path)
    place = table.schema.get_field_index("positive")
    nulls = pa.nulls(table.num_rows, pa.string())
    pq.write_table(table.set_column(place, "positive", nulls), path)
    out = tmp_path / "out"
    assert export(small, "repe", "contrastive", out) == 0
    before = read_files(out)
    assert export(folder, "repe", "contrastive", out) == 1
    said = capsys.readouterr().err
    assert "python -m generators.hydrate" in said
    assert ERROR.match(said.removesuffix("\n"))
    assert read_files(out) == before
    assert export(folder, "repe", "contrastive", out, "--split", "train") == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--config", "decisions", "--format", "pairs"], "takes: contrastive, icl, minimal_pairs"),
        (["--config", "icl", "--format", "caa"], "takes: multiple_choice, contrastive"),
        (["--config", "icl", "--format", "xml"], "'xml'; expected some of pairs,caa"),
        (["--config", "icl", "--format", "icl", "--split", "dev"], "'dev'; expected some of train"),
        (["--config", "icl", "--format", "icl", "--behaviors", "evil"], "'evil'; expected some of"),
        (["--config", "relations", "--format", "pairs", "--behaviors", "ethical"], "no behavior"),
        (["--config", "contrastive", "--format", "repe", "--tokenizer", "gpt2"], "expected none"),
        (["--config", "insertions", "--format", "aligned", "--tokenizer", "x"], "NAME=FILE"),
        (["--config", "icl", "--format", "icl", "--tier", "hard"], "'hard'; expected core or full"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(
    options: list[str], said: str, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main([str(small), "--out", str(tmp_path / "out"), *options])
    except SystemExit as stop:
        status = stop.code
    error = capsys.readouterr().err
    assert status == 2
    assert said in error
    assert ERROR.match(error.removesuffix("\n")), error
    assert not (tmp_path / "out").exists()


def test_only_exports_are_replaced_and_only_as_a_whole(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert export(small, "caa", "contrastive", out) == 0
    assert export(small, "mcq", "multiple_choice", out) == 0
    assert not (out / "generate").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    for folder, status in ((other, 1), (small, 2), (small / "in", 2), (tmp_path, 1)):
        assert export(small, "pairs", "contrastive", folder) == status
    assert (other / "thesis.txt").read_text() == "mine"
    assert main([str(other), "--config", "icl", "--format", "icl", "--out", str(out)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5
    assert all(ERROR.match(line) for line in lines), lines


def test_another_selection_is_named_and_what_no_export_wrote_is_kept(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, line = tmp_path / "out", "Replaced an earlier export of another selection: "

    def say() -> str:
        return "".join(each for each in capsys.readouterr().out.splitlines() if line in each)

    assert export(small, "pairs", "contrastive", out, "--split", "train") == 0
    assert export(small, "pairs", "contrastive", out, "--split", "train") == 0
    assert say() == ""
    assert export(small, "repe", "icl", out) == 0
    assert say() == f"{line}config contrastive, format pairs, splits train, tier full."
    (out / "__pycache__").mkdir()
    (out / ".DS_Store").touch()
    assert export(small, "aligned", "minimal_pairs", out) == 0
    assert say() == f"{line}config icl, format repe, tier none, tokenizers none."
    for name, said in (("mine.pt", "no export wrote, mine.pt;"), ("README.md", "README.md, which")):
        (out / name).write_text("mine")
        assert export(small, "pairs", "contrastive", out) == 1
        assert said in capsys.readouterr().err
        assert (out / name).read_text() == "mine"
        (out / name).unlink()


def newer(folder: Path) -> None:
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    (folder / "manifest.json").write_text(text.replace('"format": 1', '"format": 2'))


def of_other_rows(folder: Path) -> None:
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps(json.loads(text) | {"rows": ["icl"]}))


def nested(folder: Path) -> None:
    (folder / "manifest.json").write_text("[" * 100_000)


def without_a_side(folder: Path) -> None:
    for path in folder.glob("contrastive/*.parquet"):
        pq.write_table(pq.read_table(path).drop_columns(["positive"]), path)


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (newer, "manifest.json: format 2; expected format 1"),
        (of_other_rows, "manifest.json: rows of another form"),
        (nested, "no manifest.json of ours"),
        (without_a_side, "test-00000-of-00001.parquet: no column 'positive'"),
    ],
)
def test_a_folder_of_another_form_is_one_line(
    damage: Callable[[Path], None],
    found: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = write_folder(tmp_path / "in", {"contrastive": SMALL["contrastive"]})
    damage(folder)
    status = export(folder, "pairs", "contrastive", tmp_path / "out", "--split", "test")
    assert status == 1
    said = capsys.readouterr().err.removesuffix("\n")
    assert found in said
    assert ERROR.match(said)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("model", "found"),
    [(WordLevel({}, unk_token="x"), "Missing [UNK] token"), (BPE(), "makes no token")],
)
def test_a_tokenizer_that_cannot_read_is_one_line(
    model: WordLevel | BPE,
    found: str,
    small: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "tokenizer.json"
    Tokenizer(model).save(str(path))
    options = ("--tokenizer", f"mine={path}")
    assert export(small, "caa", "multiple_choice", tmp_path / "out", *options) == 1
    said = capsys.readouterr().err.removesuffix("\n")
    assert said.startswith(f"--tokenizer mine={path}: ")
    assert found in said
    assert ERROR.match(said)
    assert not (tmp_path / "out").exists()


def test_rows_that_are_not_core_are_counted_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = change("contrastive", {"tier": "core"}, {"tier": "full"}, {"behavior": "spying"})
    folder = write_folder(tmp_path / "in", rows)
    arguments = [str(folder), "--config", "contrastive", "--format", "pairs"]
    options = ["--behaviors", "ethical", "--out", str(tmp_path / "out")]
    assert main([*arguments, *options]) == 0
    about = read_json(tmp_path / "out" / "export.json")
    assert about["records"] == {"train.json": 1, "train.jsonl": 1}
    assert about["left_out"] == {"behavior not asked for": 1, "tier is not core": 1}
    assert "--tier full also exports" in capsys.readouterr().out
    assert main([*arguments, *options, "--behaviors", "killing"]) == 1
    assert "none of 3 rows fits pairs" in capsys.readouterr().err
    assert read_json(tmp_path / "out" / "export.json") == about


def test_story_text_that_is_not_ours_is_named(tmp_path: Path) -> None:
    rows = change("contrastive", {}, {"text_licence": "choice-of-games"})
    folder = write_folder(tmp_path / "in", rows)
    assert export(folder, "pairs", "contrastive", tmp_path / "out") == 0
    note = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "`cc0-1.0` 1, `choice-of-games` 1." in note
    assert "not ours to republish" in note
    assert "not ours to republish" not in (ROWS.parent / "pairs-contrastive/README.md").read_text()
