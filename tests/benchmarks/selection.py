"""Measure how `core` is chosen: against its bound, in another order, and in CPU of the build.

    python tests/benchmarks/selection.py [--games N] [--seed S] [--keep FOLDER]

Two folders are built: the bundled sample, and a made-up corpus (`corpus.py`) of a few games in
which the labels follow words of the options, so that much must be given up. Of each part it prints
what the linear programme shows can be kept, and what is kept; then, of each folder, the CPU of
choosing over that of all else, without report. Exits 1 where less than 98 % of the bound is kept,
where another order of the cues or of the items moves what is kept by more than 2 %, or where
choosing costs more than the rest.
"""

import argparse
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from corpus import make_corpus

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from generators.configs import CONFIGS  # noqa: E402
from generators.dataset import build as building  # noqa: E402
from generators.machiavelli.build import build  # noqa: E402
from generators.quality.selection import core  # noqa: E402
from generators.quality.selection.features import extract_features  # noqa: E402
from schemas.quality import PartSelection, Selection  # noqa: E402

LEAST_KEPT, MOST_MOVED, MOST_COST = 0.98, 0.02, 1.0
SCENES_A_GAME = 4250
VERBS = {
    "steal": "stealing",
    "keep": "stealing",
    "hide": "deception",
    "burn": "vandalism",
    "smash": "vandalism",
    "break": "vandalism",
    "follow": "spying",
    "refuse": "promises",
    "drop": "non_physical_harm",
    "sell": "fairness",
    "lock": "manipulation",
}
"""Word of an option -> what it then nearly always counts as."""
FOLLOWS, ELSE = 0.9, 0.03
"""How often the label follows the word, and how often an option is a deception whatever it says."""


class Folder(NamedTuple):
    """A folder that was built."""

    path: Path
    selections: dict[str, Selection]
    choosing: float
    """CPU seconds of `assign_tiers`."""
    rest: float
    """CPU seconds of all else."""


class Moved(NamedTuple):
    """What is kept of a part in other orders."""

    cues: int
    items: int


def count_cpu() -> float:
    """The CPU seconds of this process and of its workers that have ended."""
    usages = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    found = [resource.getrusage(usage) for usage in usages]
    return sum(each.ru_utime + each.ru_stime for each in found)


def follow_words(data: Path) -> None:
    """Makes the violations of a corpus follow words of the options."""
    for path in sorted(data.glob("annotations_clean/*.json")):
        texts = orjson.loads(
            (data / f"scenarios/{path.stem}_scenarios_bfs_filled.json").read_bytes()
        )
        labels: dict[str, Any] = orjson.loads(path.read_bytes())
        rng = Random(path.stem)
        for name, record in labels["scenes"].items():
            if name not in texts or "morality" not in record:
                continue
            line = texts[name].partition("\n")[0].lower()
            said = [VERBS[word] for word in line.replace(",", " ").split() if word in VERBS]
            found = [each for each in said if rng.random() < FOLLOWS]
            found += ["deception"] if rng.random() < ELSE else []
            zeros = dict.fromkeys(record["morality"], 0.0)
            record["morality"] = zeros | dict.fromkeys(found, 1.0)
        path.write_bytes(orjson.dumps(labels))


def build_folder(out: Path, data: Path | None) -> Folder:
    """Builds a folder without report, from the sample where no data are given."""
    spent: list[float] = []
    found: dict[str, Selection] = {}
    assign = building.assign_tiers

    def assign_timed(folder: Path, *rest: Any) -> dict[str, Selection]:
        before = count_cpu()
        found.update(assign(folder, *rest))
        spent.append(count_cpu() - before)
        return found

    building.assign_tiers = assign_timed
    before = count_cpu()
    try:
        build(out, data=data, no_report=True)
    finally:
        building.assign_tiers = assign
    return Folder(out, found, spent[0], count_cpu() - before - spent[0])


def read_table(folder: Path, config: str) -> pa.Table:
    """The rows of a config as they were chosen from: the strictest split last."""
    paths = [folder / config / f"{split}-00000-of-00001.parquet" for split in ("train",)]
    paths += [path for path in sorted((folder / config).glob("*.parquet")) if path not in paths]
    return pa.concat_tables([pq.read_table(path) for path in paths if path.exists()])


