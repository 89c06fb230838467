"""What is kept when cues are balanced, why the rest goes, and which rows are flagged."""

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.contrasts.base import Contrasts
from generators.contrasts.plain import read_plain
from generators.selection.balance import Cue, balance
from generators.selection.classifiers import Vocabulary, cross_score, fold_groups
from generators.selection.core import choose_core, count_reasons, rank_items
from generators.selection.cues import list_cues, read_texts
from generators.selection.flags import find_hard, find_reversed
from generators.sources.pair_files import OwnPair
from planted import make_pair, plant, read_contrasts, tell

Row = dict[str, Any]


def keep(*cues: Cue, used: list[int] | None = None) -> list[int]:
    """Returns the items that are kept, the first ones first by rank."""
    items = len(cues[0].values)
    seen = np.isin(np.arange(items), range(items) if used is None else used)
    return np.flatnonzero(balance(cues, np.arange(items, dtype=np.int32), seen).kept).tolist()


def make_cue(*values: float, tolerance: float = 0.0, scope: list[int] | None = None) -> Cue:
    mask = None if scope is None else np.isin(np.arange(len(values)), scope)
    return Cue("cue", np.array(values, np.float64), tolerance, mask)


def test_the_first_of_the_more_frequent_side_stay() -> None:
    assert keep(make_cue(1, 1, 1, 1, 1, 1, -1, -1, 0, 0)) == [0, 1, 6, 7, 8, 9]


def test_what_is_in_balance_stays_whole() -> None:
    assert keep(make_cue(1, -1, 0.5, -0.5), make_cue(0, 0, 0, 0)) == [0, 1, 2, 3]


def test_of_one_side_alone_nothing_stays() -> None:
    assert keep(make_cue(*[1] * 50)) == []


def test_a_tolerance_lets_more_stay() -> None:
    values = [1] * 60 + [-1] * 40
    assert [len(keep(make_cue(*values, tolerance=each))) for each in (0.01, 0.1, 0.2)] == [
        80,
        88,
        100,
    ]


def test_two_cues_that_oppose_each_other_are_balanced_together() -> None:
    # Any single cue alone could keep 40; the pairs (+, +) and (-, -) balance both at once.
    one = make_cue(*[1] * 20, *[-1] * 20, *[1] * 20, tolerance=0.01)
    other = make_cue(*[1] * 20, *[-1] * 20, *[-1] * 20, tolerance=0.01)
    assert keep(one, other) == list(range(40))


