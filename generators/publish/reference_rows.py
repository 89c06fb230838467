"""Rows as references: without text that is not ours, with its hash and its lengths. Pure."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# Arrow does not tell what a field or an array holds.

from typing import Any

import pyarrow as pa

from generators.arrow import arrow_schema
from generators.configs import GAME_CONFIGS
from generators.configs.texts import (
    WITHHELD,
    Fields,
    change_text,
    hash_text,
    measure_text,
    take_text,
)

SHA256 = "text_sha256"
"""Column: sha256 over the canonical JSON of a row's text fields, as they are in the whole row."""
LENGTHS = "text_lengths"
"""Column: characters of each text field, named and nested as the fields are."""


def reference_schema(config: str) -> pa.Schema:
    """Returns the columns of a config's references: its own, and the two that tell of its text."""
    schema = arrow_schema(GAME_CONFIGS[config].row)
    lengths = _measure_fields(schema, GAME_CONFIGS[config].story_fields)
    return pa.schema([*schema, pa.field(SHA256, pa.string()), pa.field(LENGTHS, lengths)])


def _measure_fields(held: Any, fields: Fields) -> pa.DataType:
    """Returns the type that the lengths of some fields have."""
    return pa.struct(
        [(name, _measure_type(held.field(name).type, inner)) for name, inner in fields.items()]
    )


def _measure_type(kind: Any, fields: Fields | None) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.list_(_measure_type(kind.value_type, fields))
    return pa.int64() if fields is None else _measure_fields(kind, fields)


def make_references(config: str, table: pa.Table) -> pa.Table:
    """Returns some rows as references.

    Those of licence `choice-of-games` have null in the place of each string of text; lists keep
    their lengths and records their other fields, so that the number of options stays known.

    Args:
        config: what they are rows of.
        table: the rows, with the columns of the config.
    """
    fields = GAME_CONFIGS[config].story_fields
    rows: list[dict[str, Any]] = table.select(list(fields)).to_pylist()
    licences: list[Any] = table["text_licence"].to_pylist()
    texts = [take_text(row, fields) for row in rows]
    for place, licence in enumerate(licences):
        if licence == WITHHELD:
            rows[place] = change_text(rows[place], fields, _leave_out)
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in fields}
    columns[SHA256] = [hash_text(text) for text in texts]
    columns[LENGTHS] = [measure_text(text) for text in texts]
    schema = reference_schema(config)
    arrays = [
        pa.array(columns[field.name], field.type) if field.name in columns else table[field.name]
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _leave_out(_: str | None) -> None:
    """Returns what stands in the place of text that is not ours."""
