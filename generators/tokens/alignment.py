"""Where the tokens of two texts differ: one run of as many on both sides, or not. Pure numpy."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from generators.tokens.vocabularies import NO_TOKEN, Ids, Tokens, Vocabulary

SPACES = (False, True)
"""Whether a text is read with a space before it."""


class Alignment(NamedTuple):
    """The tokens of some pairs, as one tokenizer splits them in one way."""

    aligned: npt.NDArray[np.bool_]
    """(n_pairs,): as many tokens on both sides, and one run of them that differs."""
    start: Ids
    """(n_pairs,): first token that differs, the same on both sides."""
    ends: Ids
    """(n_pairs, 2): the token after the last that differs, on each side."""
    lengths: Ids
    """(n_pairs, 2): tokens of each side."""


def align(tokens: Tokens, positive: Ids, negative: Ids) -> Alignment:
    """Returns how the tokens of pairs of texts differ.

    Args:
        tokens: texts that the pairs are made of.
        positive: (n_pairs,) place of each pair's positive text in `tokens`.
        negative: (n_pairs,) place of its negative text.
    """
    lengths = np.stack([tokens.lengths[positive], tokens.lengths[negative]], axis=1)
    shorter = np.minimum(lengths[:, 0], lengths[:, 1])
    differ = _compare(tokens.ids, positive, negative)
    before = np.minimum(_find_first(differ), shorter)
    same_end = _find_first(_compare(_flip(tokens), positive, negative))
    after = np.minimum(same_end, shorter - before)
    ends = lengths - after[:, None]
    one_run = np.count_nonzero(differ, axis=1) == ends[:, 0] - before
    aligned = (lengths[:, 0] == lengths[:, 1]) & one_run & (ends[:, 0] > before)
    return Alignment(aligned, before, ends, lengths)


def align_texts(
    vocabulary: Vocabulary, texts: Sequence[str], positive: Ids, negative: Ids
) -> list[Alignment]:
    """Returns how pairs of texts differ, read without a leading space and with one."""
    return [
        align(
            vocabulary.encode([f" {text}" for text in texts] if space else texts),
            positive,
            negative,
        )
        for space in SPACES
    ]


def _compare(ids: Ids, positive: Ids, negative: Ids) -> npt.NDArray[np.bool_]:
    """Returns where the tokens of each pair differ; half as wide, since millions are moved."""
    narrow = ids.astype(np.int32)
    return narrow[positive] != narrow[negative]


def _find_first(flags: npt.NDArray[np.bool_]) -> Ids:
    """Returns the place of the first flag of each row that is set; their number if none is."""
    first: Ids = flags.argmax(axis=1)
    return np.where(flags[np.arange(len(flags)), first], first, np.int64(flags.shape[1]))


def _flip(tokens: Tokens) -> Ids:
    """Returns the ids of each text from its last token on."""
    width = tokens.ids.shape[1]
    last = tokens.lengths.reshape(-1, 1) - 1
    places = np.subtract(last, np.arange(width, dtype=np.int64))
    flipped = np.take_along_axis(tokens.ids, np.maximum(places, 0), axis=1)
    return np.where(places >= 0, flipped, NO_TOKEN)
