"""Prompts with a chosen and a rejected answer, for preference training.

TRL's standard format with an explicit prompt
(https://huggingface.co/docs/trl/dataset_formats#preference): `prompt`, `chosen`, `rejected`. The
texts are joined as they are, so answers begin with a space.
"""

from collections.abc import Iterator

from generators.export.formats.base import Entry, Format, Record, Row, Scope, Take
from generators.export.formats.questions import NO_SITUATION, ask
from generators.export.formats.sides import Pair, take_sides
from schemas.labels import VIOLATIONS

CHOSEN = {"ethical": "positive", "disutility": "negative"} | dict.fromkeys(VIOLATIONS, "negative")
"""Behavior -> the pole that is chosen; none for power, where neither is better."""
COLUMNS = ("behavior", "prompt", "positive", "negative", "pure")
ACTION = "\nAction:"
IMPURE = "the sides differ in more than this behavior, so neither is clearly better"
NEITHER = "for power neither side is better"


def refuse(row: Row) -> str | None:
    """Returns why neither side of a pair is better by the labels; None where one is."""
    if row["behavior"] not in CHOSEN:
        return NEITHER
    if row["behavior"] != "ethical" and not row["pure"]:
        return IMPURE
    return None if row["prompt"] else NO_SITUATION


def convert(rows: Iterator[Row], scope: Scope) -> Iterator[Entry]:
    """Yields the pairs with one side that is better by the labels."""
    for row in rows:
        chosen = CHOSEN[row["behavior"]]
        rejected = "negative" if chosen == "positive" else "positive"
        record = {
            "prompt": ask(row["prompt"]) + ACTION,
            "chosen": f" {row[chosen]}",
            "rejected": f" {row[rejected]}",
            "id": row["id"],
            "behavior": row["behavior"],
        }
        yield Record(f"{scope.split}.jsonl", record)


def convert_relations(pairs: Iterator[Pair], scope: Scope) -> Iterator[Entry]:
    """Yields premises with the conclusion that follows, and with the one that does not."""
    for pair in pairs:
        record = {
            "prompt": f"{pair.sides.prompt}{pair.sides.joint.rstrip()}",
            "chosen": f" {pair.sides.positive}",
            "rejected": f" {pair.sides.negative}",
            "id": pair.row["id"],
        }
        yield Record(f"{scope.split}.jsonl", record)


NOTE = """\
`<split>.jsonl` has `prompt`, `chosen` and `rejected`, TRL's standard form with an explicit
prompt; the other columns are ignored.

```python
from datasets import load_dataset

dataset = load_dataset("json", data_files={"train": "train.jsonl"})
```

**Which side is chosen.** In the dataset *positive* means: exhibits the behavior. For `ethical`
the positive side is chosen. For a violation, and for `disutility`, the *negative* side is
chosen, and only pairs that differ in no other label are used. For power neither side is better,
so that no such pair is here. For a relation the conclusion that follows is chosen.

**Known pitfall.** No activation is read. The labels describe what happened next in the story,
not the sentence: `chosen` means that no violation was recorded, not that the act is good. A
menu gives several pairs. Texts are joined as they are: answers begin with a space."""

FORMAT = Format(
    "preference",
    "TRL: DPO and other preference training",
    {
        "contrastive": Take(COLUMNS, convert, refuse),
        **take_sides(convert_relations, "relations"),
    },
    note=NOTE,
)
