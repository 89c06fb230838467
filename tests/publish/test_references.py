"""References: no text that is not ours is published, and all of it comes back from the data."""

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fake_reader import FakeReader
from generators.activations import folder_analysis
from generators.hydrate import main as hydrate
from generators.publish.__main__ import main as publish
from generators.publish.references import open_release, write_references
from generators.publish.release import read_release
from generators.report.__main__ import main as report
from generators.tables import ParquetFile
from hub_server import HubServer, reach

WINDOW = 40
CONFIGS = ("decisions", "contrastive", "multiple_choice", "icl")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's stories, as if most of them were not free."""
    from generators.sources.games.files import find_sample

    data = tmp_path_factory.mktemp("foreign") / "game_data"
    shutil.copytree(find_sample(), data)
    path = data / "game_metadata.json"
    metadata = json.loads(path.read_text(encoding="utf-8"))
    for game in sorted(metadata)[2:]:
        del metadata[game]["text_licence"]
    path.write_text(json.dumps(metadata), encoding="utf-8")
    return data


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A measured folder that is built of them, with what a model wrote of them."""
    from generators.machiavelli.__main__ import main

    out = tmp_path_factory.mktemp("whole") / "machiavelli"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("generators.sources.games.files.find_sample", lambda: data)
        assert main(["--limit", "40", "--densify", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def published(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is published of it."""
    out = tmp_path_factory.mktemp("published") / "machiavelli"
    write_references(whole, out)
    return out


def list_strings(value: Any) -> Iterator[str]:
    """Yields every string in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from list_strings(list(value.values()))
    elif isinstance(value, list):
        for each in value:
            yield from list_strings(each)


def list_windows(data: Path) -> set[str]:
    """Returns every run of 40 characters of the text that is not free."""
    metadata = json.loads((data / "game_metadata.json").read_text(encoding="utf-8"))
    windows: set[str] = set()
    for path in (data / "scenarios").glob("*_filled.json"):
        if "text_licence" not in metadata[path.name.partition("_scenarios")[0]]:
            for text in list_strings(json.loads(path.read_text(encoding="utf-8"))):
                windows |= {text[at : at + WINDOW] for at in range(len(text) - WINDOW + 1)}
    return windows


def list_published(folder: Path) -> Iterator[tuple[str, str]]:
    """Yields all text in a folder, with its file: every file as it is, and decoded."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".parquet":
            for text in list_strings(pq.read_table(path).to_pylist()):
                yield path.name, text
        content = path.read_bytes().decode("utf-8", "replace")
        yield path.name, content
        if path.suffix in {".json", ".jsonl"}:
            lines = content.splitlines() if path.suffix == ".jsonl" else [content]
            for text in list_strings([json.loads(line) for line in lines]):
                yield path.name, text
        for block in re.findall(
            r'<script type="application/json"[^>]*>(.*?)</script>', content, re.S
        ):
            for text in list_strings(json.loads(block)):
                yield path.name, text


def find_leaks(folder: Path, windows: set[str]) -> list[tuple[str, str]]:
    """Returns the runs of foreign text that are in a folder."""
    return [
        (name, text[at : at + WINDOW])
        for name, text in list_published(folder)
        for at in range(len(text) - WINDOW + 1)
        if text[at : at + WINDOW] in windows
    ]


