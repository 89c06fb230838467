"""Rows of each config read as contrasts, on tables small enough to be read by eye."""

from typing import Any

import pyarrow as pa
import pytest

from generators.configs import CONFIGS
from generators.configs.base import Config
from generators.configs.contrasts import Contrasts, hash_texts
from generators.configs.pairs import read_contrasts as read_plain
from generators.quality.selection.features import take_part
from generators.sources.pairs.pair_files import OwnPair
from planted import read_contrasts

Row = dict[str, Any]


def show_pairs(contrasts: Contrasts) -> list[tuple[int, str, str]]:
    """Returns item, positive and negative of each pair."""
    sides = zip(contrasts.item, contrasts.positive, contrasts.negative, strict=True)
    return [(int(item), contrasts.texts[one], contrasts.texts[other]) for item, one, other in sides]


def show_names(contrasts: Contrasts, of: str) -> list[str]:
    codes = getattr(contrasts, of)
    return [codes.names[place] for place in codes.places]


def make_row(menu: str, name: str, **columns: Any) -> Row:
    game = menu.partition("/")[0]
    return {"id": f"{menu}/{name}", "decision_id": menu, "group": game, **columns}


def make_pair(menu: str, behavior: str, places: str, *sides: str) -> Row:
    positive, negative = sides
    shared = {"behavior": behavior, "prompt": f"At {menu}.", "positive": positive}
    return make_row(menu, f"{behavior}/{places}", **shared, negative=negative)


PAIRS = [
    make_pair("a/1", "lies", "0-2", "Yes.", "No."),
    make_pair("a/1", "lies", "10-2", "Perhaps.", "No."),
    make_pair("a/1", "harm", "2-0", "No.", "Yes."),
    make_pair("b/1", "lies", "1-0", "Yes.", "No."),
]


def test_a_pair_of_options_is_an_item_and_a_menu_a_unit() -> None:
    found = read_contrasts("contrastive", PAIRS)
    assert show_pairs(found) == [
        (0, "Yes.", "No."),
        (1, "Perhaps.", "No."),
        (2, "No.", "Yes."),
        (3, "Yes.", "No."),
    ]
    assert sorted(found.texts) == ["No.", "Perhaps.", "Yes."]  # each once
    assert found.ids.to_pylist() == [row["id"] for row in PAIRS]
    assert show_names(found, "unit") == ["a/1", "a/1", "a/1", "b/1"]
    assert show_names(found, "group") == ["a", "a", "a", "b"]
    assert show_names(found, "part") == ["lies", "lies", "harm", "lies"]
    assert found.row_item.tolist() == [0, 1, 2, 3]
    assert found.target is found.size is None


def test_the_option_with_the_lower_place_stands_earlier_as_numbers_go() -> None:
    earlier = read_contrasts("contrastive", PAIRS).earlier
    assert earlier is not None
    assert earlier.tolist() == [1, -1, -1, -1]  # 10 comes after 2


def test_whole_texts_are_equal_for_the_same_prompt_and_sides_only() -> None:
    again = {**PAIRS[0], "id": "a/1/lies/4-5"}
    found = read_contrasts("contrastive", [*PAIRS, again])
    assert found.whole[0] == found.whole[4]
    assert len(set(found.whole)) == 4  # another prompt, and sides the other way round, differ


def make_item(menu: str, order: list[int], matching: list[int], others: list[int]) -> Row:
    choices = [f"Option {menu} {place}." for place in order]
    columns = {"choices": choices, "matching": matching, "not_matching": others, "order": order}
    return make_row(menu, "lies", behavior="lies", question="What now?", **columns)


ITEMS = [
    make_item("a/1", [2, 0, 1, 3], matching=[0, 2], others=[1, 3]),
    make_item("a/2", [1, 0], matching=[1], others=[0]),
    make_item("b/1", [0, 2, 1], matching=[1], others=[0]),
]


