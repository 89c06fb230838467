"""Writes `tests/golden/rows.json`: a few rows of each config, read from a build of the sample."""

import json
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

CHOSEN = {"decisions": 2, "contrastive": 4, "multiple_choice": 3, "icl": 1}


def main() -> None:
    from generators.machiavelli.__main__ import main as build

    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) / "machiavelli"
        build(["--no-report", "--out", str(out)])
        golden = {}
        for config, number in CHOSEN.items():
            rows = pq.read_table(out / config / "train-00000-of-00001.parquet").to_pylist()
            golden[config] = rows[:: len(rows) // number][:number]
    path = ROOT / "tests" / "golden" / "rows.json"
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(golden, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
