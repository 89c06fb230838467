"""The configs, one file each; a new one is one line more in the table."""

from generators.configs import (
    associations,
    contrastive,
    decisions,
    icl,
    insertions,
    minimal_pairs,
    multiple_choice,
    pairs,
    relations,
)
from generators.configs.base import Config, GameConfig
from generators.configs.from_concepts import ConceptConfig

CONFIGS: dict[str, GameConfig | ConceptConfig] = {
    each.name: each
    for each in (
        decisions.CONFIG,
        contrastive.CONFIG,
        multiple_choice.CONFIG,
        icl.CONFIG,
        minimal_pairs.CONFIG,
        insertions.CONFIG,
        relations.CONFIG,
        associations.CONFIG,
    )
}
"""Name -> config, in the order of files and tables."""

GAME_CONFIGS = {name: each for name, each in CONFIGS.items() if isinstance(each, GameConfig)}
CONCEPT_CONFIGS = {name: each for name, each in CONFIGS.items() if isinstance(each, ConceptConfig)}


def find_config(name: str) -> Config:
    """Returns a config by its name, or what is known of plain pairs, under `pairs`."""
    return pairs.CONFIG if name == pairs.CONFIG.name else CONFIGS[name]
