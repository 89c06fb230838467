"""The configs, one file each; a new one is one line more in its table."""

from generators.configs import (
    associations,
    concept_contrasts,
    contrastive,
    decisions,
    game_contrasts,
    icl,
    insertions,
    minimal_pairs,
    multiple_choice,
    relations,
)
from generators.configs.contrasts import Reader
from generators.configs.from_concepts import ConceptSet
from generators.configs.from_games import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (decisions.KIND, contrastive.KIND, multiple_choice.KIND, icl.KIND)
}

CONCEPT_SETS: dict[str, ConceptSet] = {
    each.name: each for each in (minimal_pairs.SET, insertions.SET, relations.SET, associations.SET)
}

READERS: dict[str, Reader] = {
    "contrastive": game_contrasts.PAIRS,
    "multiple_choice": game_contrasts.ITEMS,
    "icl": game_contrasts.QUERIES,
    "minimal_pairs": concept_contrasts.MINIMAL_PAIRS,
    "insertions": concept_contrasts.INSERTIONS,
    "relations": concept_contrasts.RELATIONS,
    "associations": concept_contrasts.ASSOCIATIONS,
}
"""Config -> how it is read as contrasts."""
