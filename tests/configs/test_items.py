"""What each config says of its rows: what they show, their two sides, their text."""

from pathlib import Path
from typing import Any

import pytest

from built import read_rows
from dataset_folders import SMALL
from generators.configs import CONCEPT_CONFIGS, CONFIGS, GAME_CONFIGS, find_config
from generators.configs.base import Config
from generators.configs.decisions import POLES

Row = dict[str, Any]
EXCHANGE = {"observation": None, "positive": None, "negative": None}
STORY_FIELDS = {
    "decisions": {
        "context": None, "menu_text": None, "options": {"text": None, "outcome": None},
    },
    "contrastive": {
        "prompt": None, "positive": None, "negative": None,
        "positive_outcome": None, "negative_outcome": None,
    },
    "multiple_choice": {"question": None, "choices": None},
    "icl": {
        "shots": EXCHANGE, "query": EXCHANGE,
        "positive_prompt": None, "negative_prompt": None, "shuffled_prompt": None,
    },
}  # fmt: skip
"""Config -> its fields of story text: published hashes and lengths depend on each of them."""


@pytest.fixture(scope="module")
def rows(sample_folder: Path, concept_folder: Path) -> dict[str, list[Row]]:
    """Config -> the rows of its bundled folder."""
    return {
        name: read_rows(sample_folder if name in GAME_CONFIGS else concept_folder, name)
        for name in CONFIGS
    }


def find_twin(config: Config, rows: list[Row]) -> tuple[Row, Row | None]:
    """Returns a row, and its twin if it has one; then the row is the positive one."""
    if config.twins is None:
        return rows[0], None
    row = next(row for row in rows if row[config.twins.column] == config.twins.positive)
    return row, next(each for each in rows if each["id"] == row["counterpart_id"])


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_story_text_is_what_the_schema_marks(config: Config) -> None:
    def order(fields: dict[str, Any] | None) -> Any:
        return fields and [(name, order(inner)) for name, inner in fields.items()]

    assert order(config.story_fields) == order(STORY_FIELDS.get(config.name, {}))


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_a_row_and_its_record_have_the_same_texts(
    config: Config, rows: dict[str, list[Row]]
) -> None:
    row = rows[config.name][0]
    assert config.texts(config.row.model_validate(row, strict=False)) == config.texts(row)
    assert config.texts({name: row[name] for name in config.text_columns}) == config.texts(row)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_an_item_shows_all_options_and_marks_what_differs(
    config: Config, rows: dict[str, list[Row]]
) -> None:
    row, twin = find_twin(config, rows[config.name])
    item = config.show(row, twin)
    assert (item.config, item.id, item.split) == (config.name, row["id"], row["split"])
    assert item.topic == (row[config.topic] if config.topic else "")
    texts = [text for each in (row, twin) if each for text in config.texts(each)[1:]]
    assert [side.text for side in item.sides] == texts
    assert bool(item.claim) == (config.contrasts is not None)
    spans = [side.span for side in item.sides if side.span]
    assert all(0 <= start <= end for start, end in spans)
    if item.base:
        for side in item.sides:
            start, end = side.span or (0, 0)
            assert side.text[:start] + side.text[end:] == item.base


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_two_sides_are_those_of_the_item(config: Config, rows: dict[str, list[Row]]) -> None:
    if config.sides is None:
        assert config.name in ("decisions", "multiple_choice")
        return
    row, twin = find_twin(config, rows[config.name])
    assert set(config.sides.columns) <= row.keys()
    sides = config.sides.read(row, twin)
    assert (sides.spans is not None) == config.sides.marked
    if config.name != "icl":  # whose sides are whole prompts
        poles = {side.pole: side.text for side in config.show(row, twin).sides}
        assert (sides.positive, sides.negative) == (poles["+"], poles["-"])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("minimal_pairs", {"prefix": "Another beginning "}),
        ("insertions", {"base": "Another scenario."}),
        ("icl", {"negative_prompt": "Another prompt."}),
    ],
)
def test_sides_that_differ_elsewhere_are_seen(
    name: str, change: Row, rows: dict[str, list[Row]]
) -> None:
    alike = CONFIGS[name].alike
    assert alike is not None
    assert all(map(alike.holds, rows[name][:50]))
    assert not alike.holds(rows[name][0] | change)


def test_an_outcome_is_whole_and_a_row_without_numbers_is_shown() -> None:
    long = "It goes on. " * 100
    row = SMALL["contrastive"][0] | {"positive_outcome": long, "weight": None}
    item = CONFIGS["contrastive"].show(row)
    assert item.sides[0].outcome == long
    assert item.facts.keys() == {"pure", "negative is ethical"}


def test_options_of_a_menu_have_poles(rows: dict[str, list[Row]]) -> None:
    for row in rows["decisions"]:
        for side, option in zip(CONFIGS["decisions"].show(row).sides, row["options"], strict=True):
            assert side.pole == POLES.get(option["polarity"], "")


def test_passages_of_one_menu_belong_together_and_others_do_not() -> None:
    assert GAME_CONFIGS["icl"].find_owner("game/menu/dilemma") == "game/menu"
    assert CONCEPT_CONFIGS["insertions"].find_owner("a/b/c") == "a/b/c"


def test_plain_pairs_are_known_beside_the_configs() -> None:
    assert "pairs" not in CONFIGS
    row = {"id": "1", "positive": "A cat.", "negative": "A dog.", "prompt": "See:"}
    assert find_config("pairs").texts(row) == ["See:", "A cat.", "A dog."]
    assert [side.span for side in find_config("pairs").show(row).sides] == [(2, 6), (2, 6)]
