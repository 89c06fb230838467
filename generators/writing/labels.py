"""Task `labels`: one option and its outcome, to be labelled as the benchmark labels."""

from collections.abc import Mapping

from generators.engine.dialogue import Ask
from generators.writing.scenes import shorten_outcome
from generators.writing.task import Task, make_ask, make_request
from schemas.drafts import LabelsDraft

TASK = Task(
    name="labels",
    template="labels/v1",
    draft=LabelsDraft,
    variables=frozenset({"option", "outcome"}),
    most_tokens=3000,
    usual_tokens=120,
)


def supply(text: str, outcome: str) -> Mapping[str, object]:
    """Returns the variables of the user template."""
    return {"option": text, "outcome": shorten_outcome(outcome)}


def ask(option: str, text: str, outcome: str, model: str) -> Ask[LabelsDraft]:
    """Returns what to ask about an option, `<game>/<option id>`."""
    request = make_request(TASK, model, option, supply(text, outcome))
    return make_ask(request, LabelsDraft, _accept)


def _accept(draft: LabelsDraft) -> None:
    """Any label may be right; the blind sample of labelled options tells how often it is."""
