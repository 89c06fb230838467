"""What a run over concepts would ask and cost, before anything is sent (`--dry-run`)."""

import argparse

from generators.model_options import read_settings
from generators.sources.concepts.pool import ConceptPool
from generators.writing import CONCEPT_TASKS
from generators.writing.concepts import list_asks
from generators.writing.plan import NO_MODEL, count_asks, list_lines, look_up
from schemas.concept import ConceptFile
from schemas.config import ConceptsConfig


def show_plan(file: ConceptFile, config: ConceptsConfig, arguments: argparse.Namespace) -> str:
    """Returns the plan as text, without a last newline; sends nothing and writes nothing."""
    if config.model is None:
        return NO_MODEL
    run = read_settings(arguments, [config.model])
    asks = list_asks(ConceptPool(file, config.limit), config.kinds, config.model)
    with look_up(run.settings) as lookup:
        found = count_asks(asks, lookup)
    models = dict.fromkeys(CONCEPT_TASKS, config.model)
    return "\n".join(list_lines(found, models, run.settings, run.prices))
