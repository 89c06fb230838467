"""Marks rows that models of single options get wrong (`hard`), and rows whose cues mislead.

A score is always by what was fitted on other groups. Pure.
"""

from functools import partial

import numpy as np

from generators.configs.contrasts import Contrasts, Floats, Mask
from generators.quality.measures.surface import WORDS
from generators.quality.selection.classifiers import (
    Scorer,
    Vocabulary,
    cross_score,
    score_features,
    score_words,
)
from generators.quality.selection.features import (
    TextFeatures,
    average,
    differ,
    differ_surface,
    list_parts,
)


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
        scorer = score_words(features.vocabulary, part.positive, part.negative)
        hard[here] = average(np.sign(cross_score(scorer, groups)), part.item) <= 0
    return hard


def find_reversed(contrasts: Contrasts, features: TextFeatures) -> Mask:
    """Returns for each item whether surface cues point to the wrong side, and none to the right.

    The cues are length, the ten features, and the one n-gram that separates the poles best,
    each in the direction that it has in other groups.
    """
    found = np.zeros(contrasts.items, np.bool_)
    for here, part in list_parts(contrasts):
        groups = part.group.places[part.item]
        scorers: list[Scorer] = [
            partial(_score_side, np.sign(differ(features.surface[:, WORDS], part))),
            score_features(differ_surface(features, part)),
            partial(_score_ngram, features.vocabulary, part),
        ]
        votes = [
            np.sign(average(np.sign(cross_score(scorer, groups)), part.item)) for scorer in scorers
        ]
        found[here] = (np.max(votes, axis=0) <= 0) & (np.min(votes, axis=0) < 0)
    return found


def _score_side(sides: Floats, fit: Mask, score: Mask) -> Floats:
    """Returns which side has more of something, the right way round for the pairs fitted on."""
    return np.sign(sides[fit].mean().round(6)) * sides[score]


def _score_ngram(vocabulary: Vocabulary, part: Contrasts, fit: Mask, score: Mask) -> Floats:
    """Returns which side has the n-gram that separates the sides best."""
    fitted = part.positive[fit], part.negative[fit]
    return vocabulary.rank(fitted, (part.positive[score], part.negative[score]))
