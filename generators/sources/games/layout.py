"""Where the files of a `game_data/` folder lie, and what to say when they do not."""

import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from generators.errors import SourceError, UsageError

TREE_SUFFIX = "_game_tree.json"
SCENARIOS_SUFFIX = "_scenarios_bfs_filled.json"
README_ROUTE = "See 'The benchmark's data' in the README"


@dataclass(frozen=True)
class GameFiles:
    """The files of one game; the label file is None where there is none."""

    game: str
    root: Path
    tree: Path
    scenarios: Path
    labels: Path | None

    @property
    def all(self) -> list[Path]:
        """The files that exist, in the order in which they are hashed."""
        return [path for path in (self.tree, self.scenarios, self.labels) if path is not None]

    def size(self) -> int:
        """Returns the bytes on disk; 0 for a file that is missing."""
        return sum(os.path.getsize(path) for path in self.all if os.path.isfile(path))


def find_sample() -> Path:
    """Returns the bundled stories, which are CC0 and in the benchmark's form."""
    return Path(str(files("generators") / "sample" / "game_data"))


def find_games(
    data: Path, games: tuple[str, ...] | None = None, *, need_labels: bool = True
) -> list[GameFiles]:
    """Returns the files of the wanted games (all, if None) of a `game_data/`, sorted by name.

    Raises:
        SourceError: the folder is not an unpacked `game_data/`, or, if labels are needed, has none.
        UsageError: a wanted game is not in it.
    """
    _check_folder(data)
    names = sorted(path.name.removesuffix(TREE_SUFFIX) for path in _list_trees(data))
    if games is not None:
        unknown = sorted(set(games) - set(names))
        if unknown:
            known = f"a game of {data}, such as {', '.join(names[:3])}"
            raise UsageError("--games", f"'{unknown[0]}'", known, "List them with the doctor")
        names = [name for name in names if name in games]
    found = [_find_files(data, name) for name in names]
    if need_labels and not any(game.labels for game in found):
        raise no_labels(data)
    return found


def no_labels(data: Path) -> SourceError:
    """Returns the error for game data in which no selected game has a label."""
    return SourceError(
        f"{data}/annotations_clean",
        "no labels for any of the games",
        "<game>.json with a record per scene",
        "Unpack the whole game_data.zip, or choose games that are labelled",
    )


def _find_files(data: Path, game: str) -> GameFiles:
    labels = data / "annotations_clean" / f"{game}.json"
    return GameFiles(
        game,
        data,
        data / "trees" / f"{game}{TREE_SUFFIX}",
        data / "scenarios" / f"{game}{SCENARIOS_SUFFIX}",
        None if is_missing(labels) else labels,
    )


def is_missing(path: Path) -> bool:
    """Returns whether there is no such file; what cannot be looked at is for reading to say."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _list_trees(data: Path) -> list[Path]:
    return list((data / "trees").glob(f"*{TREE_SUFFIX}"))


def _check_folder(data: Path) -> None:
    try:
        found, remedy = _find_fault(data)
    except OSError as error:
        found, remedy = f"cannot be listed ({error.strerror})", "Check its permissions"
    if found:
        raise SourceError(f"--data {data}", found, "the benchmark's unpacked game_data/", remedy)


def _find_fault(data: Path) -> tuple[str, str]:
    """Returns what is wrong with a folder and what to do; two empty texts where nothing is."""
    if not data.exists():
        return "no such folder", README_ROUTE
    if not data.is_dir():
        return "a file", "Unpack it, and name the folder"
    if _list_trees(data):
        return "", ""
    inner = next((path.parent for path in _nested_trees(data)), None)
    if inner is not None:
        return "no trees/ here, but one deeper", f"Use --data {inner}"
    archive = next((path.name for path in sorted(data.glob("*.zip"))), None)
    if archive is not None:
        return f"{archive}, still packed", f"Unpack it. {README_ROUTE}"
    if data.name in ("trees", "scenarios", "annotations_clean"):
        return "a part of it", f"Use --data {data.parent}"
    return f"no trees/*{TREE_SUFFIX}", f"Name the right folder. {README_ROUTE}"


def _nested_trees(data: Path) -> list[Path]:
    """Returns `trees` folders with games in them, up to two levels deeper."""
    deeper = [*data.glob("*/trees"), *data.glob("*/*/trees")]
    return sorted(path for path in deeper if _list_trees(path.parent))
