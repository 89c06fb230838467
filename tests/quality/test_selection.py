"""Which rows are core, and why the rest is not."""

import ctypes
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from generators.configs.contrasts import Contrasts, Mask, share_texts
from generators.configs.pairs import read_contrasts as read_plain
from generators.quality import rows as stored
from generators.quality.evidence import CHECK_SEED, list_evidence
from generators.quality.selection.balance import Balance, Cue
from generators.quality.selection.core import (
    choose_core,
    count_reasons,
    draw_items,
    explain,
)
from generators.quality.selection.cues import Search, list_cues
from generators.quality.selection.features import extract_features, list_parts
from generators.quality.selection.ranking import fold_groups
from generators.quality.tiers import choose_all_rows, choose_rows
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


def all_of(contrasts: Contrasts) -> Mask:
    return np.ones(contrasts.items, np.bool_)


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


def test_of_repeated_text_the_first_drawn_stays() -> None:
    rows = read_rows(tell_pairs(40))
    text = {name: rows[0][name] for name in ("prompt", "positive", "negative")}
    for place in (7, 21):
        rows[place] |= text
    same = [rows[place]["id"] for place in (0, 7, 21)]
    ids = [row["id"] for row in rows]
    ranks = dict(zip(ids, draw_items(pa.array(ids)).tolist(), strict=True))
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
    assert (choice.core.tolist(), choice.reasons, choice.parts) == ([], [], {})


def split_rows(rows: list[Row]) -> list[Row]:
    """Returns rows a third of whose groups are held out."""
    held = {"g00": "validation", **dict.fromkeys(("g01", "g03", "g05", "g07", "g09"), "test")}
    return [{**row, "split": held.get(row["group"], "train")} for row in rows]


def swap_sides(row: Row) -> Row:
    return {**row, "positive": row["negative"], "negative": row["positive"]}


def test_what_train_keeps_does_not_depend_on_the_labels_of_the_rest() -> None:
    rows = split_rows(make_corpus())
    flipped = [row if row["split"] == "train" else swap_sides(row) for row in rows]
    train = [row["id"] for row in rows if row["split"] == "train"]
    before, after = choose(rows), choose(flipped)
    assert [before[name] for name in train] == [after[name] for name in train]
    assert before != after
    alone = choose([row for row in rows if row["split"] == "train"])
    assert [before[name] for name in train] == [alone[name] for name in train]


def test_the_prices_of_train_rid_held_out_rows_of_the_cue() -> None:
    corpus = plant("word", 0.9, pairs=1200)
    rows = split_rows(corpus.table.drop(["tier", "hard", "reversed_cue"]).to_pylist())
    reasons = choose(rows)
    held = np.array([row["split"] != "train" for row in rows])
    core = np.array([reasons[row["id"]] == "" for row in rows])
    assert corpus.cue[held].mean() > 0.5
    assert abs(corpus.cue[held & core].mean()) < 0.25
    assert core[held].mean() == pytest.approx(core[~held].mean(), abs=0.1)


def test_parts_are_counted_on_what_was_seen_and_a_part_outside_train_is_seen_whole() -> None:
    rows = split_rows(make_corpus())
    others = [{**row, "split": "test"} for row in read_rows(tell_pairs(60, 7), "deception")]
    contrasts = read_contrasts("contrastive", [*rows, *others])
    selection = choose_rows(contrasts, extract_features(contrasts.texts))[1]
    train = sum(row["split"] == "train" for row in rows)
    ethical, deception = selection.parts["ethical"], selection.parts["deception"]
    assert (ethical.train_only, ethical.items) == (True, train)
    assert (deception.train_only, deception.items) == (False, 60)
    assert 0.98 * ethical.bound <= ethical.core <= ethical.bound < train
    assert selection.seen == train + 60
    assert (selection.kept, selection.bound) == (
        ethical.core + deception.core,
        ethical.bound + deception.bound,
    )


def test_what_may_not_be_learnt_from_is_not_core() -> None:
    rows = make_corpus()
    contrasts = read_contrasts("contrastive", rows)
    choice = choose_core(
        contrasts, extract_features(contrasts.texts), np.zeros(contrasts.items, np.bool_)
    )
    assert not choice.core.any()
    assert {*choice.reasons} == {"nothing to learn from"}


def test_sides_that_are_equal_or_empty_but_for_blanks_are_out() -> None:
    sides = tell_pairs(40)
    sides[3] = ("Go on.", "Go on. ")
    sides[8] = (" ", sides[8][1])
    sides[9] = ("", " ")
    rows = read_rows(sides)
    found = {name: reason for name, reason in choose(rows).items() if "side" in reason}
    assert found == {
        rows[3]["id"]: "equal sides",
        rows[8]["id"]: "empty side",
        rows[9]["id"]: "empty side",
    }


def test_a_part_whose_poles_a_cue_tells_apart_throughout_has_no_core() -> None:
    rows = read_rows([(f"{one} Yes, yes!", other) for one, other in tell_pairs(150, 7)])
    assert {*choose(rows).values()} == {"no balanced core"}
    contrasts = read_contrasts("contrastive", rows)
    columns, selection = choose_rows(contrasts, extract_features(contrasts.texts))
    part = selection.parts["ethical"]
    assert (part.balanced, part.core, selection.core, selection.bound) == (False, 0, 0, 0)
    assert selection.fell == {"no balanced core": 150}
    assert columns["core_weight"].null_count == 150


