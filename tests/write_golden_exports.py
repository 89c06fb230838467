"""Writes `tests/exports/`: small exports in every format, from the rows in its `rows.json`.

python tests/write_golden_exports.py           # the exports
python tests/write_golden_exports.py --rows    # the rows as well, from a build of the sample
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from dataset_folders import EXPORTS, ROWS, TOKENIZERS, export, write_folder  # noqa: E402

STEPS = {"train": (4, 71), "test": (2, 43)}
"""Split -> rows of a config that are kept, and every how many."""


def choose(rows: list[dict[str, Any]], number: int, step: int) -> Iterator[dict[str, Any]]:
    """Yields some rows from all over, each with its twin, where it has one."""
    by_id = {row["id"]: row for row in rows}
    kept: dict[str, dict[str, Any]] = {}
    for row in rows[::step]:
        if len(kept) >= number:
            break
        kept[row["id"]] = row
        twin = by_id.get(row.get("counterpart_id", ""))
        if twin:
            kept[twin["id"]] = twin
    yield from kept.values()


def record_rows() -> None:
    from generators.concepts.__main__ import main as build_concepts
    from generators.machiavelli.__main__ import main as build_games

    golden: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for build, name in ((build_games, "machiavelli"), (build_concepts, "concepts")):
            out = Path(temporary) / name
            build(["--no-report", "--out", str(out)])
            for path in sorted(out.glob("*/*.parquet")):
                split = path.name.partition("-")[0]
                if path.parent.name != "decisions" and split in STEPS:
                    rows = choose(pq.read_table(path).to_pylist(), *STEPS[split])
                    golden.setdefault(path.parent.name, []).extend(rows)
    ROWS.write_text(
        json.dumps(golden, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", action="store_true")
    ROWS.parent.mkdir(exist_ok=True)
    if parser.parse_args().rows:
        record_rows()
    with tempfile.TemporaryDirectory() as temporary:
        folder = write_folder(Path(temporary) / "small", json.loads(ROWS.read_text("utf-8")))
        for name, config in EXPORTS:
            out, golden = Path(temporary) / "out", ROWS.parent / f"{name}-{config}"
            assert export(folder, name, config, out, *TOKENIZERS.get(name, ())) == 0
            shutil.rmtree(golden, ignore_errors=True)
            shutil.copytree(out, golden)


if __name__ == "__main__":
    main()
