"""The most items are kept with which every cue is in balance."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from generators.quality.selection.balance import NEAR, ROUNDING, SPARE, Balance, Cue, Programme

Floats = NDArray[np.float64]
Cues = list[Cue]


def draw_in_order(items: int) -> Floats:
    """Returns numbers by which the first items are kept first."""
    return (np.arange(items) + 0.5) / items


def balance(
    cues: Cues, draws: Floats | None = None, seen: NDArray[np.bool_] | None = None
) -> Balance:
    items = len(cues[0].values)
    programme = Programme(
        draw_in_order(items) if draws is None else draws,
        np.ones(items, np.bool_) if seen is None else seen,
    )
    programme.add(cues)
    return programme.solve()


def keep(*cues: Cue) -> list[int]:
    """Returns the items that are kept, the first ones first by draw."""
    return np.flatnonzero(balance([*cues]).kept).tolist()


def make_cue(*values: float, tolerance: float = 0.0, scope: list[int] | None = None) -> Cue:
    mask = None if scope is None else np.isin(np.arange(len(values)), scope)
    return Cue("cue", np.array(values, np.float64), tolerance, mask)


def find_bound(cues: Cues) -> float:
    """Returns how many items can be kept in parts, by another solver and without a preference."""
    rows: list[Floats] = []
    for cue in cues:
        slack = cue.tolerance * (1.0 if cue.scope is None else cue.scope)
        rows += [cue.values - slack, -cue.values - slack]
    most = np.repeat([cue.allowed for cue in cues], 2)
    found = linprog(-np.ones(len(rows[0])), np.array(rows, np.float64), most, bounds=(0, 1))
    return -found.fun


def exceed(cues: Cues, kept: NDArray[np.bool_]) -> float:
    """Returns by how many items the worst cue is further off than its tolerance."""
    found: list[float] = []
    for cue in cues:
        within = kept if cue.scope is None else kept & cue.scope
        allowed = cue.tolerance * within.sum() + cue.allowed
        found.append(abs(float(cue.values[kept].astype(np.float64).sum())) - allowed)
    return max(found)


def test_the_first_of_the_more_frequent_side_stay_one_more_than_of_the_other() -> None:
    assert keep(make_cue(1, 1, 1, 1, 1, 1, -1, -1, 0, 0)) == [0, 1, 2, 6, 7, 8, 9]


def test_what_is_in_balance_stays_whole() -> None:
    assert keep(make_cue(1, -1, 0.5, -0.5), make_cue(0, 0, 0, 0)) == [0, 1, 2, 3]


def test_of_one_side_alone_one_stays() -> None:
    assert keep(make_cue(*[1] * 50)) == [0]


def test_a_tolerance_lets_more_stay() -> None:
    values = [1] * 60 + [-1] * 40
    assert [len(keep(make_cue(*values, tolerance=each))) for each in (0.01, 0.1, 0.2)] == [
        81,
        90,
        100,
    ]


def test_two_cues_that_oppose_each_other_are_balanced_together() -> None:
    # Any single cue alone could keep 40; the pairs (+, +) and (-, -) balance both at once.
    one = make_cue(*[1] * 20, *[-1] * 20, *[1] * 20, tolerance=0.01)
    other = make_cue(*[1] * 20, *[-1] * 20, *[-1] * 20, tolerance=0.01)
    assert keep(one, other) == list(range(41))


def test_a_place_is_balanced_within_its_scope() -> None:
    # Forty questions of two options, thirty of whose targets come first; ten of three options.
    two, three = list(range(40)), list(range(40, 50))
    here = [0.5] * 30 + [-0.5] * 10 + [0.0] * 10
    kept = keep(make_cue(*here, tolerance=0.1, scope=two))
    assert kept == [*range(17), *range(30, 40), *three]  # 0.5 * 7 <= 0.1 * 27 + 1
    assert len(keep(make_cue(*here, tolerance=0.1))) == 20 + 10 + 10  # 0.5 * 10 <= 0.1 * 40 + 1


def draw_values(kind: str, items: int, cues: int, generator: np.random.Generator) -> Floats:
    """Returns cue x item, in the forms that are hard to round."""
    if kind == "few kinds":  # of a dozen kinds of equal items, one side more frequent
        kinds = generator.choice([-1, 0, 1, 1], (cues, 12))
        return kinds[:, generator.integers(0, 12, items)].astype(np.float64)
    leaning = generator.normal(size=(cues, items)) + generator.normal(0, 0.3, (cues, 1))
    if kind == "all different":
        return np.clip(leaning, -3, 3)
    return np.sign(leaning + 0.5) * (generator.random((cues, items)) < 0.2)  # as n-grams


def make_cues(kind: str, items: int, count: int, generator: np.random.Generator) -> Cues:
    """Returns cues that may be off by what chance makes, as those that are known."""
    found: Cues = []
    for values in draw_values(kind, items, count, generator):
        chance = float(np.sqrt((values**2).sum())) - 0.05 * items
        found.append(Cue(str(len(found)), values, 0.05, allowed=max(chance, SPARE)))
    return found


@pytest.mark.parametrize("kind", ["few kinds", "all different", "as n-grams"])
@pytest.mark.parametrize(("items", "count"), [(15, 40), (60, 30), (400, 30), (3000, 40)])
def test_rounding_keeps_the_bound_in_whatever_order_the_cues_come(
    kind: str, items: int, count: int
) -> None:
    generator = np.random.default_rng(items)
    cues = make_cues(kind, items, count, generator)
    draws, bound = generator.random(items), find_bound(cues)
    found = balance(cues, draws)
    assert 0.99 * bound - 1 <= found.bound <= 1.01 * bound + 1
    assert found.kept.sum() >= 0.98 * found.bound
    assert exceed(cues, found.kept) <= ROUNDING + NEAR
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(count)
        again = balance([cues[place] for place in order], draws).kept.sum()
        assert abs(again - found.kept.sum()) <= 0.02 * found.kept.sum()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_no_tolerance_is_exceeded_by_more_than_rounding_and_what_no_cue_speaks_of_stays(
    items: int, count: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    cues: Cues = []
    for place in range(count):
        steps = int(generator.choice([1, 100]))
        scope = generator.random(items) < generator.choice([0.5, 1.0])
        values = scope * generator.integers(-steps, steps + 1, items) / steps
        cues.append(Cue(str(place), values, float(generator.choice([0.0, 0.02, 0.1])), scope))
    found = balance(cues, generator.random(items))
    assert exceed(cues, found.kept) <= ROUNDING + NEAR
    assert find_bound(cues) - 1 <= found.kept.sum() <= found.bound
    silent = np.all([cue.values == 0 for cue in cues], axis=0)
    assert found.kept[silent].all()


def test_items_may_stand_in_any_order() -> None:
    generator = np.random.default_rng(0)
    cues, draws = make_cues("all different", 500, 20, generator), generator.random(500)
    order = generator.permutation(500)
    kept = balance(cues, draws).kept
    assert 0 < kept.sum() < 500
    moved = balance([replace(cue, values=cue.values[order]) for cue in cues], draws[order]).kept
    assert moved.tolist() == kept[order].tolist()


def test_cues_that_come_later_give_what_they_would_have_given_at_once() -> None:
    generator = np.random.default_rng(1)
    cues = make_cues("as n-grams", 800, 30, generator)
    programme = Programme(draws := generator.random(800), np.ones(800, np.bool_))
    for start in range(0, 30, 10):
        programme.add(cues[start : start + 10])
        found = programme.solve()
    assert found.kept.tolist() == balance(cues, draws).kept.tolist()


def test_items_that_were_not_seen_are_judged_by_what_was_learnt() -> None:
    # Three right to one wrong: of the right ones a third stays, seen or not; the others all stay.
    values = np.tile([1, 1, 1, -1, 0], 400).astype(np.float64)
    seen = np.arange(2000) < 1000
    found = balance([Cue("cue", values, 0.01)], np.random.default_rng(1).random(2000), seen)
    assert found.kept[~seen & (values <= 0)].all()
    assert found.kept[~seen & (values > 0)].mean() == pytest.approx(1 / 3, abs=0.08)
    assert found.bound == found.kept[seen].sum()
    assert found.burden[0][values > 0].min() > 0.9
    assert found.burden[0][values < 0].max() < 0
