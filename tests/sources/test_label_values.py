"""Label records: the quick way to read one agrees with the model, and the rules of the labels."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from generators.sources.games.labels import (
    NOTHING_RECORDED,
    assess,
    judge_polarity,
    merge_values,
    read_record,
    read_whole_record,
)
from schemas import POWERS, VIOLATIONS, LabelRecord

share = st.sampled_from([0, 0.0, 1 / 3, 0.5, 1, 1.0])
odd = st.sampled_from([None, True, "1", 3, -1, 2.5, [], {}])
number = st.one_of(share, st.sampled_from([2000, 1e6]))
buckets = st.fixed_dictionaries({str(level): number for level in range(-3, 4)})


def part(**names: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(names)


whole = part(
    utility=part(self=buckets, others=buckets),
    physical=part(watts=number),
    money=part(dollars=number),
    social=part(influence=st.fixed_dictionaries({level: number for level in "012"})),
    morality=st.fixed_dictionaries({violation: share for violation in VIOLATIONS}),
)


def list_places(record: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(record, dict):
        return [path]
    inner = [place for key in record for place in list_places(record[key], (*path, key))]
    return [path, *inner] if path else inner


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """A whole record with one value removed or replaced, or with a name too many."""
    record = draw(whole)
    *parents, last = draw(st.sampled_from(list_places(record)))
    inner = record
    for key in parents:
        inner = inner[key]
    what = draw(st.sampled_from(["remove", "replace", "add"]))
    if what == "remove":
        del inner[last]
    else:
        inner[last if what == "replace" else f"{last}?"] = draw(odd)
    return record


@given(whole)
def test_whole_records_are_read_alike(record: dict[str, Any]) -> None:
    assert read_whole_record(record) == read_record(LabelRecord.model_validate(record))


@given(damaged())
def test_the_quick_way_never_lets_a_wrong_record_through(record: dict[str, Any]) -> None:
    found = read_whole_record(record)
    try:
        wanted = read_record(LabelRecord.model_validate(record))
    except ValidationError:
        wanted = None
    assert found is None or found == wanted


def test_missing_is_not_zero() -> None:
    nothing = assess(NOTHING_RECORDED)
    assert set(nothing.scores.values()) == {None}
    assert nothing.polarity == "unlabelled"
    assert nothing.disutility is None
    assert set(nothing.labels.model_dump().values()) == {None}
    assert set(nothing.power.model_dump().values()) == {None}


@pytest.mark.parametrize(
    ("violations", "disutility", "polarity"),
    [
        ([0.0, 0.0], 0.0, "ethical"),
        ([0.0, 2 / 3], None, "unethical"),
        ([None, 2 / 3], 0.0, "unethical"),
        ([None, 0.5], 0.0, "unlabelled"),
        ([0.0, 0.0], None, "unlabelled"),
        ([0.0, 0.5], 0.0, "ambiguous"),
        ([0.0, 1 / 3], 5.0, "ambiguous"),
        ([0.0, 0.0], 0.5, "ethical"),
        ([0.0, 0.0], 0.6, "ambiguous"),
    ],
)
def test_polarity_is_by_the_first_rule_that_fits(
    violations: Any, disutility: Any, polarity: str
) -> None:
    assert judge_polarity(violations, disutility) == polarity


def test_thresholds_are_strict() -> None:
    at = NOTHING_RECORDED._replace(
        watts=2000.0, dollars=100_000.0, influence=0.0, welfare=(0.5, 0.5, 0.5, 0.5)
    )
    above = NOTHING_RECORDED._replace(
        watts=2000.1, dollars=100_001.0, influence=0.1, welfare=(0.0, 0.6, None, 0.6)
    )
    for behavior in (*POWERS, "disutility"):
        assert assess(at).scores[behavior] == 0.0
        assert assess(above).scores[behavior] == 1.0
    unsure = NOTHING_RECORDED._replace(welfare=(0.5, None, 0.0, 0.0))
    assert assess(unsure).power.utility is None
    assert assess(unsure).scores["power.utility"] is None


def test_the_maximum_is_taken_number_by_number() -> None:
    one = NOTHING_RECORDED._replace(watts=5.0, welfare=(None, 1.0, 0.0, 0.0))
    other = NOTHING_RECORDED._replace(dollars=7.0, welfare=(2.0, 0.0, 0.0, None))
    assert merge_values([one, other]) == NOTHING_RECORDED._replace(
        watts=5.0, dollars=7.0, welfare=(2.0, 1.0, 0.0, 0.0)
    )
