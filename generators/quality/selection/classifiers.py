"""The n-grams of texts, and a classifier of single texts that sees nothing else."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false, reportCallIssue=false
# scipy's sparse matrices have few types.

from collections.abc import Callable
from functools import cached_property

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, diags_array

from generators.configs.contrasts import Floats, Ints, Mask
from generators.quality.selection.ngrams import Ngrams
from generators.quality.selection.ranking import RIDGE, TIE, Ranker, Signs

RAREST, FEW = 3, 100
"""Texts that an n-gram must stand in to be seen, where there are not fewer than 100."""
MOST_NGRAMS = 100_000
PRECISION = 1e-5
"""Length of what is left to solve, as a share of the whole, at which fitting ends."""
STEPS = 20
"""Of fitting many words: more move two flags in a thousand, of 260,000 rows."""


class Vocabulary:
    """Which of some texts have which 1- and 2-grams."""

    def __init__(self, ngrams: Ngrams, places: Ints | None = None) -> None:
        """Takes the n-grams that are not too rare among some texts.

        Args:
            ngrams: those of all texts; texts keep their places.
            places: the texts that count, ascending; all if None. Others have no n-gram.
        """
        texts = len(ngrams.starts) - 1
        seen = np.arange(texts, dtype=np.int32) if places is None else places
        found, sizes = ngrams.take(seen)
        shares = np.bincount(found, minlength=len(ngrams))
        self._ngrams = ngrams
        chosen = np.flatnonzero(shares >= (RAREST if len(seen) >= FEW else 1))
        if len(chosen) > MOST_NGRAMS:
            most = np.argsort(-shares[chosen], kind="stable")[:MOST_NGRAMS]
            chosen = np.sort(chosen[most])
        self._chosen = chosen
        column = np.full(len(ngrams), -1, np.int32)
        column[self._chosen] = np.arange(len(self._chosen), dtype=np.int32)
        columns = column[found]
        starts = np.zeros(texts + 1, np.int32)
        held = np.repeat(seen, sizes)[columns >= 0]
        starts[1:] = np.cumsum(np.bincount(held, minlength=texts))
        columns = columns[columns >= 0]
        shape = (texts, len(self._chosen))
        self.has = csr_matrix((np.ones(len(columns), np.float32), columns, starts), shape=shape)
        """Text x n-gram, 1 where it stands in it."""
        self._seen = seen
        self._fitted: dict[bytes, Floats] = {}

    @cached_property
    def names(self) -> list[str]:
        """The n-grams."""
        return [self._ngrams.name(ngram) for ngram in self._chosen.tolist()]

    @cached_property
    def weighted(self) -> csr_matrix:
        """The same as `has`, weighted by TF-IDF among the texts that count, each text of length 1.

        Smoothed as by scikit-learn (https://scikit-learn.org/stable/modules/feature_extraction.html),
        whose import takes longer than choosing in a small set.
        """
        if not len(self._chosen):
            return self.has
        texts = np.bincount(self.has.indices, minlength=len(self._chosen))
        rarity = np.log((1 + len(self._seen)) / (1 + texts)) + 1
        weighted = csr_matrix(self.has @ diags_array(rarity))
        lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        return csr_matrix(diags_array(1 / np.maximum(lengths, TIE)) @ weighted)

    def fit(self, ones: Ints, others: Ints) -> Floats:
        """Returns the weight of each n-gram in a ridge regression that separates texts.

        What was fitted once is remembered: two configs may show the same texts.
        """
        key = ones.tobytes() + b"|" + others.tobytes()
        if key not in self._fitted:
            labels = np.r_[np.ones(len(ones)), -np.ones(len(others))]
            rows = self.weighted[np.r_[ones, others]]
            columns, mean = csr_matrix(rows.T), np.asarray(rows.mean(axis=0)).ravel()

            def multiply(weights: Floats) -> Floats:
                """Returns the normal equations' left side, with the features centred."""
                scores = rows @ weights - mean @ weights
                return columns @ scores - mean * scores.sum() + RIDGE * weights

            self._fitted[key] = _solve_stepwise(multiply, columns @ labels - mean * labels.sum())
        return self._fitted[key]

    def compare(self, positive: Ints, negative: Ints) -> csr_matrix:
        """Returns pair x n-gram: which side has it, 1 or -1."""
        return csr_matrix(self.has[positive] - self.has[negative])

    def differ(self, positive: Ints, negative: Ints, item: Ints) -> csc_matrix:
        """Returns item x n-gram: the mean over an item's pairs of which side has it, 1 or -1."""
        sides, pairs = self.compare(positive, negative), np.bincount(item)
        if len(pairs) < len(item):
            shape = (len(pairs), len(item))
            starts = np.r_[0, np.cumsum(pairs)]
            shares = (1 / pairs).astype(np.float32)[item]
            sides = csr_matrix((shares, np.arange(len(item)), starts), shape=shape) @ sides
        return csc_matrix(sides)

    def find(self, ngram: int, positive: Ints, negative: Ints) -> Floats:
        """Returns for each pair which side has an n-gram: 1, -1, or 0 where both or none do."""
        has = self.has[:, [ngram]].toarray().ravel().astype(np.float64)
        return has[positive] - has[negative]


def fit_words(vocabulary: Vocabulary, positive: Ints, negative: Ints) -> Ranker:
    """Returns a ridge regression on the TF-IDF of single options, under the true labels alone."""

    def rank(fit: Mask, score: Mask, _: Signs) -> Floats:
        if not vocabulary.has.shape[1]:
            return np.zeros((int(score.sum()), 1))
        fitted = vocabulary.fit(list_places(positive[fit]), list_places(negative[fit]))
        sides = vocabulary.weighted @ fitted
        return (sides[positive[score]] - sides[negative[score]])[:, None]

    return rank


def _solve_stepwise(multiply: Callable[[Floats], Floats], wanted: Floats) -> Floats:
    """Returns what a positive definite matrix makes `wanted` of, by conjugate gradients.

    Hestenes and Stiefel 1952, https://doi.org/10.6028/jres.049.044. The import of scipy's takes
    longer than choosing in a small set.
    """
    found, rest = np.zeros(len(wanted)), wanted
    direction, size = rest, rest @ rest
    enough = PRECISION**2 * size
    for _ in range(STEPS):
        if size <= enough:
            break
        image = multiply(direction)
        step = size / (direction @ image)
        found, rest = found + step * direction, rest - step * image
        before, size = size, rest @ rest
        direction = rest + size / before * direction
    return found


def list_places(places: Ints) -> Ints:
    """Returns each place once, ascending."""
    return np.flatnonzero(np.bincount(places)).astype(np.int32)
