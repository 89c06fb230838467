"""What of each config is read in one piece, for checks of repetition and of leaks. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import pyarrow as pa

from generators.configs import find_config
from generators.configs.base import Row
from generators.quality.measures.duplicates import Sketches, sketch, sketch_rest


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
        """The sketches in which near-duplicates are found."""
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


def read_passages(name: str, table: pa.Table) -> Passages:
    """Returns the passages of some rows of a config."""
    config = find_config(name)
    found: dict[str, _Passage] = {}
    columns = ["id", "split", "origin", config.passage, *config.text_columns]
    for row in _list_rows(table, columns):
        key = row[config.passage]
        start, *options = config.texts(row)
        if key not in found:
            written = row["origin"] == "generated"
            found[key] = _Passage(start, config.find_owner(key), row["split"], written)
        found[key].options.update(dict.fromkeys(options))
    every = found.values()
    return Passages(
        texts=["\n".join([*filter(None, [each.start]), *each.options]) for each in every],
        owners=[each.owner for each in every],
        splits=[each.split for each in every],
        generated=[each.generated for each in every],
        frames=_read_frames(config.frame, config.text_columns[0], table) if config.frame else None,
    )


def _read_frames(frame: str, text: str, table: pa.Table) -> list[str]:
    found: dict[str, str] = {}
    for row in _list_rows(table, [frame, text]):
        found.setdefault(row[frame], row[text])
    return list(found.values())


def read_wholes(name: str, table: pa.Table) -> list[str]:
    """Returns all text of each row, with its behavior: equal for rows that are duplicates."""
    config = find_config(name)
    divided = [column for column in ("behavior", "valid") if column in table.column_names]
    rows = _list_rows(table, [*config.text_columns, *divided])
    return ["\n".join([*(str(row[each]) for each in divided), *config.texts(row)]) for row in rows]


def _list_rows(table: pa.Table, columns: list[str]) -> Iterator[Row]:
    for batch in table.select(list(dict.fromkeys(columns))).to_batches(1000):
        yield from batch.to_pylist()
