"""Classifiers that see the options only, scored on groups that they were not fitted on.

All are ridge regressions, which have a closed form. The fitted score is linear in the difference of
the two sides and has no intercept, so that swapping the sides swaps its sign: it ranks the pair.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false, reportCallIssue=false
# scipy's sparse matrices have few types.

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, diags_array
from scipy.sparse.linalg import LinearOperator, cg

from generators.configs.contrasts import Floats, Ints, Mask
from generators.quality.selection.ngrams import Ngrams

FOLDS = 5
RAREST, FEW = 3, 100
"""Texts that an n-gram must stand in to be seen, where there are not fewer than 100."""
MOST_NGRAMS = 100_000
RIDGE = 4.0
"""Of the squared weights: near 0 the penalty of a logistic regression whose C is 1."""
STEPS = 20
"""Of fitting many words: more move two flags in a thousand, of 260,000 rows."""
TIE = 1e-6
"""Scores nearer to each other than this are equal, on every machine."""

Scorer = Callable[[Mask, Mask], Floats]
"""From the pairs to fit on and the pairs to score, the score of each of the latter."""


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

            size = len(mean)
            operator = LinearOperator((size, size), matvec=multiply, dtype=np.float64)
            wanted = columns @ labels - mean * labels.sum()
            self._fitted[key], _ = cg(operator, wanted, maxiter=STEPS)
        return self._fitted[key]

    def differ(self, positive: Ints, negative: Ints, item: Ints) -> csc_matrix:
        """Returns item x n-gram: the mean over an item's pairs of which side has it, 1 or -1."""
        sides = self.has[positive] - self.has[negative]
        pairs = np.bincount(item)
        if len(pairs) < len(item):
            shape = (len(pairs), len(item))
            starts = np.r_[0, np.cumsum(pairs)]
            shares = (1 / pairs).astype(np.float32)[item]
            sides = csr_matrix((shares, np.arange(len(item)), starts), shape=shape) @ sides
        return csc_matrix(sides)

    def compare(self, positive: Ints, negative: Ints) -> Floats:
        """Returns for each n-gram the share of positives that have it, minus that of negatives."""
        texts = len(self.has.indptr) - 1
        weights = np.bincount(positive, minlength=texts) - np.bincount(negative, minlength=texts)
        return np.asarray(self.has.T @ weights.astype(np.float64)).ravel() / max(len(positive), 1)

    def find_strongest(self, positive: Ints, negative: Ints) -> tuple[int, float] | None:
        """Returns the n-gram that separates the sides best, and which has it, 1 or -1, or 0."""
        shares = self.compare(positive, negative).round(6)
        if not len(shares):
            return None
        best = int(np.abs(shares).argmax())
        return best, float(np.sign(shares[best]))

    def rank(self, fit: tuple[Ints, Ints], score: tuple[Ints, Ints]) -> Floats:
        """Returns for each pair to score which side has the n-gram that separates others best."""
        strongest = self.find_strongest(*fit)
        if strongest is None:
            return np.zeros(len(score[0]))
        best, sign = strongest
        return sign * self.find(best, *score)

    def find(self, ngram: int, positive: Ints, negative: Ints) -> Floats:
        """Returns for each pair which side has an n-gram: 1, -1, or 0 where both or none do."""
        has = self.has[:, [ngram]].toarray().ravel().astype(np.float64)
        return has[positive] - has[negative]


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


def cross_score(scorer: Scorer, groups: Ints, seed: int = 0, fit_on: Mask | None = None) -> Floats:
    """Returns the score of each pair by a classifier fitted on other groups; 0 where none is.

    Args:
        scorer: fits and scores.
        groups: pair -> group.
        seed: assigns groups to folds.
        fit_on: the pairs that may be fitted on; all if None.
    """
    scores = np.zeros(len(groups))
    for fit, score in fold_groups(groups, seed):
        usable = fit if fit_on is None else fit & fit_on
        if usable.any():
            scores[score] = scorer(usable, score)
    return np.where(np.abs(scores) < TIE, 0.0, scores)


def score_features(differences: Floats) -> Scorer:
    """Returns a ridge regression on differences of features, in units of their spread."""
    return lambda fit, score: differences[score] @ fit_direction(differences[fit])


def fit_direction(differences: Floats) -> Floats:
    """Returns the weight of each feature's difference in a pairwise ridge regression."""
    spread = differences.std(axis=0)
    scale = np.where(spread > 0, 1 / np.maximum(spread, TIE), 0.0)
    scaled = differences * scale
    inner = scaled.T @ scaled + RIDGE * np.eye(scaled.shape[1])
    return np.linalg.solve(inner, scaled.sum(axis=0)) * scale


def score_words(vocabulary: Vocabulary, positive: Ints, negative: Ints) -> Scorer:
    """Returns a ridge regression on the TF-IDF of single options."""

    def score_pairs(fit: Mask, score: Mask) -> Floats:
        if not vocabulary.has.shape[1]:
            return np.zeros(int(score.sum()))
        fitted = vocabulary.fit(list_places(positive[fit]), list_places(negative[fit]))
        sides = vocabulary.weighted @ fitted
        return sides[positive[score]] - sides[negative[score]]

    return score_pairs


def list_places(places: Ints) -> Ints:
    """Returns each place once, ascending."""
    return np.flatnonzero(np.bincount(places)).astype(np.int32)
