"""The configs, one file each; a new one is one line more in `NAMES`."""

from importlib import import_module

from generators.configs import pairs
from generators.configs.base import Config, GameConfig
from generators.configs.from_concepts import ConceptConfig

NAMES = (
    "decisions",
    "contrastive",
    "multiple_choice",
    "icl",
    "minimal_pairs",
    "insertions",
    "relations",
    "associations",
)
"""Each is a module here and the name of its config, in the order of files and tables."""


def _load(name: str) -> GameConfig | ConceptConfig:
    return import_module(f"{__name__}.{name}").CONFIG


CONFIGS = {name: _load(name) for name in NAMES}
"""Name -> config."""
GAME_CONFIGS = {name: each for name, each in CONFIGS.items() if isinstance(each, GameConfig)}
CONCEPT_CONFIGS = {name: each for name, each in CONFIGS.items() if isinstance(each, ConceptConfig)}


def find_config(name: str) -> Config:
    """Returns a config by its name, or what is known of plain pairs, under `pairs`."""
    return pairs.CONFIG if name == pairs.CONFIG.name else CONFIGS[name]
