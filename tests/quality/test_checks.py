"""Each check on rows that are right and on rows made to miss it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from generators.quality.checks import CHECKS, FOLDER_CHECKS
from generators.quality.checks.base import Check, run
from generators.quality.evidence import Evidence, FolderEvidence
from made_evidence import (
    WORDS,
    Edit,
    Row,
    add_to,
    agree,
    folder,
    insertions,
    make_pairs,
    minimal_pairs,
    pairs,
    passages,
    people,
    prompts,
    questions,
    relations,
)

ALL = (*CHECKS, *FOLDER_CHECKS)
FIRST = make_pairs()[0]
BY_NAME: dict[str, Check[Any]] = {check.name: check for check in ALL}


def replace(at: int | None = None, **columns: Any) -> Edit:
    """Returns what changes columns of one row, or of all."""
    return lambda place, row: row | columns if at is None or place == at else row


def lengthen(place: int, row: Row) -> Row:
    """Makes some positives very long, and as many negatives a little longer."""
    more = {"positive": " by the mill" * 30} if place < 20 else {}
    more |= {"negative": " then"} if 20 <= place < 40 else {}
    return row | {name: f"{row[name]}{end}" for name, end in more.items()}


def copy_from(other: int, *names: str) -> Edit:
    """Returns what makes row 9 repeat columns of another, but for one word in upper case."""
    source = make_pairs()[other]
    return lambda place, row: (
        row | {name: source[name].upper() for name in names} if place == 9 else row
    )


def hold_out(place: int, row: Row) -> Row:
    return row | {"split": "test" if row["group"] == "g03" else "train"}


def leak(place: int, row: Row) -> Row:
    """Puts in a held-out row the text of one in train."""
    texts = ("prompt", "positive", "negative")
    return hold_out(place, row) | ({name: FIRST[name] for name in texts} if place == 3 else {})


def mislead(place: int, row: Row) -> Row:
    """Puts a word on the positive's side, and on the other one in rows that are flagged."""
    return add_to(*(("", " thus") if place < 210 else (" thus", "")))(place, row)


def mislead_first(place: int, row: Row) -> Row:
    return add_to(*(("", " thus") if place < 150 else (" thus", "")))(place, row)


def spread(games: int, behaviors: int = 1) -> Edit:
    names = (
        "ethical",
        "deception",
        "spying",
        "stealing",
        "killing",
        "fairness",
        "promises",
        "other",
    )
    return lambda place, row: (
        row | {"game": f"x{place % games}", "behavior": names[place % behaviors]}
    )


def mask(count: int, places: int = 500) -> np.ndarray[Any, Any]:
    return np.arange(places) < count


