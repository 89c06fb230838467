"""Alignment, checked by encoding again: with the library alone, none of the builder's code."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from built import forget_tier, read_rows
from concept_files import change, write
from generators.concepts.__main__ import main
from tokenizer_files import write_tokenizers

ROOT = Path(__file__).parents[2]
GPT_2 = ROOT / "generators" / "tokens" / "gpt2" / "tokenizer.json"
READINGS = [(space, bos) for space in (False, True) for bos in (False, True)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, concept_folder: Path) -> dict[str, Path]:
    texts = [row["positive"] for row in read_rows(concept_folder, "minimal_pairs")]
    folder = tmp_path_factory.mktemp("tokenizers")
    return {"gpt2": GPT_2, **write_tokenizers(folder, texts)}


def build(out: Path, files: dict[str, Path], *options: str) -> Path:
    named = [f"--tokenizer={name}={path}" for name, path in files.items()]
    assert main(["--no-report", "--out", str(out), *named, *options]) == 0
    return out


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, files: dict[str, Path]) -> list[dict[str, Any]]:
    """All pairs."""
    out = tmp_path_factory.mktemp("all") / "concepts"
    return read_rows(build(out, files, "--kinds", "minimal_pairs"), "minimal_pairs")


def is_aligned(row: dict[str, Any]) -> bool:
    return all(each["aligned"] for each in row["tokens"])


@pytest.fixture(scope="module")
def insertions(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, Path]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Some insertions, and those of them that every tokenizer aligns."""
    folder, options = tmp_path_factory.mktemp("insertions"), ["--kinds", "insertions"]
    options += ["--limit", "11"]
    every = build(folder / "all", files, *options)
    only = build(folder / "only", files, *options, "--aligned-only")
    return read_rows(every, "insertions"), read_rows(only, "insertions")


def encode(tokenizer: Tokenizer, text: str, space: bool) -> list[int]:
    return tokenizer.encode((" " if space else "") + text, add_special_tokens=False).ids


def find_run(one: list[int], other: list[int]) -> list[int]:
    """The places at which two encodings of equal length differ."""
    return [place for place, ids in enumerate(zip(one, other, strict=True)) if ids[0] != ids[1]]


def entry(row: dict[str, Any], name: str, space: bool, bos: bool) -> dict[str, Any]:
    (found,) = [
        each
        for each in row["tokens"]
        if (each["tokenizer"], each["leading_space"], each["bos"]) == (name, space, bos)
    ]
    return found


@pytest.mark.parametrize("name", ["gpt2", "pythia", "llama2", "llama3"])
def test_what_is_called_aligned_is(
    name: str, rows: list[dict[str, Any]], files: dict[str, Path]
) -> None:
    """All rows, all readings: as many tokens, one run that differs, and spans that are that run."""
    tokenizer = Tokenizer.from_file(str(files[name]))
    aligned = [row for row in rows if is_aligned(row)]
    assert len(rows) > len(aligned) > 1000
    for row in aligned:
        assert len(row["tokens"]) == 4 * len(files)
        for space in (False, True):
            one, other = (encode(tokenizer, row[side], space) for side in ("positive", "negative"))
            assert len(one) == len(other)
            run = find_run(one, other)
            assert run == list(range(run[0], run[-1] + 1))
            _check_place(tokenizer, row, space, run)
            for bos in (False, True):
                said = entry(row, name, space, bos)
                assert said["aligned"]
                assert said["n_tokens"] == said["negative_n_tokens"] == len(one) + bos
                span = [run[0] + bos, run[-1] + 1 + bos]
                assert said["positive_span"] == said["negative_span"] == span


def _check_place(tokenizer: Tokenizer, row: dict[str, Any], space: bool, run: list[int]) -> None:
    """The run begins and ends with tokens that hold characters which are marked, on one side."""
    begins: list[bool] = []
    ends: list[bool] = []
    for side in ("positive", "negative"):
        text = (" " if space else "") + row[side]
        offsets = tokenizer.encode(text, add_special_tokens=False).offsets
        first, last = row[f"{side}_span"]
        begins.append(offsets[run[0]][1] > first + space)
        ends.append(offsets[run[-1]][0] < last + space)
    assert any(begins)
    assert any(ends)


