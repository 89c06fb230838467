"""Measure the CPU that `python -m generators.machiavelli --no-report` takes, on three corpora.

    python tests/benchmarks/build_cost.py [--scenes PER_GAME] [--repeat K] [--games N] [--data DIR]

The corpora are synthetic (`corpus.py`): 24 games whose texts do not depend on the labels, 24 whose
words follow them, and eight games of the first kind. `--games 134` adds one of that size, and
`--data` a `game_data/` of your own. Two yardsticks are measured in the same minute, since only
ratios hold on any machine: parsing the same files with orjson and writing the same tables with
pyarrow; and `plain_pairs.py`, the script that somebody would write who wants `contrastive` alone,
and whose pairs must be the build's.

CPU seconds are those of the whole process tree; of `--repeat` rounds the cheapest counts. Exits 1
where a bound does not hold. Needs orjson, pandas and psutil.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from watch import watched

REPOSITORY = Path(__file__).resolve().parents[2]
BESIDE = Path(__file__).parent
FULL_GAMES, FULL_SCENES = 134, 570_000
MAX_RATIO, MAX_MIB = 10.0, 2048.0
SPLITS = ("train", "validation", "test")
CHUNKING = {"min_chunk_size": 256 * 1024, "max_chunk_size": 1024 * 1024, "norm_level": 0}
"""As the build writes Parquet."""
HEADER = (
    "corpus", "games", "parse s", "write s", "build s", "ratio", "script s", "rows", "pairs",
    "build µs/row", "script µs/pair", "peak MiB", "wall s",
)  # fmt: skip


class Corpus(NamedTuple):
    """One `game_data/`: made up, or given."""

    name: str
    games: int
    cues: bool = False
    given: Path | None = None


class Cost(NamedTuple):
    """One line of the table: CPU seconds, what came of them, memory and wall time."""

    name: str
    games: int
    parse: float
    write: float
    build: float
    script: float
    rows: int
    pairs: int
    peak_mib: float
    wall: float

    @property
    def ratio(self) -> float:
        """The build over merely parsing and writing."""
        return self.build / (self.parse + self.write)

    def cells(self) -> tuple[str, ...]:
        """The line as text, in the header's order."""
        seconds = (self.parse, self.write, self.build, self.ratio, self.script)
        return (
            self.name,
            f"{self.games}",
            *(f"{value:.2f}" for value in seconds),
            f"{self.rows:,}",
            f"{self.pairs:,}",
            f"{self.build / self.rows * 1e6:.1f}",
            f"{self.script / self.pairs * 1e6:.1f}",
            f"{self.peak_mib:.0f}",
            f"{self.wall:.1f}",
        )


def make_data(corpus: Corpus, per_game: int, folder: Path) -> Path:
    """Returns the corpus's folder, after making it up where it is not given."""
    if corpus.given:
        return corpus.given.resolve()
    made = folder / corpus.name
    options = ["--games", str(corpus.games), "--scenes", str(corpus.games * per_game)]
    command = [sys.executable, str(BESIDE / "corpus.py"), str(made), *options]
    command += ["--cues"] if corpus.cues else []
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return made


def compile_once(folder: Path) -> None:
    """Runs both programs on the bundled stories, so that Python has compiled them, as for users."""
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sample = str(REPOSITORY / "generators" / "sample" / "game_data")
    build = ["-m", "generators.machiavelli", "--no-report", "--data", sample, "--out"]
    script = [str(BESIDE / "plain_pairs.py"), sample]
    for number, program in enumerate((build, script)):
        command = [sys.executable, *program, str(folder / f"sample-{number}")]
        subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)


def time_parsing(data: Path) -> float:
    """Returns the CPU seconds to parse every file, one by one, keeping nothing."""
    names = ("trees/*.json", "scenarios/*.json", "annotations_clean/*.json", "*.json")
    start = time.process_time()
    for path in (path for name in names for path in data.glob(name)):
        orjson.loads(path.read_bytes())
    return time.process_time() - start


def time_writing(built: Path, folder: Path) -> float:
    """Returns the CPU seconds to write the same tables; reading them first does not count."""
    seconds = 0.0
    for path in built.glob("*/*.parquet"):
        with pq.ParquetFile(path) as file:
            groups = [file.read_row_group(group) for group in range(file.num_row_groups)]
        start = time.process_time()
        with pq.ParquetWriter(
            folder / path.name,
            groups[0].schema,
            compression="zstd",
            use_content_defined_chunking=CHUNKING,
            write_page_index=True,
        ) as writer:
            for group in groups:
                writer.write_table(group, group.num_rows)
        seconds += time.process_time() - start
    return seconds


