"""What a number comes to: bounds, doubts, enough units, behaviors."""

from typing import Any

import pytest

from generators.quality.checks.base import Check, Measurement, PartMeasure, list_missed, run
from generators.quality.evidence import FolderEvidence
from generators.quality.measures.estimates import Estimate
from schemas.quality import CheckResult


def judge(measured: Measurement, **rules: Any) -> CheckResult:
    """Returns what a number comes to in a check of menus that must be at most 0.6."""
    rules = {"level": "gate", "high": 0.6, "fewest": 100} | rules
    check = Check("made up", threshold="<= 0.60", measure=lambda _: measured, **rules)
    result = run(check, FolderEvidence("c", "core", 1, [], None, {}))
    assert result
    return result


def score(
    value: float, error: float, n: int = 150, groups: int = 20, measured: float = 1.0, **more: Any
) -> Measurement:
    """Returns a mean of units with its standard error."""
    found = Estimate(value, error, n, groups, {})
    return Measurement(value, n, found, measured=measured, **more)


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (score(0.60, 0.05), "PASS"),
        (score(0.61, 0.05), "too few"),  # chance alone may have put it outside
        (score(0.70, 0.05), "FAIL"),
        (score(0.70, 0.05, n=40), "FAIL"),  # no doubt in spite of few
        (score(0.50, 0.05, n=99), "too few"),
        (score(0.50, 0.05, groups=2), "PASS"),
        (score(0.80, 0.05, groups=2), "too few"),  # two groups are no proof
        (score(0.50, 0.05, measured=0.49), "too few"),
        (score(0.70, 0.05, measured=0.1), "FAIL"),
        (Measurement(None, 9, measured=0.0), "too few"),
    ],
)
def test_a_pass_needs_enough_and_a_fail_certainty(measured: Measurement, verdict: str) -> None:
    assert judge(measured).verdict == verdict
    wanted = {"FAIL": "WARN"}.get(verdict, verdict)
    assert judge(measured, level="warn").verdict == wanted


@pytest.mark.parametrize(
    ("n", "groups", "error", "verdict"),
    [
        (300, 20, 0.02, "too few"),  # from here on a PASS needs its upper bound, too
        (299, 20, 0.02, "PASS"),
        (300, 9, 0.02, "PASS"),  # an interval of few groups is wide, and no reason
        (300, 20, 0.002, "PASS"),
    ],
)
def test_many_menus_must_be_sure(n: int, groups: int, error: float, verdict: str) -> None:
    measured = score(0.59, error, n=n, groups=groups)
    assert judge(measured, bounded=True).verdict == verdict
    assert judge(measured).verdict == "PASS"


def test_a_count_is_compared_as_it_is() -> None:
    assert judge(Measurement(1.0, 200), high=0, fewest=1).verdict == "FAIL"
    assert judge(Measurement(0.0, 200), high=0, fewest=1).verdict == "PASS"
    assert judge(Measurement(0.5, 99), high=0.4).verdict == "too few"
    assert judge(Measurement(0.5, 99, interval=(0.45, 0.7)), high=0.4).verdict == "FAIL"
    assert judge(Measurement(0.5, 29, interval=(0.45, 0.7)), high=0.4).verdict == "too few"


def test_another_number_out_of_its_bounds_is_a_miss() -> None:
    found = judge(Measurement(0.5, 200, missed=("d 0.13", "refusals 0.021")))
    assert (found.verdict, found.note) == ("FAIL", "out of bounds: d 0.13, refusals 0.021")
    assert judge(Measurement(0.5, 200, enough=False)).verdict == "too few"


def test_numbers_out_of_their_bounds_are_named() -> None:
    figures = ("refusals", 0.02134, True), ("gap", 0.001, False), ("menus", 12, True)
    assert list_missed(*figures) == ("refusals 0.0213", "menus 12")


@pytest.mark.parametrize("groups", [9, 10])
def test_few_groups_are_said(groups: int) -> None:
    found = judge(score(0.5, 0.02, groups=groups))
    assert found.note == ("from only 9 groups" if groups == 9 else None)


def test_what_nobody_looked_at_never_passes() -> None:
    result = judge(Measurement(None, 400))
    assert (result.verdict, result.value) == ("unaudited", None)
    assert judge(Measurement(None, 400, enough=False)).verdict == "too few"
    assert judge(Measurement(None, 400, missed=("raw 0.8",), enough=False)).verdict == "FAIL"


def test_what_cannot_be_read_is_neither_passed_nor_failed() -> None:
    unread = Measurement(None, 0, measured=0.0, unread=True, note="another language")
    assert judge(unread).verdict == "not measured"


def make_part(value: float, error: float = 0.02, n: int = 60) -> PartMeasure:
    return PartMeasure(n, Estimate(value, error, n, 20, {}))


def test_one_behavior_that_misses_is_a_miss_of_the_whole() -> None:
    parts = {"lies": make_part(0.55), "harm": make_part(0.7), "spying": PartMeasure(9)}
    result = judge(score(0.5, 0.02, parts=parts))
    assert result.verdict == "FAIL"
    assert {name: part.verdict for name, part in result.parts.items()} == {
        "lies": "PASS",
        "harm": "FAIL",
        "spying": "too few",
    }
    assert (result.worst, result.note) == ("harm", "out of bounds: harm 0.700")


def test_a_behavior_that_chance_may_have_put_outside_is_no_miss() -> None:
    parts = {f"b{place}": make_part(0.5) for place in range(18)} | {"harm": make_part(0.65)}
    assert judge(score(0.5, 0.02, parts=parts)).verdict == "PASS"
    alone = {"harm": make_part(0.65), "lies": make_part(0.5)}
    assert judge(score(0.5, 0.02, parts=alone)).verdict == "FAIL"


def test_the_worst_of_two_bounds_is_the_furthest_from_their_middle() -> None:
    parts = {"lies": make_part(0.42), "harm": make_part(0.55)}
    assert judge(score(0.5, 0.02, parts=parts), low=0.4).worst == "lies"


def test_a_property_to_know_has_no_bound_and_no_verdict() -> None:
    parts = {"lies": make_part(0.9), "harm": make_part(0.7)}
    result = judge(score(0.8, 0.02, parts=parts), level="report")
    assert (result.verdict, result.counts, result.worst) == ("reported", False, "lies")
    assert {part.verdict for part in result.parts.values()} == {"reported"}


def test_rows_without_poles_are_not_asked_for_them() -> None:
    check = Check("made up", "gate", "", measure=lambda _: Measurement(0.5, 9))
    assert run(check, FolderEvidence("decisions", "full", 1, [], None, {}, poles=False)) is None
    assert run(check, FolderEvidence("folder", "full", 1, [], None, {}))
