"""What the figures are drawn from, counted from the rows. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from generators.contrasts.base import Floats
from generators.measures.nearest import measure_nearest
from generators.measures.surface import WORDS
from generators.quality.evidence import Evidence
from generators.selection.cues import differ
from schemas.base import Tier
from schemas.generation import Audit
from schemas.quality import Histogram, Plots, Poles

LENGTHS = np.arange(-10.5, 11.5)
"""Bins of one word each."""
SIMILARITIES = np.linspace(0, 1, 21)

Tiers = Mapping[Tier, Evidence]


def draw_plots(configs: Sequence[Tiers], judgments: Sequence[Audit]) -> Plots:
    """Returns what the figures of a folder are drawn from."""
    full = {tiers["full"].config: tiers["full"] for tiers in configs}
    poled = [tiers for tiers in configs if tiers["full"].poles]
    return Plots(
        length={
            tiers["full"].config: {tier: count_lengths(each) for tier, each in tiers.items()}
            for tiers in poled
        },
        position={name: places for name, each in full.items() if (places := count_places(each))},
        polarity=count_poles(full.get("multiple_choice")),
        coverage=count_coverage(full),
        similarity={
            name: fill(SIMILARITIES, measure_nearest(each.passages.sketches.shingles))
            for name, each in full.items()
        },
        agreement={
            name: agreement.raw
            for audit in judgments
            for name, agreement in audit.by_label.items()
            if agreement.raw is not None
        },
    )


def fill(edges: Floats, values: Floats) -> Histogram:
    """Returns how many values lie between edges; the outer bins hold what lies beyond."""
    inside = np.clip(values, edges[0], edges[-1])
    counts, _ = np.histogram(inside, edges)
    return Histogram(edges=tuple(edges.round(4).tolist()), counts=tuple(counts.tolist()))


def count_lengths(evidence: Evidence) -> Histogram:
    """Returns how many more words the positives have, by pairs."""
    return fill(LENGTHS, differ(evidence.readings.surface[:, WORDS], evidence.contrasts))


def count_places(evidence: Evidence) -> dict[str, tuple[int, ...]]:
    """Returns number of options -> items whose target stands at each place."""
    target, size = evidence.contrasts.target, evidence.contrasts.size
    if target is None or size is None:
        return {}
    sizes: list[int] = np.unique(size).tolist()
    return {
        str(each): tuple(np.bincount(target[size == each], minlength=each).tolist())
        for each in sizes
    }


def count_poles(questions: Evidence | None) -> dict[str, Poles]:
    """Returns behavior -> how many options of questions stand where."""
    if questions is None:
        return {}
    counts: dict[str, Counter[str]] = {}
    for row in questions.list_rows("behavior", "choices", "matching", "not_matching"):
        counted = counts.setdefault(row["behavior"], Counter())
        counted["positive"] += len(row["matching"])
        counted["negative"] += len(row["not_matching"])
        counted["neither"] += len(row["choices"]) - len(row["matching"]) - len(row["not_matching"])
    return {name: Poles(**dict(counted)) for name, counted in sorted(counts.items())}


def count_coverage(full: Mapping[str, Evidence]) -> dict[str, int]:
    """Returns game -> rows of `decisions`, or of what there is; theme -> rows for concepts."""
    counted: Counter[str] = Counter()
    for name, evidence in full.items():
        names = evidence.table.column_names
        if "game" in names and name == next(iter(full)):
            counted.update(map(str, evidence.table["game"].to_pylist()))
        elif "theme" in names:
            counted.update(map(str, evidence.table["theme"].to_pylist()))
    return dict(sorted(counted.items()))
