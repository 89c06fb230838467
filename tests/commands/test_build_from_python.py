"""Building from Python: options as keywords, rows without files, results that show themselves."""

import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from built import read_manifest
from generators import concepts, machiavelli
from generators.dataset.build import Built
from generators.errors import UsageError
from generators.options import find_option
from generators.sources.games.files import find_sample
from schemas import ContrastiveRow, MinimalPairRow

FEW = {"kinds": ["contrastive"], "limit": 20, "no_report": True}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return machiavelli.build(tmp_path_factory.mktemp("built") / "few", **FEW)


def test_what_was_built_shows_itself(built: Built) -> None:
    assert repr(built) == built.summarize()
    assert "contrastive" in repr(built)
    assert f'load_dataset("{built.folder.as_posix()}", "contrastive")' in repr(built)
    assert built._repr_html_().startswith("<pre>")
    assert "<b>" not in built._repr_html_(), "text of stories is escaped"


def test_a_build_is_silent_unless_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    machiavelli.build(tmp_path / "out", **FEW)
    assert capsys.readouterr() == ("", "")


def test_rows_are_those_of_the_folder_but_for_tiers_and_what_a_model_adds(built: Built) -> None:
    stored = {
        row["id"]: row
        for path in sorted((built.folder / "contrastive").glob("*.parquet"))
        for row in pq.read_table(path).to_pylist()
    }
    rows = list(machiavelli.rows("contrastive", limit=20))
    assert all(isinstance(row, ContrastiveRow) for row in rows)
    benchmark = [row for row in stored.values() if row["origin"] == "benchmark"]
    assert len(rows) == len(benchmark)
    for row in rows:
        flags = {"tier": "full", "core_weight": None, "hard": False, "reversed_cue": False}
        assert row.model_dump(mode="json") == {**stored[row.id], **flags}


def test_rows_of_concepts_come_without_a_folder() -> None:
    row = next(concepts.rows("minimal_pairs"))
    assert isinstance(row, MinimalPairRow)
    one, other = (text[slice(*span)] for text, span in (
        (row.positive, row.positive_span), (row.negative, row.negative_span),
    ))  # fmt: skip
    assert one != other


def test_an_executor_reads_the_games_to_the_same_bytes(built: Built, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as executor:
        machiavelli.build(tmp_path / "out", executor=executor, **FEW)
        assert executor.submit(int).result() == 0, "it is left open"
    assert read_manifest(tmp_path / "out").files == read_manifest(built.folder).files


def test_a_plan_is_printed_and_asks_nothing(tmp_path: Path) -> None:
    plan = machiavelli.plan(tmp_path / "out", model="gpt-4o-mini", generate=3)
    assert plan.tasks["dilemma"].requests == 3
    assert "Nothing was sent." in str(plan)
    assert not list(tmp_path.iterdir())
    assert "No model is named" in str(concepts.plan())


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (lambda: machiavelli.build("x", behaviours=["ethical"]), "did you mean behaviors"),
        (lambda: machiavelli.build("x", behaviors=["decepton"]), "did you mean deception"),
        (
            lambda: machiavelli.build("x", limit=0),
            "--limit: 0; expected greater than or equal",
        ),
        (lambda: machiavelli.build("x", kinds=["pairs"]), "'pairs'; expected some of decisions"),
        (lambda: machiavelli.rows("contrastiv"), "did you mean contrastive"),
        (lambda: concepts.build("x", limit="3"), "--limit: '3'; expected a valid integer"),
        (lambda: concepts.build("x", strict=True, no_report=True), "--no-report beside it"),
        (lambda: concepts.rows("insertion"), "did you mean insertions"),
    ],
)
def test_wrong_keywords_are_one_line(call: Callable[[], Any], found: str) -> None:
    with pytest.raises(UsageError) as caught:
        call()
    assert found in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not Path("x").exists()


@pytest.mark.parametrize("function", [machiavelli.build, machiavelli.rows, concepts.build])
def test_a_signature_has_every_option_and_the_docstring_says_what_it_is(
    function: Callable[..., Any],
) -> None:
    parameters = inspect.signature(function).parameters
    assert "seed" in parameters
    assert all(find_option(each.annotation) is None for each in parameters.values()), "plain types"
    for name in parameters.keys() - {"config", "executor", "progress"}:
        assert f"    {name}: " in (function.__doc__ or "")


def test_a_path_may_be_text_or_a_path() -> None:
    for data in (find_sample(), str(find_sample())):
        assert next(machiavelli.rows("decisions", data=data, limit=1)).game
