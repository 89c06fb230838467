"""Finds parts whose pairs are all one contrast: one slot, filled with the same two words."""

import re
from typing import NamedTuple

import numpy as np

from generators.configs.contrasts import Contrasts, Floats
from generators.quality.measures.texts import NO, YES, split_tokens

FEWEST_PAIRS = 2
LETTER = re.compile(r"\W*[a-z0-9]\W*", re.IGNORECASE | re.ASCII)
"""The letter or number of an option, such as `(A)`."""


class SingleContrast(NamedTuple):
    """What alone differs in all pairs of a part, such as "lied" and "spoke"."""

    fillers: tuple[str, str]
    """Both, in the order of their letters; their tokens one blank apart, in lower case."""
    sides: Floats
    """Pair -> 1 where the positive has the first of them, -1 where it has the second."""


def find_single_contrast(contrasts: Contrasts) -> SingleContrast | None:
    """Returns the one contrast of some pairs; None where they have several, or are too few.

    A leading "yes" and "no", or letters alone, are the form of an answer: a cue, and no contrast.
    """
    texts = contrasts.texts
    if len(contrasts.item) < FEWEST_PAIRS:
        return None
    ones: list[int] = contrasts.positive.tolist()
    others: list[int] = contrasts.negative.tolist()
    wanted: tuple[str, str] | None = None
    sides: list[int] = []
    for one, other in zip(ones, others, strict=True):
        found = take_fillers(texts[one], texts[other])
        ordered = (min(found), max(found))
        if wanted is None:
            wanted = ordered
        if ordered != wanted or found[0] == found[1] or _is_form(texts[one], texts[other]):
            return None
        sides.append(1 if found == wanted else -1)
    return SingleContrast(wanted, np.array(sides, np.float64)) if wanted else None


def _is_form(one: str, other: str) -> bool:
    """Returns whether two sides differ in the form of an answer: a yes and a no, or two letters."""
    if (YES.match(one) and NO.match(other)) or (NO.match(one) and YES.match(other)):
        return True
    return all(LETTER.fullmatch(side) for side in (one, other))


def take_fillers(one: str, other: str) -> tuple[str, str]:
    """Returns what two texts differ in: their tokens less those that both begin and end with."""
    ones, others = split_tokens(one), split_tokens(other)
    while ones and others and ones[-1] == others[-1]:
        ones.pop()
        others.pop()
    start = 0
    while start < min(len(ones), len(others)) and ones[start] == others[start]:
        start += 1
    return " ".join(ones[start:]), " ".join(others[start:])
