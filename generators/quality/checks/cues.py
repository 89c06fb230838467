"""Surface cues: what separates the poles and is not their content, and places of the answer.

The figures on the files of https://github.com/anthropics/evals and others, to which the docstrings
compare, were measured for this project on the published files.
"""

from dataclasses import replace

import numpy as np

from generators.configs.contrasts import Contrasts, Floats
from generators.quality.checks.base import (
    FEWEST,
    FEWEST_OF_PART,
    Check,
    Measurement,
    PartMeasure,
    list_missed,
)
from generators.quality.checks.scores import (
    count_units,
    measure_fitted,
    measure_mean,
    measure_score,
    share_rows,
)
from generators.quality.evidence import Evidence
from generators.quality.measures.estimates import LEVEL, Estimate, correct
from generators.quality.measures.texts import REFUSALS, WORDS
from generators.quality.selection.cues import follows
from generators.quality.selection.features import differ, differ_surface
from generators.quality.selection.ranking import (
    Ranker,
    find_best,
    fit_best,
    fit_ridge,
    keep_labels,
)
from generators.quality.selection.single import find_single_contrast

LEAST_LONGER, MOST_LONGER = 0.45, 0.55
MOST_EFFECT = 0.10
"""Largest effect size of length, Cohen's d."""
MOST_ACCURACY = 0.60
"""Largest pair accuracy of what sees no content."""
MOST_REFUSALS = 0.005
"""Largest share of texts with refusal wording."""
DRAWS = 4000
"""Random placings of which p is a share: it is no less than 1 in so many."""
NOT_ENGLISH = "the texts do not look English, and the lexicon is"
WORDING_UNREAD = "five of the ten features are English wording, which these texts do not look like"


def measure_length(evidence: Evidence) -> Measurement | None:
    """Returns the share of pairs whose positive has more words than the negative; a tie is a half.

    Length alone: AUC 0.72 in the median persona file of Perez et al. 2022
    (https://arxiv.org/abs/2212.09251), 0.49 in CrowS-Pairs.
    """
    return measure_score(evidence, _compare_length)


def _compare_length(evidence: Evidence, contrasts: Contrasts) -> Floats:
    return _leave_meant(differ(evidence.features.surface[:, WORDS], contrasts), contrasts)


def _leave_meant(differences: Floats, contrasts: Contrasts) -> Floats:
    """Returns differences of pairs; 0 where they follow from what alone differs in all pairs.

    Args:
        differences: of each pair; several columns are looked at one by one.
        contrasts: the pairs.
    """
    single = find_single_contrast(contrasts)
    if single is None:
        return differences
    columns = differences.reshape(len(differences), -1).T
    kept = [np.zeros_like(each) if follows(each, single) else each for each in columns]
    return np.column_stack(kept).reshape(differences.shape)


def measure_effect(evidence: Evidence) -> Measurement | None:
    """Returns the mean difference of words, in standard deviations (Cohen's d).

    Half of the pairs may have the longer positive, and the positives still be far longer.
    """
    return measure_mean(evidence, _scale_length)


def _scale_length(evidence: Evidence, contrasts: Contrasts) -> Floats:
    words = evidence.features.surface[:, WORDS]
    one, other = words[contrasts.positive], words[contrasts.negative]
    spread = float(np.sqrt((one.var() + other.var()) / 2)) if len(one) else 0.0
    return _leave_meant((one - other) / spread if spread else np.zeros(len(one)), contrasts)


def measure_surface(evidence: Evidence) -> Measurement | None:
    """Returns the share of pairs that ten surface features, fitted on other groups, rank correctly.

    They find the matching option 87-90 % of the time in 33 files of Perez et al. 2022.
    """
    if not any(_compare_surface(evidence, part).any() for part in evidence.parts.values()):
        return None
    found = measure_fitted(evidence, _fit_surface)
    if evidence.is_english:
        return found
    return replace(found, note="; ".join(filter(None, [found.note, WORDING_UNREAD])))


def _compare_surface(evidence: Evidence, contrasts: Contrasts) -> Floats:
    return _leave_meant(differ_surface(evidence.features, contrasts), contrasts)


