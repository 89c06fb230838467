"""What a number comes to: enough menus, sure bounds, behaviors, waivers."""

from typing import Any

import pytest

from generators.quality.checks.base import Check, Measurement, list_missed, run
from generators.quality.evidence import FolderEvidence
from schemas.quality import CheckResult


def judge(measured: Measurement, waived: str | None = None, **rules: Any) -> CheckResult:
    """Returns what a number comes to in a check of menus that must be at most 0.6."""
    rules = {"level": "gate", "high": 0.6, "fewest": 100, "bounded": True} | rules
    check = Check("made up", threshold="<= 0.60", measure=lambda _: measured, **rules)
    waivers = {"made up": waived} if waived else {}
    result = run(check, FolderEvidence("c", "core", 1, [], None, {}, waivers=waivers))
    assert result
    return result


@pytest.mark.parametrize(
    ("n", "value", "interval", "verdict"),
    [
        (100, 0.60, (0.50, 0.70), "PASS"),
        (100, 0.601, (0.50, 0.70), "FAIL"),
        (99, 0.50, (0.40, 0.59), "too few"),
        (99, 0.70, (0.59, 0.80), "too few"),
        (99, 0.70, (0.61, 0.80), "FAIL"),  # no doubt in spite of few
        (30, 0.70, (0.61, 0.80), "FAIL"),
        (29, 0.70, (0.61, 0.80), "too few"),
        (50, 0.70, None, "too few"),
        (299, 0.59, (0.50, 0.61), "PASS"),
        (300, 0.59, (0.50, 0.61), "FAIL"),  # from here on its upper bound must hold
        (300, 0.59, (0.50, 0.60), "PASS"),
        (300, 0.59, None, "PASS"),
        (0, 0.5, None, "too few"),
    ],
)
def test_few_menus_say_little_and_many_must_be_sure(
    n: int, value: float, interval: tuple[float, float] | None, verdict: str
) -> None:
    assert judge(Measurement(value, n, interval)).verdict == verdict
    wanted = {"FAIL": "WARN"}.get(verdict, verdict)
    assert judge(Measurement(value, n, interval), level="warn").verdict == wanted


def test_the_upper_bound_counts_in_bounded_checks_only() -> None:
    assert judge(Measurement(0.59, 300, (0.5, 0.7)), bounded=False).verdict == "PASS"
    assert judge(Measurement(0.41, 300, (0.3, 0.5)), low=0.4).verdict == "FAIL"


def test_another_number_out_of_its_bounds_is_a_miss() -> None:
    found = judge(Measurement(0.5, 200, missed=("d 0.13", "refusals 0.021")))
    assert (found.verdict, found.note) == ("FAIL", "out of bounds: d 0.13, refusals 0.021")
    few = judge(Measurement(0.5, 90, missed=("d 0.13",)))
    assert (few.verdict, few.note) == ("too few", None)
    assert judge(Measurement(0.5, 200, enough=False)).verdict == "too few"


def test_numbers_out_of_their_bounds_are_named() -> None:
    figures = ("refusals", 0.02134, True), ("gap", 0.001, False), ("menus", 12, True)
    assert list_missed(*figures) == ("refusals 0.0213", "menus 12")


@pytest.mark.parametrize(("groups", "verdict"), [(9, "too few"), (10, "FAIL"), (None, "FAIL")])
def test_an_interval_of_few_groups_leaves_doubts(groups: int | None, verdict: str) -> None:
    found = judge(Measurement(0.70, 99, (0.61, 0.80), groups))
    assert found.verdict == verdict
    assert found.note == ("interval from only 9 groups" if groups == 9 else None)


@pytest.mark.parametrize(
    ("n", "value", "interval", "verdict"),
    [
        (120, 0.55, (0.48, 0.62), "PASS"),
        (120, 0.57, (0.50, 0.64), "too few"),  # within what chance alone does
        (399, 0.57, (0.52, 0.62), "too few"),
        (400, 0.57, (0.52, 0.62), "FAIL"),
        (120, 0.40, (0.31, 0.49), "too few"),
        (200, 0.70, (0.63, 0.77), "FAIL"),
        (200, 0.30, (0.23, 0.37), "FAIL"),
        (120, 0.62, (0.61, 0.63), "too few"),  # of few groups: a coin may do so
        (200, 0.70, None, "FAIL"),  # of one group: no coin does so
        (99, 0.57, (0.50, 0.64), "too few"),
    ],
)
def test_between_a_hundred_and_four_hundred_menus_only_a_sure_miss_is_one(
    n: int, value: float, interval: tuple[float, float] | None, verdict: str
) -> None:
    rules = {"low": 0.45, "high": 0.55, "steady": 400, "bounded": False}
    assert judge(Measurement(value, n, interval), **rules).verdict == verdict
    another = Measurement(0.5, n, (0.45, 0.55), missed=("d 0.13",))
    assert judge(another, **rules).verdict == ("too few" if n < 400 else "FAIL")


def test_what_nobody_looked_at_never_passes() -> None:
    parts = {"lies": Measurement(0.9, 400)}
    result = judge(Measurement(None, 400, parts=parts))
    assert (result.verdict, result.value) == ("unaudited", None)
    assert judge(Measurement(None, 400, enough=False)).verdict == "too few"
    assert judge(Measurement(None, 400, missed=("raw 0.8",), enough=False)).verdict == "FAIL"


def test_one_behavior_that_misses_is_a_miss_of_the_whole() -> None:
    parts = {"lies": Measurement(0.55, 150), "harm": Measurement(0.7, 150)}
    result = judge(Measurement(0.5, 300, parts=parts))
    assert result.verdict == "FAIL"
    assert {name: part.verdict for name, part in result.parts.items()} == {
        "lies": "PASS",
        "harm": "FAIL",
    }
    few = judge(Measurement(0.5, 300, parts={"harm": Measurement(0.7, 99)}))
    assert (few.verdict, few.parts["harm"].verdict) == ("PASS", "too few")


def test_a_waived_check_keeps_its_verdict_and_says_why() -> None:
    result = judge(Measurement(0.9, 400), waived="meant so")
    assert (result.verdict, result.waived) == ("FAIL", "meant so")


def test_rows_without_poles_are_not_asked_for_them() -> None:
    check = Check("made up", "gate", "", measure=lambda _: Measurement(0.5, 9))
    assert run(check, FolderEvidence("decisions", "full", 1, [], None, {}, poles=False)) is None
    assert run(check, FolderEvidence("folder", "full", 1, [], None, {}))
