"""What one row of each config is."""

from schemas.associations import AssociationRow
from schemas.base import Row
from schemas.contrastive import ContrastiveRow
from schemas.decision import Decision
from schemas.icl import IclRow
from schemas.insertions import InsertionRow
from schemas.minimal_pairs import MinimalPairRow
from schemas.multiple_choice import MultipleChoiceRow
from schemas.relations import RelationRow

ROWS: dict[str, type[Row]] = {
    "decisions": Decision,
    "contrastive": ContrastiveRow,
    "multiple_choice": MultipleChoiceRow,
    "icl": IclRow,
    "minimal_pairs": MinimalPairRow,
    "insertions": InsertionRow,
    "relations": RelationRow,
    "associations": AssociationRow,
}
"""Config -> the model of its rows."""
