"""Whether the option that is asked for stands at every place equally often."""

from collections import Counter
from dataclasses import replace

import numpy as np
from scipy.stats import chisquare

from generators.configs.contrasts import Contrasts, Floats
from generators.quality.checks.base import FEWEST, STEADY, Check, Measurement, list_missed
from generators.quality.checks.scores import measure_score
from generators.quality.evidence import Evidence

LEAST_P = 0.01


def measure_targets(evidence: Evidence) -> Measurement | None:
    """Returns how far the answer's share of a position is from chance, 1 / number of options.

    Numbers of options with fewer than 100 menus are left out. By chi-squared too, p must be over
    0.01. Twenty models prefer some letters (https://arxiv.org/abs/2309.03882); the target stands at
    A in 38 and 62 % of two human-written files of Perez et al. 2022.
    """
    contrasts = evidence.contrasts
    if contrasts.target is None or contrasts.size is None:
        return None
    figures: dict[str, float] = {}
    deviations, values, menus = [0.0], [1.0], 0
    counted = Counter[int]()
    for size in np.unique(contrasts.size).tolist():
        here = contrasts.size == size
        counted[size] = contrasts.count_units(here)
        if counted[size] < FEWEST:
            continue
        counts = np.bincount(contrasts.target[here], minlength=size)
        deviations.append(float(np.abs(counts / counts.sum() - 1 / size).max()))
        values.append(float(chisquare(counts).pvalue))
        figures[f"{size} options"] = deviations[-1]
        menus += counted[size]
    if not menus:
        return Measurement(0.0, 0, note=_note_few(counted))
    figures["least p"] = min(values)
    missed = list_missed(("p", min(values), min(values) <= LEAST_P))
    return Measurement(max(deviations), menus, figures=figures, missed=missed)


def _note_few(menus: Counter[int]) -> str:
    note = f"fewer than {FEWEST} menus of every size"
    if not menus:
        return note
    (size, most), *_ = menus.most_common(1)
    return f"{note}; the most frequent size has {most} menus of {size} options"


def measure_order(evidence: Evidence) -> Measurement | None:
    """Returns the share of pairs whose positive stands before the negative in the original menu.

    A pair's prompt shows no menu, but whoever lists its options in the menu's order shows this.
    Fewer than 400 menus: as with the length cue.
    """
    if evidence.contrasts.earlier is None:
        return None
    note = "order in the original menu, which no prompt shows"
    return replace(measure_score(evidence, _score_order), note=note)


def _score_order(evidence: Evidence, contrasts: Contrasts) -> Floats:
    earlier = contrasts.earlier
    return np.zeros(len(contrasts.item)) if earlier is None else earlier.astype(np.float64)


CHECKS = (
    Check("place of the target", "gate", "within 0.03 of chance, p > 0.01", measure_targets,
          number=2, about="place", high=0.03, fewest=FEWEST),
    Check("positive first in the menu", "gate", "0.45–0.55", measure_order,
          number=2, about="place", low=0.45, high=0.55, fewest=FEWEST, steady=STEADY),
)  # fmt: skip
