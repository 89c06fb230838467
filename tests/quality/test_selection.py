"""Which rows are core, why the rest is not, and which rows are flagged."""

import ctypes
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from generators.configs.contrasts import Contrasts, share_texts
from generators.configs.pairs import read_contrasts as read_plain
from generators.quality import rows as stored
from generators.quality.evidence import CHECK_SEED, list_evidence
from generators.quality.measures.texts import split_tokens
from generators.quality.selection.balance import Balance, Cue
from generators.quality.selection.classifiers import Vocabulary, cross_score, fold_groups
from generators.quality.selection.core import (
    choose_core,
    count_reasons,
    explain,
    list_cues,
    rank_items,
)
from generators.quality.selection.features import extract_features, list_parts
from generators.quality.selection.ngrams import Ngrams
from generators.quality.tiers import choose_all_rows, choose_rows, find_hard, find_reversed
from generators.sources.pairs.pair_files import OwnPair
from planted import make_pair, plant, read_contrasts, tell

Row = dict[str, Any]


def read_rows(sides: list[tuple[str, str]], behavior: str = "ethical") -> list[Row]:
    return [
        {**row, "behavior": behavior, "id": row["id"].replace("ethical", behavior)}
        for row in (make_pair(place, *each, place % 2 == 0) for place, each in enumerate(sides))
    ]


def choose(rows: list[Row]) -> dict[str, str]:
    """Returns id -> why a row is not core; empty where it is."""
    contrasts = read_contrasts("contrastive", rows)
    choice = choose_core(contrasts, extract_features(contrasts.texts))
    assert [reason == "" for reason in choice.reasons] == choice.core.tolist()
    return dict(zip(contrasts.ids.to_pylist(), choice.reasons, strict=True))


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
    ids = [row["id"] for row in rows]
    ranks = dict(zip(ids, rank_items(pa.array(ids)), strict=True))
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


def test_configs_that_are_chosen_together_get_what_each_gets_alone() -> None:
    rows = make_corpus()
    others = read_rows(tell_pairs(150, 7), "deception")
    both = [read_contrasts("contrastive", each) for each in ([*others, *rows], rows[:200])]
    texts, shared = share_texts(both)
    together = choose_all_rows(shared, extract_features(texts))
    for contrasts, (columns, selection) in zip(both, together, strict=True):
        alone = choose_rows(contrasts, extract_features(contrasts.texts))
        assert ({name: [*each] for name, each in columns.items()}, selection) == (
            {name: [*each] for name, each in alone[0].items()},
            alone[1],
        )


def test_flags_of_a_part_are_the_same_with_and_without_others() -> None:
    rows = make_corpus()
    flags: list[list[Any]] = []
    for more in ([], read_rows(tell_pairs(150, 7), "deception")):
        contrasts = read_contrasts("contrastive", [*rows, *more])
        columns, _ = choose_rows(contrasts, extract_features(contrasts.texts))
        flags.append([each[: len(rows)].to_pylist() for each in columns.values()])
    assert flags[0] == flags[1]


def test_a_part_of_refusals_only_and_a_config_without_items_have_no_core() -> None:
    refusals = read_rows([("As an AI, no.", "Take it."), ("As an AI, never.", "Go.")], "deception")
    assert set(choose([*refusals, *read_rows(tell_pairs(30))]).values()) >= {"refusal wording", ""}
    assert set(choose(refusals).values()) == {"refusal wording"}
    nothing = read_plain([])
    choice = choose_core(nothing, extract_features([]))
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
    features = extract_features(contrasts.texts)
    assert not any(cue.values.any() for cue in list_cues(contrasts, features))
    assert choose_core(contrasts, features).core.tolist() == [True, True]


def test_reasons_name_a_family_of_cues_and_not_the_one_that_the_price_fell_on() -> None:
    cues = [
        Cue(name, np.zeros(2), 0.1)
        for name in ("length", "characters", "characters", "commas", "place")
    ]
    burden = np.array([[1, 1], [1, 0], [0, 1], [0, 0], [1.5, 2.5]], np.float32)
    found = Balance(np.array([False, False]), [*range(5)], burden)
    assert explain(cues, found) == ["length", "place"]


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
    assert np.flatnonzero(find_hard(contrasts, extract_features(contrasts.texts))).tolist() == [
        13,
        57,
    ]


