"""What a model adds: one file for each task that it is asked to do."""

from typing import Any

from generators.writing import (
    association,
    counterpart,
    dilemma,
    insertion,
    judge,
    labels,
    minimal_pair,
    relation,
)
from generators.writing.task import Task

GAME_TASKS: dict[str, Task[Any]] = {
    task.name: task for task in (dilemma.TASK, counterpart.TASK, labels.TASK, judge.TASK)
}
"""Tasks about menus of games."""

CONCEPT_TASKS: dict[str, Task[Any]] = {
    task.name: task for task in (minimal_pair.TASK, insertion.TASK, relation.TASK, association.TASK)
}
"""Tasks about concepts."""

TASKS: dict[str, Task[Any]] = {**GAME_TASKS, **CONCEPT_TASKS}
