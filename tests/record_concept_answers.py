"""Writes the bundled recorded answers about concepts from those that were written by hand.

    python tests/record_concept_answers.py

`tests/hand_written_concepts.yaml` holds the answers, keyed by task and item. This renders the
requests of the bundled concept file, computes their keys, and writes the answers in the API's wire
form to `generators/sample/concept_responses.jsonl`. Run it after a template, a schema, the concept
file or an answer has changed.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from generators.configs import CONCEPT_CONFIGS  # noqa: E402
from generators.engine.dialogue import Accepted, Found, advance  # noqa: E402
from generators.sources.concepts.concept_file import find_concepts, read_concepts  # noqa: E402
from generators.sources.concepts.pool import ConceptPool  # noqa: E402
from generators.writing.audit import HAND_WRITTEN  # noqa: E402
from generators.writing.concepts import list_asks  # noqa: E402
from record_answers import make_answer, write  # noqa: E402
from schemas.exchange import RecordedAnswer, Tokens  # noqa: E402

SOURCE = ROOT / "tests" / "hand_written_concepts.yaml"
TARGET = ROOT / "generators" / "sample" / "concept_responses.jsonl"
FIELDS = {"minimal_pair": "templates", "relation": "edges", "association": "attributes"}
"""Task -> the field of its draft that is a list; others are written field by field."""


def record() -> Iterator[RecordedAnswer]:
    """Yields a recorded answer for everything that was written by hand."""
    written: dict[str, dict[str, Any]] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    pool = ConceptPool(read_concepts(find_concepts()).file)
    for ask in list_asks(pool, tuple(CONCEPT_CONFIGS), HAND_WRITTEN):
        task = ask.request.task.partition("/")[0]
        said = written[task].pop(ask.request.item, None)
        if said is None:
            continue
        answer = make_answer(ask.request, {FIELDS[task]: said} if task in FIELDS else said)
        step = advance(ask, lambda _, answer=answer: Found(answer.response, Tokens()), 0)
        if not isinstance(step, Accepted):
            sys.exit(f"{SOURCE}: {task} {ask.request.item}: {step.reason}: {step.detail}")
        yield answer
    if left := [f"{task} {item}" for task, items in written.items() for item in items]:
        sys.exit(f"{SOURCE}: {', '.join(left)}: nothing asks for it")


if __name__ == "__main__":
    found = sorted(record(), key=lambda answer: (answer.task, answer.item))
    TARGET.write_text(write(found), encoding="utf-8", newline="\n")
