"""How the rows of a config are read as two texts that differ in one thing.

Each config says how itself; of a config whose rows are twins (one side a row), every two that name
each other give a pair.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from generators.configs import CONFIGS
from generators.configs.base import Twins
from generators.configs.items import TwoSides
from generators.export.formats.base import Convert, Entry, LeftOut, Row, Scope, Take

SAME = "both sides are the same text"
ALONE = "its twin is not among the rows"


class Pair(NamedTuple):
    """Two texts, the first of which shows what it is about."""

    row: Row
    """The row; of twins the positive one."""
    sides: TwoSides
    """The texts."""
    rows: int = 1
    """Rows that the pair is made of."""


ConvertPairs = Callable[[Iterator[Pair], Scope], Iterator[Entry]]


def take_sides(
    convert: ConvertPairs,
    *configs: str,
    columns: tuple[str, ...] = (),
    marked: bool = False,
) -> Mapping[str, Take]:
    """Returns how a format of pairs reads its configs.

    Args:
        convert: makes records of pairs.
        configs: those that it takes; all that have two sides, if none is named.
        columns: columns that it needs beside the sides.
        marked: whether it takes only those that say which characters differ.
    """
    known = {name: config.sides for name, config in CONFIGS.items() if config.sides}
    return {
        name: Take(tuple(dict.fromkeys((*sides.columns, *columns))), _convert_rows(name, convert))
        for name, sides in known.items()
        if name in (configs or known) and (sides.marked or not marked)
    }


def _convert_rows(name: str, convert: ConvertPairs) -> Convert:
    """Returns what reads rows as pairs and converts those; the rest is left out at the end."""

    def convert_rows(rows: Iterator[Row], scope: Scope) -> Iterator[Entry]:
        left_out: Counter[str] = Counter()
        yield from convert(_read_pairs(name, rows, left_out), scope)
        yield from (LeftOut(reason, number) for reason, number in left_out.items())

    return convert_rows


def _read_pairs(name: str, rows: Iterator[Row], left_out: Counter[str]) -> Iterator[Pair]:
    """Yields the rows of a config as pairs, and counts the rows that give none."""
    sides, twins = CONFIGS[name].sides, CONFIGS[name].twins
    assert sides is not None
    joined = _join_twins(rows, twins, left_out) if twins else ((row, None) for row in rows)
    for row, twin in joined:
        pair = Pair(row, sides.read(row, twin), rows=2 if twin else 1)
        if pair.sides.positive == pair.sides.negative:
            left_out[SAME] += pair.rows
        else:
            yield pair


def _join_twins(
    rows: Iterator[Row], twins: Twins, left_out: Counter[str]
) -> Iterator[tuple[Row, Row]]:
    """Yields rows that name each other, the positive one first."""
    waiting: dict[str, Row] = {}
    for row in rows:
        twin = waiting.pop(row["counterpart_id"], None)
        if twin is None:
            waiting[row["id"]] = row
        else:
            yield (row, twin) if row[twins.column] == twins.positive else (twin, row)
    if waiting:
        left_out[ALONE] += len(waiting)
