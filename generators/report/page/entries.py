"""One row as the page of a folder shows it, whatever its config. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from generators.text import find_difference

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


def list_pair_entries(pairs: Iterable[RowFields]) -> list[Entry]:
    """Returns the entries of plain pairs: `positive`, `negative`, and `prompt`, `group`, `id`.

    A pair without an `id` is numbered from 1.
    """
    numbered = enumerate(pairs, start=1)
    return [make_entry("pairs", {"id": str(n), **pair}, read_poles(pair)) for n, pair in numbered]


def make_entry(
    config: str,
    row: RowFields,
    sides: tuple[Side, ...],
    context: str | None = None,
    **facts: object,
) -> Entry:
    """Returns the entry of a row; columns that it lacks are empty.

    Args:
        config: its config.
        row: its columns.
        sides: the texts that are compared.
        context: what stands before them; the row's `prompt` where None.
        facts: more to know, by name.
    """
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


def read_poles(row: RowFields) -> tuple[Side, Side]:
    """Returns the two sides of a row with a `positive` and a `negative`, the difference marked."""
    one, other = row["positive"], row["negative"]
    span, other_span = find_difference(one, other)
    return (
        Side("+", "positive", one, span, cut(row.get("positive_outcome"))),
        Side("-", "negative", other, other_span, cut(row.get("negative_outcome"))),
    )


def cut(text: str | None) -> str:
    """Returns an outcome as far as it is shown."""
    if not text or len(text) <= OUTCOME:
        return text or ""
    return text[:OUTCOME].rpartition(" ")[0] + " …"
