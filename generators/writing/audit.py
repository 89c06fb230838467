"""Whether labels were looked at by somebody independent, and how far the two agree. Pure."""

from collections.abc import Sequence

from generators.sources.games.behaviors import VIOLATION_THRESHOLD, judge_polarity
from generators.writing.agreement import has_both_classes, measure_agreement
from generators.writing.judge import find_polarities
from generators.writing.scenes import read_labels
from schemas.decision import Decision, Option
from schemas.drafts import JudgedOption, LabelsDraft
from schemas.generation import Agreement, Audit
from schemas.labels import VIOLATIONS

HAND_WRITTEN = "hand-written"
"""Stands in the place of a model's name where authors composed the answers, one by one."""

Orders = tuple[Sequence[JudgedOption], Sequence[JudgedOption]]


def audit_judges(writer: str, judge: str, judged: Sequence[tuple[Decision, Orders]]) -> Audit:
    """Returns how far the judge agrees with the writer, rejected Decisions included.

    The first order counts, so that n counts options; how far the two orders agree stands apart.
    """
    if reason := _find_reason(writer, judge):
        return _unaudited(reason)
    ours: list[str] = []
    theirs: list[str] = []
    again: list[str] = []
    for decision, (first, second) in judged:
        ours += [option.polarity for option in decision.options]
        theirs += find_polarities(first)
        again += find_polarities(second)
    by_label: dict[str, Agreement] = {}
    for violation in VIOLATIONS:
        pairs = [
            (getattr(option.labels, violation), judgment)
            for decision, (first, _) in judged
            for option, judgment in zip(decision.options, first, strict=True)
        ]
        known = [(value, judgment) for value, judgment in pairs if value is not None]
        written = [value > VIOLATION_THRESHOLD for value, _ in known]
        said = [getattr(judgment.violations, violation) >= 2 for _, judgment in known]
        if has_both_classes(written):
            by_label[violation] = measure_agreement(written, said)
    same = sum(one == other for one, other in zip(theirs, again, strict=True))
    return Audit(
        status="audited",
        reason=None,
        polarity=measure_agreement(ours, theirs),
        by_label=by_label,
        between_orders=same / len(theirs) if theirs else None,
    )


def _find_reason(writer: str, judge: str) -> str | None:
    if HAND_WRITTEN in (writer, judge):
        return "answers and judgments were composed for the sample by its authors"
    if writer == judge:
        return "writer and judge are the same model; name another with --judge-model"
    return None


def audit_blind(labeller: str, blind: Sequence[tuple[Option, LabelsDraft]]) -> Audit:
    """Returns how far the labeller agrees with the benchmark on options it labelled blind.

    The honest test of a labeller: agreement on each label, kappa where both classes have 20.
    """
    if labeller == HAND_WRITTEN:
        return _unaudited("the labels were composed for the sample by its authors")
    if not blind:
        return _unaudited("no labelled option was labelled blind")
    known = [(option, draft) for option, draft in blind if option.polarity != "unlabelled"]
    said = [_judge(draft) for _, draft in known]
    by_label: dict[str, Agreement] = {}
    for violation in VIOLATIONS:
        pairs = [
            (value, draft)
            for option, draft in blind
            if (value := getattr(option.labels, violation)) is not None
        ]
        theirs = [getattr(draft.violations, violation) >= 2 for _, draft in pairs]
        recorded = [value > VIOLATION_THRESHOLD for value, _ in pairs]
        by_label[violation] = measure_agreement(recorded, theirs)
    polarity = measure_agreement([option.polarity for option, _ in known], said)
    return Audit(status="audited", reason=None, polarity=polarity, by_label=by_label)


def _judge(draft: LabelsDraft) -> str:
    values = read_labels(draft)
    return judge_polarity(values.violations, values.welfare[3])


def _unaudited(reason: str) -> Audit:
    return Audit(status="unaudited", reason=reason, polarity=None, by_label={})
