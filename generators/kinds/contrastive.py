"""Config `contrastive`: every pair of options of one menu that contrast in a behavior."""

from collections.abc import Iterator, Sequence

from generators.kinds.base import Kind, take_columns
from generators.pairs import list_pairs
from schemas.config import MachiavelliConfig
from schemas.contrastive import ContrastiveRow
from schemas.decision import Decision
from schemas.labels import BEHAVIORS, Behavior


def view(decisions: Sequence[Decision], config: MachiavelliConfig) -> Iterator[ContrastiveRow]:
    """Yields one row per menu, behavior, positive and negative."""
    for decision in decisions:
        for behavior in BEHAVIORS:
            yield from _view_pairs(decision, behavior)


def _view_pairs(decision: Decision, behavior: Behavior) -> Iterator[ContrastiveRow]:
    pairs = list_pairs(decision, behavior)
    for pair in pairs:
        positive, negative = decision.options[pair.positive], decision.options[pair.negative]
        yield ContrastiveRow(
            **take_columns(decision, behavior),
            id=f"{decision.id}/{behavior}/{pair.positive}-{pair.negative}",
            prompt=decision.context,
            positive=positive.text,
            negative=negative.text,
            positive_option_id=positive.option_id,
            negative_option_id=negative.option_id,
            positive_outcome=positive.outcome,
            negative_outcome=negative.outcome,
            margin=pair.margin,
            weight=1 / len(pairs),
            pure=pair.pure,
        )


def text(row: ContrastiveRow) -> list[str]:
    """Returns the prompt, then both poles."""
    return [row.prompt, row.positive, row.negative]


KIND = Kind("contrastive", ContrastiveRow, view, text)
