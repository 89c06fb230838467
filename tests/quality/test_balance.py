"""The most items are kept with which every cue is in balance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.quality.selection import balance as balancing
from generators.quality.selection.balance import Cue, balance


def keep(*cues: Cue, used: list[int] | None = None) -> list[int]:
    """Returns the items that are kept, the first ones first by rank."""
    items = len(cues[0].values)
    seen = np.isin(np.arange(items), range(items) if used is None else used)
    return np.flatnonzero(balance(cues, np.arange(items, dtype=np.int32), seen).kept).tolist()


def make_cue(*values: float, tolerance: float = 0.0, scope: list[int] | None = None) -> Cue:
    mask = None if scope is None else np.isin(np.arange(len(values)), scope)
    return Cue("cue", np.array(values, np.float64), tolerance, mask)


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
        allowed = cue.tolerance * (found.kept & cue.scope).sum() + 1
        assert abs(cue.values[found.kept].sum()) <= allowed + 1e-5
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


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 80), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_classes_are_the_same_when_their_keys_must_be_numbered_anew(
    items: int, count: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    drawn = generator.integers(-2, 3, (count, items)) / 2
    scopes = [None if cue % 2 else generator.random(items) < 0.5 for cue in range(count)]
    cues = [
        Cue("cue", values * (1 if scope is None else scope), 0.05, scope)
        for values, scope in zip(drawn, scopes, strict=True)
    ]
    rank, used = generator.permutation(items).astype(np.int32), np.ones(items, np.bool_)
    found = balance(cues, rank, used)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(balancing, "MOST_KEYS", 2)
        again = balance(cues, rank, used)
    assert found.kept.tolist() == again.kept.tolist()
    assert found.burden.tolist() == again.burden.tolist()
