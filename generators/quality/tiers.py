"""Chooses which rows are `core`, which are `hard`, and which are misled by their cues. Pure.

`hard` are rows that models of single options get wrong. A score is always by what was fitted on
other groups.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits  # pyright: ignore[reportMissingTypeStubs]

from generators.configs.contrasts import Contrasts, Floats, Mask
from generators.parallel import count_cores
from generators.progress import SILENT, Progress, follow
from generators.quality.measures.texts import WORDS
from generators.quality.selection.classifiers import fit_words
from generators.quality.selection.core import choose_core, count_reasons
from generators.quality.selection.features import (
    TextFeatures,
    average,
    differ,
    differ_surface,
    list_parts,
    narrow,
    take_part,
)
from generators.quality.selection.ranking import (
    Ranker,
    Signs,
    fit_best,
    fit_features,
    rank_true,
)
from schemas.quality import PartSelection, Selection


def find_hard(contrasts: Contrasts, features: TextFeatures) -> Mask:
    """Returns for each item whether a model of single options' words ranks no more than half right.

    The model sees TF-IDF of 1- and 2-grams and nothing else, as in the option-only baselines of
    Gururangan et al. 2018 (https://aclanthology.org/N18-2017).
    """
    hard = np.zeros(contrasts.items, np.bool_)
    for here, part in list_parts(contrasts):
        groups = part.group.places[part.item]
        if len(np.unique(groups)) < 2:
            continue
        ranker = fit_words(features.vocabulary, part.positive, part.negative)
        hard[here] = average(rank_true(ranker, groups), part.item) <= 0
    return hard


def find_reversed(contrasts: Contrasts, features: TextFeatures) -> Mask:
    """Returns for each item whether surface cues point to the wrong side, and none to the right.

    The cues are length, the ten features, and the one n-gram that separates the poles best,
    each in the direction that it has in other groups.
    """
    found = np.zeros(contrasts.items, np.bool_)
    for here, part in list_parts(contrasts):
        groups = part.group.places[part.item]
        sides = features.vocabulary.compare(part.positive, part.negative)
        rankers = [
            _fit_length(np.sign(differ(features.surface[:, WORDS], part))),
            fit_features(differ_surface(features, part)),
            fit_best(sides, np.ones(len(part.item))),
        ]
        votes = [np.sign(average(rank_true(ranker, groups), part.item)) for ranker in rankers]
        found[here] = (np.max(votes, axis=0) <= 0) & (np.min(votes, axis=0) < 0)
    return found


def _fit_length(longer: Floats) -> Ranker:
    """Returns which side is longer, the right way round for the pairs fitted on."""

    def rank(fit: Mask, score: Mask, signs: Signs) -> Floats:
        directions = np.sign((longer[fit] @ signs[fit] / fit.sum()).round(6))
        return longer[score, None] * directions

    return rank


FLAGS: dict[str, Callable[[Contrasts, TextFeatures], Mask]] = {
    "hard": find_hard,
    "reversed_cue": find_reversed,
}
"""Column -> what finds the items that have the flag."""

Columns = dict[str, "pa.Array[Any]"]
Choice = tuple[Columns, Selection]


class Masks:
    """What is chosen of a config's items, while its parts are."""

    def __init__(self, items: int) -> None:
        self.flags = {name: np.zeros(items, np.bool_) for name in ("core", *FLAGS)}
        self.reasons = np.full(items, "", object)
        """Item -> why it is not core."""
        self.parts: dict[str, PartSelection] = {}
        """Part -> how it was chosen."""


def choose_rows(contrasts: Contrasts, features: TextFeatures) -> Choice:
    """Returns the columns that rows get, and what is counted of them; each part by itself."""
    return choose_all_rows([contrasts], features)[0]


def choose_all_rows(
    each: Sequence[Contrasts], features: TextFeatures, progress: Progress = SILENT
) -> list[Choice]:
    """Returns what `choose_rows` does for each of several configs that share their texts.

    Parts of one name are chosen one after the other, since they often have the same texts, whose
    features then serve all of them; the largest first, so that none is left over at the end.
    """
    found = [Masks(contrasts.items) for contrasts in each]
    names = Counter[str]()
    for contrasts in each:
        sizes = np.bincount(contrasts.part.places, minlength=len(contrasts.part.names))
        names.update(dict(zip(contrasts.part.names, sizes.tolist(), strict=True)))
    choose = partial(_choose_parts, each, features, found)
    # Each part has a thread already; sums then also have one order, however many cores there are.
    with ThreadPoolExecutor(count_cores()) as pool, threadpool_limits(limits=1):
        chosen = pool.map(choose, [name for name, _ in names.most_common()])
        deque(follow(progress, chosen, "choosing core", len(names), "part"), 0)
    return [_sum_up(contrasts, masks) for contrasts, masks in zip(each, found, strict=True)]


def _choose_parts(
    each: Sequence[Contrasts], features: TextFeatures, found: Sequence[Masks], name: str
) -> None:
    """Marks what is chosen of the parts of one name."""
    known = features
    for contrasts, masks in zip(each, found, strict=True):
        here = contrasts.part.mark(name)
        if not here.any():
            continue
        part = take_part(contrasts, here)
        known = narrow(known, part)
        choice = choose_core(part, known)
        masks.flags["core"][here], masks.reasons[here] = choice.core, choice.reasons
        masks.parts |= choice.parts
        for flag, find in FLAGS.items():
            masks.flags[flag][here] = find(part, known)


def _sum_up(contrasts: Contrasts, masks: Masks) -> Choice:
    # Of a row without an item, at place -1, nothing holds.
    rows = {name: np.append(mask, False)[contrasts.row_item] for name, mask in masks.flags.items()}
    rows_of = np.bincount(contrasts.row_item[contrasts.row_item >= 0], minlength=contrasts.items)
    names = [name for name in contrasts.part.names if name in masks.parts]
    parts = {name: masks.parts[name] for name in names}  # in this order whatever the threads did
    selection = Selection(
        rows=len(contrasts.row_item),
        core=int(rows["core"].sum()),
        hard=int(rows["hard"].sum()),
        reversed_cue=int(rows["reversed_cue"].sum()),
        fell=count_reasons(np.repeat(masks.reasons, rows_of).tolist()),
        parts=parts,
        seen=sum(part.items for part in parts.values()),
        kept=sum(part.core for part in parts.values()),
        bound=sum(part.bound for part in parts.values() if part.balanced),
    )
    weights = np.append(weigh_core(contrasts, masks.flags["core"]), 0)[contrasts.row_item]
    columns: Columns = {
        "tier": pa.array(np.where(rows["core"], "core", "full"), pa.string()),
        "core_weight": pa.array(weights, pa.float64(), mask=weights == 0),
    }
    return columns | {name: pa.array(rows[name], pa.bool_()) for name in FLAGS}, selection


def weigh_core(contrasts: Contrasts, core: Mask) -> Floats:
    """Returns 1 / core items of an item's unit in its part, such as a menu; 0 of no core item."""
    unit = contrasts.unit.places * np.int64(len(contrasts.part.names)) + contrasts.part.places
    _, places = np.unique(unit, return_inverse=True)
    counts = np.bincount(places, core)
    return core / np.maximum(counts[places], 1)
