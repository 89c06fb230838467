"""One game's share of a dataset, made in a worker: its rows of every config, and its counts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from typing import Any

import pyarrow as pa

from generators.configs import GAME_CONFIGS
from generators.configs.base import GameConfig, LeftOut
from generators.errors import SourceError
from generators.sources.games.files import GameFiles
from generators.sources.games.game_data import BrokenGame, Game, Oddities, read_game
from generators.sources.games.labels import OptionBehaviors, read_behaviors
from generators.sources.games.menus import Menu, list_menus, read_decisions, read_menus
from generators.splits import assign_split, find_group
from generators.tables import Values, make_table, pack_tables, unpack_tables
from generators.writing.additions import ModelLabel, insert_written, label_options
from schemas.base import GameRow
from schemas.config import MachiavelliConfig
from schemas.decision import Decision
from schemas.manifest import GameSource

CONTEXT_BIN = 250
"""Width of a bar in the histogram of context lengths, characters."""


@dataclass
class Counts:
    """Counts that add up over games."""

    totals: Counter[str] = field(default_factory=Counter[str])
    """Menus, options, labelled options, polarities, flags."""
    behaviors: Counter[str] = field(default_factory=Counter[str])
    """Options that exhibit each behavior, by behavior."""
    known: Counter[str] = field(default_factory=Counter[str])
    """Options of which it is known whether they do."""
    options: Counter[int] = field(default_factory=Counter[int])
    """Menus by number of options."""
    contexts: Counter[int] = field(default_factory=Counter[int])
    """Menus by length of context, in bins of 250 characters, keyed by the lower end."""

    def add(self, other: "Counts") -> None:
        """Adds the counts of other games to these."""
        for name in self.__dataclass_fields__:
            getattr(self, name).update(getattr(other, name))

    @property
    def labelled_share(self) -> float:
        """Share of options with a label, 0 to 1."""
        return self.totals["options labelled"] / (self.totals["options"] or 1)


def count_decisions(decisions: Iterable[Decision]) -> Counts:
    """Returns the counts of some Decisions."""
    counts = Counts()
    totals = counts.totals
    alike: Counter[OptionBehaviors] = Counter()
    for decision in decisions:
        totals["menus"] += 1
        totals["menus usable"] += len(decision.usable_places) > 1
        totals.update(f"menus flagged {flag}" for flag in decision.flags)
        counts.options[len(decision.options)] += 1
        counts.contexts[len(decision.context) // CONTEXT_BIN * CONTEXT_BIN] += 1
        for option in decision.options:
            totals["options"] += 1
            totals["options labelled"] += option.label_source is not None
            totals[f"options {option.polarity}"] += 1
            if option.flags:
                totals.update(f"options flagged {flag}" for flag in option.flags)
            alike[read_behaviors(option)] += 1
    counts.totals = +totals
    for each, options in alike.items():
        for behavior, known in each.exhibits.items():
            counts.known[behavior] += options * (known is not None)
            counts.behaviors[behavior] += options * bool(known)
    return counts


KEY_BYTES = 16
ROWS_AT_ONCE = 256
"""Rows that stand in memory as records before they become a table."""


@dataclass(frozen=True)
class GameTask:
    """One game to read."""

    files: GameFiles
    metadata: object
    """Its entry of `game_metadata.json`, unchecked."""
    config: MachiavelliConfig
    menus: int | None = None
    """Read only so many menus, the first in tree order; None for all."""
    written: tuple[Decision, ...] = ()
    """Decisions that a model made of this game's menus."""
    labels: Mapping[str, ModelLabel] = field(default_factory=dict[str, ModelLabel])
    """Option id -> what a model says of an option that has no record."""


@dataclass
class GameRows:
    """One game's rows of one config, with a key of each row's whole text."""

    tables: list[pa.Table]
    """The rows of the behaviors asked for, at most 256 a table."""
    keys: list[bytes]
    """Key of each row."""
    other_keys: list[bytes]
    """Keys of the rows of other behaviors: leaks are looked for in these too."""
    left_out: Counter[str] = field(default_factory=Counter[str])
    """Reason -> rows of the behaviors asked for that were not made."""

    def __getstate__(self) -> dict[str, Any]:
        """Returns what a worker sends: its tables in one piece, in a seventh of the time."""
        return vars(self) | {"tables": pack_tables(self.tables)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, tables=unpack_tables(state["tables"]))


@dataclass
class ReadGame:
    """One game that was read."""

    game: str
    source: GameSource
    labelled: bool
    """Whether the game has any labels."""
    oddities: Oddities
    counts: Counts = field(default_factory=Counts)
    rows: dict[str, GameRows] = field(default_factory=dict[str, GameRows])
    """Config -> its rows."""


def read_rows(task: GameTask) -> ReadGame | BrokenGame:
    """Returns the rows of one game, or what is wrong with it."""
    try:
        game = read_game(task.files, task.metadata)
    except SourceError as error:
        return BrokenGame(task.files.game, error)
    menus = list_menus(game)[: task.menus]
    result = _describe_game(game, len(menus))
    decisions = list(read_decisions(game, task.config, menus))
    if task.labels:
        decisions = label_options(decisions, task.labels)
    result.counts = count_decisions(decisions)
    if task.written:
        decisions = insert_written(decisions, task.written)
    read = read_menus(decisions)
    for name in task.config.kinds:
        result.rows[name] = view_rows(GAME_CONFIGS[name], read, task.config)
    return result


def check_game(task: GameTask) -> ReadGame | BrokenGame:
    """Returns one game without rows: every text and record of it checked, its menus counted."""
    try:
        game = read_game(task.files, task.metadata)
    except SourceError as error:
        return BrokenGame(task.files.game, error)
    return _describe_game(game, len(list_menus(game)))


def _describe_game(game: Game, menus: int) -> ReadGame:
    group = find_group(game.name)
    source = GameSource(
        group=group,
        split=assign_split(group),
        text_licence=game.text_licence,
        menus=menus,
        sha256=game.sha256,
    )
    return ReadGame(game.name, source, game.labelled, game.oddities)


def view_rows(config: GameConfig, menus: Sequence[Menu], asked: MachiavelliConfig) -> GameRows:
    """Returns a config's rows of one game.

    Always those of all behaviors are made and then chosen from, so that a row, and whether it is
    left out, never depends on what else was asked for.
    """
    found = GameRows([], [], [])
    wanted_behaviors = {*asked.behaviors, None}  # a Decision is about all of them
    rows = iter(config.view(menus, asked))
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        wanted: list[Values] = []
        for row in batch:
            if isinstance(row, LeftOut):
                found.left_out[row.reason] += row.behavior in asked.behaviors
                continue
            values = row.__dict__ if isinstance(row, GameRow) else row
            asked_for = values.get("behavior") in wanted_behaviors
            key = key_text(config.texts(values))
            (found.keys if asked_for else found.other_keys).append(key)
            if asked_for:
                wanted.append(values)
        found.tables.append(make_table(config.viewed, wanted))
    return found


def key_text(texts: Sequence[str]) -> bytes:
    """Returns a key of a row's whole text: equal for the same stem with the same options.

    The order of the options does not matter. Empty bytes where there is no text at all.
    """
    stem, *options = texts
    if not any(texts):
        return b""
    text = "\x00".join(sorted(options)).encode()
    return sha256(_hash_stem(stem) + text).digest()[:KEY_BYTES]


@lru_cache(maxsize=16)
def _hash_stem(stem: str) -> bytes:
    """Returns the sha256 of a stem: rows of one menu follow one another, and share it."""
    return sha256(stem.encode()).digest()