def test_core_weights_add_up_to_one_for_each_menu_of_core_and_behavior() -> None:
    rows = [{**row, "decision_id": f"g/{place // 4}"} for place, row in enumerate(make_corpus())]
    rows += [{**row, "id": f"x/{row['id']}", "behavior": "deception"} for row in rows[:120]]
    contrasts = read_contrasts("contrastive", rows)
    columns, _ = choose_rows(contrasts, extract_features(contrasts.texts))
    weights: list[float | None] = columns["core_weight"].to_pylist()
    assert [each is None for each in weights] == [
        tier != "core" for tier in columns["tier"].to_pylist()
    ]
    sums: dict[tuple[str, str], float] = {}
    for row, weight in zip(rows, weights, strict=True):
        if weight is not None:
            key = row["decision_id"], row["behavior"]
            sums[key] = sums.get(key, 0) + weight
    assert {round(each, 9) for each in sums.values()} == {1.0}
    assert len({*weights}) > 3


def test_nothing_is_found_twice() -> None:
    contrasts = read_contrasts("contrastive", make_corpus())
    features = extract_features(contrasts.texts)
    search, kept = (
        Search(contrasts, features, all_of(contrasts)),
        np.ones(contrasts.items, np.bool_),
    )
    names: list[str] = []
    while found := search.find(kept):
        names += [cue.name for cue in found]
    assert "n-gram 'slowly'" in names
    assert len(names) == len({*names})


def test_the_search_measures_by_item_as_the_balance_does() -> None:
    # In one question of ten all nine positives have a word, in the others the negative has it: as
    # many pairs for as against.
    rows: list[Row] = []
    for place in range(100):
        often = place % 10 == 0
        ones = [f"Give thing {place} slowly." if often else f"Give thing {place}."] * (
            12 if often else 1
        )
        other = f"Give item {place}." if often else f"Give item {place} slowly."
        rows.append(
            {
                "id": f"g{place % 5}/{place}/ethical",
                "decision_id": f"g{place % 5}/{place}",
                "group": f"g{place % 5}",
                "behavior": "ethical",
                "question": "What now?",
                "choices": [*(f"{one} {n}" for n, one in enumerate(ones)), other],
                "matching": [*range(len(ones))],
                "not_matching": [len(ones)],
                "order": [*range(len(ones) + 1)],
            }
        )
    contrasts = read_contrasts("multiple_choice", rows)
    features = extract_features(contrasts.texts)
    found = {
        cue.name: cue
        for cue in Search(contrasts, features, all_of(contrasts)).find(all_of(contrasts))
    }
    cue = found["n-gram 'slowly'"]
    assert cue.values.mean() == pytest.approx(-0.8)


def make_associations(one: str, other: str) -> list[Row]:
    """Returns what is said of two targets, well and ill."""
    sides = (("positive", one), ("negative", other))
    return [
        {
            "id": f"{target}{place}",
            "group": target,
            "target": target,
            "template": "plain",
            "theme": "nature",
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
    assert not any(cue.values.any() for cue in list_cues(contrasts, features, all_of(contrasts)))
    assert choose_core(contrasts, features).core.tolist() == [True, True]


def test_reasons_name_a_family_of_cues_and_not_the_one_that_the_price_fell_on() -> None:
    cues = [
        Cue(name, np.zeros(2), 0.1)
        for name in ("length", "characters", "characters", "commas", "place")
    ]
    burden = np.array([[1, 1], [1, 0], [0, 1], [0, 0], [1.5, 2.5]], np.float32)
    found = Balance(np.array([False, False]), 2, 0, [*range(5)], burden)
    assert explain(cues, found) == ["length", "place"]


def test_reasons_are_counted_the_most_first() -> None:
    assert [*count_reasons(["b", "", "c", "a", "c", "", "a"]).items()] == [
        ("a", 2),
        ("c", 2),
        ("b", 1),
    ]


def test_cues_in_which_the_poles_are_meant_to_differ_are_let_be() -> None:
    contrasts = read_contrasts("associations", make_associations("wonderful", "terrible"))
    features = extract_features(contrasts.texts)
    names = {cue.name for cue in list_cues(contrasts, features, all_of(contrasts))}
    assert names == {"length", "characters"}
    plain = read_plain([OwnPair(positive="Good.", negative="Bad.")])
    features = extract_features(plain.texts)
    assert "sentiment" in {cue.name for cue in list_cues(plain, features, all_of(plain))}


def test_the_solver_prints_nothing(sample_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """HiGHS says that it runs as soon as it is made."""
    rows, _ = stored.read_rows(sample_folder, "multiple_choice")
    whole = next(list_evidence(rows))
    for _, part in list_parts(whole.contrasts):
        if part.part.names[part.part.places[0]] == "deception":
            for fit, _ in fold_groups(part.group.places, CHECK_SEED):
                choose_core(part, whole.features, fit)
    ctypes.CDLL(None).fflush(None)
    assert capfd.readouterr().out == ""


def test_of_many_items_a_sample_is_seen_and_its_prices_decide_for_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    corpus = plant("length", 0.9)
    assert corpus.contrasts.items == 600
    monkeypatch.setattr("generators.quality.selection.core.MOST_SEEN", 300)
    choice = choose_core(corpus.contrasts, corpus.features)
    (part,) = choice.parts.values()
    assert part.items == 300
    seen = (draw_items(corpus.contrasts.ids) * 2**20 % 1).argsort()[:300]
    rest = np.setdiff1d(np.arange(600), seen)
    assert part.core == choice.core[seen].sum()
    assert choice.core[rest].mean() == pytest.approx(choice.core[seen].mean(), abs=0.1)
    assert abs(corpus.cue[rest][choice.core[rest]].mean()) < 0.12 < corpus.cue[rest].mean()