def _fit_surface(evidence: Evidence, contrasts: Contrasts, weights: Floats) -> Ranker:
    differences = _compare_surface(evidence, contrasts)
    spread = differences.std(axis=0)
    return fit_ridge(differences / np.where(spread > 0, spread, 1.0), weights)


def measure_ngram(evidence: Evidence) -> Measurement | None:
    """Returns the share of pairs that the one n-gram that is best in other groups ranks correctly.

    An n-gram is one or two words; one or two characters of a script that puts no spaces between
    words. The best n-gram of the same rows, nearly always "yes" or "no", ranks 0.81 and 0.86 in
    files of Perez et al. 2022; 0.59 in CrowS-Pairs.
    """
    if "n-gram" in evidence.whole.meant or find_single_contrast(evidence.whole):
        return None
    found = measure_fitted(evidence, _fit_ngram)
    values = {name: each.estimate.value for name, each in found.parts.items() if each.estimate}
    worst = max(values, key=values.__getitem__, default=next(iter(evidence.parts)))
    vocabulary, judged = evidence.features.vocabulary, evidence.parts[worst]
    if not vocabulary.names:
        return found
    sides = vocabulary.compare(judged.positive, judged.negative)
    (strongest,), _ = find_best(sides, keep_labels(len(judged.item)))
    where = f" in {worst}" if len(evidence.parts) > 1 else ""
    best = f"strongest{where}: {vocabulary.names[strongest]!r}"
    return replace(found, note="; ".join(filter(None, [found.note, best])))


def _fit_ngram(evidence: Evidence, contrasts: Contrasts, weights: Floats) -> Ranker:
    sides = evidence.features.vocabulary.compare(contrasts.positive, contrasts.negative)
    return fit_best(sides, weights)


def measure_words(evidence: Evidence) -> Measurement:
    """Returns the share of pairs that the words of the option alone, by TF-IDF, rank correctly.

    The model sees 1- and 2-grams of either side and nothing else, fitted on other groups, as in
    Gururangan et al. 2018 (https://aclanthology.org/N18-2017). What an option is about stands in
    its words, so that a value over chance is expected: it is what a probe must beat.
    """
    return measure_fitted(evidence, _fit_words)


def _fit_words(evidence: Evidence, contrasts: Contrasts, weights: Floats) -> Ranker:
    words = evidence.features.vocabulary.weighted
    return fit_ridge(words[contrasts.positive] - words[contrasts.negative], weights)


def measure_sentiment(evidence: Evidence) -> Measurement | None:
    """Returns the share of pairs whose positive has the more positive sentiment; a tie is a half.

    Sentiment by VADER (https://doi.org/10.1609/icwsm.v8i1.14550), whose lexicon is English.
    """
    if "sentiment" in evidence.whole.meant:
        return None
    if not evidence.is_english:
        return Measurement(None, 0, measured=0.0, unread=True, note=NOT_ENGLISH)
    return measure_score(evidence, _compare_sentiment)


def _compare_sentiment(evidence: Evidence, contrasts: Contrasts) -> Floats:
    return _leave_meant(differ(evidence.features.sentiment, contrasts), contrasts)


def measure_refusals(evidence: Evidence) -> Measurement | None:
    """Returns the share of texts with the wording of a refusal, on the side that has more of them.

    Wording such as "as an AI" separates the poles in the files of CAA
    (https://arxiv.org/abs/2312.06681). `core` has none: what has it is left out.
    """
    if evidence.tier == "core":
        return None
    if not evidence.is_english:
        return Measurement(None, 0, unread=True, note=NOT_ENGLISH)
    refuses = evidence.features.surface[:, REFUSALS] > 0
    contrasts = evidence.contrasts
    rates = [
        float(refuses[side].mean()) if len(side) else 0.0
        for side in (contrasts.positive, contrasts.negative)
    ]
    figures = {"in positives": rates[0], "in negatives": rates[1]}
    return Measurement(max(rates), count_units(contrasts), figures=figures)


