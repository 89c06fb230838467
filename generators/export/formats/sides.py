"""How the rows of a config are read as two texts that differ in one thing.

Each config says how itself; of a config whose rows are twins (one side a row), every two that name
each other give a pair.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from generators.configs import CONFIGS
from generators.configs.base import Twins, TwoSides
from generators.export.formats.base import Entry, LeftOut, Row, Scope, Take

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


ConvertPairs = Callable[[Iterator[Pair | LeftOut], Scope], Iterator[Entry]]


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


def _convert_rows(
    name: str, convert: ConvertPairs
) -> Callable[[Iterable[Row], Scope], Iterator[Entry]]:
    return lambda rows, scope: convert(read_pairs(name, rows), scope)


def read_pairs(name: str, rows: Iterable[Row]) -> Iterator[Pair | LeftOut]:
    """Yields the rows of a config as pairs; those whose sides are the same are left out."""
    sides, twins = CONFIGS[name].sides, CONFIGS[name].twins
    assert sides is not None
    found = _join_twins(rows, twins) if twins else ((row, None) for row in rows)
    for each in found:
        if isinstance(each, LeftOut):
            yield each
            continue
        row, twin = each
        pair = Pair(row, sides.read(row, twin), rows=2 if twin else 1)
        same = pair.sides.positive == pair.sides.negative
        yield LeftOut(SAME, pair.rows) if same else pair


def _join_twins(rows: Iterable[Row], twins: Twins) -> Iterator[tuple[Row, Row] | LeftOut]:
    """Yields rows that name each other, the positive one first."""
    waiting: dict[str, Row] = {}
    for row in rows:
        twin = waiting.pop(row["counterpart_id"], None)
        if twin is None:
            waiting[row["id"]] = row
        else:
            yield (row, twin) if row[twins.column] == twins.positive else (twin, row)
    if waiting:
        yield LeftOut(ALONE, len(waiting))
