"""Pairs in the forms that people have: files in `pair_forms/`, tables, folders, exports of ours."""

import gzip
import json
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from datasets import Dataset, DatasetDict

from damage import ERROR
from dataset_folders import EXPORTS
from generators import concepts, quality
from generators.errors import SourceError
from generators.report.__main__ import main as report
from generators.sources.pairs import forms
from generators.sources.pairs.pair_files import read_pairs

TESTS = Path(__file__).parents[1]
FORMS = TESTS / "pair_forms"
TRIPLES = [
    ("A coin lies on the path.", "Take the coin.", "Leave the coin."),
    (
        "Somebody lost a ring, and asks about it.",
        'Say "no", and keep it.',
        "Hand it back at once.",
    ),
    ("The queue is long.", "Push in, quietly.", "Wait like the others."),
]
"""What every file of `pair_forms/` says, some without the prompts."""
SIDES = [sides for _, *sides in TRIPLES]
RECORDS = [{"prompt": p, "positive": one, "negative": other} for p, one, other in TRIPLES]
WITHOUT_PROMPT = {
    "short_names.jsonl", "nan.jsonl", "repe.json", "counterfactuals.jsonl", "labelled.csv",
    "json_named_csv.csv", "no_ending", "two_files",
}  # fmt: skip


def list_sides(data: Any) -> list[list[str]]:
    return [[pair.positive, pair.negative] for pair in read_pairs(data).pairs]


def test_a_form_is_one_file_and_one_line() -> None:
    folder = Path(forms.__file__).parent
    written = {path.stem for path in folder.glob("*.py") if "\nFORM = " in path.read_text("utf-8")}
    assert written == set(forms.NAMES)
    for name in forms.NAMES:
        wanted = import_module(f"{forms.__name__}.{name}").FORM.wanted
        assert wanted in forms.WANTED


def test_there_are_twenty_files_and_more() -> None:
    assert len(list(FORMS.iterdir())) >= 20
    assert WITHOUT_PROMPT <= {path.name for path in FORMS.iterdir()}


@pytest.mark.parametrize("name", sorted(path.name for path in FORMS.iterdir()))
def test_every_file_is_read(name: str) -> None:
    read = read_pairs(FORMS / name)
    prompts = [pair.prompt for pair in read.pairs]
    assert not read.left_out
    if name == "persona.jsonl":
        assert list_sides(FORMS / name) == [["Yes", "No"]] * 3
        for prompt, (one, _) in zip(prompts, SIDES, strict=True):
            assert prompt.endswith(f'say?\n"{one}"')
        return
    assert list_sides(FORMS / name) == SIDES
    if name == "dialogues.jsonl":
        assert prompts == [f"Human: {prompt}\n\nAssistant:" for prompt, *_ in TRIPLES]
    else:
        assert prompts == ["" if name in WITHOUT_PROMPT else prompt for prompt, *_ in TRIPLES]


def test_names_and_groups_are_read() -> None:
    lines = read_pairs(FORMS / "lines.jsonl").pairs
    assert [(pair.id, pair.group, pair.theme) for pair in lines] == [
        ("1", "0", "own"),
        ("2", "1", "own"),
        ("3", "2", "own"),
    ]
    assert [pair.id for pair in read_pairs(FORMS / "excel.csv").pairs] == ["0", "1", "2"]
    asked = read_pairs(FORMS / "inspect.jsonl").pairs
    assert [(pair.id, pair.group) for pair in asked] == [("0", "g0"), ("1", "g1"), ("2", "g2")]


@pytest.mark.parametrize("name", ["caa.json", "excel.csv", "trl_chat.jsonl"])
def test_commands_and_functions_take_them(name: str, tmp_path: Path) -> None:
    path = FORMS / name
    out = tmp_path / "report"
    assert report([str(path), "--out", str(out)]) == 0
    assert json.loads((out / "quality.json").read_text(encoding="utf-8"))["name"] == name
    assert len((out / "tiers.jsonl").read_text(encoding="utf-8").splitlines()) == 3
    assert quality.measure(path).name == name
    assert len(quality.choose_core(path)) == 3
    built = concepts.build(tmp_path / "built", pairs=path, no_report=True)
    assert sum(size.rows for size in built.manifest.rows["minimal_pairs"].values()) == 3


