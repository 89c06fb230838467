"""A random sample that is even over strata, whatever order the rows come in. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256
from itertools import chain, zip_longest
from typing import TypeVar

Item = TypeVar("Item", bound=Sequence[str])


def interleave(items: Sequence[Item], seed: int, depth: int) -> list[Item]:
    """Returns all items in an order whose every beginning is even over the strata.

    A stratum takes turns with its neighbours, from the outermost on; where one runs out, the others
    go on without it. Within the innermost, and among strata, the order is that of the sha256 of
    seed and name.

    Args:
        items: each the names of its strata from the outermost on, then its id.
        seed: decides the order.
        depth: how many strata an item has.
    """
    return _interleave(list(items), seed, depth, 0)


def draw_key(seed: int, *names: str) -> bytes:
    """Returns what decides the place of a name, evenly and without a pattern."""
    return sha256("\0".join((str(seed), *names)).encode("utf-8", "replace")).digest()


def _interleave(items: list[Item], seed: int, depth: int, level: int) -> list[Item]:
    if level == depth:
        return sorted(items, key=lambda item: draw_key(seed, *item))
    strata: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        strata[item[level]].append(item)
    columns = [
        _interleave(strata[name], seed, depth, level + 1)
        for name in sorted(strata, key=lambda name: draw_key(seed, name))
    ]
    turns = chain.from_iterable(zip_longest(*columns))
    return [item for item in turns if item is not None]
