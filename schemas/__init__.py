"""What things are: the records of contrapose, importing pydantic and nothing else."""

from schemas.base import CANARY, BehaviorRow, GameRow, Provenance, Row
from schemas.config import MachiavelliConfig
from schemas.contrastive import ContrastiveRow
from schemas.decision import Decision, Labels, Option, Power
from schemas.drafts import CounterpartDraft, DilemmaDraft, JudgeDraft, LabelsDraft
from schemas.exchange import RecordedAnswer, Rejection, RejectionReason, Tokens
from schemas.game_data import GameMetadata, LabelRecord, Node
from schemas.generation import GenerationReport
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
    "CounterpartDraft",
    "Decision",
    "DilemmaDraft",
    "Exchange",
    "GameMetadata",
    "GameRow",
    "GenerationReport",
    "IclRow",
    "JudgeDraft",
    "LabelRecord",
    "Labels",
    "LabelsDraft",
    "MachiavelliConfig",
    "Manifest",
    "MultipleChoiceRow",
    "Node",
    "Option",
    "Polarity",
    "Power",
    "Provenance",
    "RecordedAnswer",
    "Rejection",
    "RejectionReason",
    "Row",
    "Tokens",
    "Violation",
]
