"""`quality.measure` and `quality.choose_core`, from every form that pairs may have."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
from datasets import Dataset, DatasetDict

from damage import ERROR
from generators import quality
from generators.errors import SourceError
from generators.sources.pairs.pair_files import read_pairs
from planted import tell
from schemas import Quality

Record = dict[str, Any]


def make_records(count: int = 120) -> list[Record]:
    """Returns pairs whose positive is the longer one in nine of ten."""
    rng = Random(1)
    records: list[Record] = []
    for place in range(count):
        sides = tell(rng, more=1), tell(rng)
        one, other = sides if place % 10 else sides[::-1]
        record = {"positive": one, "negative": other, "prompt": f"Day {place}.", "mood": "calm"}
        records.append(record | {"group": f"g{place % 12}", "id": f"p{place}"})
    return records


def write_lines(records: list[Record], folder: Path) -> Path:
    path = folder / "pairs.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    return path


FORMS: dict[str, Callable[[list[Record], Path], Any]] = {
    "list": lambda records, _: records,
    "generator": lambda records, _: (record for record in records),
    "frame": lambda records, _: pd.DataFrame(records),
    "dataset": lambda records, _: Dataset.from_list(records),
    "path": write_lines,
    "string": lambda records, folder: str(write_lines(records, folder)),
}


@pytest.fixture(scope="module")
def expected() -> Quality:
    return quality.measure(make_records())


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_pairs_gives_the_same_quality_and_core(
    form: str, expected: Quality, tmp_path: Path
) -> None:
    records = make_records()
    found = quality.measure(FORMS[form](records, tmp_path))
    assert isinstance(found, Quality)
    assert found.checks == expected.checks
    assert found.name == ("pairs.jsonl" if form in ("path", "string") else "pairs")
    assert found.verdict == "FAIL"
    core = quality.choose_core(FORMS[form](records, tmp_path))
    assert len(core) == len(records)
    assert set(map(type, core)) == {bool}
    assert sum(core) == found.selections["pairs"].core
    assert 0 < sum(core) < len(records) / 2


def test_missing_values_of_a_frame_are_fields_that_are_not_there() -> None:
    frame = pd.DataFrame(
        {"positive": ["Stay.", "Sit."], "negative": ["Go.", "Run."], "group": ["a", None]}
    )
    same = [{"positive": "Stay.", "negative": "Go.", "group": "a"}]
    same += [{"positive": "Sit.", "negative": "Run."}]
    assert quality.measure(frame).checks == quality.measure(same).checks


def test_a_folder_is_measured_as_the_command_does(measured_sample: Path) -> None:
    written = (measured_sample / "quality.json").read_text(encoding="utf-8")
    found = quality.measure(str(measured_sample))
    assert found.model_dump_json(indent=2) + "\n" == written


PAIR = {"positive": "Stay.", "negative": "Go."}


def test_names_may_be_numbers_and_what_is_missing_is_not_there() -> None:
    """As pandas has them: 3.0 beside a missing value."""
    named = pd.DataFrame([PAIR | {"id": 7, "group": 3, "prompt": None}, PAIR | {"id": 8}])
    assert [(each.id, each.group, each.prompt) for each in read_pairs(named).pairs] == [
        ("7", "3", ""),
        ("8", None, ""),
    ]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ([], "no record"),
        ([PAIR, {"positive": "Stay.", "other": "Go."}], "record 1: negative: Field required"),
        ([PAIR | {"id": 7.5}], "record 0: id: Input should be a valid string"),
        (pd.DataFrame({"better": ["a"], "worse": ["b"]}), "record 0: the fields better, worse"),
        (pd.DataFrame([["a", "b", "c"]], columns=["pos", "neg", "neg"]), "two columns 'neg'"),
        (DatasetDict(train=Dataset.from_list([PAIR])), "a mapping of train"),
        (PAIR, "a mapping of positive, negative"),
        (["Stay."], "record 0: a text"),
        ([PAIR | {"prompt": "\ud800"}], "record 0: prompt: Value error, half of a character"),
        (7, "int"),
        ("no-such-file.jsonl", "no such file or folder"),
    ],
)
def test_what_is_no_pairs_is_one_clear_error(data: Any, found: str) -> None:
    for ask in (quality.measure, quality.choose_core):
        with pytest.raises(SourceError) as error:
            ask(data)
        assert found in str(error.value)
        assert ERROR.match(str(error.value))


def test_a_folder_has_no_core_to_be_chosen(concept_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="a dataset folder of ours; expected people's own pairs"):
        quality.choose_core(concept_folder)
    with pytest.raises(SourceError, match="a folder without data; expected"):
        quality.choose_core(tmp_path)


def test_a_notebook_shows_verdict_and_what_did_not_pass(expected: Quality) -> None:
    found = expected
    shown = found._repr_html_()
    assert shown.startswith("<div><p><b>pairs: FAIL</b><br>")
    assert "<td>length cue</td><td>pairs</td><td>full</td><td>0.900</td>" in shown
    assert "PASS</td>" not in shown
    assert repr(found).startswith("Quality('pairs', FAIL: ")
    assert "&lt;i&gt;" in found.model_copy(update={"name": "<i>"})._repr_html_()


def test_names_are_loaded_when_they_are_used() -> None:
    code = "import sys, generators.quality; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    with pytest.raises(AttributeError, match="no attribute 'mesure'"):
        quality.mesure  # noqa: B018
