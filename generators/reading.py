"""Reads many games: in parallel where that pays, in order, at most so many menus."""

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from generators.game_rows import BrokenGame, GameRows, GameTask, check_game, read_rows
from generators.sources.layout import GameFiles
from generators.splits import STRICTEST_FIRST, assign_split, find_group
from generators.tables import prepare_worker
from generators.workers import count_cores, map_in_order
from schemas.config import MachiavelliConfig

PARALLEL_FROM_BYTES = 32 << 20
"""Game data smaller than this is read in this process: starting others would take longer."""

Result = GameRows | BrokenGame


class Progress(Protocol):
    """Shows how far a run is, while results pass through."""

    def __call__(self, results: Iterator[Result], total: int, doing: str, /) -> Iterator[Result]:
        """Yields the results as they come."""
        ...


def read_games(
    games: Sequence[GameFiles],
    metadata: Mapping[str, object],
    config: MachiavelliConfig,
    spools: Path,
    progress: Progress,
) -> Generator[Result]:
    """Yields what came of each game: those of the strictest split first, by name within it.

    The rows wait in files in `spools`, so that the workers may run ahead of whoever writes them.
    With a limit every game is checked first, since only whole games are dealt menus.
    """
    tasks = [
        GameTask(files, metadata.get(files.game), config, spools=spools)
        for files in order_by_split(games)
    ]
    processes = choose_processes(games)
    if config.limit is not None:
        checked = map_in_order(check_game, tasks, processes, prepare_worker)
        found = list(progress(checked, len(tasks), "checking"))
        dealt = deal_menus(config.limit, found)
        yield from (_without_menus(result) for result in found if not dealt[result.game])
        tasks = [replace(task, menus=dealt[task.files.game]) for task in tasks]
        tasks = [task for task in tasks if task.menus]
    read = map_in_order(read_rows, tasks, processes, prepare_worker)
    yield from progress(read, len(tasks), "reading")


def survey_games(
    games: Sequence[GameFiles], metadata: Mapping[str, object], progress: Progress
) -> Iterator[Result]:
    """Yields what is in each game, without rows, in name order."""
    config = MachiavelliConfig(kinds=())
    tasks = [GameTask(files, metadata.get(files.game), config) for files in games]
    surveyed = map_in_order(read_rows, tasks, choose_processes(games), prepare_worker)
    yield from progress(surveyed, len(tasks), "reading")


def deal_menus(limit: int, games: Sequence[Result]) -> Counter[str]:
    """Returns how many menus each whole game may give: dealt one at a time, in name order."""
    left = {game.game: game.source.menus for game in games if isinstance(game, GameRows)}
    dealt: Counter[str] = Counter()
    while limit and left:
        for name in sorted(left)[:limit]:
            if left[name]:
                dealt[name] += 1
                left[name] -= 1
                limit -= 1
            else:
                del left[name]
    return dealt


def _without_menus(result: Result) -> Result:
    if isinstance(result, BrokenGame):
        return result
    return replace(result, source=result.source.model_copy(update={"menus": 0}))


def order_by_split(games: Sequence[GameFiles]) -> list[GameFiles]:
    """Returns the games of the strictest split first; by name within a split."""
    return sorted(
        games,
        key=lambda files: (
            STRICTEST_FIRST.index(assign_split(find_group(files.game))),
            files.game,
        ),
    )


def choose_processes(games: Sequence[GameFiles]) -> int:
    """Returns how many processes are worth starting."""
    small = sum(files.size() for files in games) < PARALLEL_FROM_BYTES
    return 1 if small else min(count_cores(), len(games))
