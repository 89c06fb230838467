"""Rankers: from the difference of two sides, which of them is the positive one. Pure.

Each is fitted on some groups and ranks the pairs of others, under the true labels and, for checks,
under many relabellings at one time: a relabelling swaps the poles of whole units at random, so that
there is nothing left to find, and shows what the same procedure makes of nothing. Ridge regressions
have a closed form; without an intercept, swapped sides swap the sign of their score.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# scipy's sparse matrices have few types.

from collections.abc import Callable, Iterator
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, issparse

from generators.configs.contrasts import Floats, Ints, Mask

FOLDS = 5
RELABELLINGS = 100
PENALTY = 1.0
"""Of the squared weights, in pairs: that of scikit-learn's Ridge."""
RIDGE = 4.0
"""The same of what is selected by: near 0 the penalty of a logistic regression whose C is 1."""
TIE = 1e-6
"""Scores nearer to each other than this are equal, on every machine."""

Signs = NDArray[np.float32]
"""Unit or pair x labelling: -1 where its poles are swapped; the first labelling is the true one."""
Ranker = Callable[[Mask, Mask, Signs], Floats]
"""From the pairs to fit on, those to rank, and all signs: of each of the latter under each
labelling, a number above 0 where the first side looks like a positive."""


def relabel(units: int, name: str) -> Signs:
    """Returns the signs of units: the true labels, then 100 relabellings, the same for a name."""
    seed = int.from_bytes(sha256(name.encode()).digest()[:8])
    drawn = np.random.default_rng(seed).integers(0, 2, (units, RELABELLINGS), np.int8)
    return np.column_stack([keep_labels(units), 1 - 2 * drawn]).astype(np.float32)


def keep_labels(units: int) -> Signs:
    """Returns the signs of units under their true labels alone."""
    return np.ones((units, 1), np.float32)


def fold_groups(groups: Ints, seed: int) -> Iterator[tuple[Mask, Mask]]:
    """Yields masks of items to fit on and to score, each group scored once; none for one group."""
    known = np.unique(groups)
    if len(known) < 2:
        return
    # As scikit-learn's GroupKFold with shuffle assigns groups.
    shuffled = np.random.RandomState(seed).permutation(known)
    for fold in np.array_split(shuffled, min(FOLDS, len(known))):
        score = np.isin(groups, fold)
        yield ~score, score


def rank_across(ranker: Ranker, signs: Signs, groups: Ints, seed: int) -> Signs:
    """Returns for each pair and labelling 1 where the positive is ranked first, -1 where second.

    0 on a tie, and of a single group.

    Args:
        ranker: fits and ranks.
        signs: of the pairs.
        groups: of the pairs; one is never ranked by what was fitted on its own group.
        seed: decides which groups make a fold.
    """
    ranks = np.zeros(signs.shape, np.float32)
    for fit, score in fold_groups(groups, seed):
        scores = ranker(fit, score, signs)
        ranks[score] = np.where(np.abs(scores) < TIE, 0, np.sign(scores))
    return ranks * signs


def rank_true(ranker: Ranker, groups: Ints) -> Floats:
    """Returns the same under the true labels alone, in the folds that the selection uses."""
    return rank_across(ranker, keep_labels(len(groups)), groups, 0)[:, 0].astype(np.float64)


def fit_ridge(differences: "Floats | csr_matrix", weights: Floats) -> Ranker:
    """Returns a ridge regression of the labels on the differences of the sides.

    It is solved for all labellings together, by features or by pairs, whichever are fewer.

    Args:
        differences: pair x feature, what the first side has more of.
        weights: how much each pair counts.
    """
    root = np.sqrt(weights)[:, None]
    if differences.shape[1] <= differences.shape[0] and not issparse(differences):
        rows = np.asarray(differences)
        return lambda fit, score, signs: (
            rows[score] @ _solve(rows[fit] * root[fit], root[fit] * signs[fit], PENALTY)
        )
    product = differences @ differences.T
    kernel = np.asarray(product.toarray() if issparse(product) else product)

    def rank_by_pairs(fit: Mask, score: Mask, signs: Signs) -> Floats:
        scaled = kernel[np.ix_(fit, fit)] * (root[fit] * root[fit].T)
        scaled[np.diag_indices_from(scaled)] += PENALTY
        solved = np.linalg.solve(scaled, root[fit] * signs[fit])
        ranked = kernel[np.ix_(score, fit)] @ (root[fit] * solved)
        return np.asarray(ranked, np.float64)

    return rank_by_pairs


def fit_features(differences: Floats) -> Ranker:
    """Returns a ridge regression on differences of features, in units of their spread."""
    return lambda fit, score, signs: (
        differences[score] @ fit_direction(differences[fit], signs[fit])
    )


def fit_direction(differences: Floats, signs: Signs) -> Floats:
    """Returns the weight of each feature's difference under each labelling."""
    spread = differences.std(axis=0)
    scale = np.where(spread > 0, 1 / np.maximum(spread, TIE), 0.0)
    return _solve(differences * scale, signs, RIDGE) * scale[:, None]


def _solve(rows: Floats, wanted: Floats | Signs, penalty: float) -> Floats:
    """Returns the weights of a ridge regression: feature x labelling."""
    inner = rows.T @ rows + penalty * np.eye(rows.shape[1])
    return np.asarray(np.linalg.solve(inner, rows.T @ wanted), np.float64)


def fit_best(differences: csr_matrix, weights: Floats) -> Ranker:
    """Returns the one column that separates the sides best, in its direction.

    Args:
        differences: pair x n-gram, 1 where only the first side has it, -1 where only the second.
        weights: how much each pair counts.
    """

    def rank(fit: Mask, score: Mask, signs: Signs) -> Floats:
        if not differences.shape[1]:
            return np.zeros((int(score.sum()), signs.shape[1]))
        best, directions = find_best(differences, (weights * fit)[:, None] * signs)
        chosen, places = np.unique(best, return_inverse=True)
        return differences[score][:, chosen].toarray()[:, places] * directions

    return rank


def find_best(differences: csr_matrix, labels: Floats | Signs) -> tuple[Ints, Floats]:
    """Returns the column that separates the sides best under each labelling, and its direction."""
    shares = (differences.T @ labels).round(6)
    best = np.abs(shares).argmax(axis=0)
    return best, np.sign(shares[best, np.arange(labels.shape[1])])
