"""Config `contrastive`: every pair of options of one menu that contrast in a behavior."""

from collections.abc import Iterator, Sequence

from generators.configs.from_games import Kind, ViewColumns, find_provenance, take_columns
from generators.sources.games.menus import Menu, Pair
from schemas.config import MachiavelliConfig
from schemas.contrastive import ContrastiveRow
from schemas.decision import Decision


def view(menus: Sequence[Menu], config: MachiavelliConfig) -> Iterator[ContrastiveRow]:
    """Yields one row per menu, behavior, positive and negative."""
    for decision, contrasts in menus:
        for contrast in contrasts:
            shared = take_columns(decision, contrast.behavior, ())
            for pair in contrast.pairs:
                places = (pair.positive, pair.negative)
                columns: ViewColumns = {**shared, "provenance": find_provenance(decision, places)}
                yield _view_pair(decision, columns, pair, 1 / len(contrast.pairs))


def _view_pair(
    decision: Decision, columns: ViewColumns, pair: Pair, weight: float
) -> ContrastiveRow:
    positive, negative = decision.options[pair.positive], decision.options[pair.negative]
    return ContrastiveRow(
        **columns,
        id=f"{decision.id}/{columns['behavior']}/{pair.positive}-{pair.negative}",
        prompt=decision.context,
        positive=positive.text,
        negative=negative.text,
        positive_option_id=positive.option_id,
        negative_option_id=negative.option_id,
        positive_outcome=positive.outcome,
        negative_outcome=negative.outcome,
        margin=pair.margin,
        weight=weight,
        pure=pair.pure,
    )


def text(row: ContrastiveRow) -> list[str]:
    """Returns the prompt, then both poles."""
    return [row.prompt, row.positive, row.negative]


KIND = Kind("contrastive", ContrastiveRow, view, text)
