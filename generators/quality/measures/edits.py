"""How much of a text must be edited to get another; the only importer of rapidfuzz."""

from collections.abc import Iterable

import numpy as np
from rapidfuzz.distance import Levenshtein

from generators.quality.measures.shingles import Scores
from generators.quality.measures.words import split_tokens


def measure_edits(pairs: Iterable[tuple[str, str]]) -> Scores:
    """Returns the word edits of each pair by the words of its longer side, 0 to 1.

    An edit inserts, deletes or replaces one word or punctuation mark; case does not count. Two
    texts without a word have 0.
    """
    found = [
        Levenshtein.normalized_distance(split_tokens(one), split_tokens(other))
        for one, other in pairs
    ]
    return np.array(found, np.float64)
