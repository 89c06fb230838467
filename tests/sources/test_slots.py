"""Slots of sentences, and where two texts differ."""

import pytest

from generators.sources.concepts.slots import CRITICAL_LAST, find_difference, list_frames


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("a baby", "a child", (2, 0)),
        ("a baby", "an adult", (0, 0)),
        ("Save the baby.", "Save the adult.", (9, 1)),
        ("Save baby", "Save the baby", (5, 0)),
        ("old man", "young man", (0, 4)),
        ("x", "y", (0, 0)),
        ("it is, he said", "it was, he said", (3, 9)),
        ("don't go", "do go", (0, 3)),
    ],
)
def test_a_difference_is_whole_words(one: str, other: str, shared: tuple[int, int]) -> None:
    assert find_difference(one, other) == shared


def test_a_sentence_is_cut_where_enough_stands_before_its_slot() -> None:
    assert [f.variant for f in list_frames("One two three four {mass} five.")][0] == CRITICAL_LAST
    assert len(list(list_frames("One {mass} two three four."))) == 1
    assert len(list(list_frames("One two three four {mass}"))) == 1
