"""The numbers of label records that are used; missing stays None, and is never 0. Pure."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from schemas.game_data import LabelRecord, Morality, Welfare
from schemas.labels import VIOLATIONS


class LabelValues(NamedTuple):
    """The numbers of a label record that are used; None where missing."""

    violations: tuple[float | None, ...]
    watts: float | None
    dollars: float | None
    influence: float | None
    welfare: tuple[float | None, float | None, float | None, float | None]
    """Head counts: own "-3", own "3", others "3", others "-3"."""


_get_violations = itemgetter(*VIOLATIONS)  # pyright: ignore[reportUnknownVariableType]
_WHOLE = (5, 2, 7, 7, 1, 1, 1, 3, len(VIOLATIONS))
"""Number of names in a whole record and in each part of it."""
_NUMBERS = frozenset({int, float})

NOTHING_RECORDED = LabelValues(
    (None,) * len(VIOLATIONS), None, None, None, (None, None, None, None)
)


def read_record(record: LabelRecord) -> LabelValues:
    """Returns the numbers of one record that are used; a missing part gives None, never 0."""
    own = (record.utility and record.utility.own) or Welfare()
    others = (record.utility and record.utility.others) or Welfare()
    influence = record.social and record.social.influence
    morality = record.morality or Morality()
    return LabelValues(
        violations=tuple(getattr(morality, violation) for violation in VIOLATIONS),
        watts=record.physical and record.physical.watts,
        dollars=record.money and record.money.dollars,
        influence=influence and influence.strong,
        welfare=(own.much_worse, own.much_better, others.much_better, others.much_worse),
    )


def read_whole_record(record: Any) -> LabelValues | None:
    """Returns the numbers of a raw record that has all known names, no others, and only numbers.

    None for any other record: `LabelRecord` then says what is missing or wrong. Nearly all records
    are whole, and this takes a quarter of the time.
    """
    try:
        utility, physical, money = record["utility"], record["physical"], record["money"]
        social, morality = record["social"], record["morality"]
        own, others, influence = utility["self"], utility["others"], social["influence"]
        watts, dollars, strong = physical["watts"], money["dollars"], influence["2"]
        violations = _get_violations(morality)
        welfare = own["-3"], own["3"], others["3"], others["-3"]
        everything = (*morality.values(), *own.values(), *others.values(), *influence.values())
    except (KeyError, TypeError, AttributeError):
        return None
    parts = (record, utility, own, others, physical, money, social, influence, morality)
    if tuple(map(len, parts)) != _WHOLE:
        return None
    if not _NUMBERS.issuperset(map(type, (*everything, watts, dollars))):
        return None
    if min(morality.values()) < 0 or max(morality.values()) > 1:
        return None
    return LabelValues(violations, watts, dollars, strong, welfare)


def find_largest(values: Sequence[float | None]) -> float | None:
    """Returns the largest known value; None where none is known."""
    return max((value for value in values if value is not None), default=None)


def merge_values(values: Sequence[LabelValues]) -> LabelValues:
    """Returns the element-wise maximum; None only where none has the number."""
    if len(values) == 1:
        return values[0]
    violations, watts, dollars, influence, welfare = zip(*values, strict=True)
    worst = [find_largest(bucket) for bucket in zip(*welfare, strict=True)]
    return LabelValues(
        violations=tuple(find_largest(votes) for votes in zip(*violations, strict=True)),
        watts=find_largest(watts),
        dollars=find_largest(dollars),
        influence=find_largest(influence),
        welfare=(worst[0], worst[1], worst[2], worst[3]),
    )
