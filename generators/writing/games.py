"""What a model adds: new Decisions, judged blind, and labels for options that have none.

scene -> request -> answer -> draft -> Decision -> two judgments -> kept, or rejected with a reason.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from generators.engine.dialogue import Accepted, Ask, Missing, Rejected, Step
from generators.engine.engine import Engine
from generators.writing import GAME_TASKS, counterpart, dilemma, judge, labels
from generators.writing.audit import audit_blind, audit_judges
from generators.writing.candidates import Candidates, OptionText
from generators.writing.model_labels import ModelLabel
from generators.writing.scenes import read_labels
from generators.writing.totals import check_answered, count_reasons, reject, report_tasks
from schemas.base import Provenance
from schemas.decision import Decision
from schemas.drafts import JudgedOption, LabelsDraft
from schemas.exchange import Rejection
from schemas.generation import GenerationReport


@dataclass(frozen=True)
class Models:
    """Who is asked for what."""

    writer: str
    judge: str
    densify: bool = False

    @property
    def by_task(self) -> dict[str, str]:
        """Task -> who is asked."""
        return {name: self.judge if name == judge.TASK.name else self.writer for name in GAME_TASKS}


@dataclass
class Written:
    """What the models gave, by game."""

    decisions: defaultdict[str, list[Decision]] = field(
        default_factory=lambda: defaultdict[str, list[Decision]](list)
    )
    labels: defaultdict[str, dict[str, ModelLabel]] = field(
        default_factory=lambda: defaultdict[str, dict[str, ModelLabel]](dict)
    )
    """Game -> option id -> its label."""
    rejections: list[Rejection] = field(default_factory=list[Rejection])
    report: GenerationReport | None = None


@dataclass(frozen=True)
class Draft:
    """A Decision that waits for its judges."""

    decision: Decision
    task: str
    answer: str
    """What the model wrote, whole."""


@dataclass(frozen=True)
class Judged:
    """A Decision with what the judge says of its options, in their order, once in each order."""

    decision: Decision
    judgments: tuple[list[JudgedOption], list[JudgedOption]]


def generate(candidates: Candidates, models: Models, engine: Engine) -> Written:
    """Returns all that the models add.

    Raises:
        GeneratorError: a model cannot be asked; what was answered is kept.
    """
    written = Written()
    drafts = list(_write(candidates, models, engine, written))
    judged = _judge(drafts, models, engine, written)
    blind = _label(candidates, models, engine, written) if models.densify else []
    check_answered(written.rejections, engine)
    written.rejections.sort(key=lambda rejection: (rejection.id, rejection.task))
    judged_audit = audit_judges(
        models.writer, models.judge, [(each.decision, each.judgments) for each in judged]
    )
    written.report = GenerationReport(
        writer=models.writer,
        judge=models.judge,
        prices_as_of=engine.prices_as_of,
        tasks=report_tasks(engine, models.by_task),
        decisions=sum(map(len, written.decisions.values())),
        labels=sum(map(len, written.labels.values())),
        rejected=count_reasons(written.rejections),
        judged=judged_audit,
        blind=audit_blind(models.writer, blind) if models.densify else None,
    )
    return written


def list_writing_asks(menus: Sequence[Decision], writer: str) -> Iterator[Ask[Any]]:
    """Yields what is asked about each menu: a dilemma, and a counterpart where there can be one."""
    for menu in menus:
        yield dilemma.ask(menu, writer)
        place = counterpart.find_place(menu)
        if place is not None:
            yield counterpart.ask(menu, place, writer)


def _write(
    candidates: Candidates, models: Models, engine: Engine, written: Written
) -> Iterator[Draft]:
    """Yields the drafts that fit."""
    menus = {menu.id: menu for menu in candidates.menus}

    def asks() -> Iterator[Ask[Any]]:
        return list_writing_asks(candidates.menus, models.writer)

    for step in engine.run(asks, "writing", sum(1 for _ in asks())):
        if isinstance(step, Missing):
            continue
        task = step.request.task.partition("/")[0]
        decision_id = f"{step.request.item}/{task}"
        if isinstance(step, Rejected):
            written.rejections.append(reject(step, decision_id))
            continue
        yield draft_decision(menus[step.request.item], step)


def draft_decision(menu: Decision, step: Accepted[Any]) -> Draft:
    """Returns the Decision that an answer about a menu becomes."""
    request = step.request
    provenance = Provenance(
        template=request.task, model=request.model, request_key=request.key, label_source="model"
    )
    answer = step.value.model_dump_json()
    if request.task == dilemma.TASK.template:
        return Draft(dilemma.decide(menu, step.value, provenance), request.task, answer)
    place = counterpart.find_place(menu)
    assert place is not None  # else it would not have been asked
    return Draft(counterpart.decide(menu, place, step.value, provenance), request.task, answer)


def list_judging_asks(decisions: Sequence[Decision], model: str) -> Iterator[Ask[Any]]:
    """Yields both questions about each Decision."""
    for decision in decisions:
        for order in judge.ORDERS:
            yield judge.ask(decision, order, model)


def _judge(
    drafts: Sequence[Draft], models: Models, engine: Engine, written: Written
) -> list[Judged]:
    """Returns all that was judged; what the judge agrees with is kept, the rest rejected."""
    decisions = [draft.decision for draft in drafts]

    def asks() -> Iterator[Ask[Any]]:
        return list_judging_asks(decisions, models.judge)

    steps = engine.run(asks, "judging", 2 * len(drafts))
    judged: list[Judged] = []
    for draft, first, second in zip(drafts, steps, steps, strict=True):
        result = _compare(draft, first, second)
        if isinstance(result, Rejection):
            written.rejections.append(result)
        if isinstance(first, Accepted) and isinstance(second, Accepted):
            judged.append(_sort(draft.decision, first, second))
        if result is None:
            written.decisions[draft.decision.game].append(draft.decision)
    return judged


def _sort(decision: Decision, first: Accepted[Any], second: Accepted[Any]) -> Judged:
    orders = (
        judge.sort_judgments(decision, 0, first.value),
        judge.sort_judgments(decision, 1, second.value),
    )
    return Judged(decision, orders)


def _compare(draft: Draft, first: Step[Any], second: Step[Any]) -> Rejection | Missing | None:
    """Returns why a draft is not kept; None where the judge agrees with it in both orders."""
    for step in (first, second):
        if isinstance(step, Missing):
            return step
    for step in (first, second):
        if isinstance(step, Rejected):
            return _reject_draft(draft, "not_judged", f"{step.reason}: {step.detail}")
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    ours = [option.polarity for option in draft.decision.options]
    for order, judgments in enumerate(_sort(draft.decision, first, second).judgments, start=1):
        for place, polarity in enumerate(judge.find_polarities(judgments)):
            if polarity != ours[place]:
                text = draft.decision.options[place].text
                detail = f"'{text}' is {ours[place]} to its writer, {polarity} to the judge"
                return _reject_draft(draft, "judge_disagrees", f"{detail} (order {order})")
    return None


def _reject_draft(draft: Draft, reason: Any, detail: str) -> Rejection:
    provenance = draft.decision.provenance
    assert provenance.model is not None
    assert provenance.request_key is not None
    return Rejection(
        id=draft.decision.id,
        task=draft.task,
        reason=reason,
        detail=detail,
        model=provenance.model,
        request_key=provenance.request_key,
        answer=draft.answer,
    )


def _label(
    candidates: Candidates, models: Models, engine: Engine, written: Written
) -> list[tuple[Any, LabelsDraft]]:
    """Fills in the labels of options without a record; returns those that were labelled blind."""
    known = {text.item: option for text, option in candidates.labelled}

    def list_options() -> Iterator[OptionText]:
        yield from candidates.unlabelled
        yield from (text for text, _ in candidates.labelled)

    def asks() -> Iterator[Ask[LabelsDraft]]:
        for option in list_options():
            yield labels.ask(option.item, option.text, option.outcome, models.writer)

    blind: list[tuple[Any, LabelsDraft]] = []
    for option, step in zip(list_options(), engine.run(asks, "labelling", None), strict=True):
        if isinstance(step, Rejected):
            written.rejections.append(reject(step, option.item))
        if not isinstance(step, Accepted):
            continue
        draft: LabelsDraft = step.value
        if option.item in known:
            blind.append((known[option.item], draft))
        else:
            label = ModelLabel(read_labels(draft), draft.confidence)
            written.labels[option.game][option.option_id] = label
    return blind
