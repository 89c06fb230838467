"""The benchmark's plain script, which shares no code with the build, finds the same pairs."""

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from generators import machiavelli

TESTS = Path(__file__).parents[1]
SAMPLE = TESTS.parent / "generators" / "sample" / "game_data"


@pytest.mark.parametrize("data", [TESTS / "game_data", SAMPLE], ids=["fixture", "sample"])
def test_the_plain_script_writes_the_pairs_of_the_build(data: Path, tmp_path: Path) -> None:
    script = TESTS / "benchmarks" / "plain_pairs.py"
    subprocess.run([sys.executable, script, data, tmp_path / "out"], check=True)
    found = {
        row["id"]: row
        for path in (tmp_path / "out").glob("*.parquet")
        for row in pq.read_table(path).to_pylist()
    }
    rows = {row.id: row for row in machiavelli.rows("contrastive", data=data)}
    assert found.keys() == rows.keys()
    for name, row in rows.items():
        assert found[name] == {column: row[column] for column in found[name]}
