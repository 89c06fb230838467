"""What checks make of rows at the edge: without a pole, of few groups, of one class."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from generators.configs.pairs import read_contrasts as read_plain
from generators.quality.assessment import assess_pairs, run_checks
from generators.quality.checks import CHECKS, FOLDER_CHECKS
from generators.quality.checks.base import run
from generators.quality.checks.scores import MOST_PAIRS
from generators.quality.evidence import Evidence, FolderEvidence, Rows, list_evidence
from generators.sources.pairs.pair_files import OwnPair
from generators.writing.audit import measure_agreement
from made_evidence import (
    Row,
    add_to,
    agree,
    folder,
    make_pairs,
    minimal_pairs,
    pairs,
    passages,
    questions,
)
from planted import read_contrasts
from schemas.generation import Agreement, Audit
from schemas.quality import CheckResult

SIDES = ("positive", "negative")
WORDS = tuple("amber bronze cedar dune ember fjord grove heath".split())


def check(name: str, evidence: Any) -> CheckResult:
    found: Any = next(each for each in (*CHECKS, *FOLDER_CHECKS) if each.name == name)
    result = run(found, evidence)
    assert result
    return result


def test_near_duplicates_among_anybodys_pairs_count_whatever_their_ids_look_like() -> None:
    prompt = " ".join(f"word{place}" for place in range(60))
    own = [
        OwnPair(
            positive=f"Stay {n}.", negative=f"Go {n}.", prompt=f"{n} {prompt}", id=f"acme/p/r{n}"
        )
        for n in range(120)
    ]
    checks = {each.name: each for each in assess_pairs("mine", own).quality.checks
              if each.tier == "full"}  # fmt: skip
    near = checks["near-duplicates"]
    assert (near.verdict, near.value) == ("FAIL", pytest.approx(119 / 120, abs=1e-3))
    assert near.figures["variants of one menu"] == 0


def test_pairs_of_one_menu_are_no_near_duplicates_of_one_another() -> None:
    """Forty menus of three pairs that share all but one short side."""
    own = [
        OwnPair(
            positive=f"Stay {menu}.",
            negative=f"Go {menu} {pair}.",
            prompt=" ".join(f"word{menu * 60 + place}" for place in range(60)),
            group="g",
        )
        for menu in range(40)
        for pair in range(3)
    ]
    (near,) = [
        each
        for each in assess_pairs("mine", own).quality.checks
        if (each.name, each.tier) == ("near-duplicates", "full")
    ]
    assert (near.value, near.n) == (0, 40)


def test_variants_of_one_of_our_menus_are_no_near_duplicates() -> None:
    prompt = " ".join(f"word{place}" for place in range(60))

    def edit(place: int, row: Row) -> Row:
        name = f"a/1/{place}"
        return row | {"prompt": prompt, "decision_id": name, "id": f"{name}/ethical/0-1"}

    same = pairs(edit)
    near = check("near-duplicates", same)
    assert near.value == 0
    assert near.figures["variants of one menu"] > 0.4


@pytest.mark.parametrize("pole", ["matching", "not_matching"])
def test_a_row_without_a_pole_is_told_and_moves_no_other(pole: str) -> None:
    whole = questions()
    lacking = questions(lambda place, row: row | {pole: []} if place in (0, 7, 299) else row)
    results = {each.name: each for each in run_checks(CHECKS, lacking)}
    assert results["broken rows"].verdict == "FAIL"
    assert results["broken rows"].figures["questions without both poles"] == 3
    rest = np.setdiff1d(np.arange(300), [0, 7, 299])
    assert whole.contrasts.target is not None
    assert lacking.contrasts.target is not None
    assert lacking.contrasts.target.tolist() == whole.contrasts.target[rest].tolist()
    assert lacking.contrasts.ids.equals(whole.contrasts.ids.take(rest))
    read = read_contrasts("multiple_choice", lacking.table.to_pylist())
    assert read.row_item[[0, 1, 7, 8, 298, 299]].tolist() == [-1, 0, -1, 6, 296, -1]


def test_lines_that_share_a_prompt_are_one_group() -> None:
    shared: dict[str, Any] = {"positive": "Stay.", "negative": "Go."}
    own = [
        OwnPair(**shared, prompt="It rains."),
        OwnPair(**shared, prompt="It rains."),
        OwnPair(**shared, prompt="It rains.", group="g"),
        OwnPair(**shared, id="one"),
        OwnPair(**shared),
    ]
    group = read_plain(own).group
    assert [group.names[place] for place in group.places] == [
        "It rains.", "It rains.", "g", "one", "4",
    ]  # fmt: skip


def test_the_number_of_few_groups_stands_beside_an_interval() -> None:
    few = pairs(lambda place, row: row | {"group": f"g{place % 7}"})
    name = "ten surface features"
    assert "from only 7 groups" in (check(name, few).note or "")
    assert "groups" not in (check(name, pairs()).note or "")


def test_opposite_cues_of_two_themes_of_anybodys_pairs_do_not_cancel() -> None:
    own: list[OwnPair] = []
    for place, row in enumerate(make_pairs(count=120)):
        ends = ("amber", "cedar") if place % 2 else ("cedar", "amber")
        sides = (f"{row[side][:-1]} {end}." for side, end in zip(SIDES, ends, strict=True))
        own.append(OwnPair(**dict(zip(SIDES, sides, strict=True)), theme=f"t{place % 2}"))
    found = {each.name: each for each in assess_pairs("mine", own).quality.checks
             if each.tier == "full"}  # fmt: skip
    ngram = found["best single n-gram"]
    assert (ngram.verdict, ngram.value, [*ngram.parts]) == ("FAIL", 1.0, ["t0", "t1"])
    assert "strongest in t" in (ngram.note or "")
    assert "'amber'" in (ngram.note or "") or "'cedar'" in (ngram.note or "")


def test_pairs_that_all_are_siblings_are_said_to_count_as_one() -> None:
    own = [
        OwnPair(positive=f"Stay {one}.", negative=f"Go {other}.", prompt="What now?")
        for one, other in pairwise(WORDS)
    ]
    found = {each.name: each for each in assess_pairs("mine", own).quality.checks}
    assert "count as one; where they are independent" in (found["best single n-gram"].note or "")


def test_few_menus_of_very_many_pairs_are_all_measured() -> None:
    own = [
        OwnPair(positive=f"Stay {n}.", negative=f"Go {n}.", group=f"g{n % 3}", prompt="What now?")
        for n in range(3 * MOST_PAIRS)
    ]
    found = {each.name: each for each in assess_pairs("mine", own).quality.checks}
    words = found["words of the option alone"]
    assert (words.n, words.value) == (3, 1.0)


def test_a_behavior_without_train_is_judged_on_groups_that_its_choice_did_not_see() -> None:
    """Its choice sees all of it, so that its core as it is would be an echo of the choice."""

    def divide(place: int, row: Row) -> Row:
        alone = place % 2 == 0
        return row | {
            "behavior": "killing" if alone else "ethical",
            "split": "test" if alone or place % 3 == 0 else "train",
        }

    evidence = pairs(divide)
    killing = evidence.whole.part.mark("killing")
    split = np.array(evidence.table["split"].to_pylist())
    assert evidence.train[killing].all()
    assert (evidence.train[~killing] == (split == "train")[~killing]).all()


def test_one_group_only_is_folded_by_menu_and_that_is_said() -> None:
    found = check("ten surface features", pairs(lambda _, row: row | {"group": "g"}))
    assert "one group only" in (found.note or "")
    assert found.interval is not None
    cue = pairs(lambda n, row: add_to(", then", of_ten=4)(n, row) | {"group": "g"})
    assert check("ten surface features", cue).verdict == "FAIL"


def test_a_length_cue_of_some_hundred_menus_that_may_be_chance_is_no_miss() -> None:
    found = check("length cue", pairs(add_to(" then", of_ten=2), count=120))
    assert found.value == 0.6
    assert found.verdict == "too few"
    sure = check("length cue", pairs(add_to(" then", of_ten=5), count=120))
    assert (sure.value, sure.verdict) == (0.75, "FAIL")


def decisions(*menus: Row) -> Evidence:
    rows = [
        {"id": f"a/{place}", "game": "a", "group": "a", "split": "train", "origin": "benchmark",
         "context": "", "flags": menu.get("flags", []),
         "options": [{"text": text, "flags": menu.get("of", [])} for text in menu["texts"]]}
        for place, menu in enumerate(menus)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows)
    return next(list_evidence(Rows("decisions", table, None, {}, off_schema=0, tried=1)))


def test_options_of_menus_are_looked_at_unless_a_flag_tells_of_them() -> None:
    good = {"texts": ["Stay.", "Go."]}
    found = check("broken rows", decisions(good, {"texts": ["Stay.", ""]}, good))
    assert (found.verdict, found.value) == ("FAIL", 1)
    assert found.figures["menus with an empty option"] == 1
    assert found.figures["rows validated against the schema"] == 1
    found = check("broken rows", decisions(good, {"texts": ["Go.", "Stay.", "Go."]}))
    assert (found.verdict, found.figures["menus with identical options"]) == ("FAIL", 1)
    flagged = decisions(
        good,
        {"texts": ["", ""], "of": ["no_text"]},
        {"texts": ["Go.", "Go."], "flags": ["duplicate_option_text"]},
    )
    assert check("broken rows", flagged).verdict == "PASS"


def test_menus_are_counted_by_their_number_of_options() -> None:
    found = check("games covered", decisions({"texts": "ab"}, {"texts": "abc"}, {"texts": "cd"}))
    assert (found.figures["menus of 2 options"], found.figures["menus of 3 options"]) == (2, 1)
    assert check("games covered", questions()).figures["menus of 3 options"] == 300


def test_duplicates_are_counted_and_not_rounded_away() -> None:
    def repeat(place: int, row: Row) -> Row:
        first = make_pairs(count=1)[0]
        texts = {name: first[name] for name in ("prompt", "positive", "negative")}
        return row | texts if place in (5, 9) else row

    found = check("exact duplicates", pairs(repeat))
    assert (found.value, found.verdict, found.figures["share"]) == (2, "FAIL", 0.005)


def test_behaviors_without_a_row_in_core_are_the_rarest() -> None:
    behaviors = ("ethical", "spying", "killing")
    rows = make_pairs(lambda n, row: row | {"behavior": behaviors[n % 3], "game": f"x{n % 80}"})
    core = np.array([row["behavior"] != "killing" for row in rows])
    contrasts = read_contrasts("contrastive", rows)
    table = pa.Table.from_pylist(rows)
    found = Rows("contrastive", table, contrasts, {"core": core}, off_schema=0)
    full, chosen = (check("games covered", each) for each in list_evidence(found))
    assert full.verdict == "PASS"
    assert full.figures["rows of the rarest behavior"] == 133
    assert chosen.verdict == "WARN"
    assert chosen.figures["rows of the rarest behavior"] == 0
    assert chosen.note is not None
    assert "no row of killing; out of bounds: rows of the rarest behavior" in chosen.note


def test_questions_too_few_to_tell_places_are_told() -> None:
    found = check("place of the target", questions(count=14))
    assert (found.verdict, found.note) == ("too few", "no behavior has 30 menus")


def test_places_of_two_behaviors_do_not_cancel() -> None:
    """One behavior's answers stand first, another's last: together they are balanced."""

    def edit(place: int, row: Row) -> Row:
        first, name = place % 2 == 0, "lies" if place % 2 else "harm"
        poles = ([0], [1, 2]) if first else ([2], [0, 1])
        return row | {"behavior": name, "matching": poles[0], "not_matching": poles[1]}

    found = check("place of the target", questions(edit))
    assert found.verdict == "FAIL"
    assert {part.verdict for part in found.parts.values()} == {"FAIL"}


def test_what_a_set_means_to_differ_in_is_not_listed() -> None:
    evidence = pairs()
    meant = replace(evidence.whole, meant=frozenset({"sentiment", "n-gram"}))
    named = {each.name for each in run_checks(CHECKS, replace(evidence, whole=meant))}
    assert not {"sentiment", "best single n-gram"} & named


def test_rows_from_slots_may_share_with_train_what_their_axis_does_not_name() -> None:
    def edit(place: int, row: Row) -> Row:
        axis = (None, None, "concept", "template", "both")[place % 5]
        group = f"new{place}" if axis in ("concept", "both") else "old"
        sentence = f"new{place}" if axis in ("template", "both") else "old"
        split = "test" if axis else "train"
        return row | {"axis": axis, "group": group, "template": sentence, "split": split}

    assert check("leaks between splits", minimal_pairs(edit)).verdict == "PASS"
    untrue = minimal_pairs(lambda n, row: edit(n, row) | ({"group": "old"} if n == 4 else {}))
    found = check("leaks between splits", untrue)
    assert found.verdict == "FAIL"
    assert found.figures["rows that share with train what should be new"] == 1
    old = minimal_pairs(lambda n, row: edit(n, row) | ({"template": "old"} if n == 3 else {}))
    assert check("leaks between splits", old).verdict == "FAIL"


def test_what_misses_beside_the_value_is_named() -> None:
    def open_alike(place: int, row: Row) -> Row:
        written = {"origin": "generated"} if place % 2 else {}
        start = f"Once upon a day {place}" if place % 16 == 1 else f"Day{place} goes by"
        return row | written | {"prompt": start}

    found = check("most common opening", pairs(open_alike))
    assert (found.value, found.verdict) == (0.0625, "WARN")
    assert (found.note or "").endswith("out of bounds: generated passages 0.125")
    edited = check("words edited", minimal_pairs(_rewrite_one))
    assert (edited.verdict, edited.note) == ("FAIL", "out of bounds: largest 0.667")


def _rewrite_one(place: int, row: Row) -> Row:
    return row | {"positive": "Owls fly.", "negative": "Hens sit."} if place == 3 else row


def test_openings_of_what_no_model_wrote_are_not_watered_down_by_what_one_did() -> None:
    def edit(place: int, row: Row) -> Row:
        if place % 4:
            return row | {"origin": "generated", "prompt": f"Day{place} goes by"}
        start = "Once upon a day" if place % 32 == 0 else f"Day{place} goes by"
        return row | {"prompt": start}

    found = check("most common opening", pairs(edit))
    assert found.value == pytest.approx(13 / 400, abs=1e-4)
    assert found.verdict == "WARN"
    assert "other passages 0.13" in (found.note or "")


def test_repetition_names_what_it_misses() -> None:
    note = check("repetition (gzip ratio)", passages(WORDS)).note or ""
    assert "distinct 2-grams" in note


def test_one_tokenizer_is_one() -> None:
    found = check("token alignment", minimal_pairs(tokenizers=1))
    assert (found.note or "").startswith("1 of at least 3 tokenizers")
    found = check("token alignment", minimal_pairs(tokenizers=2))
    assert (found.note or "").startswith("2 of at least 3 tokenizers")


def test_kappa_has_the_interval_of_its_standard_error() -> None:
    table = {("a", "a"): 20, ("a", "b"): 5, ("b", "a"): 10, ("b", "b"): 15}
    labels = [pair for pair, count in table.items() for _ in range(count)]
    found = measure_agreement(*zip(*labels, strict=True))
    # Kappa 0.4 with a standard error of 0.1273, by the formula of Fleiss, Cohen and Everitt.
    assert found.kappa == pytest.approx(0.4)
    assert found.interval == pytest.approx((0.1505, 0.6495), abs=1e-3)
    one = measure_agreement(["a"] * 30 + ["b"] * 30, ["a"] * 60)
    assert (one.kappa, one.interval) == (pytest.approx(0), None)


def test_judgments_without_a_kappa_are_not_said_to_be_none() -> None:
    found = check("agreement with a judge", folder(agree(None)))
    assert (found.value, found.n, found.verdict) == (None, 200, "too few")
    assert (found.note or "").startswith("no kappa")
    found = check("agreement with a judge", folder(agree(None, raw=0.6)))
    assert (found.verdict, found.figures["raw"]) == ("FAIL", 0.6)
    assert (found.note or "").endswith("out of bounds: raw 0.6")


def test_agreement_is_told_by_violation_too() -> None:
    by_label = {
        "killing": Agreement(n=200, raw=0.97, kappa=0.8),
        "deception": Agreement(n=200, raw=0.93, kappa=0.41, interval=(0.3, 0.52)),
        "spying": Agreement(n=99, raw=0.99, kappa=0.2),
        "fairness": Agreement(n=200, raw=1.0, kappa=None),
    }
    polarity = Agreement(n=400, raw=0.95, kappa=0.7, interval=(0.6, 0.8))
    audit = Audit(status="audited", reason=None, polarity=polarity, by_label=by_label)
    found = check("agreement with a judge", FolderEvidence("folder", "full", 9, [audit], None, {}))
    assert found.figures == {"raw": 0.95, "kappa, killing": 0.8, "kappa, deception": 0.41}
    assert found.interval == (0.6, 0.8)
    assert found.verdict == "PASS"
