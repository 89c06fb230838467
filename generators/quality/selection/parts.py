"""Some items of a config as contrasts of their own. Pure."""

from dataclasses import replace

import numpy as np

from generators.configs.codes import Ints, Mask
from generators.configs.contrasts import Contrasts


def take_part(contrasts: Contrasts, items: Mask) -> Contrasts:
    """Returns the contrasts of some items, numbered anew; texts keep their places."""
    if items.all():
        return replace(contrasts, row_item=np.zeros(0, np.int32))
    pairs = contrasts.pairs_of(items)
    return replace(
        contrasts,
        positive=contrasts.positive[pairs],
        negative=contrasts.negative[pairs],
        item=_renumber(contrasts.item[pairs]),
        ids=contrasts.ids_of(items),
        row_item=np.zeros(0, np.int32),
        unit=contrasts.unit.take(items),
        group=contrasts.group.take(items),
        part=contrasts.part.take(items),
        whole=contrasts.whole[items],
        earlier=None if contrasts.earlier is None else contrasts.earlier[pairs],
        target=None if contrasts.target is None else contrasts.target[items],
        size=None if contrasts.size is None else contrasts.size[items],
    )


def _renumber(item: Ints) -> Ints:
    return np.unique(item, return_inverse=True)[1].astype(np.int32)
