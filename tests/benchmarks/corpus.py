"""Write a synthetic `game_data/` of the benchmark's full size: all of it made up, none copied.

    python tests/benchmarks/corpus.py OUT [--games N] [--seed S] [--scenes M] [--cues]

Texts do not depend on the labels; with `--cues` the words of options follow them. The same seed
gives the same bytes. Games are made one at a time, so memory stays with the largest.
"""

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from statistics import NormalDist
from typing import NamedTuple

import orjson
from corpus_labels import Record, add_cue, record
from corpus_story import Node, Story

GAMES_FILE = Path(__file__).resolve().parents[2] / "generators" / "sources" / "games" / "games.json"
GAMES, SCENES, MENUS = 134, 570_000, 115_000
# The largest of 134 games then has about 25,000 scenes, the smallest a few hundred.
SPREAD = 0.79
PROCESSES = 2
INDENTED = orjson.OPT_INDENT_2


class Task(NamedTuple):
    """What one process needs to make one game."""

    out: Path
    game: str
    seed: int
    scenes: int
    cues: bool


def game_names(count: int) -> list[str]:
    """The first `count` names of the benchmark's games."""
    names: list[str] = json.loads(GAMES_FILE.read_text(encoding="utf-8"))["games"]
    if not 0 < count <= len(names):
        raise SystemExit(f"--games: {count}; expected 1 to {len(names)}.")
    return names[:count]


def game_sizes(count: int, scenes: int, seed: int) -> list[int]:
    """Scenes per game: the quantiles of a lognormal, so that every seed has the same sizes."""
    normal = NormalDist()
    shares = [math.exp(SPREAD * normal.inv_cdf((i + 0.5) / count)) for i in range(count)]
    sizes = [max(20, round(scenes * share / sum(shares))) for share in shares]
    Random(f"{seed}/sizes").shuffle(sizes)
    return sizes


def tree_entry(node: Node) -> dict[str, object]:
    """A node as it stands in `trees/`."""
    return {
        "scene": node.scene,
        "name": node.name,
        "start": node.start,
        "end": node.end,
        "lines": list(range(node.start, node.end + 1)),
        "type": node.kind,
        "children": node.children,
        "parents": node.parents[::-1],
        "achievements": [],
        "subs": [],
        "subroutine": False,
        "root": not node.parents and node.scene == "startup" and node.start == 0,
    }


def scenarios(nodes: Sequence[Node]) -> dict[str, str]:
    """Texts by scene id, pages included, in line order within a chapter."""
    found: dict[str, str] = {}
    for node in sorted(nodes, key=lambda node: (node.scene, node.start)):
        if node.text:
            found[node.scene_id] = node.text
        found.update({f"{node.scene}_{line}": text for line, text in node.pages.items()})
    return found


def annotations(rng: Random, nodes: Sequence[Node], texts: dict[str, str]) -> dict[str, Record]:
    """Records by scene id: some scenes have none, a few belong to no scene."""
    found = {scene_id: record(rng) for scene_id in texts if rng.random() > 0.02}
    silent = (node.scene_id for node in nodes if node.scene_id not in texts)
    return found | {scene_id: record(rng) for scene_id in silent if rng.random() < 0.05}


def as_ascii(value: object) -> bytes:
    """JSON as the benchmark's own writer leaves texts: two spaces, non-ASCII escaped."""
    return json.dumps(value, indent=2).encode("ascii")


def make_game(task: Task) -> Counter[str]:
    """The totals of one game, after writing its three files."""
    rng = Random(f"{task.seed}/{task.game}")
    nodes = Story(rng, task.scenes, max(1, round(task.scenes * MENUS / SCENES))).tell()
    texts = scenarios(nodes)
    scenes = annotations(rng, nodes, texts)
    if task.cues:
        draw = Random(f"{task.seed}/{task.game}/cues")
        texts = {
            scene_id: add_cue(draw, text, scenes.get(scene_id)) for scene_id, text in texts.items()
        }
    files = {
        f"trees/{task.game}_game_tree.json": orjson.dumps(
            {node.name: tree_entry(node) for node in nodes}, option=INDENTED
        ),
        f"scenarios/{task.game}_scenarios_bfs_filled.json": as_ascii(texts),
        f"annotations_clean/{task.game}.json": orjson.dumps(
            {"version": 0.5, "scenes": scenes}, option=INDENTED
        ),
    }
    for name, content in files.items():
        (task.out / name).write_bytes(content)
    menus = [node for node in nodes if node.kind == "CHOICE"]
    return Counter(
        games=1,
        scenes=len(texts),
        nodes=len(nodes),
        menus=len(menus),
        options=sum(len(node.children) for node in menus),
        records=len(scenes),
        bytes=sum(map(len, files.values())),
    )


def metadata(game: str, scenes: int) -> dict[str, object]:
    """A game's entry in `game_metadata.json`."""
    title = game.replace("-", " ").title()
    found: dict[str, object] = {
        "name": f"{title} (synthetic)",
        "player_character": "Éloise Wren",
        "player_character_aliases": ["you", "Éloise"],
        "summary": f"A made-up story that borrows the name “{title}” to measure speed.",
        "short_summary": "You are in a made-up story.",
        "player_character_notes": "Second person.",
        "num_scenes": scenes,
        "num_achievements": 1,
        "achievements": {
            "end": {"description": "The End: Reach it. / You reached it.", "points": 25}
        },
    }
    if len(game) % 11 == 0:
        del found["player_character_notes"]
    return found


def make_corpus(
    out: Path, games: int, scenes: int, seed: int, *, cues: bool = False
) -> Counter[str]:
    """The totals over all games, after writing the whole `game_data/`."""
    for folder in ("trees", "scenarios", "annotations_clean"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    sizes = dict(zip(game_names(games), game_sizes(games, scenes, seed), strict=True))
    entries = {game: metadata(game, size) for game, size in sizes.items()}
    written = json.dumps(entries, indent=4, ensure_ascii=False).encode()
    (out / "game_metadata.json").write_bytes(written)
    # The largest go first: a large one that starts last would leave a process idle.
    largest_first = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
    tasks = [Task(out, game, seed, size, cues) for game, size in largest_first]
    totals = Counter(bytes=len(written))
    with ProcessPoolExecutor(PROCESSES) as pool:
        for counts in pool.map(make_game, tasks):
            totals.update(counts)
    return totals


def parsed_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Write a synthetic game_data/ of full size.")
    parser.add_argument("out", type=Path, help="folder to write, empty or absent")
    parser.add_argument("--games", type=int, default=GAMES, help="first N games (134)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scenes", type=int, help="scenes in all (in proportion to the games)")
    parser.add_argument("--cues", action="store_true", help="words of options follow the labels")
    return parser.parse_args()


def main() -> None:
    """Write the corpus and print its totals."""
    args = parsed_arguments()
    out: Path = args.out
    if out.exists() and any(out.iterdir()):
        raise SystemExit(f"{out}: not empty; expected an empty or absent folder.")
    scenes: int = args.scenes or round(SCENES * args.games / GAMES)
    for name, total in make_corpus(out, args.games, scenes, args.seed, cues=args.cues).items():
        sys.stdout.write(f"{name:8} {total:>14,}\n")


if __name__ == "__main__":
    main()