def test_a_question_has_a_pair_for_each_positive_with_each_negative() -> None:
    found = read_contrasts("multiple_choice", ITEMS)
    assert show_pairs(found) == [
        (0, "Option a/1 2.", "Option a/1 0."),
        (0, "Option a/1 2.", "Option a/1 3."),
        (0, "Option a/1 1.", "Option a/1 0."),
        (0, "Option a/1 1.", "Option a/1 3."),
        (1, "Option a/2 0.", "Option a/2 1."),
        (2, "Option b/1 2.", "Option b/1 0."),
    ]
    assert found.items == 3
    assert found.row_item.tolist() == [0, 1, 2]
    assert found.size is not None
    assert found.size.tolist() == [4, 2, 3]
    assert show_names(found, "unit") == ["a/1", "a/2", "b/1"]
    assert found.earlier is None


def test_the_target_is_where_the_first_positive_of_the_menu_stands() -> None:
    found = read_contrasts("multiple_choice", ITEMS)
    assert found.target is not None
    assert found.target.tolist() == [2, 1, 1]  # of the first question, the menu's option 1


def test_a_query_is_what_in_context_prompts_are_about() -> None:
    query = {"observation": "It rains.", "positive": "Stay.", "negative": "Go."}
    rows = [make_row("a/1", "lies", behavior="lies", query=query)]
    found = read_contrasts("icl", rows)
    assert show_pairs(found) == [(0, "Stay.", "Go.")]
    assert (found.earlier, found.target) == (None, None)


def test_a_contrast_in_a_template_is_the_unit_of_minimal_pairs() -> None:
    shared = {"theme": "birds", "group": "owl/hen", "contrast": "owl/hen"}
    rows = [
        {"id": "1", "template": "t", "positive": "An owl.", "negative": "A hen.", **shared},
        {"id": "2", "template": "t", "positive": "Owls.", "negative": "Hens.", **shared},
        {"id": "3", "template": "u", "positive": "Owls?", "negative": "Hens?", **shared},
    ]
    found = read_contrasts("minimal_pairs", rows)
    assert show_pairs(found)[1] == (1, "Owls.", "Hens.")
    assert show_names(found, "unit") == ["owl/hen in t", "owl/hen in t", "owl/hen in u"]
    assert show_names(found, "part") == ["birds"] * 3


def test_an_insertion_is_the_mention_against_the_control() -> None:
    shared = {"group": "g", "inserted": "A gift.", "control": "A gate."}
    rows = [{"id": "1", "theme": "money", **shared}, {"id": "2", "theme": "truth", **shared}]
    found = read_contrasts("insertions", rows)
    assert show_pairs(found) == [(0, "A gift.", "A gate."), (1, "A gift.", "A gate.")]
    assert show_names(found, "unit") == ["1", "2"]
    assert show_names(found, "part") == ["money", "truth"]
    assert found.meant == frozenset()


def make_conclusion(name: str, twin: str, valid: bool, theme: str = "money") -> Row:
    shared = {"id": name, "theme": theme, "group": theme, "counterpart_id": twin, "valid": valid}
    return {**shared, "premises": [f"P {min(name, twin)}."], "conclusion": f"So {name[-1]}."}


RELATIONS = [
    make_conclusion("owl-kind_of-bird/b", "owl-kind_of-bird/a", False),
    make_conclusion("owl-kind_of-bird/c", "gone", True),
    make_conclusion("owl-kind_of-bird/a", "owl-kind_of-bird/b", True),
    make_conclusion("owl-kind_of-bird/e", "owl-kind_of-bird/d", False, "truth"),
    make_conclusion("owl-kind_of-bird/d", "owl-kind_of-bird/e", True, "truth"),
]