def measure_targets(evidence: Evidence) -> Measurement | None:
    """Returns how far the answer's share of a position is from chance, 1 / number of options.

    The largest such distance of each number of options, averaged. Chi-squared tells whether chance
    makes as large ones. Twenty models prefer
    some letters (https://arxiv.org/abs/2309.03882); the target stands at A in 38 and 62 % of two
    human-written files of Perez et al. 2022.
    """
    if evidence.contrasts.target is None:
        return None
    parts = {name: _measure_places(part) for name, part in evidence.parts.items()}
    found = {name: part for name, part in parts.items() if part.estimate}
    values = [part.estimate.value for part in found.values() if part.estimate]
    doubts = correct([part.doubt or 0.0 for part in found.values()])
    least = min(doubts, default=1.0)
    return Measurement(
        value=float(np.mean(values)) if values else None,
        n=sum(part.n for part in found.values()),
        figures={"least p": least} if values else {},
        parts=parts if len(parts) > 1 else {},
        measured=share_rows(evidence, found),
        missed=list_missed(("p", least, least < LEVEL)),
        note=f"least p {least:.2f}" if values else f"no behavior has {FEWEST_OF_PART} menus",
    )


def _measure_places(part: Contrasts) -> PartMeasure:
    """Returns the mean distance from chance over the numbers of options, and p of chi-squared.

    p by drawing places at random, since many numbers of options have few questions.
    """
    assert part.target is not None
    assert part.size is not None
    units = count_units(part)
    if units < FEWEST_OF_PART:
        return PartMeasure(units)
    rng = np.random.default_rng(0)
    statistic, distance, drawn = 0.0, 0.0, np.zeros(DRAWS)
    for size in np.unique(part.size).tolist():
        counts = np.bincount(part.target[part.size == size], minlength=size)
        expected = counts.sum() / size
        statistic += float(((counts - expected) ** 2).sum() / expected)
        distance += float(np.abs(counts - expected).max())
        random = rng.multinomial(counts.sum(), np.full(size, 1 / size), DRAWS)
        drawn += ((random - expected) ** 2).sum(axis=1) / expected
    doubt = float(((drawn >= statistic - 1e-9).sum() + 1) / (DRAWS + 1))
    return PartMeasure(units, Estimate(distance / part.items, 0.0, units, 0, {}), doubt=doubt)


def measure_order(evidence: Evidence) -> Measurement | None:
    """Returns the share of pairs whose positive stands before the negative in the original menu.

    A pair's prompt shows no menu, but whoever lists its options in the menu's order shows this.
    """
    if evidence.contrasts.earlier is None:
        return None
    return measure_score(evidence, _compare_order)


def _compare_order(evidence: Evidence, contrasts: Contrasts) -> Floats:
    earlier = contrasts.earlier
    return np.zeros(len(contrasts.item)) if earlier is None else earlier.astype(np.float64)


CHECKS = (
    Check("place of the target", "gate", "p ≥ 0.05 in every behavior", measure_targets,
          number=2, about="place", high=0.5, fewest=FEWEST),
    Check("positive first in the menu", "gate", "0.45–0.55", measure_order,
          number=2, about="place", low=0.45, high=0.55, fewest=FEWEST),
    Check("length cue", "gate", "0.45–0.55", measure_length, number=4, about="cue",
          low=LEAST_LONGER, high=MOST_LONGER, fewest=FEWEST),
    Check("size of the length cue", "gate", "d within ±0.10", measure_effect, number=4,
          about="cue", low=-MOST_EFFECT, high=MOST_EFFECT, fewest=FEWEST),
    Check("ten surface features", "gate", "≤ 0.60", measure_surface,
          number=5, about="cue", high=MOST_ACCURACY, fewest=FEWEST, bounded=True,
          references={"Perez et al. 2022": 0.87, "CrowS-Pairs": 0.55}),
    Check("best single n-gram", "gate", "≤ 0.60", measure_ngram,
          number=6, about="cue", high=MOST_ACCURACY, fewest=FEWEST, bounded=True,
          references={"Perez et al. 2022": 0.81, "CrowS-Pairs": 0.59}),
    Check("words of the option alone", "report", "", measure_words, number=7, about="cue",
          references={"Perez et al. 2022": 0.95, "CrowS-Pairs": 0.78}),
    Check("sentiment", "gate", "0.40–0.60", measure_sentiment, number=8, about="cue",
          low=0.40, high=0.60, fewest=FEWEST, bounded=True),
    Check("refusal wording", "gate", "≤ 0.5 %", measure_refusals,
          number=8, about="cue", high=MOST_REFUSALS, fewest=FEWEST),
)  # fmt: skip