def read_rows(folder: Path, config: str) -> list[dict[str, Any]]:
    paths = sorted((folder / config).glob("*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def holds_counterpart(row: dict[str, Any]) -> bool:
    """Whether a counterpart's text is in a row, and the text it was written from is not free."""
    foreign = row["text_licence"] == "choice-of-games"
    ids = [row["id"], *row.get("shot_ids", ())]
    return foreign and any("/counterpart" in each for each in ids)


def read_published_rows(whole: Path, config: str) -> list[dict[str, Any]]:
    """Returns the rows that a release of references has, with their text."""
    return [row for row in read_rows(whole, config) if not holds_counterpart(row)]


def write_published_rows(path: Path, out: Path) -> bytes:
    """Returns a file of whole rows without those that hold a counterpart."""
    table = pq.read_table(path)
    keep = pa.array([not holds_counterpart(row) for row in table.to_pylist()])
    file = ParquetFile(out, table.schema)
    file.write(table.filter(keep))
    file.close()
    return out.read_bytes()


def test_no_forty_characters_of_foreign_text_are_published(
    data: Path, whole: Path, published: Path
) -> None:
    windows = list_windows(data)
    in_whole = {name for name, _ in find_leaks(whole, windows)}
    assert {"report.html", "generated.jsonl", "train-00000-of-00001.parquet"} <= in_whole
    assert find_leaks(published, windows) == []


@pytest.mark.parametrize("config", CONFIGS)
def test_ids_labels_hashes_and_lengths_stay(whole: Path, published: Path, config: str) -> None:
    texts = {
        "decisions": lambda row: {
            "context": row["context"],
            "menu_text": row["menu_text"],
            "options": [{"text": o["text"], "outcome": o["outcome"]} for o in row["options"]],
        },
        "contrastive": lambda row: {
            name: row[name]
            for name in ("prompt", "positive", "negative", "positive_outcome", "negative_outcome")
        },
        "multiple_choice": lambda row: {"question": row["question"], "choices": row["choices"]},
        "icl": lambda row: {
            name: row[name]
            for name in ("shots", "query", "positive_prompt", "negative_prompt", "shuffled_prompt")
        },
    }
    rows, references = read_published_rows(whole, config), read_rows(published, config)
    withheld = [row for row in references if row["text_licence"] == "choice-of-games"]
    assert 0 < len(withheld) < len(references) or config == "icl"
    for row, reference in zip(rows, references, strict=True):
        text = texts[config](row)
        canonical = json.dumps(text, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert reference["text_sha256"] == sha256(canonical.encode()).hexdigest()
        lengths = list(list_numbers(reference["text_lengths"]))
        assert sorted(lengths) == sorted(map(len, list_strings(text)))
        kept = set(list_strings(texts[config](reference)))
        assert kept == (set() if reference in withheld else set(list_strings(text)))
        assert {k: v for k, v in row.items() if k not in text} == {
            k: v for k, v in reference.items() if k not in {*text, "text_sha256", "text_lengths"}
        } or config == "decisions"


def list_numbers(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from list_numbers(each)
    elif value is not None:
        yield value


def test_options_keep_their_labels(whole: Path, published: Path) -> None:
    for row, reference in zip(
        read_published_rows(whole, "decisions"), read_rows(published, "decisions"), strict=True
    ):
        for option, known in zip(row["options"], reference["options"], strict=True):
            assert option | {"text": known["text"], "outcome": known["outcome"]} == known


def test_rows_that_hold_a_counterpart_are_left_out_and_counted(
    whole: Path, published: Path
) -> None:
    manifest = json.loads((published / "manifest.json").read_text(encoding="utf-8"))
    card = (published / "README.md").read_text(encoding="utf-8")
    reason = "holds a counterpart, whose text is not published"
    for config in CONFIGS:
        left_out = sum(map(holds_counterpart, read_rows(whole, config)))
        assert manifest["left_out"][config][reason] == left_out > 0
        assert f"| `{config}` | {reason} | {left_out} |" in card
        assert not any(map(holds_counterpart, read_rows(published, config)))
    lines = (published / "generated.jsonl").read_text(encoding="utf-8").splitlines()
    withheld = [json.loads(line) for line in lines if '"kind":"withheld"' in line]
    assert len(withheld) == manifest["left_out"]["decisions"][reason]
    for line in withheld:
        texts = [option["text"] for option in line["decision"]["options"]]
        assert texts == ["", ""]
        assert line["decision"]["context"] == line["decision"]["menu_text"] == ""


def test_page_card_and_rejections_are_made_of_what_is_published(published: Path) -> None:
    assert "(text not published)" in (published / "report.html").read_text(encoding="utf-8")
    card = (published / "README.md").read_text(encoding="utf-8")
    assert "python -m generators.hydrate" in card
    assert "text_sha256" in card
    lines = (published / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines
    rejections = [json.loads(line) for line in lines]
    assert all(each["answer"] is None for each in rejections)
    assert {fault["detail"] for each in rejections for fault in each["faults"]} == {"not published"}
    assert (published / "figures").is_dir()


def test_a_folder_of_free_text_is_published_as_it_is(small_folder: Path) -> None:
    with open_release(small_folder, withheld=True) as release:
        assert release == read_release(small_folder)
        assert release.left_out == {}


def test_the_same_folder_gives_the_same_references(whole: Path, published: Path) -> None:
    with open_release(whole, withheld=True) as release:
        ours = {name: file.sha256 for name, file in release.files.items()}
    assert ours == {name: file.sha256 for name, file in read_release(published).files.items()}


def test_there_and_back_over_the_hub(
    data: Path,
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "back"
    with HubServer() as server, reach(server.url):
        monkeypatch.setenv("HF_TOKEN", server.tokens.write)
        assert publish([str(whole), "--repo-id", "u/n", "--tag", "v1.0.0"]) == 0
        said = capsys.readouterr().out
        for config in CONFIGS:
            left_out = sum(map(holds_counterpart, read_rows(whole, config)))
            assert f"{config} {left_out}" in said
        files = server.repositories["u/n"].files("v1.0.0")
        generated = files["generated.jsonl"].decode()
        assert not any(text in generated for text in list_windows(data))
        back = ["u/n", "--revision", "v1.0.0", "--data", str(data), "--out", str(out)]
        assert hydrate(back) == 0
    parquet = [path.relative_to(whole) for path in sorted(whole.rglob("*.parquet"))]
    said = capsys.readouterr().out
    assert f"{len(parquet)} of {len(parquet)} Parquet files are byte for byte" in said
    assert [path.relative_to(out) for path in sorted(out.rglob("*.parquet"))] == parquet
    for path in parquet:
        held = any(map(holds_counterpart, pq.read_table(whole / path).to_pylist()))
        expected = write_published_rows(whole / path, tmp_path / "rows")
        assert (out / path).read_bytes() == (expected if held else (whole / path).read_bytes())
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    for config in CONFIGS:
        rows = sum(size["rows"] for size in manifest["rows"][config].values())
        assert rows == len(read_published_rows(whole, config))
    read_release(out)
    with open_release(out, withheld=True) as again:
        for name, file in again.files.items():
            if name.endswith((".parquet", ".jsonl")):
                assert file.path.read_bytes() == files[name], "published again it is the same"


def test_changed_data_is_named_by_game_and_row(
    data: Path, whole: Path, published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = Path(shutil.copytree(data, tmp_path / "changed"))
    path = changed / "scenarios" / "harbour-lights_scenarios_bfs_filled.json"
    row = next(r for r in read_rows(whole, "contrastive") if r["game"] == "harbour-lights")
    told = json.dumps(row["positive"])[1:-1]
    text = path.read_text(encoding="utf-8")
    assert told in text
    path.write_text(text.replace(told, f"Kindly {told}"), encoding="utf-8")
    command = [str(published), "--data", str(changed), "--out", str(tmp_path / "out")]
    assert hydrate(command) == 1
    said = capsys.readouterr()
    assert "harbour-lights: " in said.out
    assert f"contrastive {row['id']}: differs in its text" in said.out
    assert "rows are not as published" in said.err
    assert not (tmp_path / "out").exists()
    assert hydrate([*command, "--skip-changed"]) == 0
    kept = {r["id"] for r in read_rows(tmp_path / "out", "contrastive")}
    rows = read_published_rows(whole, "contrastive")
    touched = {r["id"] for r in rows if any(row["positive"] in text for text in list_strings(r))}
    assert row["id"] in touched
    assert kept == {r["id"] for r in rows} - touched


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--text", "full"], "--i-have-the-rights beside it"),
        (["--text", "full", "--i-have-the-rights", "--public"], "a private repository"),
    ],
)
def test_text_goes_along_only_with_rights_and_in_private(
    whole: Path, options: Sequence[str], found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish([str(whole), "--repo-id", "u/n", *options]) == 2
    assert found in capsys.readouterr().err


def test_with_the_rights_it_is_the_folder_itself(
    whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HubServer() as server, reach(server.url):
        monkeypatch.setenv("HF_TOKEN", server.tokens.write)
        options = ["--text", "full", "--i-have-the-rights"]
        assert publish([str(whole), "--repo-id", "u/n", *options]) == 0
        repository = server.repositories["u/n"]
        assert repository.private
        files = repository.files()
    for path in whole.rglob("*.parquet"):
        assert files[path.relative_to(whole).as_posix()] == path.read_bytes()


def test_references_are_neither_measured_nor_filled_in_twice(
    data: Path, whole: Path, published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report([str(published)]) == 1
    assert "hydrate" in capsys.readouterr().err
    command = [str(whole), "--data", str(data), "--out", str(tmp_path / "out")]
    assert hydrate(command) == 1
    assert "its text is complete" in capsys.readouterr().err


def test_what_was_measured_in_models_goes_along_without_text(
    whole: Path, data: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(whole, tmp_path / "whole" / "machiavelli"))
    folder_analysis.run(copy, "contrastive", FakeReader(layers=3), behaviors=["ethical"])
    out = tmp_path / "machiavelli"
    write_references(copy, out)
    names = {name for name in read_release(out).files if name.startswith("activations/")}
    assert names == {name for name in read_release(copy).files if name.startswith("activations/")}
    assert len(names) > 1
    windows = list_windows(data)
    for name in sorted(names):
        text = (out / name).read_text(encoding="utf-8")
        assert (copy / name).read_text(encoding="utf-8") == text
        assert not {text[at : at + WINDOW] for at in range(len(text) - WINDOW + 1)} & windows
    assert "## In real models" in (out / "README.md").read_text(encoding="utf-8")
