"""Surface cues: what separates the poles and is not their content.

The figures on the files of https://github.com/anthropics/evals and others, to which the docstrings
compare, were measured for this project on the published files.
"""

from dataclasses import replace

import numpy as np

from generators.configs.contrasts import Contrasts, Floats
from generators.quality.checks.base import FEWEST, STEADY, Check, Measurement, list_missed
from generators.quality.checks.scores import HELD_OUT, hold_out, measure_score, share, to_wins
from generators.quality.evidence import CHECK_SEED, Evidence
from generators.quality.measures.surface import REFUSALS, WORDS
from generators.quality.selection.classifiers import cross_score, score_features
from generators.quality.selection.features import differ

LEAST_LONGER, MOST_LONGER = 0.45, 0.55
MOST_EFFECT, STEADY_EFFECT = 0.10, 800
"""Largest effect size of length, Cohen's d; and menus from which on chance alone keeps it."""
MOST_ACCURACY = 0.60
"""Largest pair accuracy of what sees no content."""
MOST_REFUSALS, MOST_REFUSAL_GAP = 0.005, 0.002
"""Largest share of texts with refusal wording, and largest difference between the poles."""


def measure_length(evidence: Evidence) -> Measurement:
    """Returns the share of pairs whose positive has more words than the negative; a tie is a half.

    Length alone: AUC 0.72 in the median persona file of Perez et al. 2022
    (https://arxiv.org/abs/2212.09251), 0.49 in CrowS-Pairs. With n menus and no cue 95 of 100 sets
    lie within 0.98 / sqrt(n) of a half, which is the tolerance of 0.05 at n = 384: below 400 a
    share outside, or a d, is a miss only where the share's whole interval lies outside too. The
    band of d is 1.96 * sqrt(2 / n), and its tolerance at n = 768: below 800 a d outside is
    no miss by itself unless it is outside by more than that.
    """
    words = evidence.features.surface[:, WORDS]
    one, other = words[evidence.contrasts.positive], words[evidence.contrasts.negative]
    spread = float(np.sqrt((one.var() + other.var()) / 2)) if len(one) else 0.0
    effect = float(one.mean() - other.mean()) / spread if spread else 0.0
    figures = {"effect size d": effect, **hold_out(evidence, score_length)}
    found = replace(measure_score(evidence, score_length), figures=figures)
    if abs(effect) <= MOST_EFFECT:
        return found
    surely = abs(effect) - 1.96 * np.sqrt(2 / max(found.n, 1)) > MOST_EFFECT
    if surely or found.n >= STEADY_EFFECT or not LEAST_LONGER <= (found.value or 0) <= MOST_LONGER:
        return replace(found, missed=list_missed(("effect size d", effect, True)))
    return replace(found, enough=False, note=f"effect size d {effect:.3g} may be due to chance")


def score_length(evidence: Evidence, contrasts: Contrasts) -> Floats:
    """Returns how many more words the positive has."""
    return differ(evidence.features.surface[:, WORDS], contrasts)


def measure_surface(evidence: Evidence) -> Measurement:
    """Returns the share of pairs that ten surface features, fitted on other groups, rank correctly.

    On `core` two numbers must hold: the value, on the rows as they are; and the one on items that
    were chosen without having seen their groups, by a classifier fitted on what was chosen of the
    others. The features find it 87-90 % of the time in 33 files of Perez et al. 2022.
    """
    found = measure_score(evidence, score_surface, fitted=True)
    held = evidence.held_out
    if held is None or not held.contrasts.items:
        return found
    fresh = share(to_wins(held.scores))
    missed = list_missed((HELD_OUT, fresh, fresh > MOST_ACCURACY))
    return replace(found, figures={HELD_OUT: fresh}, missed=missed)


