"""Which rows of a folder its page shows, and what it shows of each."""

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from generators.configs import CONFIGS
from generators.configs.items import Item
from generators.report.page import choose_rows, read_page_rows, render_page, share_out
from schemas.quality import Plots, Quality

QUALITY = Quality(
    name="sample", verdict="PASS", gates={}, seed=0, selections={}, checks=(), plots=Plots()
)


def read_rows(folder: Path, config: str) -> list[dict[str, Any]]:
    paths = sorted((folder / config).glob("*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def check_span(text: str, side: Any, row_span: list[int]) -> None:
    assert side.text == text
    assert list(side.span) == row_span


def test_every_config_becomes_entries(sample_folder: Path, concept_folder: Path) -> None:
    found = [*read_page_rows(sample_folder).items, *read_page_rows(concept_folder).items]
    items = {(item.config, item.id): item for item in found}
    assert {item.config for item in found} == set(CONFIGS)
    for row in read_rows(concept_folder, "minimal_pairs")[:9]:
        sides = take(items, "minimal_pairs", row)
        if sides:
            check_span(row["positive"], sides[0], row["positive_span"])
            check_span(row["negative"], sides[1], row["negative_span"])
    row = read_rows(concept_folder, "insertions")[0]
    item = items["insertions", row["id"]]
    inserted, control = item.sides
    check_span(row["inserted"], inserted, row["inserted_span"])
    check_span(row["control"], control, row["control_span"])
    assert item.base == row["base"]
    item = next(item for item in found if item.config == "associations")
    assert item.facts["attribute"] == item.sides[0].text[slice(*item.sides[0].span or ())]
    row = read_rows(concept_folder, "relations")[0]
    item = items["relations", row["id"]]
    assert item.sides[0][:3] == ("+" if row["valid"] else "-", "valid", row["conclusion"])
    assert item.context == "\n".join(row["premises"])


def take(items: dict[tuple[str, str], Item], config: str, row: dict[str, Any]) -> Any:
    item = items.get((config, row["id"]))
    return item and item.sides


def test_menus_show_every_option_with_its_numbers(sample_folder: Path) -> None:
    found = {(item.config, item.id): item for item in read_page_rows(sample_folder).items}
    row = next(row for row in read_rows(sample_folder, "decisions") if len(row["options"]) > 2)
    item = found["decisions", row["id"]]
    assert [side.text for side in item.sides] == [option["text"] for option in row["options"]]
    for side, option in zip(item.sides, row["options"], strict=True):
        assert side.name.startswith(option["polarity"])
        positive = {name: value for name, value in option["labels"].items() if value}
        assert side.numbers.get("labels", {}) == positive
        assert side.numbers.get("scores", {}) | positive == {
            name: score for name, score in option["scores"].items() if score
        }
    row = read_rows(sample_folder, "multiple_choice")[0]
    item = found["multiple_choice", row["id"]]
    for place, side in enumerate(item.sides):
        assert side.numbers == {"score": {row["behavior"]: row["scores"][place]}}
        assert (side.pole == "+") == (place in row["matching"])
        assert (side.pole == "-") == (place in row["not_matching"])
    icl = next(item for (config, _), item in found.items() if config == "icl")
    assert len(icl.more) == int(icl.facts["shots"])


def test_rows_are_shared_out_evenly() -> None:
    assert share_out([100, 3, 100, 0], 22) == [10, 3, 9, 0]
    assert share_out([2, 3], 100) == [2, 3]
    strata = [("a", "full")] * 80 + [("a", "core")] * 20 + [("b", "")] * 4 + [("c", "full")] * 96
    chosen = choose_rows(strata, 24)
    assert Counter(strata[number] for number in chosen) == {
        ("a", "core"): 5, ("a", "full"): 5, ("b", ""): 4, ("c", "full"): 10,
    }  # fmt: skip
    assert [strata[number][1] for number in chosen[:10]] == ["core"] * 5 + ["full"] * 5
    assert {after - before for before, after in pairwise(chosen[5:10])} == {16}
    assert choose_rows(strata, 1000) == [*range(80, 100), *range(80), *range(100, 200)]


def test_a_large_folder_is_sampled(tmp_path: Path, sample_folder: Path) -> None:
    rows = read_page_rows(sample_folder, most=40)
    assert rows == read_page_rows(sample_folder, most=40)
    assert Counter(item.config for item in rows.items) == dict.fromkeys(rows.sizes, 10)
    text = render_page(QUALITY, rows.items, [], {}, sizes=rows.sizes)
    assert text == render_page(QUALITY, rows.items, [], {}, sizes=rows.sizes)
    assert f"40 of {sum(rows.sizes.values()):,} rows shown" in text


def test_columns_of_a_selection_may_be_there(tmp_path: Path, sample_folder: Path) -> None:
    table = pq.read_table(next((sample_folder / "contrastive").glob("test-*")))
    flags = [place % 2 == 0 for place in range(table.num_rows)]
    for name in ("hard", "reversed_cue"):
        table = table.append_column(name, pa.array(flags))
    (tmp_path / "contrastive").mkdir()
    pq.write_table(
        table.drop_columns("tier"), tmp_path / "contrastive" / "test-00000-of-00001.parquet"
    )
    items = read_page_rows(tmp_path).items
    assert {item.tier for item in items} == {""}
    assert Counter(item.hard for item in items) == Counter(flags)
    assert 'name="reversed_cue"' in render_page(QUALITY, items, [], {})
