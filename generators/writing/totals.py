"""What came of a run's requests, as the manifest says it. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from generators.engine.dialogue import Rejected
from generators.engine.engine import Engine
from generators.errors import RequestError
from generators.writing import TASKS
from schemas.exchange import Rejection, RejectionReason
from schemas.generation import TaskReport

UNANSWERED = frozenset({"request_refused", "no_answer"})


def report_tasks(engine: Engine, models: Mapping[str, str]) -> dict[str, TaskReport]:
    """Returns task -> its requests, for those tasks that were asked.

    Args:
        engine: where the answers came from.
        models: task -> who was asked.
    """
    reports: dict[str, TaskReport] = {}
    for name, task in TASKS.items():
        ledger = engine.ledgers.get(name)
        if ledger is None:
            continue
        reports[name] = TaskReport(
            template=task.template,
            model=models[name],
            asked=ledger.asked,
            accepted=ledger.accepted,
            repaired=ledger.repaired,
            rejected=dict(sorted(ledger.rejected.items())),  # pyright: ignore[reportArgumentType]
            pending=ledger.pending,
            not_recorded=ledger.not_recorded,
            failed_tries=ledger.failed_tries,
            tokens=ledger.tokens,
            cost=None if ledger.cost is None else round(ledger.cost, 6),
        )
    return reports


def check_answered(rejections: Sequence[Rejection], engine: Engine) -> None:
    """Raises RequestError where not one request was answered: that is no poor material."""
    unanswered = [each for each in rejections if each.reason in UNANSWERED]
    answers = sum(ledger.accepted for ledger in engine.ledgers.values())
    if unanswered and not answers and len(unanswered) == len(rejections):
        found = f"none of {len(unanswered)} requests was answered ({unanswered[0].detail})"
        raise RequestError(
            "the model's server", found, "answers", "See --help; nothing was changed"
        )


def count_reasons(rejections: Sequence[Rejection]) -> dict[RejectionReason, int]:
    """Returns reason -> how many were rejected for it, in alphabetical order."""
    counted: Counter[RejectionReason] = Counter(each.reason for each in rejections)
    return {reason: counted[reason] for reason in sorted(counted)}


def reject(step: Rejected, item: str) -> Rejection:
    """Returns the line of `rejected.jsonl` about an answer that cannot be used."""
    return Rejection(
        id=item,
        task=step.request.task,
        reason=step.reason,
        detail=step.detail,
        model=step.request.model,
        request_key=step.request.key,
        answer=step.answer,
    )
