"""Reads many games: in parallel where that pays, in order, at most so many menus."""

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar

from generators.arrow import prepare_worker
from generators.machiavelli.game import GameRows, GameTask, check_game, read_rows
from generators.parallel import count_cores, map_in_order
from generators.publish.counterparts import Edit
from generators.sources.games.game_data import BrokenGame
from generators.sources.games.layout import GameFiles
from generators.splits import STRICTEST_FIRST, assign_split, find_group
from generators.writing.candidates import (
    Candidates,
    CandidateTask,
    choose_labelled,
    choose_menus,
    find_candidates,
)
from generators.writing.games import Written
from schemas.config import MachiavelliConfig

PARALLEL_FROM_BYTES = 32 << 20
"""Game data smaller than this is read in this process: starting others would take longer."""

Result = GameRows | BrokenGame
Passed = TypeVar("Passed")


class Progress(Protocol):
    """Shows how far a run is, while results pass through."""

    def __call__(self, results: Iterator[Passed], total: int, doing: str, /) -> Iterator[Passed]:
        """Yields the results as they come."""
        ...


@dataclass
class Plan:
    """What is to be read of which games."""

    tasks: list[GameTask]
    """Those of the strictest split first, by name within it."""
    processes: int
    """How many processes are worth starting."""
    without_menus: list[Result] = field(default_factory=list[Result])
    """What is known already of games that no menu was dealt to, or that are broken."""


def plan_reading(
    games: Sequence[GameFiles],
    metadata: Mapping[str, object],
    config: MachiavelliConfig,
    spools: Path,
    progress: Progress,
) -> Plan:
    """Returns what to read; the rows wait in files in `spools`, so that workers may run ahead.

    With a limit every game is checked first, since only whole games are dealt menus.
    """
    tasks = [
        GameTask(files, metadata.get(files.game), config, spools=spools)
        for files in order_by_split(games)
    ]
    plan = Plan(tasks, choose_processes(games))
    if config.limit is not None:
        checked = map_in_order(check_game, tasks, plan.processes, prepare_worker)
        found: list[Result] = list(progress(checked, len(tasks), "checking"))
        dealt = deal_menus(config.limit, found)
        plan.without_menus = [_without_menus(result) for result in found if not dealt[result.game]]
        dealt_to = [replace(task, menus=dealt[task.files.game]) for task in tasks]
        plan.tasks = [task for task in dealt_to if task.menus]
    return plan


def read_games(plan: Plan, progress: Progress) -> Generator[Result]:
    """Yields what came of each game, in the order of the plan."""
    yield from plan.without_menus
    read = map_in_order(read_rows, plan.tasks, plan.processes, prepare_worker)
    yield from progress(read, len(plan.tasks), "reading")


def look_for_candidates(plan: Plan, config: MachiavelliConfig, progress: Progress) -> Candidates:
    """Returns what all games together offer to a model.

    Raises:
        SourceError: a game is broken, and broken games are not to be skipped.
    """
    tasks = [
        CandidateTask(
            files=task.files,
            metadata=task.metadata,
            menus=task.menus,
            most=config.generate,
            labels_into=task.spools if config.densify else None,
        )
        for task in plan.tasks
    ]
    looked = map_in_order(find_candidates, tasks, plan.processes, prepare_worker)
    found = Candidates()
    for result in progress(looked, len(tasks), "looking"):
        if isinstance(result, BrokenGame):
            if not config.skip_broken:
                raise result.error
            continue
        found.menus = choose_menus([*found.menus, *result.menus], config.generate)
        found.labelled = choose_labelled([*found.labelled, *result.labelled])
        found.unlabelled += result.unlabelled
    found.unlabelled.sort()
    return found


def add_written(plan: Plan, written: Written, edits: Mapping[str, Edit] | None = None) -> None:
    """Hands each game what the models gave for it.

    Args:
        plan: what is to be read.
        written: what they gave.
        edits: Decision id -> text of a counterpart that was published without.
    """
    plan.tasks = [
        replace(
            task,
            written=tuple(written.decisions.get(task.files.game, ())),
            edits=edits or {},
            labels=written.labels.get(task.files.game, {}),
        )
        for task in plan.tasks
    ]


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
