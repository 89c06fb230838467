"""Measure `python -m generators.machiavelli` at full size against merely parsing the same files.

    python tests/benchmarks/machiavelli_scale.py [--data DIR] [--games N ...] [--repeat K]

Without `--data` a synthetic corpus of about 1 GB is made first in a temporary folder (`corpus.py`).
Parsing and building are timed in the same run, since only their ratio holds on any machine.
Exits 1 where a bound does not hold. Needs orjson and psutil.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import orjson
from watch import Build, watched

REPOSITORY = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).with_name("corpus.py")
MIB = 2**20
MAX_RATIO, AIM_RATIO = 10.0, 5.0
MAX_MIB = 2048.0
HEADER = (
    "games",
    "scenes",
    "parse s",
    "build s",
    "ratio",
    "CPU s",
    "peak MiB",
    "PSS MiB",
    "µs/scene",
)


class Parse(NamedTuple):
    """What the baseline found and took."""

    scenes: int
    seconds: float


class Row(NamedTuple):
    """One line of the table."""

    games: int
    parse: Parse
    build: Build

    @property
    def ratio(self) -> float:
        """Build time over parse time."""
        return self.build.seconds / self.parse.seconds

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the header's order."""
        return (
            f"{self.games}",
            f"{self.parse.scenes:,}",
            f"{self.parse.seconds:.2f}",
            f"{self.build.seconds:.2f}",
            f"{self.ratio:.2f}",
            f"{self.build.cpu_seconds:.2f}",
            f"{self.build.peak_rss / MIB:.0f}",
            f"{self.build.peak_pss / MIB:.0f}",
            f"{self.build.seconds / self.parse.scenes * 1e6:.1f}",
        )


def game_names(data: Path) -> list[str]:
    """The games that have a tree, in name order."""
    ending = "_game_tree.json"
    names = sorted(path.name.removesuffix(ending) for path in data.glob(f"trees/*{ending}"))
    if not names:
        raise SystemExit(f"{data}: no trees/*{ending}; expected a game_data/ folder.")
    return names


def parse_files(data: Path, games: Sequence[str]) -> Parse:
    """The time to read and parse every file that a build needs, one by one, keeping nothing."""
    scenes = [data / f"scenarios/{game}_scenarios_bfs_filled.json" for game in games]
    others = [data / "game_metadata.json"]
    others += [data / f"trees/{game}_game_tree.json" for game in games]
    # A game without labels is legal, and has no file here.
    labels = [data / f"annotations_clean/{game}.json" for game in games]
    others += [path for path in labels if path.exists()]
    start = time.perf_counter()
    for path in others:
        orjson.loads(path.read_bytes())
    count = sum(len(orjson.loads(path.read_bytes())) for path in scenes)
    return Parse(count, time.perf_counter() - start)


def build_command(data: Path, games: Sequence[str] | None, out: Path) -> list[str]:
    """The command under test; without `games` it reads them all."""
    chosen = ["--games", ",".join(games)] if games else []
    command = [sys.executable, "-m", "generators.machiavelli", "--no-report"]
    return [*command, "--data", str(data), "--out", str(out), *chosen]


def measured(data: Path, names: Sequence[str], count: int, repeat: int) -> Row:
    """The row of the first `count` games: best times and highest peaks of `repeat` rounds."""
    games = names[:count]
    chosen = games if len(games) < len(names) else None
    parses: list[Parse] = []
    builds: list[Build] = []
    parse_files(data, games)  # Both sides then read from the page cache, not from the disk.
    for _ in range(repeat):
        parses.append(parse_files(data, games))
        with tempfile.TemporaryDirectory(prefix="machiavelli-scale-") as folder:
            builds.append(watched(build_command(data, chosen, Path(folder) / "out"), REPOSITORY))
    best = Build(
        min(build.seconds for build in builds),
        min(build.cpu_seconds for build in builds),
        max(build.peak_rss for build in builds),
        max(build.peak_pss for build in builds),
    )
    return Row(len(games), min(parses, key=lambda parse: parse.seconds), best)


def broken_bounds(rows: Sequence[Row]) -> list[str]:
    """A line per bound that does not hold; start-up weighs on the ratio of the smaller sizes."""
    largest = max(rows, key=lambda row: row.games)
    broken = [
        f"{row.games} games: peak {row.build.peak_rss / MIB:.0f} MiB; expected <= {MAX_MIB:.0f}."
        for row in rows
        if row.build.peak_rss / MIB > MAX_MIB
    ]
    if largest.ratio > MAX_RATIO:
        broken.append(f"{largest.games} games: ratio {largest.ratio:.2f}; expected <= {MAX_RATIO}.")
    return broken


def table(rows: Sequence[Row]) -> str:
    """The rows under their header, right-aligned."""
    lines = [HEADER, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )


@contextmanager
def game_data(given: Path | None) -> Generator[Path, None, None]:
    """The folder given, else a fresh corpus that is removed afterwards."""
    if given:
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="machiavelli-scale-") as folder:
        subprocess.run([sys.executable, str(CORPUS), folder], check=True)
        yield Path(folder)


def positive(text: str) -> int:
    """The number, which is 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}; expected 1 or more")
    return number


def parsed_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure the build at the benchmark's full size.")
    parser.add_argument(
        "--data", type=Path, help="a game_data/ (otherwise a synthetic one is made)"
    )
    parser.add_argument("--games", type=positive, nargs="+", help="sizes: 10 34 67 134 (all)")
    parser.add_argument(
        "--repeat", type=positive, default=1, help="rounds per size; the best counts"
    )
    return parser.parse_args()


def main() -> int:
    """0 where every bound holds, else 1; the table goes to standard output."""
    args = parsed_arguments()
    with game_data(args.data) as data:
        names = game_names(data)
        sizes = sorted({min(size, len(names)) for size in args.games or [len(names)]})
        rows = [measured(data, names, size, args.repeat) for size in sizes]
    sys.stdout.write(f"{table(rows)}\n")
    sys.stdout.write(f"ratio: to hold <= {MAX_RATIO:g}, aim {AIM_RATIO:g}; ")
    sys.stdout.write(f"peak: to hold <= {MAX_MIB:g} MiB (sum of resident memory)\n")
    broken = broken_bounds(rows)
    sys.stderr.write("".join(f"{line}\n" for line in broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
