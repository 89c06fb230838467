"""Records and values as Arrow tables."""

from typing import Any, Literal

import pyarrow as pa
import pytest

from generators.tables import arrow_schema, make_table, pack_tables, unpack_tables
from schemas.base import BehaviorRow, Provenance, StrictModel, Tiered

COMMON = {
    "id": "a", "origin": "benchmark", "split": "train", "text_licence": "cc0-1.0",
    "provenance": Provenance(template="icl/v1"), "game": "g", "group": "g",
    "decision_id": "g/m", "behavior": "ethical", "behavior_reading": "no recorded violation",
}  # fmt: skip


class Inner(StrictModel):
    """A record in a record."""

    name: str
    places: tuple[int, ...] = ()
    provenance: Provenance | None = None


class Outer(BehaviorRow, Tiered):
    """A row with every kind of field."""

    inner: Inner | None
    several: tuple[Inner, ...] | None
    scores: dict[Literal["x", "y"], float | None]
    words: tuple[str, ...]


def make_values(place: int) -> dict[str, Any]:
    shared = Inner(name="shared", places=(1, 2), provenance=Provenance(model="m"))
    own = Inner(name=f"own {place}")
    return COMMON | {
        "id": f"row {place}",
        "inner": [shared, None, own][place % 3],
        "several": [(shared, own, shared), None, ()][place % 3],
        "scores": {"x": 1.0, "y": None},
        "words": ("a", "b")[: place % 3],
    }


def test_records_are_read_field_by_field_as_arrow_reads_them_whole() -> None:
    rows = [Outer(**make_values(place)) for place in range(7)]
    wanted = pa.Table.from_pylist([row.model_dump() for row in rows], arrow_schema(Outer))
    table = make_table(Outer, rows)
    table.validate(full=True)
    assert table.equals(wanted)
    assert make_table(Outer, [make_values(place) for place in range(7)]).equals(wanted)
    assert make_table(Outer, []).equals(wanted[:0])


def test_records_that_rows_share_take_no_more_room_than_after_a_worker() -> None:
    shared = Provenance(template="icl/v1")
    values = [make_values(place) | {"provenance": shared, "inner": None} for place in range(9)]
    table = make_table(Outer, values)
    (packed,) = unpack_tables(pack_tables([table]))
    assert packed.equals(table)
    assert packed.nbytes == table.nbytes


def test_a_column_with_a_default_may_be_left_out() -> None:
    (row,) = make_table(Outer, [make_values(0)]).to_pylist()
    assert (row["tier"], row["hard"]) == ("full", False)
    assert row["canary"] == Outer.model_fields["canary"].default


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"words": None}, "Outer: no 'words'; expected a value in each row"),
        ({"speech": "x"}, "Outer: 'speech'; expected a column's name"),
    ],
)
def test_values_must_be_of_the_columns(change: dict[str, Any], message: str) -> None:
    values = make_values(0) | change
    if "words" in change:
        del values["words"]
    with pytest.raises(ValueError, match=message):
        make_table(Outer, [values])


def test_tables_are_packed_one_by_one() -> None:
    rows = [make_values(place) for place in range(7)]
    tables = [make_table(Outer, rows[:3]), make_table(Outer, rows[3:])]
    found = unpack_tables(pack_tables([tables[0], tables[0][:0], tables[1]]))
    assert found == tables
    assert unpack_tables(pack_tables([])) == []
