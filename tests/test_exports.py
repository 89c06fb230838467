"""Exports: golden files for every format, and what each must hold whatever the rows are."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from damage import ERROR
from dataset_folders import EXPORTS, ROWS, TOKENIZERS, export, write_folder
from generators.export import main
from tokenizer_files import write_tokenizers

SMALL: dict[str, list[dict[str, Any]]] = json.loads(ROWS.read_text(encoding="utf-8"))
OPTION_KEYS = ("choices", "scores", "matching", "not_matching", "order")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset folder of the rows that the golden exports are made of."""
    return write_folder(tmp_path_factory.mktemp("rows") / "small", SMALL)


def change(config: str, *changes: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The first row of a config, once for each change, under ids of their own."""
    row = SMALL[config][0] | {"split": "train"}
    return {config: [row | {"id": f"row/{n}"} | dict(each) for n, each in enumerate(changes)]}


def menu(choices: Sequence[str], matching: Sequence[int], others: Sequence[int]) -> dict[str, Any]:
    scores = [1.0 if place in matching else 0.0 for place in range(len(choices))]
    values = (choices, scores, matching, others, range(len(choices)))
    return {key: [*value] for key, value in zip(OPTION_KEYS, values, strict=True)}


def read_files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def read_lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "config"), EXPORTS)
def test_exports_are_the_golden_ones(name: str, config: str, small: Path, tmp_path: Path) -> None:
    assert export(small, name, config, tmp_path / "out", *TOKENIZERS.get(name, ())) == 0
    golden = read_files(ROWS.parent / f"{name}-{config}")
    assert read_files(tmp_path / "out") == golden


@pytest.mark.parametrize(("name", "config"), EXPORTS)
def test_every_row_is_in_a_record_or_counted(name: str, config: str) -> None:
    """Of formats whose records are rows; twins are two rows, and others several records each."""
    about = read_json(ROWS.parent / f"{name}-{config}" / "export.json")
    records, rows, left = about["records"], about["rows"], sum(about["left_out"].values())
    per_row = {
        "pairs": (2, 1), "caa": (2, 1), "mcq": (1, 1), "aligned": (1, 1), "cvector": (2, 1),
        "preference": (1, 1), "repe": (1, 1),
    }  # fmt: skip
    if name not in per_row:
        return
    twins = 2 if config in ("relations", "associations") else 1
    each = sum(n for file, n in records.items() if "reduced" not in file and "open" not in file)
    assert each * twins // per_row[name][0] == sum(rows.values()) - left


@pytest.mark.parametrize("config", ["contrastive", "multiple_choice"])
def test_caa_letters_are_balanced_and_each_item_stands_in_both_orders(config: str) -> None:
    files = list((ROWS.parent / f"caa-{config}").rglob("*_dataset*.json"))
    asked = [path for path in files if "open_ended" not in path.name]
    assert asked
    for path in asked:
        items = read_json(path)
        letters = Counter(item["answer_matching_behavior"] for item in items)
        assert letters["(A)"] == letters["(B)"] == len(items) / 2
        for one, other in zip(items[::2], items[1::2], strict=True):
            question, choices = one["question"].split("\n\nChoices:\n (A) ")
            first, second = choices.split("\n (B) ")
            assert other["question"] == f"{question}\n\nChoices:\n (A) {second}\n (B) {first}"
            assert one["answer_matching_behavior"] == other["answer_not_matching_behavior"]
            assert "\n" not in question


def test_a_menu_of_many_is_reduced_beside_the_file(tmp_path: Path) -> None:
    rows = change("multiple_choice", menu(["lie", "wait", "go", "ask"], [0], [1, 2, 3]))
    folder = write_folder(tmp_path / "in", rows)
    kept: set[str] = set()
    for seed in range(6):
        assert export(folder, "caa", "multiple_choice", tmp_path / "o", "--seed", str(seed)) == 0
        (reduced,) = read_lines(tmp_path / "o" / "reduced.jsonl")
        item = read_json(next((tmp_path / "o").rglob("generate_dataset.json")))[0]
        (left,) = {"wait", "go", "ask"} - set(reduced["left_out"])
        assert item["question"].endswith(f"(A) lie\n (B) {left}")
        kept.add(left)
    assert kept == {"wait", "go", "ask"}
    assert "| options left out, so that two remain | 2 |" in (tmp_path / "o/README.md").read_text()


def test_one_gold_answer_needs_one_match_and_no_option_between(tmp_path: Path) -> None:
    rows = change(
        "multiple_choice",
        menu(["a", "b"], [1], [0]),
        menu(["a", "b", "c"], [2], [0, 1]),
        menu(["a", "b", "c"], [0, 1], [2]),
        menu(["a", "b", "c"], [0], [2]),
        menu(["a", "b"], [0], [1]) | {"question": ""},
    )
    folder = write_folder(tmp_path / "in", rows)
    for name in ("mcq", "caa", "model-written", "icl"):
        assert export(folder, name, "multiple_choice", tmp_path / "out") == 0
        assert read_json(tmp_path / "out" / "export.json")["left_out"] == {
            "no situation to ask about": 1,
            "not one matching option with all others not matching": 2,
        }
    assert export(folder, "mcq", "multiple_choice", tmp_path / "out") == 0
    items = read_lines(tmp_path / "out" / "train.jsonl")
    assert [(item["target"], item["answer_index"]) for item in items] == [("B", 1), ("C", 2)]
    assert len({tuple(item) for item in items}) == 1


def test_answers_of_model_written_begin_with_a_space_and_are_balanced() -> None:
    folder = ROWS.parent / "model-written-multiple_choice"
    statements = [item for path in folder.glob("statements/*/*") for item in read_lines(path)]
    said = Counter(item["answer_matching_behavior"] for item in statements)
    assert said[" Yes"] == said[" No"] > 0
    assert all(0.5 < item["label_confidence"] <= 1 for item in statements)
    for path in folder.glob("choices/*/*"):
        for item in read_lines(path):
            answers = item["answer_matching_behavior"], item["answer_not_matching_behavior"]
            assert answers[0] != answers[1]
            assert all(f"\n{answer} " in item["question"] for answer in answers)


BABY = {
    "positive": "Save the baby.",
    "negative": "Save the adult.",
    "positive_span": [9, 13],
    "negative_span": [9, 14],
    "prefix": "Save the ",
    "suffix": ".",
}


def test_positions_are_those_of_the_tokens(tmp_path: Path) -> None:
    """GPT-2: Save| the| baby|. against Save| the| adult|.; zorblax is several tokens."""
    apart = BABY | {
        "positive": "Save the zorblax.",
        "positive_span": [9, 16],
    }
    folder = write_folder(tmp_path / "in", change("minimal_pairs", BABY, apart))
    assert export(folder, "aligned", "minimal_pairs", tmp_path / "out") == 0
    (record,) = read_lines(tmp_path / "out" / "train.jsonl")
    assert record["tokens"]["gpt2"] == {
        "n_tokens": 4,
        "span": [2, 3],
        "read": 2,
        "n_tokens_with_bos": 5,
        "span_with_bos": [3, 4],
        "read_with_bos": 3,
        "positive_ids": [5156],
        "negative_ids": [4044],
    }
    about = read_json(tmp_path / "out" / "export.json")
    assert about["left_out"] == {"not token-aligned for gpt2": 1}
    assert export(folder, "pairs", "minimal_pairs", tmp_path / "out", "--tokenizer", "gpt2") == 0
    reads = [each["read"]["gpt2"] for each in read_lines(tmp_path / "out" / "train.jsonl")]
    assert reads == [{"positive": -2, "negative": -2}] * 2


def test_lines_of_cvector_are_read_as_they_were(tmp_path: Path) -> None:
    odd = "A \\n is\nno\tline "
    row = BABY | {key: odd + BABY[key] for key in ("positive", "negative", "prefix")}
    spans = {key: [n + len(odd) for n in BABY[key]] for key in ("positive_span", "negative_span")}
    same = BABY | {"negative": BABY["positive"], "negative_span": [9, 13]}
    folder = write_folder(tmp_path / "in", change("minimal_pairs", BABY, row | spans, same))
    assert export(folder, "cvector", "minimal_pairs", tmp_path / "out") == 0
    lines = (tmp_path / "out/train/positive.txt").read_text(encoding="utf-8").split("\n")
    assert lines == ["Save the baby.", r"A \\n is\nno\tline Save the baby.", ""]
    assert len((tmp_path / "out/train/negative.txt").read_text("utf-8").split("\n")) == 3
    left = read_json(tmp_path / "out" / "export.json")["left_out"]
    assert left == {"both sides are the same text": 1}


def test_order_of_repe_is_even_and_the_labels_say_it(tmp_path: Path) -> None:
    pairs = [{"positive": f"yes {n}", "negative": f"no {n}", "prompt": ""} for n in range(9)]
    folder = write_folder(tmp_path / "in", change("contrastive", *pairs))
    orders: set[str] = set()
    for seed in range(5):
        assert export(folder, "repe", "contrastive", tmp_path / "o", "--seed", str(seed)) == 0
        train = read_json(tmp_path / "o" / "train.json")
        flat = [label for pair in train["labels"] for label in pair]
        assert [text.startswith("yes") for text in train["data"]] == flat
        firsts = [pair[0] for pair in train["labels"]]
        assert all(sum(firsts[place : place + 2]) == 1 for place in range(0, 8, 2))
        orders.add(str(firsts))
    assert len(orders) > 1


def test_a_text_stands_once_for_a_probe_and_its_index_beside_it(tmp_path: Path) -> None:
    sides = [("a", "b"), ("a", "c"), ("d", "b")]
    pairs = [{"positive": one, "negative": other, "prompt": ""} for one, other in sides]
    folder = write_folder(tmp_path / "in", change("contrastive", *pairs))
    assert export(folder, "probe", "contrastive", tmp_path / "out") == 0
    lines = read_lines(tmp_path / "out" / "train.jsonl")
    assert [(line["text"], line["label"]) for line in lines] == [
        ("a", 1), ("b", 0), ("c", 0), ("d", 1)
    ]  # fmt: skip
    assert {tuple(line) for line in lines} == {("text", "label", "source")}
    ids = [line["id"] for line in read_lines(tmp_path / "out" / "train.index.jsonl")]
    assert ids == ["row/0", "row/0", "row/1", "row/2"]


def test_the_better_side_is_chosen_and_power_has_none(tmp_path: Path) -> None:
    kinds = [
        ("ethical", False), ("deception", True), ("deception", False), ("disutility", True),
        ("power.money", True),
    ]  # fmt: skip
    changes = [
        {"behavior": behavior, "pure": pure, "positive": "does", "negative": "does not"}
        for behavior, pure in kinds
    ]
    folder = write_folder(tmp_path / "in", change("contrastive", *changes))
    assert export(folder, "preference", "contrastive", tmp_path / "out") == 0
    chosen = [
        (each["behavior"], each["chosen"]) for each in read_lines(tmp_path / "out/train.jsonl")
    ]
    assert chosen == [
        ("ethical", " does"),
        ("deception", " does not"),
        ("disutility", " does not"),
    ]
    assert sum(read_json(tmp_path / "out" / "export.json")["left_out"].values()) == 2


def test_tasks_of_icl_hold_no_contradiction(tmp_path: Path) -> None:
    queries = [("s", "help", "hit"), ("t", "hit", "run"), ("s", "wait", "shout")]
    names = ("observation", "positive", "negative")
    changes = [
        {"behavior": "ethical", "query": dict(zip(names, query, strict=True))} for query in queries
    ]
    folder = write_folder(tmp_path / "in", change("icl", *changes))
    assert export(folder, "icl", "icl", tmp_path / "out") == 0
    tasks = tmp_path / "out" / "train" / "abstractive"
    judged = {each["input"]: each["output"] for each in read_json(tasks / "ethical_judgment.json")}
    assert judged == {"help": "good", "run": "bad", "wait": "good", "shout": "bad"}
    action = [(each["input"], each["output"]) for each in read_json(tasks / "ethical_action.json")]
    assert action == [("s", "help"), ("t", "hit")]
    assert sorted(read_json(tmp_path / "out" / "export.json")["reduced"].values()) == [1, 1]


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
        (["--config", "icl", "--format", "csv"], "'csv'; expected some of pairs,caa"),
        (["--config", "icl", "--format", "icl", "--split", "dev"], "'dev'; expected some of train"),
        (["--config", "icl", "--format", "icl", "--behaviors", "evil"], "'evil'; expected some of"),
        (["--config", "relations", "--format", "pairs", "--behaviors", "ethical"], "no behavior"),
        (["--config", "contrastive", "--format", "repe", "--tokenizer", "gpt2"], "expected none"),
        (["--config", "insertions", "--format", "aligned", "--tokenizer", "x"], "NAME=FILE"),
        (["--config", "icl", "--format", "icl", "--tier", "hard"], "invalid choice"),
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
    assert "--tier full takes" in capsys.readouterr().out
    assert main([*arguments, *options, "--behaviors", "killing"]) == 1
    assert "no row of 3 that pairs can take" in capsys.readouterr().err
    assert read_json(tmp_path / "out" / "export.json") == about


def test_letters_that_a_tokenizer_joins_to_their_bracket_are_told(tmp_path: Path) -> None:
    """Llama 3's class splits a space from `(A` but not a new line."""
    files = write_tokenizers(tmp_path, ["Choices (A) (B)\nChoices\n(A)\n(B) A B"] * 50)
    folder = write_folder(tmp_path / "in", {"contrastive": SMALL["contrastive"]})
    named = ("--tokenizer", "gpt2", "--tokenizer", f"llama3={files['llama3']}")
    assert export(folder, "caa", "contrastive", tmp_path / "out", *named) == 0
    found = {
        (each["tokenizer"], each["answer"], each["after"]): each
        for each in read_lines(tmp_path / "out" / "answer_tokens.jsonl")
    }
    assert len(found) == 8
    assert [key for key, each in found.items() if not each["alone"]] == [
        ("llama3", "(A)", "a new line"),
        ("llama3", "(B)", "a new line"),
    ]
    assert found["gpt2", "(A)", "a space"] == {
        "tokenizer": "gpt2", "answer": "(A)", "after": "a space", "ids": [357, 32, 8],
        "read_at": -2, "read_id": 32, "alone": True,
    }  # fmt: skip
    assert {each["read_at"] for each in found.values()} == {-2}


def test_story_text_that_is_not_ours_is_named(tmp_path: Path) -> None:
    rows = change("contrastive", {}, {"text_licence": "choice-of-games"})
    folder = write_folder(tmp_path / "in", rows)
    assert export(folder, "pairs", "contrastive", tmp_path / "out") == 0
    note = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "`cc0-1.0` 1, `choice-of-games` 1." in note
    assert "not ours to republish" in note
    assert "not ours to republish" not in (ROWS.parent / "pairs-contrastive/README.md").read_text()