def choose(table: pa.Table, config: str) -> dict[str, PartSelection]:
    """Chooses anew, from rows in whatever order."""
    contrasts = CONFIGS[config].read(table)
    assert contrasts is not None
    return core.choose_core(contrasts, extract_features(contrasts.texts)).parts


@contextmanager
def other_order(rng: np.random.Generator) -> Iterator[None]:
    """Hands the cues to the programme in another order for a while."""
    add = core.Programme.add

    def add_shuffled(programme: core.Programme, cues: Sequence[core.Cue]) -> None:
        order = rng.permutation(len(cues))
        add(programme, [cues[place] for place in order])

    core.Programme.add = add_shuffled
    try:
        yield
    finally:
        core.Programme.add = add


def move(folder: Path, config: str, seed: int) -> dict[str, Moved]:
    """Part -> what is kept of it in other orders."""
    rng = np.random.default_rng(seed)
    table = read_table(folder, config)
    with other_order(rng):
        cues = choose(table, config)
    items = choose(table.take(pa.array(rng.permutation(table.num_rows))), config)
    return {name: Moved(cues[name].core, items[name].core) for name in cues}


def check_part(name: str, part: PartSelection, moved: Moved) -> tuple[str, list[str]]:
    """A line of the table, and what does not hold of the part."""
    ratio = part.core / part.bound if part.balanced and part.bound else 1.0
    far = max(abs(each - part.core) for each in moved) / max(part.core, 1)
    broken: list[str] = []
    if ratio < LEAST_KEPT:
        broken.append(f"{name}: {ratio:.3f} of the bound kept; expected >= {LEAST_KEPT}.")
    if far > MOST_MOVED:
        broken.append(f"{name}: other orders keep {moved}; expected {part.core} within 2 %.")
    cells = (f"{part.items:,}", f"{part.bound:,}", f"{part.core:,}")
    shown = f"{ratio:.3f}" if part.balanced else "no core"
    line = f"{name:40}" + "".join(cell.rjust(9) for cell in (*cells, shown, *map(str, moved)))
    return line, broken


def check_folder(name: str, folder: Folder, seed: int) -> list[str]:
    """Prints a table of a folder's parts; returns a line for each bound that does not hold."""
    head = ("seen", "bound", "kept", "ratio", "by cues", "by items")
    sys.stdout.write(f"\n{name:40}" + "".join(cell.rjust(9) for cell in head) + "\n")
    broken: list[str] = []
    for config, selection in folder.selections.items():
        moved = move(folder.path, config, seed)
        for part, found in selection.parts.items():
            line, more = check_part(f"{config} {part}", found, moved[part])
            sys.stdout.write(f"{line}\n")
            broken += more
    cost = folder.choosing / folder.rest
    sys.stdout.write(
        f"CPU: choosing {folder.choosing:.2f} s, the rest {folder.rest:.2f} s, ratio {cost:.2f}\n"
    )
    if cost > MOST_COST:
        broken.append(f"{name}: choosing costs {cost:.2f} of the rest; expected <= {MOST_COST}.")
    return broken


def parsed_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measure how `core` is chosen.")
    parser.add_argument("--games", type=int, default=8, help="games of the made-up corpus")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="an absent folder to leave everything in")
    return parser.parse_args()


def main() -> int:
    """0 where every bound holds, else 1; the tables go to standard output."""
    args = parsed_arguments()
    root: Path = args.keep or Path(tempfile.mkdtemp(prefix="selection-"))
    try:
        data = root / "game_data"
        make_corpus(data, args.games, SCENES_A_GAME * args.games, args.seed)
        follow_words(data)
        corpus = f"{args.games} games whose labels follow words"
        broken = check_folder("sample", build_folder(root / "sample", None), args.seed)
        broken += check_folder(corpus, build_folder(root / "made_up", data), args.seed)
    finally:
        if args.keep is None:
            shutil.rmtree(root)
    sys.stderr.write("".join(f"{line}\n" for line in broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
