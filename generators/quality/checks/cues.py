"""Surface cues: what separates the poles and is not their content, and places of the answer.

The figures on the files of https://github.com/anthropics/evals and others, to which the docstrings
compare, were measured for this project on the published files.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
from scipy.stats import chisquare

from generators.configs.contrasts import Contrasts, Floats
from generators.quality.checks.base import FEWEST, STEADY, Check, Measurement, list_missed
from generators.quality.checks.scores import (
    HELD_OUT,
    compare_controls,
    hold_out,
    measure_score,
    share,
    share_wins,
    swap_poles,
    to_wins,
)
from generators.quality.evidence import Evidence
from generators.quality.measures.texts import REFUSALS, WORDS
from generators.quality.selection.features import differ
from generators.quality.tiers import find_hard
from schemas.quality import Controls

LEAST_LONGER, MOST_LONGER = 0.45, 0.55
MOST_EFFECT, STEADY_EFFECT = 0.10, 800
"""Largest effect size of length, Cohen's d; and menus from which on chance alone keeps it."""
MOST_ACCURACY = 0.60
"""Largest pair accuracy of what sees no content."""
MOST_REFUSALS, MOST_REFUSAL_GAP = 0.005, 0.002
"""Largest share of texts with refusal wording, and largest difference between the poles."""
MOST_HARD = 0.65
"""Largest pair accuracy of single options' words on `hard` rows."""
ECHO, CLEARLY = "fitted on hard rows, poles swapped", 0.05
"""Name of what the flag itself makes, and by how much a cue of their own must exceed it."""
MOST_DROP = 0.10
AT_CHANCE = 0.55
"""Accuracy up to which a model has found too little to lose 0.10 of it anywhere."""
FEWEST_REVERSED = 200
NOTHING_TO_LOSE = "the option-only model is at chance on all rows, so it has no accuracy to lose"
LEAST_P = 0.01


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
    figures = {"effect size d": effect, **hold_out(evidence, _score_length)}
    found = replace(measure_score(evidence, _score_length), figures=figures)
    if abs(effect) <= MOST_EFFECT:
        return found
    surely = abs(effect) - 1.96 * np.sqrt(2 / max(found.n, 1)) > MOST_EFFECT
    if surely or found.n >= STEADY_EFFECT or not LEAST_LONGER <= (found.value or 0) <= MOST_LONGER:
        return replace(found, missed=list_missed(("effect size d", effect, True)))
    return replace(found, enough=False, note=f"effect size d {effect:.3g} may be due to chance")


def _score_length(evidence: Evidence, contrasts: Contrasts) -> Floats:
    return differ(evidence.features.surface[:, WORDS], contrasts)


def measure_surface(evidence: Evidence) -> Measurement:
    """Returns the share of pairs that ten surface features, fitted on other groups, rank correctly.

    On `core` two numbers must hold: the value, on the rows as they are; and the one on items that
    were chosen without having seen their groups, by a classifier fitted on what was chosen of the
    others. The features find it 87-90 % of the time in 33 files of Perez et al. 2022.
    """
    found = measure_score(evidence, _score_surface, fitted=True)
    held = evidence.held_out
    if held is None:
        return found
    fresh = share(to_wins(held.scores))
    missed = list_missed((HELD_OUT, fresh, fresh > MOST_ACCURACY))
    return replace(found, figures={HELD_OUT: fresh}, missed=missed)


def _score_surface(evidence: Evidence, contrasts: Contrasts) -> Floats:
    if contrasts is evidence.contrasts:
        return evidence.surface_scores
    return evidence.score_surface(contrasts)


def measure_ngram(evidence: Evidence) -> Measurement:
    """Returns the share of pairs that the best single n-gram of 1 or 2 words ranks correctly.

    It is 0.5 + |difference of the shares that have it| / 2: 0.81 and 0.86, nearly always "yes" or
    "no", in the files of Perez et al. 2022; 0.59 in CrowS-Pairs.
    """
    found = measure_score(evidence, _score_ngram)
    vocabulary, contrasts = evidence.features.vocabulary, evidence.contrasts
    strongest = vocabulary.find_strongest(contrasts.positive, contrasts.negative)
    if strongest is None:
        return found
    best = vocabulary.names[strongest[0]]
    figures = hold_out(evidence, _score_ngram)
    return replace(found, figures=figures, note=f"strongest n-gram: {best!r}")


def _score_ngram(evidence: Evidence, contrasts: Contrasts) -> Floats:
    """Returns which side has the n-gram that separates these contrasts best."""
    sides = contrasts.positive, contrasts.negative
    return evidence.features.vocabulary.rank(sides, sides)


def measure_sentiment(evidence: Evidence) -> Measurement:
    """Returns the share of pairs whose positive has the more positive sentiment.

    Sentiment by VADER (https://doi.org/10.1609/icwsm.v8i1.14550). Wording such as "as an AI"
    separates the poles in the files of CAA (https://arxiv.org/abs/2312.06681).
    """
    refuses = evidence.features.surface[:, REFUSALS] > 0
    contrasts = evidence.contrasts
    sides = (refuses[side] for side in (contrasts.positive, contrasts.negative))
    rates = [float(side.mean()) if len(side) else 0.0 for side in sides]
    figures = {
        "refusal wording in positives": rates[0],
        "refusal wording in negatives": rates[1],
        **hold_out(evidence, _score_sentiment),
    }
    gap = abs(rates[0] - rates[1])
    missed = list_missed(
        ("refusals", max(rates), max(rates) > MOST_REFUSALS),
        ("gap of refusals", gap, gap > MOST_REFUSAL_GAP),
    )
    return replace(measure_score(evidence, _score_sentiment), figures=figures, missed=missed)


