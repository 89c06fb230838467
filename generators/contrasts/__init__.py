"""How the rows of each config are read as contrasts, one function a config.

A new config is one line more in the table. `decisions` is no contrast but what they come from.
"""

from generators.contrasts import concepts, games
from generators.contrasts.base import Reader

READERS: dict[str, Reader] = {
    "contrastive": games.PAIRS,
    "multiple_choice": games.ITEMS,
    "icl": games.QUERIES,
    "minimal_pairs": concepts.MINIMAL_PAIRS,
    "insertions": concepts.INSERTIONS,
    "relations": concepts.RELATIONS,
    "associations": concepts.ASSOCIATIONS,
}
"""Config -> how it is read."""
