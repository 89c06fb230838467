"""Compares rows that were made again with the references that were published of them."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# Arrow does not tell what a column holds.

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from generators.publish.reference_rows import LENGTHS, SHA256, make_references, reference_schema
from schemas.base import Tiered

TIERS = tuple(Tiered.model_fields)
NOT_IN_DATA = "published, and not in the data"
NOT_PUBLISHED = "in the data, and not published"


class Mismatch(NamedTuple):
    """A row that is not as it was published."""

    config: str
    game: str
    id: str
    found: str
    """What is wrong with it."""


@dataclass
class Matcher:
    """Takes the rows of one file, as they were made again, and finds what is wrong with them."""

    config: str
    published: pa.Table
    """The references to the rows of the file."""
    mismatches: list[Mismatch] = field(default_factory=list[Mismatch])
    """What was found so far."""
    _seen: set[str] = field(default_factory=set[str])

    def find(self, table: pa.Table) -> pa.Table:
        """Returns the references to some rows; nulls for a row that has none."""
        known = self.published["id"].combine_chunks()
        places: Any = pc.index_in(table["id"].combine_chunks(), value_set=known)
        return self.published.take(places)

    def fill(self, table: pa.Table) -> pa.Table:
        """Returns some rows with the tiers that were published."""
        return take_tiers(table, self.find(table))

    def compare(self, table: pa.Table) -> "pa.BooleanArray":
        """Returns for each of some rows whether it is right; what is wrong is noted."""
        ids: list[Any] = table["id"].to_pylist()
        self._seen.update(ids)
        published = self.find(table)
        made = make_references(self.config, take_tiers(table, published))
        if made.equals(published):
            return pa.array([True] * table.num_rows)
        right: list[bool] = []
        for one, other in zip(_list_rows(made), _list_rows(published), strict=True):
            found = find_difference(one, other)
            right.append(not found)
            if found:
                self.mismatches.append(Mismatch(self.config, one["game"], one["id"], found))
        return pa.array(right)

    def finish(self) -> list[Mismatch]:
        """Returns all that was found; with what was published and did not come."""
        games: list[Any] = self.published["game"].to_pylist()
        ids: list[Any] = self.published["id"].to_pylist()
        for game, row_id in zip(games, ids, strict=True):
            if row_id not in self._seen:
                self.mismatches.append(Mismatch(self.config, game, row_id, NOT_IN_DATA))
        return self.mismatches


def read_published(config: str, path: Path) -> pa.Table:
    """Returns the references of one file; none where there is no such file."""
    return pq.read_table(path) if path.exists() else reference_schema(config).empty_table()


def take_tiers(table: pa.Table, published: pa.Table) -> pa.Table:
    """Returns rows with the tiers of their references; a row without keeps its own."""
    for name in TIERS:
        if name in table.column_names:
            values = pc.coalesce(published[name], table[name]).combine_chunks()
            place = table.schema.get_field_index(name)
            table = table.set_column(place, table.schema.field(place), values)
    return table


def find_difference(made: dict[str, Any], published: dict[str, Any]) -> str:
    """Returns in what two references to one row differ; nothing where they are equal."""
    if published["id"] is None:
        return NOT_PUBLISHED
    if made[SHA256] != published[SHA256]:
        return "differs in its text"
    names = [name for name, value in made.items() if value != published[name] and name != LENGTHS]
    return f"differs in {', '.join(names)}" if names else ""


def _list_rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(1000):
        yield from batch.to_pylist()