def _score_sentiment(evidence: Evidence, contrasts: Contrasts) -> Floats:
    return differ(evidence.features.sentiment, contrasts)


def measure_words(evidence: Evidence) -> Measurement | None:
    """Returns the share of `hard` pairs that the words of single options rank correctly.

    Two models of TF-IDF of 1- and 2-grams are asked, in folds that `hard` was not found by, and the
    better one counts. One is fitted on all rows of other groups: it shows whether the rows are what
    their flag claims. The other is fitted on `hard` rows alone: it shows whether they have a cue of
    their own, as they would if some word pointed to the wrong side there. Such models reach 67 % of
    three-way SNLI (https://aclanthology.org/N18-2017).
    """
    if "hard" not in evidence.flags:
        return None
    contrasts = evidence.contrasts
    pairs = contrasts.pairs_of(evidence.flags["hard"])
    every = to_wins(evidence.word_scores)
    own = to_wins(evidence.score_words(contrasts, pairs))
    figures = {
        "fitted on all rows": share(every[pairs]),
        "fitted on hard rows": share(own[pairs]),
        "all rows": share(every),
    }
    if share(own[pairs]) > MOST_HARD:
        figures[ECHO] = _measure_echo(evidence)
    better = max(every, own, key=lambda wins: share(wins[pairs]))
    if better is own and share(own[pairs]) <= figures.get(ECHO, 0.0) + CLEARLY:
        better = every
    random = evidence.score_words(swap_poles(evidence))
    return replace(
        share_wins(contrasts, better, pairs),
        figures=figures,
        controls=compare_controls(evidence, random, pairs),
    )


def _measure_echo(evidence: Evidence) -> float:
    """Returns what a model of `hard` rows alone finds where poles are swapped at random.

    Rows that are flagged because a model of noise ranks them wrong carry the inverse of that noise,
    and a model of them alone learns it.
    """
    swapped = swap_poles(evidence)
    pairs = swapped.pairs_of(find_hard(swapped, evidence.features))
    return share(to_wins(evidence.score_words(swapped, pairs))[pairs])


def measure_reversed(evidence: Evidence) -> Measurement | None:
    """Returns how much accuracy an option-only text model loses where surface cues mislead.

    The model is that of the option-only check. One that is at chance over all has nothing to lose,
    so that no rows pass by it. Where shallow features were confounded with values,
    nine models followed the values 30 % of the time (https://arxiv.org/abs/2511.02109).
    """
    if "reversed_cue" not in evidence.flags:
        return None
    contrasts = evidence.contrasts
    pairs = contrasts.pairs_of(evidence.flags["reversed_cue"])
    wins = to_wins(evidence.word_scores)
    overall, there = share(wins), share_wins(contrasts, wins, pairs)
    at_random = to_wins(evidence.word_scores * evidence.flips)
    drop = overall - share(wins[pairs])
    blind = there.n > 0 and overall <= AT_CHANCE and drop <= MOST_DROP
    return Measurement(
        value=drop,
        n=there.n,
        figures={"rows where cues mislead": share(wins[pairs]), "all rows": overall},
        controls=Controls(
            random_labels=round(share(at_random) - share(at_random[pairs]), 4),
            surface_only=round(share(to_wins(evidence.surface_scores)[pairs]), 4),
        ),
        enough=there.enough and not blind,
        note=there.note or (NOTHING_TO_LOSE if blind else None),
    )


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
        note = f"fewer than {FEWEST} menus of every size"
        for size, most in counted.most_common(1):
            note += f"; the most frequent size has {most} menus of {size} options"
        return Measurement(0.0, 0, note=note)
    figures["least p"] = min(values)
    missed = list_missed(("p", min(values), min(values) <= LEAST_P))
    return Measurement(max(deviations), menus, figures=figures, missed=missed)


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
    Check("length cue", "gate", "0.45–0.55, d within ±0.10", measure_length, number=4, about="cue",
          low=LEAST_LONGER, high=MOST_LONGER, fewest=FEWEST, steady=STEADY),
    Check("ten surface features", "gate", "≤ 0.60", measure_surface,
          number=5, about="cue", high=MOST_ACCURACY, fewest=FEWEST, bounded=True),
    Check("best single n-gram", "gate", "≤ 0.60", measure_ngram,
          number=6, about="cue", high=MOST_ACCURACY, fewest=FEWEST, bounded=True),
    Check("sentiment and refusal wording", "gate", "0.40–0.60, refusals ≤ 0.5 %, gap ≤ 0.2 pt",
          measure_sentiment, number=8, about="cue", low=0.40, high=0.60, fewest=FEWEST,
          bounded=True),
    Check("option-only words, hard rows", "gate", "≤ 0.65", measure_words,
          number=7, about="cue", high=MOST_HARD, fewest=FEWEST, bounded=True),
    Check("drop where cues mislead", "warn", "≤ 0.10", measure_reversed,
          number=9, high=MOST_DROP, fewest=FEWEST_REVERSED),
)  # fmt: skip
