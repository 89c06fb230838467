"""What counts as a word in every measure of texts; the only importer of rapidfuzz. Pure."""

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

_TOKEN = re.compile(r"\w+|[^\w\s]")
_WORD = re.compile(r"\w+(?:['’]\w+)*")


def split_tokens(text: str) -> list[str]:
    """Returns the words and punctuation marks of a text, in lower case."""
    return _TOKEN.findall(text.lower())


def read_opening(text: str, words: int = 3) -> tuple[str, ...]:
    """Returns the first words of a text in lower case, without punctuation; fewer if it ends."""
    found = _WORD.finditer(text)
    return tuple(match.group().lower() for match, _ in zip(found, range(words), strict=False))


def measure_edits(pairs: Iterable[tuple[str, str]]) -> NDArray[np.float64]:
    """Returns the word edits of each pair by the words of its longer side, 0 to 1.

    An edit inserts, deletes or replaces one word or punctuation mark; case does not count. Two
    texts without a word have 0.
    """
    found = [
        Levenshtein.normalized_distance(split_tokens(one), split_tokens(other))
        for one, other in pairs
    ]
    return np.array(found, np.float64)
