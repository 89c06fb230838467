"""Who stands in which split: by series of games, group or template, never by row. Pure."""

import json
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import TypedDict

from schemas.base import Split

STRICTEST_FIRST: tuple[Split, ...] = ("test", "validation", "train")
"""A text that stands in two splits is left out of the one that comes later here."""

SPLITS: tuple[Split, ...] = ("train", "validation", "test")
"""In the order in which files and tables list them."""


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