def test_two_files_of_lines_are_measured(tmp_path: Path) -> None:
    paths = [str(FORMS / "two_files" / f"{side}.txt") for side in ("positive", "negative")]
    assert report([*paths, "--out", str(tmp_path / "report")]) == 0
    assert list_sides(paths) == SIDES
    assert quality.measure((paths[0], paths[1])).name == "positive.txt"


IN_MEMORY: dict[str, Callable[[], Any]] = {
    "list": lambda: RECORDS,
    "generator": lambda: iter(RECORDS),
    "frame": lambda: pd.DataFrame(RECORDS, index=[5, 5, 5]),
    "table": lambda: pa.Table.from_pylist(RECORDS),
    "dataset": lambda: Dataset.from_list(RECORDS),
    "arrays": lambda: Dataset.from_list(RECORDS).with_format("numpy"),
    "streamed": lambda: Dataset.from_list(RECORDS).to_iterable_dataset(),
}


@pytest.mark.parametrize("form", IN_MEMORY)
def test_concepts_are_built_from_memory(form: str, tmp_path: Path) -> None:
    built = concepts.build(tmp_path / form, pairs=IN_MEMORY[form](), no_report=True)
    same = concepts.build(tmp_path / "list", pairs=RECORDS, no_report=True)
    assert built.manifest.source_sha256 == same.manifest.source_sha256
    assert built.manifest.files == same.manifest.files
    texts = {row.positive for row in concepts.rows("minimal_pairs", pairs=IN_MEMORY[form]())}
    assert texts == {f"{prompt} {one}" for prompt, one, _ in TRIPLES}


def save_tables(folder: Path) -> list[Path]:
    """Returns the pairs in every kind of file and folder that is not written by hand."""
    data = Dataset.from_list(RECORDS)
    data.save_to_disk(folder / "saved")
    data.save_to_disk(folder / "shards", num_shards=2)
    split = {"train": data.select([0, 1]), "test": data.select([2])}
    DatasetDict(split).save_to_disk(folder / "splits")
    named = folder / "hub[v1]*" / "data"
    named.mkdir(parents=True)
    for name, part in split.items():
        part.to_parquet(named / f"{len(name)}-{name}-00000-of-00001.parquet")
    (named.parent / "README.md").write_text("# card\n", encoding="utf-8")
    (named / "._5-train-00000-of-00001.parquet").write_bytes(b"\0\5\x16\7\0")
    (named.parent / "__MACOSX" / "data").mkdir(parents=True)
    shutil.copy(named / "4-test-00000-of-00001.parquet", named.parent / "__MACOSX" / "data")
    pd.DataFrame(RECORDS).astype("category").to_parquet(folder / "frame.parquet")
    pa.feather.write_feather(pa.Table.from_pylist(RECORDS), folder / "frame.feather")
    (folder / "packed.jsonl.gz").write_bytes(gzip.compress((FORMS / "array.json").read_bytes()))
    lines = (FORMS / "lines.jsonl").read_bytes()
    (folder / "twice").mkdir()
    (folder / "twice" / "train.jsonl").write_bytes(lines)
    (folder / "twice" / "train.json").write_bytes((FORMS / "array.json").read_bytes())
    return [path for path in folder.iterdir() if path.name != "hub[v1]*"] + [named.parent]


def test_tables_and_folders_are_read(tmp_path: Path) -> None:
    import pyarrow.feather  # noqa: F401

    paths = save_tables(tmp_path)
    assert len(paths) == 8
    for path in paths:
        assert sorted(list_sides(path)) == sorted(SIDES), path
        assert [pair.prompt for pair in read_pairs(path).pairs if pair.prompt], path


OTHER_FILES = {"README.md", "export.json", "reduced.jsonl", "answer_tokens.jsonl"}
SINGLE = ("_open_ended", "_letter", "_judgment", "_action", "_opposite", ".index", "small_")
"""In names of files of an export that hold no pairs."""
COUNTED = {
    ("caa", "contrastive"): 6, ("caa", "multiple_choice"): 3, ("mcq", "multiple_choice"): 7,
    ("model-written", "multiple_choice"): 3, ("icl", "icl"): 6, ("aligned", "minimal_pairs"): 6,
    ("repe", "insertions"): 6, ("cvector", "insertions"): 6, ("probe", "associations"): 3,
    ("preference", "contrastive"): 4, ("preference", "relations"): 3, ("pairs", "contrastive"): 6,
    ("pairs", "minimal_pairs"): 6, ("pairs", "relations"): 3, ("csv", "contrastive"): 6,
    ("contrastive-pairs", "contrastive"): 6, ("counterfactual", "minimal_pairs"): 6,
    ("counterfactual", "insertions"): 6,
}  # fmt: skip
"""Export -> pairs in it, both orders of an item as one."""
NO_PAIRS = {("icl", "multiple_choice"): "tasks with one answer each", ("causalgym", "associations"):
            "templates with variables"}  # fmt: skip