def test_rows_are_reversed_where_a_cue_points_wrong_and_none_right() -> None:
    sides = [(f"Give the thing{place} today.", f"Take thing{place}.") for place in range(100)]
    sides[21] = sides[21][::-1]  # length and words both point to the other side
    sides[34] = ("Take thing34.", "Take thing34 again now, today.")  # length alone, and wrong
    sides[55] = ("Give thing55.", "Take the thing55 today.")  # a word points right
    contrasts = read_flagged(sides)
    flagged = find_reversed(contrasts, extract_features(contrasts.texts))
    assert flagged[[21, 34]].all()
    assert flagged.sum() <= 3
    assert not flagged[[0, 50, 99]].any()


def test_one_group_has_nothing_to_fit_on_and_no_hard_rows_and_no_reversed_ones() -> None:
    contrasts = read_plain([OwnPair(positive="Give it.", negative="No.", group="g")] * 5)
    features = extract_features(contrasts.texts)
    assert not find_hard(contrasts, features).any()
    assert not find_reversed(contrasts, features).any()
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
    vocabulary = Vocabulary(Ngrams(["", "  "]))
    one, other = np.array([0], np.int32), np.array([1], np.int32)
    assert vocabulary.names == []
    assert vocabulary.compare(one, other).shape == (0,)


def test_a_vocabulary_sees_marks_and_rare_words_of_few_texts_only() -> None:
    texts = ["Go now!", "Go."]
    vocabulary = Vocabulary(Ngrams(texts))
    one, other = np.array([0], np.int32), np.array([1], np.int32)
    shares = dict(zip(vocabulary.names, vocabulary.compare(one, other), strict=True))
    assert shares == {"go": 0, "now": 1, "!": 1, ".": -1, "go now": 1, "now !": 1, "go .": -1}
    assert vocabulary.find(vocabulary.names.index("."), one, other).tolist() == [-1]
    assert Vocabulary(Ngrams(texts * 60)).names == sorted(shares)
    assert "now" not in Vocabulary(Ngrams([*texts, *["Go."] * 98])).names


def test_ngrams_are_those_that_scikit_learn_counts() -> None:
    rng = Random(0)
    words = [*(f"w{place}" for place in range(60)), "I'm", "«Oui»", "ΣΑΣ", "—", "...", "a_b", "ab"]
    texts = [" ".join(rng.choices(words, k=rng.randint(0, 9))) for _ in range(300)]
    for places in (np.arange(50), np.arange(0, 300, 2), np.arange(300)):
        chosen = [texts[place] for place in places]
        counter = CountVectorizer(
            ngram_range=(1, 2),
            binary=True,
            min_df=3 if len(chosen) >= 100 else 1,
            tokenizer=split_tokens,
            token_pattern=None,
        )
        wanted = counter.fit_transform(chosen)
        vocabulary = Vocabulary(Ngrams(texts), places.astype(np.int32))
        assert vocabulary.names == counter.get_feature_names_out().tolist()
        assert (vocabulary.has[places] != wanted).nnz == 0
        assert vocabulary.has.nnz == wanted.nnz


def test_cues_in_which_the_poles_are_meant_to_differ_are_let_be() -> None:
    contrasts = read_contrasts("associations", make_associations("wonderful", "terrible"))
    features = extract_features(contrasts.texts)
    assert {cue.name for cue in list_cues(contrasts, features)} == {"length", "characters"}
    assert "sentiment" in {
        cue.name for cue in list_cues(read_flagged([("Good.", "Bad.")]), features)
    }


def test_the_solver_prints_nothing(sample_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """HiGHS has a line of debugging where it repairs what its presolve made."""
    rows, _ = stored.read_rows(sample_folder, "multiple_choice")
    whole = next(list_evidence(rows))
    for _, part in list_parts(whole.contrasts):
        if part.part.names[part.part.places[0]] == "deception":
            for fit, _ in fold_groups(part.group.places, CHECK_SEED):
                choose_core(part, whole.features, fit)
    ctypes.CDLL(None).fflush(None)
    assert capfd.readouterr().out == ""
