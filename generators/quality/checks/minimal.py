"""Whether a minimal pair is minimal, in words and in tokens."""

import numpy as np

from generators.configs import find_config
from generators.quality.checks.base import Check, Measurement, list_missed
from generators.quality.evidence import Evidence
from generators.quality.measures.words import measure_edits

FEWEST_TOKENIZERS = 3
MOST_EDITED = 0.5
"""Largest share of words edited in any pair: a concept is a few words at most, and where more than
half of a sentence is another, what it shares is less than what differs. 0.25 is the most in the
bundled set, 0.94 the median in the files of Perez et al. 2022 (https://arxiv.org/abs/2212.09251)."""


def measure_edit(evidence: Evidence) -> Measurement | None:
    """Returns the median share of words that must be edited to get the other side.

    BLiMP 0.17, CrowS-Pairs 0.09; 0.94 in the files of Perez et al. 2022. No pair may be edited by
    more than a half.
    """
    if not find_config(evidence.config).minimal:
        return None
    texts = evidence.contrasts.texts
    ones: list[int] = evidence.contrasts.positive.tolist()
    others: list[int] = evidence.contrasts.negative.tolist()
    pairs = zip(ones, others, strict=True)
    edits = measure_edits((texts[one], texts[other]) for one, other in pairs)
    if not len(edits):
        return Measurement(0.0, 0)
    largest = float(edits.max())
    return Measurement(
        float(np.median(edits)),
        len(edits),
        figures={"largest": largest},
        missed=list_missed(("largest", largest, largest > MOST_EDITED)),
    )


def measure_alignment(evidence: Evidence) -> Measurement | None:
    """Returns the share of rows whose sides are aligned token by token, with the worst tokenizer.

    Aligned: as many tokens on both sides, and one run of them that differs. Patching wants
    symmetric replacement (https://arxiv.org/abs/2309.16042). BLiMP 1.00 by words; 0.19 in the files
    of Perez et al. 2022.
    """
    if not find_config(evidence.config).minimal:
        return None
    aligned: dict[str, list[bool]] = {}
    for row in evidence.list_rows("tokens"):
        readings: dict[str, bool] = {}
        for reading in row["tokens"]:
            name = reading["tokenizer"]
            readings[name] = readings.get(name, True) and reading["aligned"]
        for name, every in readings.items():
            aligned.setdefault(name, []).append(every)
    shares = {name: float(np.mean(values)) for name, values in aligned.items()}
    few = len(shares) < FEWEST_TOKENIZERS
    note = f"{len(shares)} of at least {FEWEST_TOKENIZERS} tokenizers; add more with --tokenizer"
    return Measurement(
        value=min(shares.values(), default=0.0),
        n=evidence.table.num_rows,
        figures=shares,
        enough=not few,
        note=note if few else None,
    )


CHECKS = (
    Check("words edited", "gate", "median ≤ 0.20, largest ≤ 0.50", measure_edit,
          number=11, high=0.20, unit="rows"),
    Check("token alignment", "gate", "≥ 0.95 with each of ≥ 3 tokenizers", measure_alignment,
          number=12, low=0.95, unit="rows"),
)  # fmt: skip
