"""Pairs that are all one contrast: its words are the contrast, and no cue."""

from random import Random

import numpy as np
import pytest

from generators.configs.pairs import read_contrasts as read_plain
from generators.quality.selection.core import choose_core
from generators.quality.selection.cues import list_cues
from generators.quality.selection.features import extract_features
from generators.quality.selection.single import find_single_contrast
from generators.sources.pairs.pair_files import OwnPair
from planted import make_pair, read_contrasts, tell


def make_single(count: int = 120, swapped: int = 0, other: str = "Spoken") -> list[OwnPair]:
    """Returns pairs that differ in one word, the same in all."""
    sentences = [tell(rng) for rng in map(Random, range(count))]
    found = [
        (each.replace("The ", "Lied to, the "), each.replace("The ", f"{other} to, the "))
        for each in sentences
    ]
    return [
        OwnPair(positive=sides[place < swapped], negative=sides[place >= swapped], id=str(place))
        for place, sides in enumerate(found)
    ]


@pytest.mark.parametrize("swapped", [0, 40])
def test_the_words_of_a_single_contrast_are_no_cue(swapped: int) -> None:
    contrasts = read_plain(make_single(swapped=swapped))
    single = find_single_contrast(contrasts)
    assert single is not None
    assert single.fillers == ("lied", "spoken")
    assert single.sides.tolist() == [-1.0] * swapped + [1.0] * (120 - swapped)
    choice = choose_core(contrasts, extract_features(contrasts.texts))
    assert choice.core.all()
    assert choice.parts["all"].single_contrast == ("lied", "spoken")


@pytest.mark.parametrize(
    ("one", "other"), [("Yes.", "No."), (" (A)", " (B)"), ("No, I do.", "Yes.")]
)
def test_the_form_of_an_answer_is_no_contrast(one: str, other: str) -> None:
    pairs = [OwnPair(prompt=f"Day {n}?", positive=one, negative=other) for n in range(20)]
    assert find_single_contrast(read_plain(pairs)) is None


def test_yes_and_no_in_a_sentence_may_be_a_contrast() -> None:
    pairs = [OwnPair(positive=f"Day {n}: yes.", negative=f"Day {n}: no.") for n in range(20)]
    found = find_single_contrast(read_plain(pairs))
    assert found is not None
    assert found.fillers == ("no", "yes")


def test_a_single_contrast_of_unequal_length_leaves_no_cue() -> None:
    contrasts = read_plain(make_single(other="Told the whole truth"))
    features = extract_features(contrasts.texts)
    single = find_single_contrast(contrasts)
    assert [*list_cues(contrasts, features, np.ones(contrasts.items, np.bool_), single)] == []
    assert choose_core(contrasts, features).core.all()


def test_what_does_not_follow_from_a_single_contrast_is_balanced() -> None:
    rows = [
        make_pair(place, pair.positive, pair.negative, place % 10 != 0)
        for place, pair in enumerate(make_single(200))
    ]
    contrasts = read_contrasts("contrastive", rows)
    choice = choose_core(contrasts, extract_features(contrasts.texts))
    assert choice.parts["ethical"].single_contrast == ("lied", "spoken")
    assert {*choice.reasons} == {"", "place"}
    assert choice.core.sum() < 80


def test_two_contrasts_are_not_a_single_one() -> None:
    pairs = make_single(40)
    other = OwnPair(positive="He lied.", negative="He sang.")
    assert find_single_contrast(read_plain([*pairs, other])) is None
    assert find_single_contrast(read_plain(pairs[:1])) is None
    assert find_single_contrast(read_plain([])) is None