def test_two_rows_that_are_twins_are_one_item_and_one_without_a_twin_is_none() -> None:
    found = read_contrasts("relations", RELATIONS)
    assert show_pairs(found) == [
        (0, "So a.", "So b."),
        (1, "So d.", "So e."),
    ]
    assert [name[-1] for name in found.ids.to_pylist()] == ["a", "d"]
    assert found.row_item.tolist() == [0, -1, 0, 1, 1]
    assert show_names(found, "unit") == ["owl-kind_of-bird"] * 2  # the path, whatever the words are
    assert show_names(found, "part") == ["money", "truth"]
    assert show_names(found, "group") == ["owl", "owl"]  # what the path is about
    assert len(set(found.whole)) == 2


def test_rows_of_which_none_has_its_twin_are_no_items() -> None:
    found = read_contrasts("relations", [RELATIONS[1], RELATIONS[0]])
    assert found.items == len(found.item) == 0
    assert found.row_item.tolist() == [-1, -1]


def test_two_positive_twins_are_no_contrast() -> None:
    rows = [{**row, "valid": True} for row in RELATIONS[3:]]
    assert read_contrasts("relations", [*rows, *RELATIONS[:3]]).ids.to_pylist() == [
        "owl-kind_of-bird/a"
    ]


def test_associations_differ_in_words_and_sentiment_on_purpose() -> None:
    shared = {"theme": "t", "group": "g", "target": "mole", "template": "are"}
    rows = [
        {"id": "1", "text": "Moles are dull.", "valence": "negative", "counterpart_id": "2"},
        {"id": "2", "text": "Moles are keen.", "valence": "positive", "counterpart_id": "1"},
    ]
    found = read_contrasts("associations", [{**row, **shared} for row in rows])
    assert show_pairs(found) == [(0, "Moles are keen.", "Moles are dull.")]
    assert found.meant == {"sentiment", "n-gram"}
    assert show_names(found, "unit") == ["mole in are"]
    assert show_names(found, "part") == ["t"]


def test_a_line_of_plain_pairs_is_its_own_unless_it_names_a_group_or_prompt() -> None:
    pairs = [
        OwnPair(positive="One.", negative="Two."),
        OwnPair(positive="One.", negative="Two.", id="named", group="g", prompt="Count."),
        OwnPair(positive="Three.", negative="Four.", group="g", prompt="Count."),
    ]
    found = read_plain(pairs)
    assert show_pairs(found) == [(0, "One.", "Two."), (1, "One.", "Two."), (2, "Three.", "Four.")]
    assert found.ids.to_pylist() == ["0", "named", "2"]
    assert show_names(found, "unit") == ["0", "g: Count.", "g: Count."]
    assert show_names(found, "group") == ["0", "g", "g"]
    assert len(set(found.whole)) == 3  # a prompt is text


@pytest.mark.parametrize("config", [each for each in CONFIGS.values() if each.contrasts])
def test_readers_take_columns_that_rows_have(config: Config) -> None:
    assert config.contrasts is not None
    assert {*config.contrasts.columns, *config.text_columns} <= config.row.model_fields.keys()


def test_a_part_is_numbered_anew_and_keeps_its_texts() -> None:
    whole = read_contrasts("multiple_choice", ITEMS)
    part = take_part(whole, whole.group.places == 1)
    assert show_pairs(part) == [(0, "Option b/1 2.", "Option b/1 0.")]
    assert part.ids.to_pylist() == ["b/1/lies"]
    assert part.target is not None
    assert part.target.tolist() == [1]
    assert part.whole.tolist() == whole.whole[2:].tolist()


def test_hashes_are_equal_where_all_text_is() -> None:
    rows = [
        {"question": "Go?", "choices": ["ab", "c"]},
        {"question": "Go?", "choices": ["a", "bc"]},
        {"question": "Go?ab", "choices": ["c"]},
        {"question": None, "choices": []},
        {"question": "Go?", "choices": ["ab", "c"]},
    ]
    found = hash_texts(pa.Table.from_pylist(rows), ("question", "choices")).to_pylist()
    assert found[0] == found[4]
    assert len(set(found)) == 4
    assert (
        hash_texts(pa.Table.from_pylist(rows[1:2]), ("question", "choices"))[0].as_py()
        == (found[1])
    )
