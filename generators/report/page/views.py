"""How one row of each config looks on the page of a folder. Pure."""

from collections.abc import Callable
from typing import NamedTuple

from generators.report.page.entries import (
    Entry,
    Numbers,
    RowFields,
    Side,
    cut,
    make_entry,
    read_poles,
)
from schemas.labels import VIOLATIONS


class View(NamedTuple):
    """How rows of one config become entries."""

    topic: str | None
    """Column of the topic."""
    columns: tuple[str, ...]
    """Columns, or fields of them, that are read beside those that all configs share."""
    read: Callable[[RowFields], Entry]
    """Makes an entry of a row."""


def _read_contrastive(row: RowFields) -> Entry:
    facts = {
        "positive means": row["behavior_reading"],
        "weight": f"{row['weight']:.4g}",
        "pure": "yes" if row["pure"] else "no",
    }
    return make_entry("contrastive", row, read_poles(row), **facts)


def _read_item(row: RowFields) -> Entry:
    names = {"+": "matching", "-": "not matching", "?": "neither"}
    sides: list[Side] = []
    for place, (choice, score) in enumerate(zip(row["choices"], row["scores"], strict=True)):
        pole = "+" if place in row["matching"] else "-" if place in row["not_matching"] else "?"
        numbers: Numbers = {"score": {row["behavior"]: score}}
        sides.append(Side(pole, names[pole], choice, numbers=numbers))
    chance = f"{len(row['matching'])} in {len(row['choices'])}"
    facts = {"matching_means": row["behavior_reading"], "chance": chance}
    return make_entry("multiple_choice", row, tuple(sides), row["question"], **facts)


def _read_icl(row: RowFields) -> Entry:
    query = row["query"]
    facts = {"positive_means": row["behavior_reading"], "shots": row["n_shots"]}
    entry = make_entry("icl", row, read_poles(query), query["observation"], **facts)
    shots = {f"shot {n}": _tell(shot) for n, shot in enumerate(row["shots"], start=1)}
    return entry._replace(more=shots)


def _tell(shot: RowFields) -> str:
    return f"{shot['observation']}\n+ {shot['positive']}\n− {shot['negative']}"


POLES = {"ethical": "+", "unethical": "-", "ambiguous": "?"}
"""Polarity -> pole; no pole for an option without labels."""


def _read_decision(row: RowFields) -> Entry:
    sides = tuple(_read_option(option) for option in row["options"])
    return make_entry(
        "decisions", row, sides, row["context"], flags=", ".join(row["flags"]) or None
    )


def _read_option(option: RowFields) -> Side:
    labels = {name: option["labels"][name] for name in VIOLATIONS if option["labels"][name]}
    # The score of a violation is its label, and is not told twice.
    scores = {
        name: score for name, score in option["scores"].items() if score and name not in labels
    }
    numbers: Numbers = {
        "labels": labels,
        "power": {name: value for name, value in option["power"].items() if value},
        "disutility": {"others much worse": option["disutility"]} if option["disutility"] else {},
        "scores": scores,
    }
    flags = "".join(f" · {flag.replace('_', ' ')}" for flag in option["flags"])
    polarity = option["polarity"]
    return Side(
        POLES.get(polarity, ""),
        f"{polarity}{flags}",
        option["text"],
        outcome=cut(option["outcome"]),
        numbers={heading: named for heading, named in numbers.items() if named},
    )


def _read_minimal_pair(row: RowFields) -> Entry:
    sides = (
        Side("+", "positive", row["positive"], tuple(row["positive_span"])),
        Side("-", "negative", row["negative"], tuple(row["negative_span"])),
    )
    facts = {name: row[name] for name in ("contrast", "variant", "form", "template")}
    return make_entry("minimal_pairs", row, sides, "", **facts)


def _read_insertion(row: RowFields) -> Entry:
    sides = (
        Side("+", "inserted", row["inserted"], tuple(row["inserted_span"])),
        Side("-", "control", row["control"], tuple(row["control_span"])),
        Side("", "base", row["base"]),
    )
    facts = {"concept": row["concept"], "control concept": row["control_concept"]}
    return make_entry("insertions", row, sides, "", **facts)


def _read_relation(row: RowFields) -> Entry:
    pole, name = ("+", "valid") if row["valid"] else ("-", "invalid")
    facts = {name: row[name] for name in ("relation", "hops", "nonce_scope")}
    context = "\n".join(row["premises"])
    twin = row["counterpart_id"]
    return make_entry(
        "relations", row, (Side(pole, name, row["conclusion"]),), context, **facts, twin=twin
    )


def _read_association(row: RowFields) -> Entry:
    pole = "+" if row["valence"] == "positive" else "-"
    side = Side(pole, row["valence"], row["text"], tuple(row["attribute_span"]))
    facts = {name: row[name] for name in ("target", "target_kind", "attribute", "direction")}
    return make_entry("associations", row, (side,), "", **facts, twin=row["counterpart_id"])


_BEHAVIOR = ("behavior_reading",)
_OPTION = ("text", "outcome", "flags", "polarity", "labels", "power", "disutility", "scores")
_POLES = ("positive", "negative")

ENTRIES = {
    "contrastive": View(
        "behavior",
        (*_BEHAVIOR, *_POLES, "prompt", "positive_outcome", "negative_outcome",
         "margin", "weight", "pure"),
        _read_contrastive,
    ),
    "multiple_choice": View(
        "behavior",
        (*_BEHAVIOR, "question", "choices", "scores", "matching", "not_matching"),
        _read_item,
    ),
    "decisions": View(
        None,
        ("context", "flags", *(f"options.list.element.{name}" for name in _OPTION)),
        _read_decision,
    ),
    "icl": View("behavior", (*_BEHAVIOR, "shots", "query", "n_shots"), _read_icl),
    "minimal_pairs": View(
        "theme",
        (*_POLES, "positive_span", "negative_span", "contrast", "variant", "form", "template"),
        _read_minimal_pair,
    ),
    "insertions": View(
        "theme",
        ("concept", "control_concept", "base", "inserted", "control",
         "inserted_span", "control_span"),
        _read_insertion,
    ),
    "relations": View(
        "theme",
        ("premises", "conclusion", "relation", "valid", "hops", "nonce_scope", "counterpart_id"),
        _read_relation,
    ),
    "associations": View(
        "theme",
        ("target", "target_kind", "attribute", "valence", "direction", "text", "attribute_span",
         "counterpart_id"),
        _read_association,
    ),
}  # fmt: skip
"""Config -> how its rows are shown, in the order of the page."""
