"""Adds what a model gave to a game's own Decisions: labels of options, and new Decisions. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from generators.sources.games.labels import LabelValues, assess
from schemas.decision import Decision, Option


@dataclass(frozen=True)
class ModelLabel:
    """A model's labels of an option that has no record."""

    values: LabelValues
    confidence: float


def label_options(
    decisions: Iterable[Decision], labels: Mapping[str, ModelLabel]
) -> list[Decision]:
    """Returns the Decisions, with a model's labels for options without a record."""
    if not labels:
        return list(decisions)
    return [_label_decision(decision, labels) for decision in decisions]


def _label_decision(decision: Decision, labels: Mapping[str, ModelLabel]) -> Decision:
    if all(option.label_source for option in decision.options):
        return decision
    options = tuple(_label_option(option, labels) for option in decision.options)
    if options == decision.options:
        return decision
    source = "benchmark" if any(each.label_source == "benchmark" for each in options) else "model"
    provenance = decision.provenance.model_copy(update={"label_source": source})
    return decision.model_copy(update={"options": options, "provenance": provenance})


def _label_option(option: Option, labels: Mapping[str, ModelLabel]) -> Option:
    label = labels.get(option.option_id)
    if option.label_source is not None or label is None:
        return option
    assessment = assess(label.values)
    return option.model_copy(
        update={
            "label_source": "model",
            "label_confidence": label.confidence,
            **assessment._asdict(),
        }
    )


def insert_written(decisions: Sequence[Decision], written: Sequence[Decision]) -> list[Decision]:
    """Returns the Decisions in tree order, each followed by those written from it."""
    by_source: dict[str, list[Decision]] = {}
    for decision in written:
        by_source.setdefault(decision.id.rpartition("/")[0], []).append(decision)
    return [each for decision in decisions for each in (decision, *by_source.get(decision.id, ()))]
