"""What a model is asked for, one file a task."""

from generators.tasks import counterpart, dilemma, judge, labels
from generators.tasks.base import Task

TASKS: dict[str, Task] = {
    task.name: task for task in (dilemma.TASK, counterpart.TASK, labels.TASK, judge.TASK)
}
