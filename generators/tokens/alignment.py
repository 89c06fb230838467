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
    shorter = lengths.min(axis=1)
    differ = tokens.ids[positive] != tokens.ids[negative]
    before = np.minimum(_count_leading(~differ), shorter)
    flipped = _flip(tokens)
    same_end = _count_leading(flipped[positive] == flipped[negative])
    after = np.minimum(same_end, shorter - before)
    ends = lengths - after[:, None]
    one_run = differ.sum(axis=1) == ends[:, 0] - before
    aligned = (lengths[:, 0] == lengths[:, 1]) & one_run & (ends[:, 0] > before)
    return Alignment(aligned, before, ends, lengths)


def take(alignment: Alignment, places: Ids) -> Alignment:
    """Returns the alignment of some of the pairs."""
    aligned, start, ends, lengths = alignment
    return Alignment(aligned[places], start[places], ends[places], lengths[places])


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


def _count_leading(flags: npt.NDArray[np.bool_]) -> Ids:
    """Returns how many flags of each row are set before the first that is not."""
    ended = ~flags
    first: Ids = np.where(ended.any(axis=1), ended.argmax(axis=1), np.int64(flags.shape[1]))
    return first


def _flip(tokens: Tokens) -> Ids:
    """Returns the ids of each text from its last token on."""
    width = tokens.ids.shape[1]
    last = tokens.lengths.reshape(-1, 1) - 1
    places = np.subtract(last, np.arange(width, dtype=np.int64))
    flipped = np.take_along_axis(tokens.ids, np.maximum(places, 0), axis=1)
    return np.where(places >= 0, flipped, NO_TOKEN)