Case = tuple[str, Callable[[], Evidence | FolderEvidence], str]
CASES: list[Case] = [
    ("broken rows", pairs, "PASS"),
    ("broken rows", lambda: pairs(replace(2, positive=" ")), "FAIL"),
    ("broken rows", lambda: pairs(replace(2, positive="One.", negative="One.")), "FAIL"),
    ("broken rows", lambda: pairs(replace(2, id=FIRST["id"])), "FAIL"),
    ("broken rows", lambda: pairs(off=1), "FAIL"),
    ("place of the target", questions, "PASS"),
    ("place of the target", lambda: questions(replace(matching=[0], not_matching=[1, 2])), "FAIL"),
    ("place of the target", lambda: questions(count=90), "too few"),
    ("positive first in the menu", pairs, "PASS"),
    ("positive first in the menu", lambda: pairs(
        lambda place, row: row | {"id": f"{row['decision_id']}/ethical/{place % 3 // 2}-3"} |
        ({"id": f"{row['decision_id']}/ethical/1-0"} if place % 3 == 0 else {})), "FAIL"),
    ("share of the positive side", lambda: relations(100), "PASS"),
    ("share of the positive side", lambda: relations(111), "FAIL"),
    ("both poles shown", questions, "PASS"),
    ("both poles shown", lambda: questions(replace(7, not_matching=[])), "FAIL"),
    ("both poles shown", lambda: questions(replace(7, matching=[])), "FAIL"),
    ("length cue", pairs, "PASS"),
    ("length cue", lambda: pairs(add_to(" then", of_ten=2)), "FAIL"),
    ("length cue", lambda: pairs(lengthen), "FAIL"),  # half have more words, but d is large
    ("ten surface features", pairs, "PASS"),
    ("ten surface features", lambda: pairs(add_to(", then", of_ten=4)), "FAIL"),
    ("best single n-gram", pairs, "PASS"),
    ("best single n-gram", lambda: pairs(add_to(" then", " thus", of_ten=3)), "FAIL"),
    ("option-only words, hard rows", lambda: pairs(hard=mask(150, 400)), "PASS"),
    ("option-only words, hard rows",
     lambda: pairs(add_to(" then", of_ten=7), hard=mask(400, 400)), "FAIL"),
    ("option-only words, hard rows",  # a word that points to the wrong side, and only there
     lambda: pairs(mislead_first, hard=mask(150, 400)), "FAIL"),
    ("sentiment and refusal wording", pairs, "PASS"),
    ("sentiment and refusal wording", lambda: pairs(add_to(" gladly", " sadly", of_ten=4)), "FAIL"),
    ("sentiment and refusal wording", lambda: pairs(replace(2, positive="As an AI, no.")), "FAIL"),
    ("drop where cues mislead",  # what the model knows, it knows there too
     lambda: pairs(add_to(" thus", of_ten=7), 500, reversed_cue=mask(210)), "PASS"),
    ("drop where cues mislead",  # a model at chance has nothing to lose
     lambda: pairs(count=500, reversed_cue=mask(210)), "too few"),
    ("drop where cues mislead", lambda: pairs(mislead, 500, reversed_cue=mask(210)), "WARN"),
    ("drop where cues mislead", lambda: pairs(mislead, 500, reversed_cue=mask(190)), "too few"),
    ("identical outside the span", minimal_pairs, "PASS"),
    ("identical outside the span", lambda: minimal_pairs(replace(2, suffix=".")), "FAIL"),
    ("identical outside the span", insertions, "PASS"),
    ("identical outside the span", lambda: insertions(replace(inserted_span=[0, 7])), "FAIL"),
    ("identical outside the span", prompts, "PASS"),
    (
        "identical outside the span",
        lambda: prompts(replace(shuffled_prompt="It rains. Stay.")),
        "FAIL",
    ),
    ("words edited", minimal_pairs, "PASS"),
    ("words edited", lambda: minimal_pairs(replace(positive="An owl.", negative="Hens.")), "FAIL"),
    ("words edited",
     lambda: minimal_pairs(replace(3, positive="Owls fly.", negative="Hens sit.")), "FAIL"),
    ("token alignment", lambda: minimal_pairs(aligned=95), "PASS"),
    ("token alignment", lambda: minimal_pairs(aligned=94), "FAIL"),
    ("token alignment", lambda: minimal_pairs(tokenizers=2), "too few"),
    ("exact duplicates", pairs, "PASS"),
    ("exact duplicates", lambda: pairs(copy_from(3, "prompt", "positive", "negative")), "FAIL"),
    ("near-duplicates", pairs, "PASS"),
    ("near-duplicates", lambda: pairs(replace(prompt=" ".join(WORDS[:90]))), "FAIL"),
    ("leaks between splits", lambda: pairs(hold_out), "PASS"),
    ("leaks between splits", lambda: pairs(leak), "FAIL"),
    ("leaks between splits", lambda: pairs(
        lambda place, row: row | {"split": "train" if place % 2 else "test"}), "FAIL"),
    ("most common opening", lambda: passages(WORDS), "PASS"),
    ("most common opening", lambda: passages(WORDS[:2]), "WARN"),
    ("repetition (gzip ratio)", lambda: passages(WORDS), "PASS"),
    ("repetition (gzip ratio)", lambda: passages(WORDS[:2]), "WARN"),
    ("diversity (Vendi / n)", lambda: passages(WORDS), "PASS"),
    ("diversity (Vendi / n)", lambda: passages(WORDS[:2]), "WARN"),
    ("collapse (Vendi / n)", lambda: passages(WORDS), "PASS"),
    ("collapse (Vendi / n)", lambda: passages(WORDS[:2]), "FAIL"),
    ("games covered", lambda: pairs(spread(50, 8)), "PASS"),
    ("games covered", lambda: pairs(spread(49, 8)), "WARN"),
    ("games covered", lambda: pairs(spread(50, 8), count=390), "WARN"),  # 48 rows of a behavior
    ("smallest margin", pairs, "PASS"),
    ("smallest margin", lambda: pairs(replace(2, margin=0.4)), "FAIL"),
    ("smallest margin", questions, "PASS"),
    ("smallest margin", lambda: questions(replace(2, scores=[0.0, 0.6, 1.0])), "FAIL"),
    ("agreement with a judge", lambda: folder(agree(0.6)), "PASS"),
    ("agreement with a judge", lambda: folder(agree(0.59)), "FAIL"),
    ("agreement with a judge", lambda: folder(agree(0.9, raw=0.89)), "FAIL"),
    ("agreement with a judge", lambda: folder(agree(0.9, n=99)), "too few"),
    ("agreement with a judge", lambda: folder(agree(None)), "too few"),
    ("agreement with a judge", lambda: folder(agree(None, raw=0.89)), "FAIL"),
    ("agreement with a judge", lambda: folder(agree(None, raw=0.89, n=99)), "too few"),
    ("agreement with a judge", folder, "unaudited"),
    ("audit by people", lambda: folder(audit=people(200, 190, 0.91, 0.97)), "PASS"),
    ("audit by people", lambda: folder(audit=people(200, 170, 0.79, 0.89)), "FAIL"),
    ("audit by people", lambda: folder(audit=people(40, 10, 0.14, 0.40)), "FAIL"),  # for sure
    ("audit by people", lambda: folder(audit=people(40, 38, 0.83, 0.99)), "too few"),
    ("audit by people", folder, "unaudited"),
    ("provenance", folder, "PASS"),
    ("provenance", lambda: folder(canaries=1), "FAIL"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "make", "verdict"), CASES)
