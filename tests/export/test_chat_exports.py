"""Exports for chat models: what is rendered, where it is read, and what is refused."""

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from chat_templates import SHAPES, write_model
from damage import ERROR
from dataset_folders import SMALL, change, export, read_json, read_lines, write_folder
from generators.export.formats import FORMATS, load_format
from generators.tokens.vocabularies import find_bundled
from tokenizer_files import write_tokenizers

CLASSES = {"llama2": "llama2", "mistral": "llama2", "llama3": "llama3"}
"""Shape -> class of its tokenizer; of the others GPT-2's."""
QUESTION = "\n\nWhat do you do?"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("rows") / "small", SMALL)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for a model of each shape, with a tokenizer."""
    folder = tmp_path_factory.mktemp("models")
    texts = [row[side] for row in SMALL["minimal_pairs"] for side in ("positive", "negative")]
    files = write_tokenizers(folder, texts * 20) | {"gpt2": find_bundled()}
    return {
        name: write_model(folder / name, name, files[CLASSES.get(name, "gpt2")]) for name in SHAPES
    }


def read_all(folder: Path) -> list[Any]:
    return [line for path in sorted(folder.glob("*.jsonl")) for line in read_lines(path)]


@cache
def read_tokenizer(model: Path) -> Tokenizer:
    return Tokenizer.from_file(str(model / "tokenizer.json"))


def check_tokens(model: Path, text: str, ids: list[int], place: int, end: int) -> None:
    """The ids are those of the text, BOS among them once, and the place is what ends at `end`."""
    tokenizer = read_tokenizer(model)
    encoding = tokenizer.encode(text, add_special_tokens=False)
    assert encoding.ids == ids
    first, after = encoding.offsets[place]
    assert first < end <= after
    assert tokenizer.encode(text[:end], add_special_tokens=False).ids == (
        ids[: len(ids) + 1 + place] if place + 1 else ids
    )
    bos = SHAPES[model.name].tokens["bos_token"]
    if bos:
        token = bos["content"] if isinstance(bos, dict) else bos
        assert ids[0] == tokenizer.token_to_id(token)
        assert ids.count(ids[0]) == 1


@pytest.mark.parametrize("name", SHAPES)
def test_pairs_are_a_user_and_an_assistant_that_goes_on(
    name: str, small: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    shape, options = SHAPES[name], ("--chat-template", str(models[name]))
    assert export(small, "pairs", "contrastive", tmp_path / "o", *options) == 0
    rows = {row["id"]: row for row in SMALL["contrastive"]}
    records = read_all(tmp_path / "o")
    assert len(records) == 6
    for record in records:
        row = rows[record["id"]]
        assert record["read"] == {"model": {"positive": -1, "negative": -1}}
        for side in ("positive", "negative"):
            text = record[side]
            assert text == shape.begin + row["prompt"] + shape.between + row[side]
            check_tokens(models[name], text, record["ids"]["model"][side], -1, len(text))


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("form", ["pairs", "counterfactual"])
def test_minimal_pairs_are_one_turn_and_the_place_is_right(
    name: str, form: str, small: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    shape, options = SHAPES[name], ("--chat-template", str(models[name]))
    assert export(small, form, "minimal_pairs", tmp_path / "o", *options) == 0
    rows = {row["id"]: row for row in SMALL["minimal_pairs"]}
    records = read_all(tmp_path / "o")
    left_out = read_json(tmp_path / "o" / "export.json")["left_out"]
    # A small vocabulary of Llama 2's class joins some words to what follows them.
    assert sum(left_out.values()) == (2 if CLASSES.get(name) == "llama2" else 0)
    assert len(records) == 6 - sum(left_out.values())
    for record in records:
        for side in ("positive", "negative"):
            row = rows[record["id"]]
            text, ids, place = find_side(record, side)
            assert text == shape.begin + row[side]
            check_tokens(models[name], text, ids, place, len(shape.begin) + row[f"{side}_span"][1])


def find_side(record: dict[str, Any], side: str) -> tuple[str, list[int], int]:
    """The text of a side, its token ids and the place to read."""
    if "input" not in record:
        return record[side], record["ids"]["model"][side], record["read"]["model"][side]
    if side == "positive":
        name = "input"
        return (
            record[name]["raw_input"],
            record["ids"]["model"][name],
            record["read"]["model"][name],
        )
    name = "counterfactual_inputs"
    (text,), (ids,), (place,) = (
        record[name],
        record["ids"]["model"][name],
        record["read"]["model"][name],
    )
    return text["raw_input"], ids, place


@pytest.mark.parametrize("name", SHAPES)
def test_aligned_places_are_those_of_the_chat(
    name: str, small: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    options = ("--chat-template", str(models[name]))
    assert export(small, "aligned", "insertions", tmp_path / "o", *options) == 0
    tokenizer = read_tokenizer(models[name])
    records = read_all(tmp_path / "o")
    assert records
    for record in records:
        tokens = record["tokens"]["model"]
        assert not [key for key in tokens if key.endswith("with_bos")]
        start, end = tokens["span"]
        assert tokens["read"] == end - 1
        one, other = tokens["positive_ids"], tokens["negative_ids"]
        assert len(one) == len(other) == tokens["n_tokens"]
        assert one[:start] == other[:start]
        assert one[end:] == other[end:]
        for side, ids in (("positive", one), ("negative", other)):
            text, (first, after) = record[side], record[f"{side}_span"]
            encoding = tokenizer.encode(text, add_special_tokens=False)
            assert encoding.ids == ids
            assert text[:first].startswith(SHAPES[name].begin)
            assert first <= encoding.offsets[end - 1][1] <= after
    about = read_json(tmp_path / "o" / "export.json")
    assert sum(about["rows"].values()) == len(records) + sum(about["left_out"].values())


@pytest.mark.parametrize("name", SHAPES)
def test_the_other_formats_render_the_same_chats(
    name: str, small: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    shape, options = SHAPES[name], ("--chat-template", str(models[name]))
    rows = [row for row in SMALL["contrastive"] if row["split"] == "train"]
    wanted = [
        shape.begin + row["prompt"] + shape.between + row[side]
        for row in rows
        for side in ("positive", "negative")
    ]
    out = tmp_path / "o"
    assert export(small, "repe", "contrastive", out, *options) == 0
    assert set(read_json(out / "train.json")["data"]) == set(wanted)
    assert export(small, "probe", "contrastive", out, *options) == 0
    assert {line["text"] for line in read_lines(out / "train.jsonl")} == set(wanted)
    assert export(small, "csv", "contrastive", out, *options) == 0
    with (out / "train.csv").open(encoding="utf-8", newline="") as file:
        cells = [(row["positive_chat"], row["negative_chat"]) for row in csv.DictReader(file)]
    assert [text for both in cells for text in both] == wanted
    assert export(small, "preference", "contrastive", out, *options) == 0
    for line in read_all(out):
        prompt = line["prompt"]
        assert prompt.startswith(shape.begin)
        assert prompt.endswith(QUESTION + shape.between)
        assert not line["chosen"].startswith(" ")
    queries = {row["id"]: row for row in SMALL["icl"]}
    assert export(small, "icl", "icl", out, *options) == 0
    for line in read_lines(out / "train" / "prompts.jsonl"):
        assert line["prompt"] == shape.begin + queries[line["id"]]["positive_prompt"]
        assert line["corrupted"] == shape.begin + queries[line["id"]]["shuffled_prompt"]
    assert export(small, "model-written", "multiple_choice", out, *options) == 0
    for path in out.glob("*/train/*.jsonl"):
        for line in read_lines(path):
            answer = line["answer_matching_behavior"].strip()
            chat = shape.begin + line["question"] + shape.between + answer
            assert line["matching_chat"] == chat


def test_lines_of_cvector_leave_bos_to_the_tool(
    small: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    options = ("--chat-template", str(models["llama3"]))
    assert export(small, "cvector", "insertions", tmp_path / "o", *options) == 0
    for path in (tmp_path / "o").glob("*/*.txt"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert line.startswith("<|start_header_id|>system<|end_header_id|>\\n\\n")
            assert "<|begin_of_text|>" not in line


def test_the_note_says_what_was_rendered(
    small: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    options = ("--chat-template", str(models["llama3"]))
    assert export(small, "pairs", "contrastive", tmp_path / "o", *options) == 0
    note = (tmp_path / "o" / "README.md").read_text(encoding="utf-8")
    assert "It begins with `<|begin_of_text|>`." in note
    assert "`add_special_tokens=False`" in note
    assert "1 January 2025" in note
    assert "No chat template is applied" not in note
    about = read_json(tmp_path / "o" / "export.json")["options"]
    assert about["chat_template"]["bos"] == "<|begin_of_text|>"
    assert len(about["chat_template"]["sha256"]) == 64
    assert str(models["llama3"]) not in note + json.dumps(about)
    again = ("--chat-template", str(models["chatml"] / "tokenizer_config.json"))
    assert export(small, "repe", "contrastive", tmp_path / "o", *again) == 0
    note = (tmp_path / "o" / "README.md").read_text(encoding="utf-8")
    assert "It writes no BOS." in note
    assert "1 January 2025" not in note


def test_rows_that_cannot_be_chats_are_left_out_and_counted(
    models: dict[str, Path], tmp_path: Path
) -> None:
    rows = change(
        "contrastive",
        {},
        {"prompt": ""},
        {"positive": "Say <|eot_id|> to them."},
        {"prompt": " Indented."},
    )
    folder = write_folder(tmp_path / "in", rows)
    options = ("--chat-template", str(models["llama3"]))
    assert export(folder, "pairs", "contrastive", tmp_path / "o", *options) == 0
    assert read_json(tmp_path / "o" / "export.json")["left_out"] == {
        "no situation to ask about": 1,
        "the chat template does not show the text as it is": 2,
    }


def test_a_place_that_does_not_hold_when_encoded_again_is_left_out(tmp_path: Path) -> None:
    """Where ` baby` and `.` are one token, no token ends where the words that differ do."""
    from tokenizers import AddedToken

    joined = Tokenizer.from_file(str(find_bundled()))
    joined.add_tokens([AddedToken(" baby.", normalized=False)])
    model = write_model(tmp_path / "chatml", "chatml")
    joined.add_special_tokens(list(SHAPES["chatml"].special))
    joined.save(str(model / "tokenizer.json"))
    baby = {
        "positive": "Save the baby.", "negative": "Save the adult.", "positive_span": [9, 13],
        "negative_span": [9, 14], "prefix": "Save the ", "suffix": ".",
    }  # fmt: skip
    sun = {
        "positive": "See the moon.", "negative": "See the star.", "positive_span": [8, 12],
        "negative_span": [8, 12], "prefix": "See the ", "suffix": ".",
    }  # fmt: skip
    folder = write_folder(tmp_path / "in", change("minimal_pairs", baby, sun))
    options = ("--chat-template", str(model))
    for form in ("pairs", "counterfactual"):
        assert export(folder, form, "minimal_pairs", tmp_path / "o", *options) == 0
        about = read_json(tmp_path / "o" / "export.json")
        assert about["left_out"] == {"encoded again, the chat has other tokens for model": 1}
        assert about["records"]["train.jsonl"] == 1


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_or_says_who_does(
    name: str, small: Path, models: dict[str, Path], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    form, out = load_format(name), tmp_path / "o"
    for config, take in form.takes.items():
        if config not in SMALL:
            continue
        status = export(small, name, config, out, "--chat-template", str(models["mistral"]))
        said = capsys.readouterr().err
        if form.unrendered or not take.rendered:
            assert status == 2
            assert f"expected none for {name}: " in said
            assert ERROR.match(said.removesuffix("\n"))
            assert "No chat template is applied" not in form.note
        else:
            assert status == 0, said
            files = {path for path in out.rglob("*") if path.suffix and path.name != "README.md"}
            assert any("[INST]" in path.read_text(encoding="utf-8") for path in files)


def test_tools_that_apply_templates_are_named() -> None:
    tools = {
        "caa": ("CAA", "EasyEdit"),
        "pairs": ("EasyEdit", "IBM", "AISteer360"),
        "contrastive-pairs": ("AISteer360",),
        "mcq": ("lm-eval", "Inspect"),
        "preference": ("TRL",),
    }
    for name, named in tools.items():
        said = load_format(name).note.split("**Chat models.**")[1]
        assert all(tool in said for tool in named), name


@pytest.mark.parametrize(
    ("name", "config", "options", "status", "said"),
    [
        ("pairs", "contrastive", ["--tokenizer", "gpt2"], 2, "splits '<|begin_of_text|>' of the"),
        ("aligned", "minimal_pairs", [], 2, "expected that of the model whose chat template"),
        ("pairs", "contrastive", ["--messages"], 2, "--messages beside it; expected one of the"),
        ("repe", "contrastive", ["--messages"], 2, "expected one of the formats that have mess"),
    ],
)
def test_what_does_not_go_with_a_template_is_wrong_usage(
    name: str, config: str, options: list[str], status: int, said: str, small: Path,
    models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = models["llama3"] / "tokenizer_config.json"
    given = ("--chat-template", str(file), *options)
    assert export(small, name, config, tmp_path / "o", *given) == status
    error = capsys.readouterr().err
    assert said in error
    assert ERROR.match(error.removesuffix("\n"))
    assert not (tmp_path / "o").exists()


def test_messages_are_chats_that_tools_render(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "o"
    assert export(small, "pairs", "contrastive", out, "--messages") == 0
    for record in read_all(out):
        user = {"role": "user", "content": record["question"]}
        assert record["positive"] == [user, {"role": "assistant", "content": record["matching"]}]
        assert record["negative"][1]["content"] == record["not_matching"]
    assert export(small, "pairs", "minimal_pairs", out, "--messages") == 0
    for record in read_all(out):
        assert record["positive"] == [{"role": "user", "content": record["matching"]}]
    assert export(small, "preference", "contrastive", out, "--messages") == 0
    for record in read_all(out):
        (prompt,), (chosen,), (rejected,) = record["prompt"], record["chosen"], record["rejected"]
        assert prompt["content"].endswith(QUESTION)
        assert prompt["role"] == "user"
        assert chosen["role"] == rejected["role"] == "assistant"
    assert "lists of messages: a tool" in (out / "README.md").read_text(encoding="utf-8")


def test_rendering_takes_no_day_and_gives_the_same_bytes(
    small: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    files: list[dict[str, bytes]] = []
    for name in ("one", "two"):
        out, options = tmp_path / name, ("--chat-template", str(models["llama3"]))
        assert export(small, "pairs", "contrastive", out, *options) == 0
        files.append({path.name: path.read_bytes() for path in out.iterdir()})
    assert files[0] == files[1]
