"""The concept sets, one file a config; a new one is one line more in the table."""

from generators.concept_sets import associations, insertions, minimal_pairs, relations
from generators.concept_sets.base import ConceptSet

CONCEPT_SETS: dict[str, ConceptSet] = {
    each.name: each for each in (minimal_pairs.SET, insertions.SET, relations.SET, associations.SET)
}
