"""What is to be judged of a row, config by config. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from generators.report.audit_sheet.columns import Line

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """A config that has something to judge."""

    stratum: str
    """Column that rows are spread over evenly."""
    describe: Callable[[Row, Row | None], Line]
    """From a row, and its counterpart where it has one."""
    drawn: tuple[str, object] | None = None
    """Column and value of the rows that are drawn; their counterparts are shown with them."""
    shuffled: bool = True
    """Whether the options are put in an order that says nothing of their labels."""


def _describe_contrastive(row: Row, _: Row | None) -> Line:
    """With what follows each option in the story, which the label is about."""
    options = tuple(
        f"{row[side]}\n→ {row[f'{side}_outcome']}" if row[f"{side}_outcome"] else row[side]
        for side in ("positive", "negative")
    )
    return Line(row["behavior_reading"], row["prompt"], options, (0,), (1,))


def _describe_multiple_choice(row: Row, _: Row | None) -> Line:
    matching, others = tuple(row["matching"]), tuple(row["not_matching"])
    return Line(row["behavior_reading"], row["question"], tuple(row["choices"]), matching, others)


def _describe_minimal_pair(row: Row, _: Row | None) -> Line:
    other = row["contrast"].removeprefix(f"{row['concept']}/")
    reading = f"is about {row['concept']}, not {other}"
    return Line(reading, "", (row["positive"], row["negative"]), (0,), (1,))


def _describe_insertion(row: Row, _: Row | None) -> Line:
    reading = f"mentions {row['concept']} (the control: {row['control_concept']})"
    return Line(reading, row["base"], (row["inserted"], row["control"]), (0,), (1,))


def _describe_relation(row: Row, other: Row | None) -> Line:
    options = tuple(each["conclusion"] for each in (row, other) if each)
    reading = "follows from the premises"
    return Line(reading, "\n".join(row["premises"]), options, (0,), tuple(range(1, len(options))))


def _describe_association(row: Row, other: Row | None) -> Line:
    options = tuple(each["text"] for each in (row, other) if each)
    reading = f"speaks well of {row['target']} ({row['target_kind']})"
    return Line(reading, "", options, (0,), tuple(range(1, len(options))))


JUDGED_CONFIGS: dict[str, Judged] = {
    "contrastive": Judged("behavior", _describe_contrastive),
    "multiple_choice": Judged("behavior", _describe_multiple_choice, shuffled=False),
    "minimal_pairs": Judged("theme", _describe_minimal_pair),
    "insertions": Judged("theme", _describe_insertion),
    "relations": Judged("theme", _describe_relation, drawn=("valid", True)),
    "associations": Judged("theme", _describe_association, drawn=("valence", "positive")),
}
"""Config -> what is judged of it. `multiple_choice` keeps its order: its places are balanced."""