def list_differences(built: Path, plain: Path) -> list[str]:
    """Returns the splits in which the script's pairs are not the build's."""
    wrong: list[str] = []
    for split in SPLITS:
        ours = built / "contrastive" / f"{split}-00000-of-00001.parquet"
        theirs = pq.read_table(plain / f"{split}.parquet")
        table = pq.read_table(ours, columns=theirs.column_names) if ours.exists() else theirs[:0]
        if theirs.num_rows != table.num_rows or theirs.to_pydict() != table.to_pydict():
            wrong.append(split)
    return wrong


def measure(corpus: Corpus, data: Path, repeat: int) -> Cost:
    """Returns what a corpus costs: the least of some rounds, and the highest peak."""
    found: list[Cost] = []
    for _ in range(repeat):
        with tempfile.TemporaryDirectory(prefix="build-cost-") as name:
            folder = Path(name)
            built, plain = folder / "built", folder / "plain"
            build = [sys.executable, "-m", "generators.machiavelli", "--no-report"]
            run = watched([*build, "--data", str(data), "--out", str(built)], REPOSITORY)
            script = [sys.executable, str(BESIDE / "plain_pairs.py"), str(data), str(plain)]
            plain_run = watched(script, REPOSITORY)
            if wrong := list_differences(built, plain):
                raise SystemExit(f"{corpus.name}: other pairs in {', '.join(wrong)}.")
            sizes = {path: pq.read_metadata(path).num_rows for path in built.glob("*/*.parquet")}
            pairs = sum(size for path, size in sizes.items() if path.parent.name == "contrastive")
            games = len(list(data.glob("trees/*_game_tree.json")))
            found.append(
                Cost(
                    corpus.name, games, time_parsing(data), time_writing(built, folder),
                    run.cpu_seconds, plain_run.cpu_seconds, sum(sizes.values()), pairs,
                    run.peak_rss / 2**20, run.seconds,
                )
            )  # fmt: skip
    least = {name: min(getattr(cost, name) for cost in found) for name in Cost._fields[2:6]}
    return found[0]._replace(
        **least,
        peak_mib=max(cost.peak_mib for cost in found),
        wall=min(cost.wall for cost in found),
    )


def list_broken(costs: Sequence[Cost]) -> list[str]:
    """Returns a line for each bound that does not hold."""
    broken = [
        f"{cost.name}: {cost.ratio:.1f} times parsing and writing; expected <= {MAX_RATIO:g}."
        for cost in costs
        if cost.ratio > MAX_RATIO
    ]
    broken += [
        f"{cost.name}: peak {cost.peak_mib:.0f} MiB; expected <= {MAX_MIB:g}."
        for cost in costs
        if cost.peak_mib > MAX_MIB
    ]
    by_name = {cost.name: cost for cost in costs}
    if (few := by_name.get("eight")) and (many := by_name.get("plain")):
        if few.build > many.build:
            broken.append(f"eight games cost {few.build:.1f} s, and 24 cost {many.build:.1f} s.")
    return broken


def show_table(costs: Sequence[Cost]) -> str:
    """Returns the lines under their header, right-aligned."""
    lines = [HEADER, *(cost.cells() for cost in costs)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )


def read_arguments() -> argparse.Namespace:
    """Returns the command line."""
    parser = argparse.ArgumentParser(description="Measure the CPU that a build takes.")
    per_game = FULL_SCENES // FULL_GAMES
    parser.add_argument("--scenes", type=int, default=per_game, help="scenes a game")
    parser.add_argument("--repeat", type=int, default=1, help="rounds; the cheapest counts")
    parser.add_argument("--games", type=int, help="also a corpus of so many games, such as 134")
    parser.add_argument("--data", type=Path, help="only this game_data/")
    return parser.parse_args()


def main() -> int:
    """Prints the table; 0 where every bound holds, else 1."""
    args = read_arguments()
    corpora = [Corpus("plain", 24), Corpus("cues", 24, cues=True), Corpus("eight", 8)]
    corpora += [Corpus("many", args.games)] if args.games else []
    if args.data:
        corpora = [Corpus("given", 0, given=args.data)]
    costs: list[Cost] = []
    pa.set_cpu_count(1)  # so that the yardstick does not pay for threads
    with tempfile.TemporaryDirectory(prefix="build-cost-") as folder:
        compile_once(Path(folder))
        for corpus in corpora:
            data = make_data(corpus, args.scenes, Path(folder))
            costs.append(measure(corpus, data, args.repeat))
    sys.stdout.write(f"{show_table(costs)}\n")
    broken = list_broken(costs)
    sys.stderr.write("".join(f"{line}\n" for line in broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
