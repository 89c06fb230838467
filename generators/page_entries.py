"""How one row of each config looks on the page of a folder. Pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from generators.contrast import find_difference
from schemas.labels import VIOLATIONS

Numbers = dict[str, dict[str, float | None]]
"""Heading -> name -> number; None where it is not known."""

OUTCOME = 300
"""Characters of an outcome that are shown; the Parquet files have it whole."""


class Side(NamedTuple):
    """One text among those that are compared: an option, a choice, a sentence."""

    pole: str
    """`+` and `-` for the two poles, `?` for what is neither, empty for what is not judged."""
    name: str
    """What the text is, in a word or two."""
    text: str
    """The text."""
    span: tuple[int, int] | None = None
    """Characters that differ from the other side; None where nothing is marked."""
    outcome: str = ""
    """What follows in the story."""
    numbers: Numbers = {}
    """Its labels and scores."""


class Entry(NamedTuple):
    """One row as the page shows, filters and sorts it."""

    config: str
    """Config of the row."""
    id: str
    """Its id."""
    topic: str
    """Behavior or theme; empty where a row has neither."""
    group: str
    """Game, or the group of a row without a game."""
    split: str
    """Its split."""
    tier: str
    """`full` or `core`; empty where the config has no tiers."""
    origin: str
    """Where it comes from."""
    hard: bool
    """Whether a model that sees the options alone gets it wrong."""
    reversed_cue: bool
    """Whether its surface points to the wrong side."""
    margin: float | None
    """Score of the positive minus score of the negative, where a row has one."""
    context: str
    """What all sides have before them."""
    sides: tuple[Side, ...]
    """The texts that are compared."""
    facts: dict[str, str]
    """More to know, by name."""
    more: dict[str, str] = {}
    """Longer texts, by heading; shown when asked for."""


RowFields = Mapping[str, Any]


class View(NamedTuple):
    """How rows of one config become entries."""

    topic: str | None
    """Column of the topic."""
    columns: tuple[str, ...]
    """Columns, or fields of them, that are read beside those that all configs share."""
    read: Callable[[RowFields], Entry]
    """Makes an entry of a row."""


def list_pair_entries(pairs: Iterable[RowFields]) -> list[Entry]:
    """Returns the entries of plain pairs: `positive`, `negative`, and `prompt`, `group`, `id`.

    A pair without an `id` is numbered from 1.
    """
    numbered = enumerate(pairs, start=1)
    return [_make("pairs", {"id": str(n), **pair}, _read_poles(pair)) for n, pair in numbered]


def _make(
    config: str,
    row: RowFields,
    sides: tuple[Side, ...],
    context: str | None = None,
    **facts: object,
) -> Entry:
    given = {name.replace("_", " "): str(fact) for name, fact in facts.items() if fact is not None}
    return Entry(
        config=config,
        id=row["id"],
        topic=row.get("behavior") or row.get("theme") or "",
        group=row.get("game") or row.get("group") or "",
        split=row.get("split") or "",
        tier=row.get("tier") or "",
        origin=row.get("origin") or "",
        hard=bool(row.get("hard")),
        reversed_cue=bool(row.get("reversed_cue")),
        margin=row.get("margin"),
        context=row.get("prompt") or "" if context is None else context,
        sides=sides,
        facts=given,
    )


def _read_poles(row: RowFields) -> tuple[Side, Side]:
    one, other = row["positive"], row["negative"]
    span, other_span = find_difference(one, other)
    return (
        Side("+", "positive", one, span, _cut(row.get("positive_outcome"))),
        Side("-", "negative", other, other_span, _cut(row.get("negative_outcome"))),
    )


def _cut(text: str | None) -> str:
    if not text or len(text) <= OUTCOME:
        return text or ""
    return text[:OUTCOME].rpartition(" ")[0] + " …"


def _read_contrastive(row: RowFields) -> Entry:
    facts = {
        "positive means": row["behavior_reading"],
        "weight": f"{row['weight']:.4g}",
        "pure": "yes" if row["pure"] else "no",
    }
    return _make("contrastive", row, _read_poles(row), **facts)


def _read_item(row: RowFields) -> Entry:
    names = {"+": "matching", "-": "not matching", "?": "neither"}
    sides: list[Side] = []
    for place, (choice, score) in enumerate(zip(row["choices"], row["scores"], strict=True)):
        pole = "+" if place in row["matching"] else "-" if place in row["not_matching"] else "?"
        numbers: Numbers = {"score": {row["behavior"]: score}}
        sides.append(Side(pole, names[pole], choice, numbers=numbers))
    chance = f"{len(row['matching'])} in {len(row['choices'])}"
    facts = {"matching_means": row["behavior_reading"], "chance": chance}
    return _make("multiple_choice", row, tuple(sides), row["question"], **facts)


def _read_icl(row: RowFields) -> Entry:
    query = row["query"]
    facts = {"positive_means": row["behavior_reading"], "shots": row["n_shots"]}
    entry = _make("icl", row, _read_poles(query), query["observation"], **facts)
    shots = {f"shot {n}": _tell(shot) for n, shot in enumerate(row["shots"], start=1)}
    return entry._replace(more=shots)


def _tell(shot: RowFields) -> str:
    return f"{shot['observation']}\n+ {shot['positive']}\n− {shot['negative']}"


POLES = {"ethical": "+", "unethical": "-", "ambiguous": "?"}
"""Polarity -> pole; no pole for an option without labels."""


def _read_decision(row: RowFields) -> Entry:
    sides = tuple(_read_option(option) for option in row["options"])
    return _make("decisions", row, sides, row["context"], flags=", ".join(row["flags"]) or None)


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
        outcome=_cut(option["outcome"]),
        numbers={heading: named for heading, named in numbers.items() if named},
    )


def _read_minimal_pair(row: RowFields) -> Entry:
    sides = (
        Side("+", "positive", row["positive"], tuple(row["positive_span"])),
        Side("-", "negative", row["negative"], tuple(row["negative_span"])),
    )
    facts = {name: row[name] for name in ("contrast", "variant", "form", "template")}
    return _make("minimal_pairs", row, sides, "", **facts)


def _read_insertion(row: RowFields) -> Entry:
    sides = (
        Side("+", "inserted", row["inserted"], tuple(row["inserted_span"])),
        Side("-", "control", row["control"], tuple(row["control_span"])),
        Side("", "base", row["base"]),
    )
    facts = {"concept": row["concept"], "control concept": row["control_concept"]}
    return _make("insertions", row, sides, "", **facts)


def _read_relation(row: RowFields) -> Entry:
    pole, name = ("+", "valid") if row["valid"] else ("-", "invalid")
    facts = {name: row[name] for name in ("relation", "hops", "nonce_scope")}
    context = "\n".join(row["premises"])
    twin = row["counterpart_id"]
    return _make(
        "relations", row, (Side(pole, name, row["conclusion"]),), context, **facts, twin=twin
    )


def _read_association(row: RowFields) -> Entry:
    pole = "+" if row["valence"] == "positive" else "-"
    side = Side(pole, row["valence"], row["text"], tuple(row["attribute_span"]))
    facts = {name: row[name] for name in ("target", "target_kind", "attribute", "direction")}
    return _make("associations", row, (side,), "", **facts, twin=row["counterpart_id"])


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
