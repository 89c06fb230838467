"""What checks look at: the rows of one config and tier, and what is computed of them once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

from generators.configs.codes import Ints, Mask
from generators.configs.contrasts import Contrasts, Floats
from generators.quality.measures.diversity import Diversity, measure_diversity
from generators.quality.passages import Passages, read_passages
from generators.quality.selection.classifiers import (
    cross_score,
    fold_groups,
    score_features,
    score_words,
)
from generators.quality.selection.core import choose_core
from generators.quality.selection.cues import Readings, differ
from generators.quality.selection.flags import list_parts
from generators.quality.selection.parts import take_part
from schemas.base import Tier
from schemas.generation import Audit
from schemas.quality import HumanAudit

CHECK_SEED = 1
"""Deals groups to folds otherwise than the selection did."""


@dataclass(frozen=True)
class HeldOut:
    """Items that were chosen without having seen their groups, and how they are ranked."""

    contrasts: Contrasts
    """The items."""
    scores: Floats
    """Pair -> score by the ten features, fitted on what was kept of other groups."""


@dataclass(frozen=True)
class FolderEvidence:
    """What is looked at of a folder as a whole."""

    config: str
    """`folder`, or `pairs` for a plain file."""
    tier: Tier
    """Always `full`."""
    rows: int
    """All rows."""
    judgments: list[Audit]
    """What was made of independent judgments, as the manifest has it."""
    audit: HumanAudit | None
    """What people said of a sample."""
    untrue: dict[str, float]
    """What the folder says and is not so -> how often."""
    poles: bool = True
    """It has what its checks look at."""
    waivers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Check -> why it does not count."""


@dataclass(frozen=True)
class Evidence:
    """The rows of one config and tier."""

    config: str
    tier: Tier
    contrasts: Contrasts
    """The contrasts of these rows."""
    readings: Readings
    """What was measured of their texts."""
    table: pa.Table
    """The rows, without the columns that no check looks at."""
    off_schema: int
    """Rows that the config's schema refuses."""
    whole: Contrasts
    """The contrasts of all rows of the config: what a choice is made from."""
    flags: Mapping[str, Mask] = field(default_factory=dict[str, Mask])
    """`hard`, `reversed_cue` -> item -> whether its row has the flag."""
    poles: bool = True
    """Whether the rows have two poles."""
    templates: bool = False
    """Whether the rows come from slots, and so repeat their frames by design."""
    waivers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Check -> why it does not count here."""
    tried: int | None = None
    """Rows that the config's schema was tried on; None where there is none."""
    read: Passages | None = None
    """The rows' passages, if they were read already."""

    def list_rows(self, *columns: str) -> Iterator[dict[str, Any]]:
        """Yields some columns of each row, with few rows in memory."""
        for batch in self.table.select(list(columns)).to_batches(1000):
            yield from batch.to_pylist()

    @cached_property
    def passages(self) -> Passages:
        """What is read in one piece."""
        return self.read or read_passages(self.config, self.table)

    @cached_property
    def diversity(self) -> Diversity | None:
        """How much the frames repeat each other, or what has none; None of fewer than two."""
        frames = self.passages.frames
        return measure_diversity(self.passages.texts if frames is None else frames)

    @property
    def groups(self) -> Ints:
        """Pair -> group."""
        return self.contrasts.group.places[self.contrasts.item]

    @cached_property
    def surface(self) -> Floats:
        """Pair -> difference of the ten features."""
        return differ(self.readings.surface, self.contrasts)

    @cached_property
    def surface_scores(self) -> Floats:
        """Pair -> score by the ten features, fitted on other groups."""
        return cross_score(score_features(self.surface), self.groups, CHECK_SEED)

    @cached_property
    def word_scores(self) -> Floats:
        """Pair -> score by the words of single options, fitted on other groups."""
        words = score_words(
            self.readings.vocabulary, self.contrasts.positive, self.contrasts.negative
        )
        return cross_score(words, self.groups, CHECK_SEED)

    @cached_property
    def flips(self) -> Floats:
        """Pair -> 1 or -1, the same for a unit: what labels given at random would say."""
        units = self.contrasts.unit
        sides = [sha256(f"{CHECK_SEED}/{name}".encode()).digest()[0] % 2 for name in units.names]
        return np.where(np.array(sides)[units.places[self.contrasts.item]] == 1, 1.0, -1.0)

    @cached_property
    def parts(self) -> dict[str, Contrasts]:
        """Behavior -> its contrasts; nothing where rows are not divided."""
        names = self.contrasts.part.names
        if len(names) < 2:
            return {}
        return {names[part.part.places[0]]: part for _, part in list_parts(self.contrasts)}

    @cached_property
    def held_out(self) -> HeldOut | None:
        """What a choice keeps of groups it has not seen; None for `full`, and for one group."""
        whole = self.whole
        if self.tier != "core" or len(np.unique(whole.group.places)) < 2:
            return None
        kept, scores = np.zeros(whole.items, np.bool_), np.zeros(len(whole.item))
        score_pairs = score_features(differ(self.readings.surface, whole))
        for fit, score in fold_groups(whole.group.places, CHECK_SEED):
            core = choose_core(whole, self.readings, fit).core
            kept |= core & score
            fitted, scored = whole.pairs_of(core & fit), whole.pairs_of(core & score)
            if fitted.any() and scored.any():
                scores[scored] = score_pairs(fitted, scored)
        return HeldOut(take_part(whole, kept), scores[whole.pairs_of(kept)])
