"""Templates with variables, whose label is the word that should come next.

aryamanarora/causalgym (https://github.com/aryamanarora/causalgym, `data.py`, `Dataset`): an
object of `templates`, `label`, `labels`, `variables`, `label_prepend_space` and
`result_prepend_space`, by name. The variable that decides the label is the attribute, the next
word `good` or `bad`: its valence.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from generators.export.formats.base import Entry, Format, LeftOut, Record, Row, Scope, Take

VERDICT = " Is what is said here good or bad? It is"
"""After a sentence; the next word is the label."""
LABELS = {"positive": ["good"], "negative": ["bad"]}
COLUMNS = ("template", "text", "target", "attribute", "attribute_span", "valence", "target_kind")


@dataclass
class Task:
    """One sentence, and what stands in it."""

    text: str
    attributes: dict[str, dict[str, None]] = field(
        default_factory=lambda: {valence: {} for valence in LABELS}
    )
    targets: dict[str, None] = field(default_factory=dict[str, None])


def convert(rows: Iterable[Row], scope: Scope) -> Iterator[Entry]:
    """Yields one task for each template and kind of target."""
    tasks: dict[str, Task] = {}
    for row in rows:
        cut = cut_text(row)
        if cut is None:
            yield LeftOut("the target does not stand in the sentence exactly once")
            continue
        text, target = cut
        name = f"{row['template']}_{row['target_kind']}"
        task = tasks.setdefault(name, Task(text))
        if text != task.text:
            yield LeftOut("the sentence differs from that of its template")
            continue
        task.attributes[row["valence"]][row["attribute"]] = None
        task.targets[target] = None
    for name, task in tasks.items():
        if not all(task.attributes.values()):
            yield LeftOut("all attributes of the template have one valence", len(task.targets))
            continue
        yield Record(f"{scope.split}.json", {name: write_task(task)})


def cut_text(row: Row) -> tuple[str, str] | None:
    """Returns a row's sentence with its variables, and the target as it stands there."""
    start, end = row["attribute_span"]
    text = f"{row['text'][:start]}{{attribute}}{row['text'][end:]}"
    found = re.findall(rf"(?i)\b{re.escape(row['target'])}(?:e?s)?\b", text)
    if len(found) != 1:
        return None
    return text.replace(found[0], "{target}", 1), found[0]


def write_task(task: Task) -> dict[str, object]:
    """Returns a task as the tool reads it."""
    return {
        "templates": [task.text + VERDICT],
        "label": "attribute",
        "labels": LABELS,
        "variables": {
            "attribute": {valence: list(words) for valence, words in task.attributes.items()},
            "target": list(task.targets),
        },
        "label_prepend_space": False,
        "result_prepend_space": True,
    }


FORMAT = Format("causalgym", "causalgym", {"associations": Take(COLUMNS, convert)}, json="object")