@pytest.mark.parametrize("name", ["gpt2", "pythia", "llama2", "llama3"])
def test_verdicts_hold_on_all_rows(
    name: str, rows: list[dict[str, Any]], files: dict[str, Path]
) -> None:
    tokenizer = Tokenizer.from_file(str(files[name]))
    for row in random.Random(0).sample(rows, 400):
        for space, bos in READINGS:
            one, other = (encode(tokenizer, row[side], space) for side in ("positive", "negative"))
            run = find_run(one, other) if len(one) == len(other) else []
            said = entry(row, name, space, bos)
            assert said["aligned"] == bool(run and run[-1] - run[0] + 1 == len(run))
            assert said["n_tokens"] == len(one) + bos
            assert said["negative_n_tokens"] == len(other) + bos
            first, last = said["positive_span"]
            start, end = said["negative_span"]
            assert first == start
            assert one[: first - bos] == other[: first - bos]
            assert one[last - bos :] == other[end - bos :]


@pytest.mark.parametrize("name", ["gpt2", "pythia", "llama2", "llama3"])
def test_insertions_are_aligned_where_they_say(
    name: str, insertions: tuple[list[dict[str, Any]], list[dict[str, Any]]], files: dict[str, Path]
) -> None:
    tokenizer = Tokenizer.from_file(str(files[name]))
    every, kept = insertions
    assert 20 < len(kept) < len(every)
    for row in every:
        for space, bos in READINGS:
            said = entry(row, name, space, bos)
            inserted, control, base = (
                encode(tokenizer, row[side], space) for side in ("inserted", "control", "base")
            )
            assert said["n_tokens"] == len(inserted) + bos
            assert said["control_n_tokens"] == len(control) + bos
            assert said["base_n_tokens"] == len(base) + bos
            if said["aligned"]:
                assert len(inserted) == len(control)
                assert said["inserted_span"] == said["control_span"]
            first, last = said["inserted_span"]
            clause = row["inserted"][slice(*row["inserted_span"])].strip()
            assert tokenizer.decode(inserted[first - bos : last - bos]).replace("▁", " ").strip()
            assert base[: first - bos] == inserted[: first - bos], clause
    assert all(entry(row, name, space, bos)["aligned"] for row in kept for space, bos in READINGS)


def test_aligned_only_is_what_all_align_of_the_rest(
    tmp_path: Path, rows: list[dict[str, Any]], files: dict[str, Path]
) -> None:
    options = ["--kinds", "minimal_pairs", "--limit", "15"]
    kept = read_rows(build(tmp_path / "only", files, *options, "--aligned-only"), "minimal_pairs")
    limited = {
        row["id"] for row in read_rows(build(tmp_path / "all", files, *options), "minimal_pairs")
    }
    wanted = [row for row in rows if row["id"] in limited and is_aligned(row)]
    assert [*map(forget_tier, kept)] == [*map(forget_tier, wanted)]
    assert 0 < len(kept) < len(limited)
    left_out = json.loads((tmp_path / "only" / "manifest.json").read_text("utf-8"))["left_out"]
    counted = left_out["minimal_pairs"]["not aligned for every tokenizer"]
    assert counted == len(limited) - len(kept)


def test_forms_are_searched_for_one_that_aligns(tmp_path: Path) -> None:
    """GPT-2 has one token for `goose` and two for `burglar`, and two for either plural."""
    forms = {"theme": "life", "slot": "age", "article": "a"}
    content = change("concepts", "goose", value={**forms, "singular": "goose", "plural": "geese"})
    content["concepts"]["burglar"] = {**forms, "singular": "burglar", "plural": "burglars"}
    content["contrasts"].append(["goose", "burglar"])
    content["templates"]["boat"]["text"] = "The crew of the boat saw the {singular|plural} at dawn."
    own = write(tmp_path / "own.yaml", content)
    options = [
        "--concepts",
        str(own),
        "--kinds",
        "minimal_pairs",
        "--no-report",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main([*options, "--aligned-only"]) == 0
    rows = read_rows(tmp_path / "out", "minimal_pairs")
    assert {(row["contrast"], row["form"]) for row in rows} >= {
        ("baby/adult", "singular"),
        ("goose/burglar", "plural"),
    }


def test_the_bundled_vocabulary_is_gpt_2s() -> None:
    """Ids as published: "Hello world" and the words of OpenAI's own example."""
    tokenizer = Tokenizer.from_file(str(GPT_2))
    assert tokenizer.get_vocab_size() == 50257
    assert tokenizer.encode("Hello world").ids == [15496, 995]
    assert tokenizer.encode("<|endoftext|>").ids == [50256]
    assert "OpenAI" in GPT_2.with_name("LICENSE").read_text(encoding="utf-8")
