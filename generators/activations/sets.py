"""The rows of a config as pairs of passages, and the design by which directions are tested."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# The types of Arrow leave out what an array holds.

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from generators.activations.directions import Design, hold_out, make_design
from generators.activations.states import Passage
from generators.configs import CONFIGS
from generators.configs.base import Config
from generators.configs.contrasts import Codes, Contrasts, Ints, Mask, code
from generators.configs.items import Row, TwoSides
from generators.errors import UsageError
from generators.options import choose
from generators.sources.games.story_text import PARAGRAPH
from generators.splits import hash_number
from generators.tables import list_files, open_rows
from schemas.base import Axis, Tier

FEWEST = 20
"""Units below which nothing is shown."""
MOST_OF_A_UNIT = 12
"""Pairs of one unit that are read, lowest hash first: its say is the same with more."""
POOLED = "all themes"
"""Name of the part of a config whose themes are measured together."""
AXES: tuple[Axis, ...] = ("template", "concept", "both")

Kind = Literal["behavior", "theme", "axis"]
Places = NDArray[np.int64]


class Part(NamedTuple):
    """One behavior, theme or axis."""

    name: str
    design: Design
    """Fitted on other groups than those that are tested."""
    split: Design | None
    """Fitted on train, tested on test; None where either is too small, or it is the same."""
    shared: bool = True
    """Whether all pairs point the same way, so that they have one direction."""


@dataclass(frozen=True)
class PairSet:
    """The pairs of one config, as passages."""

    config: str
    tier: Tier
    unit: str
    """What is counted, such as `menus`."""
    kind: Kind
    """What the parts are."""
    passages: list[Passage]
    """Each once; those of one prompt stand together."""
    positive: Ints
    """Pair -> passage."""
    negative: Ints
    """Pair -> passage."""
    alone: tuple[Ints, Ints] | None
    """Pair -> passages of its sides without what comes before; None where nothing does."""
    texts: list[str]
    """The texts of the sides, whole."""
    sides: tuple[Ints, Ints]
    """Pair -> text of its positive, and of its negative."""
    longer: Ints
    """Pair -> 1 where the positive has more characters, -1 where fewer, 0 where as many."""
    parts: list[Part]
    too_few: dict[str, int]
    """Part with too few units -> how many it has."""


class Columns(NamedTuple):
    """What is known of each pair."""

    unit: Codes
    group: Codes
    part: Codes
    split: Codes
    axis: Codes
    within: Codes | None
    apart: list[Codes]


def read_set(folder: Path, name: str, rows: int, behaviors: Sequence[str] | None = None) -> PairSet:
    """Returns the pairs of a config of a dataset folder: those of `core`, where it has one.

    Args:
        folder: a dataset folder that has the config.
        name: the config.
        rows: units (such as menus) of a part that are taken at most, lowest hash first, and as many
            prompts.
        behaviors: only these, or these themes; None for all.

    Raises:
        UsageError: its rows have no poles, or no such behavior.
    """
    config = CONFIGS[name]
    if config.contrasts is None:
        known = [each.name for each in CONFIGS.values() if each.contrasts is not None]
        wanted = f"one with a positive and a negative side: {', '.join(known)}"
        raise UsageError("--config", f"'{name}'", wanted, "Name another")
    table, tier = read_table(folder, name)
    contrasts = config.read(table)
    assert contrasts is not None
    first = _find_first(table, contrasts)
    columns = _read_columns(table, config, contrasts, first)
    before = _read_starts(table, config, first)
    items: list[int] = contrasts.item.tolist()
    starts = [before[item] for item in items]
    chosen = _choose_pairs(contrasts, columns, _read_prompts(contrasts, starts), rows)
    if behaviors is not None:
        named = choose("--behaviors", behaviors, columns.part.names)
        chosen &= np.any([columns.part.mark(each) for each in named], axis=0)
    sides = contrasts.positive[chosen], contrasts.negative[chosen]
    starts = [start for start, keep in zip(starts, chosen.tolist(), strict=True) if keep]
    passages, (positive, negative, *alone) = _make_passages(contrasts.texts, sides, starts)
    lengths = np.array([len(text) for text in contrasts.texts])
    taken = _take(columns, chosen)
    by_axis = taken.within is not None and any(taken.axis.mark(axis).any() for axis in AXES)
    parts, too_few = _part_by_axis(taken) if by_axis else _part_by_topic(taken, sides)
    return PairSet(
        config=name,
        tier=tier,
        unit=config.trial.counts or config.unit,
        kind="axis" if by_axis else _name_topic(config),
        passages=passages,
        positive=positive,
        negative=negative,
        alone=(alone[0], alone[1]) if alone else None,
        texts=contrasts.texts,
        sides=sides,
        longer=np.sign(lengths[sides[0]] - lengths[sides[1]]).astype(np.int32),
        parts=parts,
        too_few=too_few,
    )


def _name_topic(config: Config) -> Kind:
    return "behavior" if config.topic == "behavior" else "theme"


def read_table(folder: Path, name: str) -> tuple[pa.Table, Tier]:
    """Returns the rows of a config: those of `core`, or all where it has none.

    Columns that nothing here takes are left out.
    """
    unread = {"tokens", "provenance", "canary"}
    tables: list[pa.Table] = []
    for path in list_files(folder, name):
        with open_rows(path, CONFIGS[name].row) as file:
            taken = [each for each in file.schema_arrow.names if each not in unread]
            tables.append(file.read(columns=taken))
    table = pa.concat_tables(tables)
    if "tier" not in table.column_names:
        return table, "full"
    core = [tier == "core" for tier in table["tier"].to_pylist()]
    return (table.filter(pa.array(core)), "core") if any(core) else (table, "full")


def _find_first(table: pa.Table, contrasts: Contrasts) -> Ints:
    """Returns the row that each item is named for; of twins the positive one."""
    places = {name: row for row, name in enumerate(table["id"].to_pylist())}
    return np.array([places[name] for name in contrasts.ids.to_pylist()], np.int32)


def _read_columns(table: pa.Table, config: Config, contrasts: Contrasts, first: Ints) -> Columns:
    """Returns what is known of each pair, from the first row of its item."""
    trial, item = config.trial, contrasts.item

    part = code([POOLED] * contrasts.items) if trial.pooled else contrasts.part
    rows: Any = pa.array(first)

    def take(name: str) -> Codes:
        values: list[Any] = table[name].take(rows).to_pylist()
        return code([str(value) for value in values]).take(item)

    return Columns(
        unit=take(trial.unit) if trial.unit else contrasts.unit.take(item),
        group=contrasts.group.take(item),
        part=part.take(item),
        split=take("split"),
        axis=take("axis") if "axis" in table.column_names else take("split"),
        within=take(trial.within) if trial.within else None,
        apart=[take(name) for name in trial.apart],
    )


def _read_prompts(contrasts: Contrasts, starts: Sequence[str | int]) -> list[str]:
    """Returns the prompt of each pair."""
    positives: list[int] = contrasts.positive.tolist()
    return [
        split_text(contrasts.texts[text], start).prompt
        for text, start in zip(positives, starts, strict=True)
    ]


def _choose_pairs(
    contrasts: Contrasts, columns: Columns, prompts: Sequence[str], rows: int
) -> Mask:
    """Returns the pairs that are read: of each part so many units, of each unit so many pairs.

    Where directions are fitted within a column, values of it are taken whole, one after the other,
    so that each has pairs to be fitted on and others to be tested on. Of a part no more prompts
    are read than units may be, since prompts are what costs time.
    """
    ids: list[Any] = contrasts.ids.to_pylist()
    count = len(contrasts.item)
    part, within = columns.part.places, np.zeros(count, np.int64)
    if columns.within is not None:
        part = part * len(columns.axis.names) + columns.axis.places
        within = _rank(columns.within.names)[columns.within.places]
    unit = columns.unit.places
    pair = _rank([f"{ids[item]}/{place}" for place, item in enumerate(contrasts.item)])
    order = np.lexsort((pair, _rank(columns.unit.names)[unit], within, part))
    new_part = np.diff(part[order], prepend=-1) != 0
    new_unit = new_part | (np.diff(unit[order], prepend=-1) != 0)
    kept = (_count_from(new_unit, new_part) < rows) & (
        _count_from(np.ones(count, np.bool_), new_unit) < MOST_OF_A_UNIT
    )
    chosen = np.zeros(count, np.bool_)
    chosen[[*_limit_prompts(order[kept].tolist(), part, unit, prompts, rows)]] = True
    return chosen


def _limit_prompts(
    pairs: Sequence[int], part: Ints | Places, unit: Ints, prompts: Sequence[str], rows: int
) -> Iterator[int]:
    """Yields the pairs of the first `rows` prompts of each part; its units take turns.

    Args:
        pairs: in the order in which they are taken.
        part: of each pair.
        unit: of each pair.
        prompts: of each pair.
        rows: prompts of a part at most.
    """
    turns: defaultdict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    turn: dict[int, int] = {}
    for pair in pairs:
        known = turns[part[pair], unit[pair]]
        turn[pair] = known.setdefault(prompts[pair], len(known))
    taken: defaultdict[int, set[str]] = defaultdict(set)
    for pair in sorted(pairs, key=turn.__getitem__):
        read, prompt = taken[part[pair]], prompts[pair]
        if prompt in read or len(read) < rows:
            read.add(prompt)
            yield pair


def _rank(names: Sequence[str]) -> Places:
    """Returns the rank of each name, lowest hash first."""
    hashes = [hash_number(name) for name in names]
    ranks = np.empty(len(names), np.int64)
    ranks[sorted(range(len(names)), key=hashes.__getitem__)] = np.arange(len(names))
    return ranks


def _count_from(marks: Mask, starts: Mask) -> Places:
    """Returns how many marks lie between each place and the last start, that of the start not."""
    counted = np.cumsum(marks)
    return counted - np.maximum.accumulate(np.where(starts, counted, 0))


def _take(columns: Columns, chosen: Mask) -> Columns:
    """Returns what is known of the chosen pairs; units are numbered anew."""
    taken = [
        None if each is None else each.take(chosen)
        for each in (*columns[:5], columns.within, *columns.apart)
    ]
    unit, group, part, split, axis, within, *apart = taken
    assert unit
    assert group
    assert part
    assert split
    assert axis
    return Columns(unit, group, part, split, axis, within, [each for each in apart if each])


def _read_starts(table: pa.Table, config: Config, first: Ints) -> list[str | int]:
    """Returns what stands before the sides of each item: a text, or how many characters of both.

    Rows that mark where their sides differ are alike before that.
    """
    places: Any = pa.array(first)
    rows: list[Any] = table.take(places).to_pylist()
    return [_read_start(row, config) for row in rows]


def _read_start(row: Row, config: Config) -> str | int:
    two: TwoSides | None = config.sides and config.sides.read(row, row)
    if two and two.spans is not None:
        return two.spans[0][0]
    if two and two.prompt:
        return f"{two.prompt}{two.joint}"
    # Sides that are prompts themselves (`icl`) are not what is compared: their query's options are.
    situation = config.texts(row)[0]
    return f"{situation}{PARAGRAPH}" if situation else ""


def _make_passages(
    texts: Sequence[str], sides: Sequence[Ints], starts: Sequence[str | int]
) -> tuple[list[Passage], list[Ints]]:
    """Returns each passage once, sorted by prompt, and the passages of each side of the pairs.

    Args:
        texts: of all sides.
        sides: pair -> text, for the positive and the negative.
        starts: what stands before each pair's sides.
    """
    both: list[list[int]] = [side.tolist() for side in sides]
    wanted = [
        [split_text(texts[text], start) for text, start in zip(side, starts, strict=True)]
        for side in both
    ]
    if any(isinstance(start, str) and start for start in starts):
        wanted += [[split_text(texts[text], "") for text in side] for side in both]
    passages = sorted({each for side in wanted for each in side})
    places = {each: place for place, each in enumerate(passages)}
    return passages, [np.array([places[each] for each in side], np.int32) for side in wanted]


def split_text(text: str, start: str | int) -> Passage:
    """Returns a side as a passage; spaces between prompt and side go with the side.

    A tokenizer reads a word together with the space before it.

    Args:
        text: the side.
        start: what stands before it; or how many characters of it are its prompt.
    """
    prompt, rest = (text[:start], text[start:]) if isinstance(start, int) else (start, text)
    kept = prompt.rstrip(" ")
    return Passage(kept, prompt[len(kept) :] + rest)


def _part_by_topic(columns: Columns, sides: Sequence[Ints]) -> tuple[list[Part], dict[str, int]]:
    """Returns behaviors or themes, and those that are too small: tested across groups."""
    parts: list[Part] = []
    few: dict[str, int] = {}
    train, test = (columns.split.mark(split) for split in ("train", "test"))
    apart = [each.places for each in columns.apart]
    for name in columns.part.names:
        inside = columns.part.mark(name)
        if not inside.any():
            continue
        design = hold_out(columns.unit.places, columns.group.places, inside, apart, sides)
        if len(design.units) < FEWEST:
            few[name] = len(design.units)
            continue
        split = make_design(
            columns.unit.places, columns.group.places, inside & train, inside & test
        )
        enough = min(len(split.units), len(np.unique(split.unit[split.fits]))) >= FEWEST
        parts.append(Part(name, design, split if enough else None))
    return parts, few


def _part_by_axis(columns: Columns) -> tuple[list[Part], dict[str, int]]:
    """Returns the axes, and those that are too small: fitted on train, tested on what is new.

    On a new sentence the direction of the same contrast is tested, on a new concept that of its
    theme, on both that of all pairs.
    """
    assert columns.within is not None
    train = columns.split.mark("train")
    sees_by = {"template": columns.within.places, "concept": columns.part.places, "both": None}
    parts: list[Part] = []
    few: dict[str, int] = {}
    for axis in AXES:
        alike = sees_by[axis]
        tests = columns.axis.mark(axis)
        if not tests.any():
            continue
        design = make_design(columns.unit.places, columns.group.places, train, tests, alike)
        if len(design.units) < FEWEST:
            few[axis] = len(design.units)
        else:
            parts.append(Part(axis, design, None, shared=False))
    return parts, few