@pytest.mark.parametrize(("form", "config"), EXPORTS)
def test_exports_are_read_back(form: str, config: str) -> None:
    folder = TESTS / "exports" / f"{form}-{config}"
    said = NO_PAIRS.get((form, config))
    if said is None:
        assert len(read_pairs(folder).pairs) == COUNTED[form, config]
    else:
        with pytest.raises(SourceError, match=said) as error:
            read_pairs(folder)
        assert ERROR.match(str(error.value))
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        single = path.name in OTHER_FILES or any(part in path.name for part in SINGLE)
        if single or said or path.suffix == ".txt":
            with pytest.raises(SourceError) as error:
                read_pairs(path)
            assert ERROR.match(str(error.value))
        else:
            assert read_pairs(path).pairs, path


def test_pairs_come_back_from_exports_as_they_were() -> None:
    """Texts, ids, groups and what they are about, by the rows that the exports were made of."""
    rows = json.loads((TESTS / "exports" / "rows.json").read_text(encoding="utf-8"))
    wanted = {row["id"]: row for row in rows["contrastive"]}
    for form in ("pairs", "caa"):
        read = read_pairs(TESTS / "exports" / f"{form}-contrastive").pairs
        found = {(pair.positive, pair.negative, pair.theme) for pair in read}
        assert found == {
            (row["positive"], row["negative"], row["behavior"]) for row in wanted.values()
        }
    for pair in read_pairs(TESTS / "exports" / "pairs-contrastive").pairs:
        row = wanted[str(pair.id)]
        assert (pair.group, pair.prompt.strip()) == (row["group"], row["prompt"])
    aligned = read_pairs(TESTS / "exports" / "aligned-minimal_pairs").pairs
    for pair in read_pairs(TESTS / "exports" / "pairs-minimal_pairs").pairs:
        assert pair in aligned
    lines = read_pairs(TESTS / "exports" / "cvector-insertions").pairs
    again = read_pairs(TESTS / "exports" / "repe-insertions").pairs
    assert {each.join() for each in lines} == {each.join() for each in again}


def test_both_orders_of_an_item_are_one_pair_in_a_file_and_two_records(tmp_path: Path) -> None:
    path = TESTS / "exports" / "caa-contrastive" / "generate" / "ethical" / "generate_dataset.json"
    records = json.loads(path.read_text(encoding="utf-8"))
    read = read_pairs(path)
    assert len(records) == 2
    assert len(read.pairs) == 1
    assert sum(read.left_out.values()) == 1
    assert len(quality.choose_core(records)) == 2
    twice = tmp_path / "twice.json"
    twice.write_text(json.dumps([records[0], records[0]]), encoding="utf-8")
    assert len(read_pairs(twice).pairs) == 2, "the same order again is a duplicate, to be measured"


def test_every_wrong_option_makes_a_pair_and_they_are_siblings() -> None:
    record = {"input": "What now?", "choices": ["Sing.", "Wait.", "Run."], "target": "B", "id": 4}
    pairs = read_pairs([record]).pairs
    assert [(pair.positive, pair.negative) for pair in pairs] == [
        ("Wait.", "Sing."),
        ("Wait.", "Run."),
    ]
    assert [pair.id for pair in pairs] == ["4/1-0", "4/1-2"]
    assert len({pair.unit for pair in pairs}) == 1


NAMED = ("answer_matching_behavior", "answer_not_matching_behavior")


@pytest.mark.parametrize(
    ("record", "sides"),
    [
        (
            {"question": "Q?\n(A) a\n(B) b\n(C) c", NAMED[0]: " (B)", NAMED[1]: [" (A)", " (C)"]},
            [["b", "a"], ["b", "c"]],
        ),
        ({"question": "Q?\n(A) a\n(B) b", NAMED[0]: [" (A)"], NAMED[1]: [" (B), "]}, [["a", "b"]]),
        (
            {"question": "Q?", "answers": {"A": "a", "B": "b"}, NAMED[0]: ["B"], NAMED[1]: ["A"]},
            [["b", "a"]],
        ),
        (
            {
                "question": "Q?",
                "answers": {"choices": {"a": "yes", "b": "no"}},
                NAMED[0]: "b",
                NAMED[1]: "a",
            },
            [["no", "yes"]],
        ),
    ],
)
def test_answers_may_be_several_and_options_stand_beside_the_question(
    record: dict[str, Any], sides: list[list[str]]
) -> None:
    assert list_sides([record]) == sides