def test_check(name: str, make: Callable[[], Any], verdict: str) -> None:
    result = run(BY_NAME[name], make())
    assert result
    assert result.verdict == verdict, (result.value, result.interval, result.figures)


def test_every_check_has_rows_that_pass_and_rows_that_miss() -> None:
    assert len(BY_NAME) == len(ALL)
    for check in ALL:
        missed = "FAIL" if check.level == "gate" else "WARN"
        assert {verdict for name, _, verdict in CASES if name == check.name} >= {"PASS", missed}


def test_numbers_count_menus_and_not_pairs() -> None:
    twice = pairs(lambda place, row: row | {"decision_id": f"{row['group']}/{place // 25 // 2}"})
    result = run(BY_NAME["length cue"], twice)
    assert result
    assert (twice.table.num_rows, result.n) == (400, 200)


@pytest.mark.parametrize("name", ["length cue", "ten surface features", "best single n-gram"])
def test_random_labels_show_nothing_where_the_true_ones_show_a_cue(name: str) -> None:
    result = run(BY_NAME[name], pairs(add_to(", then", of_ten=7)))
    assert result
    assert result.value
    assert result.value > 0.8
    assert result.controls.random_labels == pytest.approx(0.5, abs=0.07)
    assert result.controls.surface_only
    assert result.controls.surface_only > 0.8


def test_behaviors_are_measured_one_by_one() -> None:
    def edit(place: int, row: Row) -> Row:
        longer = add_to(" then" if place % 2 else "", "" if place % 2 else " then")(place, row)
        return longer | {"behavior": "lies" if place % 2 else "harm"}

    result = run(BY_NAME["length cue"], pairs(edit))
    assert result
    assert result.value == 0.5
    assert {name: part.value for name, part in result.parts.items()} == {"lies": 1, "harm": 0}
    assert result.verdict == "FAIL"
