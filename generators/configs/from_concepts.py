"""What a config of concepts is: tables of rows, made from the concept pool and nothing else."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, NamedTuple, TypedDict

import pyarrow as pa

from generators.configs.base import Config
from generators.configs.contrasts import Contrasts, code, read_twins
from generators.sources.concepts.pool import ConceptPool, Sourced
from generators.tables import make_table
from generators.tokens.vocabularies import Vocabulary
from schemas.base import ConceptRow, Origin, Provenance, Split, TextLicence

APART = "group and template in validation and test at once"
UNALIGNED = "not aligned for every tokenizer"
ROWS_AT_ONCE = 512


@dataclass
class Run:
    """What one config is made with, and what is counted while it is."""

    vocabularies: Sequence[Vocabulary]
    aligned_only: bool = False
    """Whether only rows are kept that every tokenizer aligns."""
    seed: int = 0
    """Decides orders, and nothing else."""
    left_out: Counter[str] = field(default_factory=Counter[str])
    """Reason -> rows."""
    aligned: Counter[str] = field(default_factory=Counter[str])
    """Tokenizer -> rows that it aligns."""


class Part(NamedTuple):
    """Some rows of one split."""

    split: Split
    table: pa.Table


def list_nothing(_: ConceptPool) -> Mapping[str, Iterable[Split]]:
    """Returns nothing: what a config has where it assigns nothing of its own to splits."""
    return {}


@dataclass(frozen=True, kw_only=True, eq=False)
class ConceptConfig(Config):
    """A config whose rows are made from the concept pool."""

    row: type[ConceptRow]
    view: Callable[[ConceptPool, Run], Iterator[Part]]
    """Rows of one split in their order; the splits in any."""
    needs: str = "more parts of a concept file"
    """What a concept file must have for a row."""
    list_assigned: Callable[[ConceptPool], Mapping[str, Iterable[Split]]] = list_nothing
    """What is assigned to splits, such as `scenarios` -> the split of each scenario."""


class SourceColumns(TypedDict):
    """The columns that say where a row comes from."""

    origin: Origin
    text_licence: TextLicence
    provenance: Provenance


def take_source(source: Sourced[object]) -> SourceColumns:
    """Returns the columns that a row takes from what it is rendered from."""
    return {
        "origin": source.origin,
        "text_licence": source.text_licence,
        "provenance": source.provenance,
    }


def in_tables(
    list_rows: Callable[[ConceptPool, Run], Iterable[ConceptRow]],
) -> Callable[[ConceptPool, Run], Iterator[Part]]:
    """Returns a view that yields these rows as tables, a few at a time."""

    @wraps(list_rows)
    def view(pool: ConceptPool, run: Run) -> Iterator[Part]:
        by_split: dict[Split, list[ConceptRow]] = {}
        for row in list_rows(pool, run):
            waiting = by_split.setdefault(row.split, [])
            waiting.append(row)
            if len(waiting) == ROWS_AT_ONCE:
                yield Part(row.split, make_table(type(row), by_split.pop(row.split)))
        for split, waiting in by_split.items():
            yield Part(split, make_table(type(waiting[0]), waiting))

    return view


def read_themed_twins(
    table: pa.Table, text: str, positive: Sequence[bool], units: Sequence[str]
) -> Contrasts:
    """Returns one item for two rows that name each other, themes apart; see `read_twins`."""
    found = read_twins(table, text, positive, units)
    rows: dict[Any, Any] = dict(
        zip(table["id"].to_pylist(), table["theme"].to_pylist(), strict=True)
    )
    return replace(found, part=code([rows[name] for name in found.ids.to_pylist()]))
