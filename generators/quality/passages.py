"""What of each config is read in one piece, for checks of repetition and of leaks. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pyarrow as pa

from generators.quality.measures.duplicates import Sketches, sketch, sketch_rest

Row = dict[str, Any]


@dataclass(frozen=True)
class Passages:
    """Menus with their options, or sentences; each once."""

    texts: list[str]
    """Their text."""
    owners: list[str]
    """What each belongs to: those of one owner may be alike, such as a menu and its variants."""
    splits: list[str]
    """Where each stands."""
    generated: list[bool]
    """Whether a model wrote it."""
    frames: list[str] | None = None
    """One text of each frame, where few frames are crossed with many fillings by design."""
    sketched: Sketches | None = None
    """Their sketches, if they were made already."""

    @cached_property
    def sketches(self) -> Sketches:
        """What near-duplicates are looked for in."""
        return sketch(self.texts) if self.sketched is None else self.sketched

    def recall(self, wider: "Passages") -> "Passages":
        """Returns these passages, which it uses up, with what is known of wider ones."""
        if "sketches" not in wider.__dict__:
            return self
        known = {text: place for place, text in enumerate(wider.texts)}
        # The same strings, so that no text stands in memory twice.
        texts = [wider.texts[known[text]] if text in known else text for text in self.texts]
        self.texts.clear()
        return replace(self, texts=texts, sketched=sketch_rest(texts, known, wider.sketches))


@dataclass
class _Passage:
    start: str
    owner: str
    split: str
    generated: bool
    options: dict[str, None] = field(default_factory=dict[str, None])


@dataclass(frozen=True)
class Reading:
    """How the passages of one config are read."""

    columns: tuple[str, ...]
    """The columns that it takes."""
    start: Callable[[Row], str]
    """Row -> what comes first."""
    options: Callable[[Row], Iterable[str]]
    """Row -> what stands below; all that rows of one passage have, each once."""
    key: str
    """Column that rows of one passage share."""
    menus: bool = False
    """Whether the first two parts of a key name a menu of a game, whose variants are not repeats;
    else nothing is known of what a key says, and each is its own."""
    frame: str | None = None
    """Column that rows of one frame share, where frames are crossed with fillings by design."""


def read_passages(config: str, table: pa.Table) -> Passages:
    """Returns the passages of some rows of a config."""
    reading = READINGS[config]
    found: dict[str, _Passage] = {}
    columns = ["id", "split", "origin", *reading.columns]
    for row in _list_rows(table, list(dict.fromkeys([*columns, reading.key]))):
        key = row[reading.key]
        if key not in found:
            owner = "/".join(key.split("/")[:2]) if reading.menus else key
            written = row["origin"] == "generated"
            found[key] = _Passage(reading.start(row), owner, row["split"], written)
        found[key].options.update(dict.fromkeys(reading.options(row)))
    every = found.values()
    return Passages(
        texts=["\n".join([*filter(None, [each.start]), *each.options]) for each in every],
        owners=[each.owner for each in every],
        splits=[each.split for each in every],
        generated=[each.generated for each in every],
        frames=_read_frames(reading, table) if reading.frame else None,
    )


def _read_frames(reading: Reading, table: pa.Table) -> list[str]:
    assert reading.frame is not None
    found: dict[str, str] = {}
    for row in _list_rows(table, list(dict.fromkeys([reading.frame, *reading.columns]))):
        found.setdefault(row[reading.frame], row[reading.columns[0]])
    return list(found.values())


def read_wholes(config: str, table: pa.Table) -> list[str]:
    """Returns all text of each row, with its behavior: equal for rows that are duplicates."""
    reading = READINGS[config]
    divided = [name for name in ("behavior", "valid") if name in table.column_names]
    rows = _list_rows(table, [*reading.columns, *divided])
    return [
        "\n".join(
            [*(str(row[name]) for name in divided), reading.start(row), *reading.options(row)]
        )
        for row in rows
    ]


def _list_rows(table: pa.Table, columns: list[str]) -> Iterator[Row]:
    for batch in table.select(columns).to_batches(1000):
        yield from batch.to_pylist()


def _take(*names: str) -> Callable[[Row], list[str]]:
    return lambda row: [row[name] for name in names]


READINGS: dict[str, Reading] = {
    "decisions": Reading(
        ("context", "options"),
        lambda row: row["context"],
        lambda row: [option["text"] for option in row["options"]],
        "id",
        menus=True,
    ),
    "contrastive": Reading(
        ("prompt", "positive", "negative"),
        lambda row: row["prompt"],
        _take("positive", "negative"),
        "decision_id",
        menus=True,
    ),
    "multiple_choice": Reading(
        ("question", "choices"),
        lambda row: row["question"],
        lambda row: row["choices"],
        "decision_id",
        menus=True,
    ),
    "icl": Reading(
        ("query",),
        lambda row: row["query"]["observation"],
        lambda row: [row["query"]["positive"], row["query"]["negative"]],
        "decision_id",
        menus=True,
    ),
    "minimal_pairs": Reading(
        ("positive", "negative"), lambda row: "", _take("positive", "negative"), "id"
    ),
    "insertions": Reading(
        ("inserted", "control"), lambda row: "", _take("inserted", "control"), "id", frame="base"
    ),
    "relations": Reading(
        ("premises", "conclusion"),
        lambda row: "\n".join(row["premises"]),
        _take("conclusion"),
        "id",
    ),
    "associations": Reading(("text",), lambda row: "", _take("text"), "id", frame="template"),
    "pairs": Reading(
        ("prompt", "positive", "negative"),
        lambda row: row["prompt"],
        _take("positive", "negative"),
        "id",
    ),
}
"""Config -> how it is read."""