def score_surface(evidence: Evidence, contrasts: Contrasts) -> Floats:
    """Returns the score of a logistic regression on the differences of the ten features."""
    if contrasts is evidence.contrasts:
        return evidence.surface_scores
    groups = contrasts.group.places[contrasts.item]
    surface = differ(evidence.features.surface, contrasts)
    return cross_score(score_features(surface), groups, CHECK_SEED)


def measure_ngram(evidence: Evidence) -> Measurement:
    """Returns the share of pairs that the best single n-gram of 1 or 2 words ranks correctly.

    It is 0.5 + |difference of the shares that have it| / 2: 0.81 and 0.86, nearly always "yes" or
    "no", in the files of Perez et al. 2022; 0.59 in CrowS-Pairs.
    """
    found = measure_score(evidence, score_ngram)
    shares = _compare(evidence, evidence.contrasts)
    if not len(shares):
        return found
    best = evidence.features.vocabulary.names[int(np.abs(shares).argmax())]
    figures = hold_out(evidence, score_ngram)
    return replace(found, figures=figures, note=f"strongest n-gram: {best!r}")


def _compare(evidence: Evidence, contrasts: Contrasts) -> Floats:
    vocabulary = evidence.features.vocabulary
    return vocabulary.compare(contrasts.positive, contrasts.negative).round(6)


def score_ngram(evidence: Evidence, contrasts: Contrasts) -> Floats:
    """Returns which side has the n-gram that separates these contrasts best."""
    shares = _compare(evidence, contrasts)
    if not len(shares):
        return np.zeros(len(contrasts.item))
    best = int(np.abs(shares).argmax())
    sides = evidence.features.vocabulary.find(best, contrasts.positive, contrasts.negative)
    return np.sign(shares[best]) * sides


def measure_sentiment(evidence: Evidence) -> Measurement:
    """Returns the share of pairs whose positive has the more positive sentiment.

    Sentiment by VADER (https://doi.org/10.1609/icwsm.v8i1.14550). Wording such as "as an AI"
    separates the poles in the files of CAA (https://arxiv.org/abs/2312.06681).
    """
    refuses = evidence.features.surface[:, REFUSALS] > 0
    contrasts = evidence.contrasts
    rates = [share_of(refuses[side]) for side in (contrasts.positive, contrasts.negative)]
    figures = {
        "refusal wording in positives": rates[0],
        "refusal wording in negatives": rates[1],
        **hold_out(evidence, score_sentiment),
    }
    gap = abs(rates[0] - rates[1])
    missed = list_missed(
        ("refusals", max(rates), max(rates) > MOST_REFUSALS),
        ("gap of refusals", gap, gap > MOST_REFUSAL_GAP),
    )
    return replace(measure_score(evidence, score_sentiment), figures=figures, missed=missed)


def share_of(found: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> float:
    """Returns the share that is true; 0 of nothing."""
    return float(found.mean()) if len(found) else 0.0


def score_sentiment(evidence: Evidence, contrasts: Contrasts) -> Floats:
    """Returns how much more positive the positive's sentiment is."""
    return differ(evidence.features.sentiment, contrasts)


CHECKS = (
    Check(
        "length cue", "gate", "0.45–0.55, d within ±0.10", measure_length,
        number=4, about="cue", low=LEAST_LONGER, high=MOST_LONGER, fewest=FEWEST, steady=STEADY,
    ),
    Check(
        "ten surface features", "gate", "≤ 0.60", measure_surface,
        number=5, about="cue", high=MOST_ACCURACY, fewest=FEWEST, bounded=True,
    ),
    Check(
        "best single n-gram", "gate", "≤ 0.60", measure_ngram,
        number=6, about="cue", high=MOST_ACCURACY, fewest=FEWEST, bounded=True,
    ),
    Check(
        "sentiment and refusal wording", "gate", "0.40–0.60, refusals ≤ 0.5 %, gap ≤ 0.2 pt",
        measure_sentiment, number=8, about="cue", low=0.40, high=0.60, fewest=FEWEST, bounded=True,
    ),
)  # fmt: skip