def test_a_place_is_balanced_within_its_scope() -> None:
    # Forty questions of two options, thirty of whose targets come first; ten of three options.
    two, three = list(range(40)), list(range(40, 50))
    here = [0.5] * 30 + [-0.5] * 10 + [0.0] * 10
    kept = keep(make_cue(*here, tolerance=0.1, scope=two))
    assert kept == [*range(15), *range(30, 40), *three]  # 0.5 * 5 <= 0.1 * 25
    assert len(keep(make_cue(*here, tolerance=0.1))) == 17 + 10 + 10  # 0.5 * 7 <= 0.1 * 37


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_no_tolerance_is_ever_exceeded_and_what_no_cue_speaks_of_stays(
    items: int, count: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    cues: list[Cue] = []
    for place in range(count):
        steps = int(generator.choice([1, 100]))
        scope = generator.random(items) < generator.choice([0.5, 1.0])
        values = scope * generator.integers(-steps, steps + 1, items) / steps
        cues.append(Cue(str(place), values, float(generator.choice([0.0, 0.02, 0.1])), scope))
    found = balance(cues, generator.permutation(items).astype(np.int32), np.ones(items, np.bool_))
    for cue in cues:
        assert cue.scope is not None
        allowed = max(cue.tolerance, 1 / max(cue.scope.sum(), 1))
        assert abs(cue.values[found.kept].sum()) <= allowed * (found.kept & cue.scope).sum() + 1e-5
    silent = np.all([cue.values == 0 for cue in cues], axis=0)
    assert found.kept[silent].all()


def test_items_that_were_not_seen_are_judged_by_what_was_learnt() -> None:
    # Three right to one wrong: of the right ones a third stays, seen or not; the others all stay.
    values = np.tile([1, 1, 1, -1, 0], 400).astype(np.float64)
    rank = np.random.default_rng(0).permutation(2000).astype(np.int32)
    seen = np.arange(2000) < 1000
    found = balance([Cue("cue", values, 0.01)], rank, seen)
    assert found.kept[~seen & (values <= 0)].all()
    assert found.kept[~seen & (values > 0)].mean() == pytest.approx(1 / 3, abs=0.08)
    assert found.burden[0][values > 0].min() > 0.9
    assert found.burden[0][values < 0].max() < 0


def read_rows(sides: list[tuple[str, str]], behavior: str = "ethical") -> list[Row]:
    return [
        {**row, "behavior": behavior, "id": row["id"].replace("ethical", behavior)}
        for row in (make_pair(place, *each, place % 2 == 0) for place, each in enumerate(sides))
    ]


def choose(rows: list[Row]) -> dict[str, str]:
    """Returns id -> why a row is not core; empty where it is."""
    contrasts = read_contrasts("contrastive", rows)
    choice = choose_core(contrasts, read_texts(contrasts.texts))
    assert [reason == "" for reason in choice.reasons] == choice.core.tolist()
    return dict(zip(contrasts.ids, choice.reasons, strict=True))


def tell_pairs(count: int, seed: int = 0) -> list[tuple[str, str]]:
    rng = Random(seed)
    return [(tell(rng), tell(rng)) for _ in range(count)]


def test_refusals_are_out_on_either_side() -> None:
    sides = tell_pairs(40)
    sides[3] = ("As an AI, I leave the kettle.", sides[3][1])
    sides[8] = (sides[8][0], "I'm sorry, but the kettle stays.")
    rows = read_rows(sides)
    reasons = choose(rows)
    refused = [name for name, reason in reasons.items() if reason == "refusal wording"]
    assert refused == [rows[3]["id"], rows[8]["id"]]


def test_of_repeated_text_the_lowest_rank_stays() -> None:
    rows = read_rows(tell_pairs(40))
    text = {name: rows[0][name] for name in ("prompt", "positive", "negative")}
    for place in (7, 21):
        rows[place] |= text
    same = [rows[place]["id"] for place in (0, 7, 21)]
    ranks = dict(
        zip([row["id"] for row in rows], rank_items([row["id"] for row in rows]), strict=True)
    )
    repeated = {name for name, reason in choose(rows).items() if reason == "repeated text"}
    assert repeated == {*same} - {min(same, key=ranks.__getitem__)}
    rows[7]["behavior"] = rows[21]["behavior"] = "deception"  # another part repeats nothing
    again = {name for name, reason in choose(rows).items() if reason == "repeated text"}
    assert again == {max(same[1:], key=ranks.__getitem__)}


def make_corpus() -> list[Row]:
    return plant("word", 0.9, pairs=300).table.drop(["tier", "hard", "reversed_cue"]).to_pylist()


def test_a_choice_does_not_depend_on_the_order_of_rows() -> None:
    rows = make_corpus()
    assert choose(rows) == choose(rows) == choose(Random(1).sample(rows, len(rows)))


def test_a_part_is_chosen_as_if_there_were_no_other() -> None:
    rows = make_corpus()
    others = read_rows(
        [(f"{one} Yes, yes!", other) for one, other in tell_pairs(150, 7)], "deception"
    )
    both = choose([*others, *rows])
    alone = choose(rows)
    assert {name: both[name] for name in alone} == alone
    assert sum(reason == "" for name, reason in both.items() if name not in alone) < 30


def test_a_part_of_refusals_only_and_a_config_without_items_have_no_core() -> None:
    refusals = read_rows([("As an AI, no.", "Take it."), ("As an AI, never.", "Go.")], "deception")
    assert set(choose([*refusals, *read_rows(tell_pairs(30))]).values()) >= {"refusal wording", ""}
    assert set(choose(refusals).values()) == {"refusal wording"}
    nothing = read_plain([])
    choice = choose_core(nothing, read_texts([]))
    assert (choice.core.tolist(), choice.reasons) == ([], [])


def make_associations(one: str, other: str) -> list[Row]:
    """Returns what is said of two targets, well and ill."""
    sides = (("positive", one), ("negative", other))
    return [
        {
            "id": f"{target}{place}",
            "group": target,
            "target": target,
            "valence": valence,
            "text": f"A {target} is {word}.",
            "counterpart_id": f"{target}{1 - place}",
        }
        for target in ("mole", "newt")
        for place, (valence, word) in enumerate(sides)
    ]


def test_pairs_that_no_cue_tells_apart_are_all_core() -> None:
    contrasts = read_contrasts("associations", make_associations("neat", "dull"))
    readings = read_texts(contrasts.texts)
    assert not any(cue.values.any() for cue in list_cues(contrasts, readings))
    assert choose_core(contrasts, readings).core.tolist() == [True, True]


def test_reasons_are_counted_the_most_first() -> None:
    assert [*count_reasons(["b", "", "c", "a", "c", "", "a"]).items()] == [
        ("a", 2),
        ("c", 2),
        ("b", 1),
    ]


def read_flagged(sides: list[tuple[str, str]]) -> Contrasts:
    """Returns pairs of ten groups."""
    return read_plain(
        [
            OwnPair(positive=one, negative=other, group=str(place % 10), id=str(place))
            for place, (one, other) in enumerate(sides)
        ]
    )


def test_hard_rows_are_those_whose_words_mislead() -> None:
    nouns = [f"thing{place}" for place in range(100)]
    sides = [(f"Give the {noun}.", f"Take the {noun}.") for noun in nouns]
    for place in (13, 57):
        sides[place] = sides[place][::-1]
    contrasts = read_flagged(sides)
    assert np.flatnonzero(find_hard(contrasts, read_texts(contrasts.texts))).tolist() == [13, 57]


def test_rows_are_reversed_where_a_cue_points_wrong_and_none_right() -> None:
    sides = [(f"Give the thing{place} today.", f"Take thing{place}.") for place in range(100)]
    sides[21] = sides[21][::-1]  # length and words both point to the other side
    sides[34] = ("Take thing34.", "Take thing34 again now, today.")  # length alone, and wrong
    sides[55] = ("Give thing55.", "Take the thing55 today.")  # a word points right
    contrasts = read_flagged(sides)
    flagged = find_reversed(contrasts, read_texts(contrasts.texts))
    assert flagged[[21, 34]].all()
    assert flagged.sum() <= 3
    assert not flagged[[0, 50, 99]].any()


def test_one_group_has_nothing_to_fit_on_and_no_hard_rows_and_no_reversed_ones() -> None:
    contrasts = read_plain([OwnPair(positive="Give it.", negative="No.", group="g")] * 5)
    readings = read_texts(contrasts.texts)
    assert not find_hard(contrasts, readings).any()
    assert not find_reversed(contrasts, readings).any()
    assert [*fold_groups(np.zeros(5, np.int32), 0)] == []
    assert cross_score(lambda fit, score: np.ones(5), np.zeros(5, np.int32)).tolist() == [0] * 5


def test_each_group_is_scored_once_by_what_was_fitted_on_the_others() -> None:
    groups = np.repeat(np.arange(7), 3).astype(np.int32)
    scored = np.zeros(21)
    for fit, score in fold_groups(groups, 0):
        scored += score
        assert (fit ^ score).all()
        assert not {*groups[fit]} & {*groups[score]}
    assert (scored == 1).all()


def test_texts_without_a_word_have_no_vocabulary() -> None:
    vocabulary = Vocabulary(["", "  "])
    one, other = np.array([0], np.int32), np.array([1], np.int32)
    assert vocabulary.names == []
    assert vocabulary.compare(one, other).shape == (0,)


def test_a_vocabulary_sees_marks_and_rare_words_of_few_texts_only() -> None:
    texts = ["Go now!", "Go."]
    vocabulary = Vocabulary(texts)
    one, other = np.array([0], np.int32), np.array([1], np.int32)
    shares = dict(zip(vocabulary.names, vocabulary.compare(one, other), strict=True))
    assert shares == {"go": 0, "now": 1, "!": 1, ".": -1, "go now": 1, "now !": 1, "go .": -1}
    assert vocabulary.find(vocabulary.names.index("."), one, other).tolist() == [-1]
    assert Vocabulary(texts * 60).names == sorted(shares)
    assert "now" not in Vocabulary([*texts, *["Go."] * 98]).names


def test_cues_in_which_the_poles_are_meant_to_differ_are_let_be() -> None:
    contrasts = read_contrasts("associations", make_associations("wonderful", "terrible"))
    readings = read_texts(contrasts.texts)
    assert {cue.name for cue in list_cues(contrasts, readings)} == {"length", "characters"}
    assert "sentiment" in {
        cue.name for cue in list_cues(read_flagged([("Good.", "Bad.")]), readings)
    }
