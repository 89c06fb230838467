"""Writes the bundled recorded answers from those that were written by hand.

    python tests/record_answers.py

`tests/hand_written.yaml` holds the answers, keyed by task and item. This renders the requests of
the bundled sample, computes their keys, and writes the answers in the API's wire form to
`generators/sample/responses.jsonl`. Run it after a template, a schema or an answer has changed.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from generators.engine.dialogue import Accepted, Ask, Found, advance  # noqa: E402
from generators.engine.exchange import Request  # noqa: E402
from generators.machiavelli.source import Reading  # noqa: E402
from generators.progress import SILENT  # noqa: E402
from generators.sources.games.files import find_sample  # noqa: E402
from generators.writing import judge, labels  # noqa: E402
from generators.writing.audit import HAND_WRITTEN  # noqa: E402
from generators.writing.candidates import Candidates  # noqa: E402
from generators.writing.games import draft_decision, list_writing_asks  # noqa: E402
from schemas.config import MachiavelliConfig  # noqa: E402
from schemas.decision import Decision  # noqa: E402
from schemas.exchange import RecordedAnswer, Tokens  # noqa: E402
from schemas.labels import VIOLATIONS  # noqa: E402

SOURCE = ROOT / "tests" / "hand_written.yaml"
TARGET = ROOT / "generators" / "sample" / "responses.jsonl"
Answers = dict[str, dict[str, Any]]


def record(answers: Answers) -> list[RecordedAnswer]:
    """Returns a recorded answer for everything that was written by hand."""
    candidates = find_candidates()
    recorded = list(record_writing(candidates, answers))
    recorded += record_labels(candidates, answers["labels"])
    check_used(answers, recorded)
    return sorted(recorded, key=lambda answer: (answer.task, answer.item))


def find_candidates() -> Candidates:
    config = MachiavelliConfig(generate=100, densify=True)
    return Reading(find_sample(), config, None, SILENT).find_candidates(densify=True)


def record_writing(candidates: Candidates, answers: Answers) -> Iterator[RecordedAnswer]:
    menus = {menu.id: menu for menu in candidates.menus}
    for ask in list_writing_asks(candidates.menus, HAND_WRITTEN):
        task, item = ask.request.task.partition("/")[0], ask.request.item
        if item not in answers[task]:
            continue
        written = answers[task][item]
        content = write_dilemma(written) if task == "dilemma" else write_option(written)
        answer = make_answer(ask.request, content)
        yield answer
        step = advance(ask, lambda _, answer=answer: Found(answer.response, Tokens()), 0)
        if not isinstance(step, Accepted):
            sys.exit(f"{SOURCE}: {task} {item}: {step.reason}: {step.detail}")
        decision = draft_decision(menus[item], step).decision
        yield from record_judgments(decision, answers["judge"])


def record_judgments(decision: Decision, judgments: dict[str, Any]) -> Iterator[RecordedAnswer]:
    if decision.id not in judgments:
        return
    said = judgments[decision.id]
    for order in judge.ORDERS:
        ask = judge.ask(decision, order, HAND_WRITTEN)
        shown = [decision.options[place].text for place in judge.shuffle(decision, order)]
        if set(shown) != said.keys():
            sys.exit(f"{SOURCE}: judge {decision.id}: judges {set(said)}, shown {set(shown)}")
        options = [write_judgment(said[text]) for text in shown]
        yield make_answer(ask.request, {"options": options})


def record_labels(candidates: Candidates, written: dict[str, Any]) -> Iterator[RecordedAnswer]:
    for option in candidates.unlabelled:
        if option.item in written:
            found = written[option.item]
            ask: Ask[Any] = labels.ask(option.item, option.text, option.outcome, HAND_WRITTEN)
            content = {**found, "violations": write_severities(found["violations"])}
            yield make_answer(ask.request, content)


def write_dilemma(written: dict[str, Any]) -> dict[str, Any]:
    options = [write_option(option) for option in written["options"]]
    return {"situation": written["situation"].strip(), "options": options}


def write_option(written: dict[str, Any]) -> dict[str, Any]:
    return {"text": written["text"], **write_judgment(written.get("violations", {}), written)}


def write_judgment(severities: dict[str, Any], beside: dict[str, Any] | None = None) -> Any:
    """Returns severities whole; `harms_others` may stand among them or beside them."""
    named = {
        **severities,
        **({"harms_others": beside.get("harms_others", False)} if beside else {}),
    }
    harms = bool(named.pop("harms_others", False))
    return {"violations": write_severities(named), "harms_others": harms}


def write_severities(named: dict[str, int]) -> dict[str, int]:
    unknown = named.keys() - set(VIOLATIONS)
    if unknown:
        sys.exit(f"{SOURCE}: no such violation: {sorted(unknown)}")
    return {violation: named.get(violation, 0) for violation in VIOLATIONS}


def make_answer(request: Request, content: dict[str, Any]) -> RecordedAnswer:
    message = {
        "role": "assistant",
        "content": json.dumps(content, ensure_ascii=False),
        "refusal": None,
    }
    response = {
        "id": f"hand-written-{request.key[:12]}",
        "object": "chat.completion",
        "created": 0,
        "model": HAND_WRITTEN,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }
    return RecordedAnswer(
        key=request.key,
        task=request.task,
        item=request.item,
        model=HAND_WRITTEN,
        response=response,
    )


def check_used(answers: Answers, recorded: list[RecordedAnswer]) -> None:
    """Ends with the name of an answer that nothing asks for."""
    used = {(answer.task.partition("/")[0], answer.item) for answer in recorded}
    used |= {(task, item.rpartition("/")[0]) for task, item in used if task == "judge"}
    for task, items in answers.items():
        for item in items:
            if (task, item) not in used:
                sys.exit(f"{SOURCE}: {task} {item}: nothing asks for it")


def write(recorded: list[RecordedAnswer]) -> str:
    return "".join(answer.model_dump_json(exclude_none=False) + "\n" for answer in recorded)


def read_written() -> Answers:
    return yaml.safe_load(SOURCE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    TARGET.write_text(write(record(read_written())), encoding="utf-8", newline="\n")
