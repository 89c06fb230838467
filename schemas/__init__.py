"""What things are: the records of contrapose, importing pydantic and nothing else."""

from schemas.base import CANARY, BehaviorRow, GameRow, Provenance, Row
from schemas.config import MachiavelliConfig
from schemas.contrastive import ContrastiveRow
from schemas.decision import Decision, Labels, Option, Power
from schemas.game_data import GameMetadata, LabelRecord, Node
from schemas.icl import Exchange, IclRow
from schemas.labels import BEHAVIORS, POWERS, VIOLATIONS, Behavior, Polarity, Violation
from schemas.manifest import Manifest
from schemas.multiple_choice import MultipleChoiceRow

__all__ = [
    "BEHAVIORS",
    "CANARY",
    "POWERS",
    "VIOLATIONS",
    "Behavior",
    "BehaviorRow",
    "ContrastiveRow",
    "Decision",
    "Exchange",
    "GameMetadata",
    "GameRow",
    "IclRow",
    "LabelRecord",
    "Labels",
    "MachiavelliConfig",
    "Manifest",
    "MultipleChoiceRow",
    "Node",
    "Option",
    "Polarity",
    "Power",
    "Provenance",
    "Row",
    "Violation",
]
