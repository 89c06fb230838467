"""Who stands in which split: by series of games, group or template, never by row. Pure."""

import json
from collections import Counter
from collections.abc import Collection, Mapping
from fractions import Fraction
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple, TypedDict

from schemas.base import Axis, Split

STRICTEST_FIRST: tuple[Split, ...] = ("test", "validation", "train")
"""A text that stands in two splits is left out of the one that comes later here."""

SPLITS: tuple[Split, ...] = ("train", "validation", "test")
"""In the order in which files and tables list them."""

GROUP_SHARES: Mapping[Split, int] = {"train": 75, "validation": 5, "test": 20}
"""Of concept sets: percent of the rows of each theme that its groups are assigned by."""
TEMPLATE_SHARES: Mapping[Split, int] = {"train": 70, "validation": 5, "test": 25}
"""The same for sentences and scenarios."""

PREFIX_OF_A_SERIES = "vampire-the-masquerade"
"""The one series that is known by its slugs: `vampire` alone is another work."""


class KnownGames(TypedDict):
    """The benchmark's games, from `machiavelli/config.py` upstream and the paper's appendix G."""

    games: list[str]
    test: list[str]
    series: dict[str, list[str]]


@cache
def known_games() -> KnownGames:
    """Returns the bundled list of games, of the 30 test games and of the series."""
    path = files("generators") / "sources" / "games" / "games.json"
    return json.loads(path.read_text(encoding="utf-8"))


def find_group(game: str) -> str:
    """Returns the series a game belongs to; a game that is not known is a series of its own."""
    if game.startswith(PREFIX_OF_A_SERIES):
        return PREFIX_OF_A_SERIES
    series = known_games()["series"].items()
    return next((name for name, games in series if game in games), game)


def hash_number(text: str) -> int:
    """Returns sha256 of the UTF-8 text as a number: the one source of chance in this package."""
    return int(sha256(text.encode()).hexdigest(), 16)


def assign_split(group: str) -> Split:
    """Returns the split of a series.

    A series with one of the benchmark's 30 test games is `test`; other known series are assigned
    90:10 to train and validation, unknown games 80:10:10, all by hash of the series' name.
    """
    known = known_games()
    place = hash_number(group) % 100
    if group in known["series"]:
        if set(known["series"][group]) & set(known["test"]):
            return "test"
        return "train" if place < 90 else "validation"
    return split_by_hash(group)


@lru_cache(maxsize=4096)  # few names, many times
def split_by_hash(name: str) -> Split:
    """Returns the split of a name, by its hash: train 80, validation 10, test 10 of 100."""
    place = hash_number(name) % 100
    if place < 80:
        return "train"
    return "validation" if place < 90 else "test"


def assign(
    sizes: Mapping[str, Mapping[str, int]],
    shares: Mapping[Split, int],
    allowed: Mapping[str, Collection[Split]] | None = None,
) -> dict[str, Split]:
    """Returns name -> its split: largest first, each to the split that lacks most of its share.

    Args:
        sizes: name -> theme (or whatever is to be divided by itself) -> rows of the name in it. One
            that stands in several goes where they lack most together, each theme counted alike.
        shares: split -> percent of the rows of each theme.
        allowed: name -> the splits that it may stand in; any for names that are not there.
    """
    totals: Counter[str] = Counter()
    for rows in sizes.values():
        totals.update(rows)
    lacking = {split: {theme: Fraction(shares[split], 100) for theme in totals} for split in SPLITS}
    assigned: dict[str, Split] = {}
    for name in sorted(sizes, key=lambda name: (-sum(sizes[name].values()), hash_number(name))):
        rows = {theme: number for theme, number in sizes[name].items() if number}
        lacks = {split: sum(lacking[split][theme] for theme in rows) for split in SPLITS}
        allows = (allowed or {}).get(name) or SPLITS
        may: list[Split] = [split for split in SPLITS if split in allows]
        best = max(may, key=lacks.__getitem__)
        for theme, number in rows.items():
            lacking[best][theme] -= Fraction(number, totals[theme])
        assigned[name] = best
    return assigned


class Place(NamedTuple):
    """Where a row of a concept set stands."""

    split: Split
    axis: Axis | None
    """What is new in a row of `test`; None elsewhere."""


def find_place(group: Split, template: Split) -> Place | None:
    """Returns where a row of this group and template stands.

    None for one of validation and test at once, which would show one of them to the other.
    """
    both = {group, template}
    if both == {"validation", "test"}:
        return None
    if "test" in both:
        axis: Axis = "both" if len(both) == 1 else "concept" if group == "test" else "template"
        return Place("test", axis)
    return Place("validation" if "validation" in both else "train", None)
