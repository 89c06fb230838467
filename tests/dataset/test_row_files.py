"""Drafts: rows wait for a column, then become the file to publish."""

from pathlib import Path

import pyarrow as pa
import pytest

from generators import tables as row_files
from generators.tables import (
    Draft,
    ParquetFile,
    finish_draft,
    name_draft,
    read_draft,
    read_first_rows,
)

SCHEMA = pa.schema([("id", pa.string()), ("words", pa.list_(pa.string())), ("tier", pa.string())])
TABLES = [
    pa.table({"id": [f"{table}/{row}" for row in range(3)], "words": [["a", "b"], [], ["c"]],
              "tier": ["full"] * 3}, SCHEMA)
    for table in range(4)
]  # fmt: skip


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns the place of a file whose draft was written, two tables a group."""
    monkeypatch.setattr(row_files, "ROW_GROUP_BYTES", 2 * TABLES[0].nbytes)
    path = tmp_path / "train.parquet"
    draft = Draft(path, SCHEMA)
    for table in TABLES:
        draft.write(table)
    draft.close()
    assert draft.rows == 12
    assert not path.exists()
    return path


def test_a_draft_is_read_group_by_group_with_the_columns_asked_for(path: Path) -> None:
    groups = list(read_draft(path, ["words", "id"]))
    assert [group.num_rows for group in groups] == [6, 6]
    assert sorted(groups[0].column_names) == ["id", "words"]
    assert pa.concat_tables(read_draft(path)).equals(pa.concat_tables(TABLES))


def test_a_finished_draft_is_a_parquet_file_with_what_was_changed(path: Path) -> None:
    tiers = iter([["core"] * 6, ["full"] * 6])
    finish_draft(path, lambda table: table.set_column(2, "tier", pa.array(next(tiers))))
    found = read_first_rows(path).to_pylist()
    wanted = pa.concat_tables(TABLES).to_pylist()
    assert [row["tier"] for row in found] == ["core"] * 6 + ["full"] * 6
    assert [row | {"tier": "full"} for row in found] == wanted
    assert not name_draft(path).exists()


@pytest.mark.parametrize("kind", [Draft, ParquetFile])
def test_a_finished_file_can_be_let_go_of_when_another_one_fails(
    tmp_path: Path, kind: type[Draft | ParquetFile]
) -> None:
    file = kind(tmp_path / "train.parquet", SCHEMA)
    file.write(TABLES[0])
    file.close()
    file.abandon()
    file.abandon()


def test_a_draft_that_cannot_be_finished_stays(path: Path) -> None:
    def fail(table: pa.Table) -> pa.Table:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        finish_draft(path, fail)
    assert name_draft(path).exists()
