"""Measure `python -m generators.export` on 100,000 rows, in every format.

    python tests/benchmarks/export_scale.py [--rows N] [--format F ...] [--tokenizer NAME=FILE ...]

A folder of that many rows of each config is made first: texts of about a kilobyte where they are
stories, sentences where they are concepts, all different. Every format is measured on its largest
config, in a process of its own. Exits 1 where a bound does not hold. Needs psutil.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from watch import watched

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY)]

MOST_SECONDS, MOST_MIB = 20.0, 500.0
ROWS_AT_ONCE = 1_000
MEASURED = {
    "pairs": "contrastive",
    "caa": "multiple_choice",
    "model-written": "multiple_choice",
    "mcq": "multiple_choice",
    "icl": "icl",
    "csv": "icl",
    "aligned": "insertions",
    "repe": "contrastive",
    "cvector": "insertions",
    "probe": "contrastive",
    "causalgym": "associations",
    "preference": "contrastive",
    "contrastive-pairs": "contrastive",
    "counterfactual": "insertions",
}
"""Format -> config that it is measured on."""


class Words:
    """Sentences without end, the same ones for a seed."""

    def __init__(self) -> None:
        """Nothing said yet."""
        golden = (REPOSITORY / "tests" / "exports" / "rows.json").read_text(encoding="utf-8")
        self.rows: dict[str, list[dict[str, Any]]] = json.loads(golden)
        self._chance = random.Random(0)
        story = " ".join(row["prompt"] for row in self.rows["contrastive"])
        self._words = sorted(set(story.split()))

    def say(self, number: int) -> str:
        """A sentence of so many words."""
        return " ".join(self._chance.choices(self._words, k=number)).capitalize() + "."


def make_rows(config: str, words: Words) -> Iterator[Mapping[str, Any]]:
    """Rows of a config that a format can take, without end."""
    first = words.rows[config][0] | {"split": "train"}
    if "tier" in first:
        first["tier"] = "core"
    number = 0
    while True:
        yield from CHANGES[config](first, f"row/{number}", words)
        number += 1


def change_contrastive(row: dict[str, Any], name: str, words: Words) -> list[dict[str, Any]]:
    """One pair under a prompt of a kilobyte."""
    texts = {"prompt": words.say(180), "positive": words.say(12), "negative": words.say(12)}
    return [row | {"id": name, "behavior": "ethical"} | texts]


def change_choices(row: dict[str, Any], name: str, words: Words) -> list[dict[str, Any]]:
    """One menu of four under a question of a kilobyte."""
    return [
        row | {
            "id": name, "question": words.say(180), "choices": [words.say(12) for _ in range(4)],
            "scores": [1.0, 0.0, 0.0, 0.0], "matching": [0], "not_matching": [1, 2, 3],
            "order": [0, 1, 2, 3],
        }
    ]  # fmt: skip


def change_icl(row: dict[str, Any], name: str, words: Words) -> list[dict[str, Any]]:
    """Three prompts of two kilobytes and a query."""
    query = {"observation": words.say(40), "positive": words.say(12), "negative": words.say(12)}
    prompts = {f"{each}_prompt": words.say(350) for each in ("positive", "negative", "shuffled")}
    return [row | {"id": name, "behavior": "ethical", "query": query, "shots": [query]} | prompts]


def change_insertions(row: dict[str, Any], name: str, words: Words) -> list[dict[str, Any]]:
    """A scenario of as many tokens (about 75) as the bundled ones, with either of two clauses."""
    start, end = words.say(22) + " ", " " + words.say(22)
    texts = {side: f"{start}A {word} it is.{end}" for side, word in SIDES.items()}
    spans = {f"{side}_span": [len(start), len(texts[side]) - len(end) + 1] for side in SIDES}
    return [row | {"id": name, "base": start + end[1:]} | texts | spans]


def change_associations(row: dict[str, Any], name: str, words: Words) -> list[dict[str, Any]]:
    """A sentence and its twin."""
    target, found = words.say(1).strip(".").lower() + "x", []
    for valence, attribute in (("positive", "good"), ("negative", "bad")):
        text = f"They say that {target} is {attribute}."
        twin = {"positive": "negative", "negative": "positive"}[valence]
        start = text.index(f" {attribute}.") + 1
        found.append(
            row | {
                "id": f"{name}/{valence}", "counterpart_id": f"{name}/{twin}", "text": text,
                "valence": valence, "attribute": attribute, "target": target,
                "attribute_span": [start, start + len(attribute)],
            }
        )  # fmt: skip
    return found


SIDES = {"inserted": "baby", "control": "cat"}
Change = Callable[[dict[str, Any], str, Words], list[dict[str, Any]]]
CHANGES: dict[str, Change] = {
    "contrastive": change_contrastive,
    "multiple_choice": change_choices,
    "icl": change_icl,
    "insertions": change_insertions,
    "associations": change_associations,
}


def write_config(folder: Path, config: str, rows: int) -> None:
    """Writes so many rows of a config as its train split."""
    from generators.configs import CONFIGS
    from generators.tables import ParquetFile, arrow_schema, make_table

    model, made = CONFIGS[config].row, islice(make_rows(config, Words()), rows)
    (folder / config).mkdir(parents=True)
    path = folder / config / "train-00000-of-00001.parquet"
    file = ParquetFile(path, arrow_schema(model))
    while some := list(islice(made, ROWS_AT_ONCE)):
        file.write(make_table(model, [model.model_validate(row, strict=False) for row in some]))
    file.close()


def write_manifest(folder: Path, configs: set[str], rows: int) -> None:
    """Writes the least manifest."""
    from schemas.base import CANARY

    sizes = {config: {"train": {"rows": rows, "bytes": 0}} for config in sorted(configs)}
    content = {"format": 1, "name": "scale", "config": {}, "files": {}, "canary": CANARY}
    text = json.dumps(content | {"rows": sizes})
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def main() -> int:
    """Prints what was measured; returns 1 where a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--format", action="append", choices=MEASURED)
    parser.add_argument("--tokenizer", action="append", default=[])
    arguments = parser.parse_args()
    formats = {name: MEASURED[name] for name in arguments.format or MEASURED}
    over = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "scale"
        for config in sorted(set(formats.values())):
            write_config(folder, config, arguments.rows)
        write_manifest(folder, set(formats.values()), arguments.rows)
        print("format         config             records      MB  seconds  CPU s   MiB")
        for name, config in formats.items():
            out = Path(temporary) / "out"
            command = [
                sys.executable, "-m", "generators.export", str(folder), "--config", config,
                "--format", name, "--out", str(out),
            ]  # fmt: skip
            if name in ("aligned", "cvector"):
                command += [f"--tokenizer={each}" for each in arguments.tokenizer]
            took = watched(command, REPOSITORY)
            records = json.loads((out / "export.json").read_text(encoding="utf-8"))["records"]
            size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6
            mib = took.peak_rss / 2**20
            print(
                f"{name:<14} {config:<16} {sum(records.values()):>9,} {size:>7.0f} "
                f"{took.seconds:>8.1f} {took.cpu_seconds:>6.1f} {mib:>5.0f}",
                flush=True,
            )
            over += took.seconds > MOST_SECONDS or mib > MOST_MIB
    return int(over > 0)


if __name__ == "__main__":
    sys.exit(main())
