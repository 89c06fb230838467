"""Single texts with a label, for classifiers.

concept-probes 0.1.0 (`concept_probes/datasets.py`, `read_jsonl`: `text`, `label`, `source` and no
other key), and any classifier of scikit-learn. What a line comes from stands in a second file, line
by line, so that groups can be kept together.
"""

from collections.abc import Iterator
from hashlib import sha256

from generators.export.formats.base import Entry, Format, LeftOut, Record, Reduced, Scope
from generators.export.formats.sides import Pair, take_sides


def convert(pairs: Iterator[Pair | LeftOut], scope: Scope) -> Iterator[Entry]:
    """Yields each side once: a menu's option stands in several pairs."""
    seen: set[bytes] = set()
    for pair in pairs:
        if isinstance(pair, LeftOut):
            yield pair
            continue
        for label, text in zip((1, 0), pair.sides.texts, strict=True):
            key = sha256(f"{label} {pair.sides.about} {text}".encode()).digest()[:16]
            if key in seen:
                yield Reduced("texts that stand there already, with the same label")
                continue
            seen.add(key)
            record = {"text": text, "label": label, "source": pair.row["origin"]}
            about = {"id": pair.row["id"], "group": pair.row["group"], "about": pair.sides.about}
            yield Record(f"{scope.split}.jsonl", record)
            yield Record(f"{scope.split}.index.jsonl", about)


FORMAT = Format("probe", "concept-probes, scikit-learn", take_sides(convert, columns=("origin",)))
