"""Task `labels`: one option and its outcome, to be labelled as the benchmark labels."""

from generators.engine.dialogue import Ask
from generators.writing.scenes import shorten_outcome
from generators.writing.task import Task
from schemas.drafts import LabelsDraft

TASK = Task("labels/v1", LabelsDraft, most_tokens=3000, usual_tokens=120)


def ask(option: str, text: str, outcome: str, model: str) -> Ask[LabelsDraft]:
    """Returns what to ask about an option, `<game>/<option id>`."""
    # Any label may be right; the options labelled blind show how often it is.
    return TASK.ask(model, option, {"option": text, "outcome": shorten_outcome(outcome)})