@pytest.mark.parametrize(
    ("question", "answers", "sides", "prompt"),
    [
        ("Q?\n(A) a b\n(B) c", ("A", "B"), ["a b", "c"], "Q?"),
        ("Q?\nA. a\nB. c\nAnswer:", ("B.", "A."), ["c", "a"], "Q?"),
        ("Q?\n (A) a\n (B) c\n\nChoose one.", ("A", "B"), ["a", "c"], "Q?\n\nChoose one."),
        ("Q?\n (A) a\n (B) c\n\nAnswer: (", ("A", "B"), ["a", "c"], "Q?"),
        ("Q (A) of it (A) one (B) two", (" (B)", " (A)"), ["two", "one"], "Q (A) of it"),
        ("Q?\n\nChoices:\n (A) a\n (B) c\n (C) d", ("(C)", "(A)"), ["d", "a"], "Q?"),
        ("Q?\n (A) a\n (B) c", ("(D)", "(A)"), ["(D)", "(A)"], "Q?\n (A) a\n (B) c"),
        ("Is (A) right?", ("(A)", "(B)"), ["(A)", "(B)"], "Is (A) right?"),
    ],
)
def test_letters_stand_for_the_options_that_a_question_lists(
    question: str, answers: tuple[str, str], sides: list[str], prompt: str
) -> None:
    record = {"question": question, **dict(zip(NAMED, answers, strict=True))}
    assert list_sides([record]) == [sides]
    assert read_pairs([record]).pairs[0].prompt == prompt


def test_conversations_begin_alike_up_to_where_they_part() -> None:
    def say(*turns: str) -> list[dict[str, str]]:
        roles = ("user", "assistant")
        return [{"role": roles[n % 2], "content": turn} for n, turn in enumerate(turns)]

    chosen, rejected = say("Hi.", "Hello.", "Help?", "Yes."), say("Hi.", "Hello.", "Help?", "No.")
    (pair,) = read_pairs([{"chosen": chosen, "rejected": rejected}]).pairs
    assert pair.prompt == "User: Hi.\n\nAssistant: Hello.\n\nUser: Help?"
    assert (pair.positive, pair.negative) == ("Yes.", "No.")
    (pair,) = read_pairs([{"chosen": chosen, "rejected": say("Hi.", "Go.")}]).pairs
    assert (pair.prompt, pair.negative) == ("Hi.", "Go.")
    assert pair.positive == "Assistant: Hello.\n\nUser: Help?\n\nAssistant: Yes."
    cell = {"chosen": json.dumps(say("Hi.", "Yes.")), "rejected": json.dumps(say("Hi.", "No."))}
    (pair,) = read_pairs([cell]).pairs
    assert (pair.prompt, pair.positive, pair.negative) == ("Hi.", "Yes.", "No.")


def test_sentences_of_blimp_and_crows_pairs_and_places_of_answers_are_read() -> None:
    records = [
        ({"sentence_good": "A.", "sentence_bad": "B.", "pairID": "0"}, ""),
        ({"sent_more": "A.", "sent_less": "B.", "stereo_antistereo": "stereo"}, ""),
        ({"question": "Q?", "choices": ["B.", "A."], "label": 1}, "Q?"),
    ]
    for record, prompt in records:
        (pair,) = read_pairs([record]).pairs
        assert (pair.prompt, pair.positive, pair.negative) == (prompt, "A.", "B.")


def test_what_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [{"id": 1, "text": "a", "label": 1}, {"id": 1, "text": "b", "label": 0}]
    lines += [{"id": 2, "text": "c", "label": 1}]
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    assert report([str(path)]) == 0
    assert "Left out: 1 (texts whose other side is not there)." in capsys.readouterr().out
    built = concepts.build(tmp_path / "out", pairs=path, no_report=True)
    assert built.manifest.left_out == {"minimal_pairs": {"texts whose other side is not there": 1}}
