"""What the words of single options reveal, and where the surface misleads."""

from dataclasses import replace

from generators.configs.contrasts import Contrasts, Floats, Mask
from generators.quality.checks.base import FEWEST, Check, Measurement
from generators.quality.checks.scores import (
    compare_controls,
    require_groups,
    share,
    share_wins,
    swap_poles,
    to_wins,
)
from generators.quality.evidence import CHECK_SEED, Evidence
from generators.quality.selection.classifiers import Scorer, cross_score, score_words
from generators.quality.selection.flags import find_hard
from schemas.quality import Controls

MOST_HARD = 0.65
"""Largest pair accuracy of single options' words on `hard` rows."""
ECHO, CLEARLY = "fitted on hard rows, poles swapped", 0.05
"""Name of what the flag itself makes, and by how much a cue of their own must exceed it."""
MOST_DROP = 0.10
AT_CHANCE = 0.55
"""Accuracy up to which a model has found too little to lose 0.10 of it anywhere."""
FEWEST_REVERSED = 200
NOTHING_TO_LOSE = "the option-only model is at chance on all rows, so it has no accuracy to lose"


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
    own = _score_alone(evidence, contrasts, pairs)
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
    random = cross_score(_read_words(evidence, swap_poles(evidence)), evidence.groups, CHECK_SEED)
    return replace(
        require_groups(contrasts, share_wins(contrasts, better, pairs)),
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
    return share(_score_alone(evidence, swapped, pairs)[pairs])


def _score_alone(evidence: Evidence, contrasts: Contrasts, pairs: Mask) -> Floats:
    """Returns the wins of a model that is fitted on some pairs alone."""
    words = _read_words(evidence, contrasts)
    return to_wins(cross_score(words, evidence.groups, CHECK_SEED, fit_on=pairs))


def _read_words(evidence: Evidence, contrasts: Contrasts) -> Scorer:
    return score_words(evidence.features.vocabulary, contrasts.positive, contrasts.negative)


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
    found = Measurement(
        value=drop,
        n=there.n,
        figures={"rows where cues mislead": share(wins[pairs]), "all rows": overall},
        controls=Controls(
            random_labels=round(share(at_random) - share(at_random[pairs]), 4),
            surface_only=round(share(to_wins(evidence.surface_scores)[pairs]), 4),
        ),
        enough=not blind,
        note=NOTHING_TO_LOSE if blind else None,
    )
    return require_groups(contrasts, found)


CHECKS = (
    Check(
        "option-only words, hard rows", "gate", "≤ 0.65", measure_words,
        number=7, about="cue", high=MOST_HARD, fewest=FEWEST, bounded=True,
    ),
    Check(
        "drop where cues mislead", "warn", "≤ 0.10", measure_reversed,
        number=9, high=MOST_DROP, fewest=FEWEST_REVERSED,
    ),
)  # fmt: skip
