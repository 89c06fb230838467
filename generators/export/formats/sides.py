"""How the rows of each config are read as two texts that differ in one thing; one function each.

A config whose rows are twins (one side a row) gives a pair for every two that name each other.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from generators.export.formats.base import Entry, LeftOut, Row, Scope, Take
from generators.sources.games.story_text import PARAGRAPH

THEREFORE = "\nTherefore: "
"""Between premises and a conclusion."""

Span = tuple[int, int]


class Pair(NamedTuple):
    """Two texts, the first of which shows what it is about."""

    row: Row
    """The row; of twins the positive one."""
    about: str
    """Behavior, contrast, concept or relation."""
    positive: str
    """The answer, or the whole text where there is no prompt."""
    negative: str
    prompt: str = ""
    """What both sides begin with, if it is a text of its own."""
    joint: str = ""
    """What stands between prompt and answer."""
    spans: tuple[Span, Span] | None = None
    """Characters of either whole text that differ; None for all of the answer."""
    rows: int = 1
    """Rows that the pair is made of."""

    @property
    def texts(self) -> tuple[str, str]:
        """The whole texts, positive first."""
        start = f"{self.prompt}{self.joint}" if self.prompt else ""
        return start + self.positive, start + self.negative


Sides = Callable[[Iterable[Row]], Iterator[Pair | LeftOut]]
SAME = "both sides are the same text"
ALONE = "its twin is not among the rows"


def read_contrastive(rows: Iterable[Row]) -> Iterator[Pair]:
    """Yields a menu's context with either option."""
    for row in rows:
        yield Pair(row, row["behavior"], row["positive"], row["negative"], row["prompt"], PARAGRAPH)


def read_icl(rows: Iterable[Row]) -> Iterator[Pair]:
    """Yields the same shots answered either way; both sides end alike, at the query's cue."""
    for row in rows:
        yield Pair(row, row["behavior"], row["positive_prompt"], row["negative_prompt"])


def read_minimal_pairs(rows: Iterable[Row]) -> Iterator[Pair]:
    """Yields the sentence with either concept."""
    for row in rows:
        spans = _span(row["positive_span"]), _span(row["negative_span"])
        yield Pair(row, row["contrast"], row["positive"], row["negative"], spans=spans)


def read_insertions(rows: Iterable[Row]) -> Iterator[Pair]:
    """Yields the scenario with the concept's clause and with the neutral one."""
    for row in rows:
        spans = _span(row["inserted_span"]), _span(row["control_span"])
        yield Pair(row, row["concept"], row["inserted"], row["control"], spans=spans)


def read_relations(rows: Iterable[Row]) -> Iterator[Pair | LeftOut]:
    """Yields the premises with the conclusion that follows and with the one that does not."""
    for twins in _join_twins(rows, "valid", True):
        if isinstance(twins, LeftOut):
            yield twins
            continue
        valid, invalid = twins
        ends = valid["conclusion"], invalid["conclusion"]
        premises = " ".join(valid["premises"])
        yield Pair(valid, valid["relation"], *ends, premises, THEREFORE, rows=2)


def read_associations(rows: Iterable[Row]) -> Iterator[Pair | LeftOut]:
    """Yields the sentence with the pleasant attribute and with its opposite."""
    for twins in _join_twins(rows, "valence", "positive"):
        if isinstance(twins, LeftOut):
            yield twins
            continue
        good, bad = twins
        spans = _span(good["attribute_span"]), _span(bad["attribute_span"])
        yield Pair(good, good["target"], good["text"], bad["text"], spans=spans, rows=2)


def _join_twins(
    rows: Iterable[Row], column: str, positive: object
) -> Iterator[tuple[Row, Row] | LeftOut]:
    """Yields rows that name each other, the positive one first."""
    waiting: dict[str, Row] = {}
    for row in rows:
        twin = waiting.pop(row["counterpart_id"], None)
        if twin is None:
            waiting[row["id"]] = row
        else:
            yield (row, twin) if row[column] == positive else (twin, row)
    if waiting:
        yield LeftOut(ALONE, len(waiting))


def _span(span: list[int]) -> Span:
    return span[0], span[1]


SIDES: dict[str, tuple[Sides, tuple[str, ...]]] = {
    "contrastive": (read_contrastive, ("behavior", "prompt", "positive", "negative", "weight")),
    "icl": (read_icl, ("behavior", "positive_prompt", "negative_prompt")),
    "minimal_pairs": (
        read_minimal_pairs,
        ("contrast", "variant", "positive", "negative", "positive_span", "negative_span"),
    ),
    "insertions": (
        read_insertions,
        ("concept", "inserted", "control", "inserted_span", "control_span"),
    ),
    "relations": (
        read_relations,
        ("relation", "premises", "conclusion", "valid", "counterpart_id"),
    ),
    "associations": (
        read_associations,
        ("target", "text", "valence", "attribute_span", "counterpart_id"),
    ),
}
"""Config -> how it is read, and the columns that this takes."""

MARKED = ("minimal_pairs", "insertions", "associations")
"""Configs that say which characters differ."""

ConvertPairs = Callable[[Iterator[Pair | LeftOut], Scope], Iterator[Entry]]


def take_sides(
    convert: ConvertPairs, *configs: str, columns: tuple[str, ...] = ()
) -> Mapping[str, Take]:
    """Returns how a format of pairs reads some configs (all, if none is named)."""
    return {config: _take(convert, config, columns) for config in configs or SIDES}


def _take(convert: ConvertPairs, config: str, columns: tuple[str, ...]) -> Take:
    read, needed = SIDES[config]

    def convert_rows(rows: Iterable[Row], scope: Scope) -> Iterator[Entry]:
        return convert(_drop_same(read(rows)), scope)

    return Take(tuple(dict.fromkeys((*needed, *columns))), convert_rows)


def _drop_same(pairs: Iterator[Pair | LeftOut]) -> Iterator[Pair | LeftOut]:
    for pair in pairs:
        same = isinstance(pair, Pair) and pair.positive == pair.negative
        yield LeftOut(SAME, pair.rows) if same else pair
