"""What is counted for the manifest: parts of the file, splits, values of columns. Pure."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from generators.sources.concepts.pool import ConceptPool
from generators.splits import SPLITS, deal_split
from schemas.concept import ConceptFile


def count_values(tally: Mapping[str, Counter[str]], table: pa.Table) -> None:
    """Adds how often each value stands in the columns that are counted."""
    for name, counter in tally.items():
        column: Any = table[name]
        for counted in column.value_counts().to_pylist():
            value = counted["values"]
            text = str(value).lower() if isinstance(value, bool) else str(value)
            counter[text] += counted["counts"]


def count_parts(file: ConceptFile) -> dict[str, int]:
    """Returns how many there are of each part of a concept file."""
    parts = ("concepts", "contrasts", "templates", "edges", "scenarios", "attributes")
    more = ("occupations", "groups", "nonce", "associations")
    return {part: len(getattr(file, part)) for part in (*parts, *more)}


def count_splits(pool: ConceptPool) -> dict[str, dict[str, int]]:
    """Returns how many contrasts, templates, scenarios and themes each split is dealt."""
    dealt = {
        "contrasts": [pool.splits[pair[0]] for pair in pool.contrasts],
        "templates": [each.split for each in pool.templates],
        "scenarios": [each.split for each in pool.scenarios],
        "sentences of associations": [each.split for each in pool.associations],
        "themes (of relations)": [deal_split(theme) for theme in pool.file.themes],
    }
    return {
        name: {split: splits.count(split) for split in SPLITS} for name, splits in dealt.items()
    }
