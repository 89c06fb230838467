"""Deals texts of about the same length to the runs of a model, within a bound of tokens."""

from collections.abc import Iterator, Sequence

import numpy as np

from generators.activations.encoding import Prompt
from generators.activations.sites import Ids, Mask

TOKENS = 2048
"""Most tokens of one run, with those that fill up shorter texts."""
ROWS = 64
"""Most texts of one run."""


def pad(texts: Sequence[Sequence[int]]) -> tuple[Ids, Mask]:
    """Returns tokens of texts from the left, and which are theirs."""
    lengths: Ids = np.array([len(each) for each in texts], np.int64)
    places = np.arange(max(map(len, texts), default=0))
    real: Mask = np.less(places, lengths[:, None])
    ids: Ids = np.zeros(real.shape, np.int64)
    ids[real] = [token for each in texts for token in each]
    return ids, real


def deal(prompts: Sequence[Prompt], window: int = 0) -> Iterator[list[Prompt]]:
    """Yields prompts with their completions, in batches of about the same length.

    Args:
        prompts: What is dealt.
        window: How many tokens back attention reaches, with what fills up shorter prompts; 0 for
            all.
    """
    batch: list[Prompt] = []
    for whole in sorted(prompts, key=lambda each: (-len(each.ids), -_measure(each), each.ids)):
        for prompt in _part(whole):
            if batch and not _fits(prompt, batch, window):
                yield batch
                batch = []
            batch.append(prompt)
    if batch:
        yield batch


def _fits(prompt: Prompt, batch: Sequence[Prompt], window: int) -> bool:
    """Returns whether a prompt can be read beside others, none of which is shorter."""
    every = [*batch, prompt]
    longest = len(batch[0].ids)
    if len(prompt.ids) < longest:
        # A text that nothing comes before would have nothing but filling to attend to.
        if not prompt.ids or (window and longest + max(map(_measure, every)) > window):
            return False
    rows = sum(len(each.completions) for each in every)
    widest = max(_measure(each) + len(each.ids) for each in every)
    return rows <= ROWS and rows * widest <= TOKENS


def _part(prompt: Prompt) -> Iterator[Prompt]:
    """Yields a prompt with so many of its completions at a time as fit in one run."""
    ordered = sorted(prompt.completions.items(), key=lambda each: (-len(each[0]), each[0]))
    most = max(1, min(ROWS, TOKENS // (len(prompt.ids) + len(ordered[0][0]))))
    for first in range(0, len(ordered), most):
        yield Prompt(prompt.ids, dict(ordered[first : first + most]))


def _measure(prompt: Prompt) -> int:
    return max(map(len, prompt.completions))


def split(rows: int, tokens: int, most: int = ROWS) -> Iterator[slice]:
    """Yields the rows of one run each, at most so many, of texts that are all as long."""
    most = max(1, min(most, ROWS, TOKENS // max(tokens, 1)))
    for first in range(0, rows, most):
        yield slice(first, min(first + most, rows))
