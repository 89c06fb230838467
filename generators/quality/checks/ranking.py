"""Rankers: from the difference of two sides, which of them is the positive one. Pure.

Each is fitted on some groups and ranks the pairs of others, under the true labels and under many
relabellings at one time: a relabelling swaps the poles of whole units at random, so that there is
nothing left to find, and shows what the same procedure makes of nothing.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# scipy's sparse matrices have few types.

from collections.abc import Callable
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix, issparse

from generators.configs.contrasts import Floats, Ints, Mask
from generators.quality.selection.classifiers import fold_groups

RELABELLINGS = 100
PENALTY = 1.0
"""Of the squared weights, in pairs: that of scikit-learn's Ridge."""
TIE = 1e-6
"""Scores nearer to 0 than this are ties, on every machine."""

Signs = NDArray[np.float32]
"""Unit or pair x labelling: -1 where its poles are swapped; the first labelling is the true one."""
Ranker = Callable[[Mask, Mask, Signs], Floats]
"""From the pairs to fit on, those to rank, and all signs: of each of the latter under each
labelling, a number above 0 where the first side looks like a positive."""


def relabel(units: int, name: str) -> Signs:
    """Returns the signs of units: the true labels, then 100 relabellings, the same for a name."""
    seed = int.from_bytes(sha256(name.encode()).digest()[:8])
    drawn = np.random.default_rng(seed).integers(0, 2, (units, RELABELLINGS), np.int8)
    return np.column_stack([np.ones(units, np.float32), 1 - 2 * drawn]).astype(np.float32)


def rank_across(ranker: Ranker, signs: Signs, groups: Ints, seed: int) -> Signs:
    """Returns for each pair and labelling 1 where the positive is ranked first, 0.5 on a tie.

    Args:
        ranker: fits and ranks.
        signs: of the pairs.
        groups: of the pairs; one is never ranked by what was fitted on its own group.
        seed: decides which groups make a fold.
    """
    scores = np.zeros(signs.shape, np.float32)
    for fit, score in fold_groups(groups, seed):
        scores[score] = ranker(fit, score, signs)
    scores *= signs
    wins = (scores > TIE).astype(np.float32) - (scores < -TIE).astype(np.float32)
    return (wins + 1) / np.float32(2)


def fit_ridge(differences: "Floats | csr_matrix", weights: Floats) -> Ranker:
    """Returns a ridge regression of the labels on the differences of the sides.

    Without an intercept, so that swapped sides swap their score's sign. It is solved in closed
    form for all labellings together, by features or by pairs, whichever are fewer.

    Args:
        differences: pair x feature, what the first side has more of.
        weights: how much each pair counts.
    """
    root = np.sqrt(weights)[:, None]
    if differences.shape[1] <= differences.shape[0] and not issparse(differences):
        rows = np.asarray(differences)

        def rank_by_features(fit: Mask, score: Mask, signs: Signs) -> Floats:
            scaled = rows[fit] * root[fit]
            gram = scaled.T @ scaled + PENALTY * np.eye(rows.shape[1])
            solved = cho_solve(cho_factor(gram), scaled.T @ (root[fit] * signs[fit]))
            return rows[score] @ solved

        return rank_by_features
    product = differences @ differences.T
    kernel = np.asarray(product.toarray() if issparse(product) else product)

    def rank_by_pairs(fit: Mask, score: Mask, signs: Signs) -> Floats:
        scaled = kernel[np.ix_(fit, fit)] * (root[fit] * root[fit].T)
        scaled[np.diag_indices_from(scaled)] += PENALTY
        solved = cho_solve(cho_factor(scaled), root[fit] * signs[fit])
        return kernel[np.ix_(score, fit)] @ (root[fit] * solved)

    return rank_by_pairs


def fit_best(differences: csr_matrix, weights: Floats) -> Ranker:
    """Returns the one column that separates the sides best, in its direction.

    Args:
        differences: pair x n-gram, 1 where only the first side has it, -1 where only the second.
        weights: how much each pair counts.
    """

    def rank(fit: Mask, score: Mask, signs: Signs) -> Floats:
        if not differences.shape[1]:
            return np.zeros((int(score.sum()), signs.shape[1]))
        shares = differences[fit].T @ (weights[fit, None] * signs[fit])
        best = np.abs(shares.round(6)).argmax(axis=0)
        directions = np.sign(shares[best, np.arange(signs.shape[1])])
        chosen, places = np.unique(best, return_inverse=True)
        return differences[score][:, chosen].toarray()[:, places] * directions

    return rank
