"""How much the texts of a set resemble each other as a whole.

Measures differ, and length moves them all, so that several are taken at fixed sizes of sample, as
Shaib et al. advise (https://arxiv.org/abs/2403.00553).
"""

import gzip
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from generators.quality.measures.texts import read_opening, split_tokens

SAMPLE = 300
"""Texts that are measured; all measures move with their number."""

TOKENS = 3000
"""Words and punctuation marks that distinct-2 is counted over."""


@dataclass(frozen=True)
class Diversity:
    """Measures of one sample."""

    n: int
    """Texts of the sample; where it is not 300, numbers of two sets are not comparable."""
    gzip_ratio: float
    """Bytes of the joined texts by their bytes once compressed; more is more alike."""
    distinct_2: float
    """Different 2-grams by 2-grams, 0 to 1; less is more alike."""
    vendi_share: float
    """Vendi score by texts, 1/n to 1; less is more alike."""


def measure_diversity(texts: Sequence[str]) -> Diversity | None:
    """Returns the measures of a sample of the texts; None where fewer than two have any text."""
    sample = draw_texts([text for text in texts if text.strip()])
    if len(sample) < 2:
        return None
    return Diversity(
        n=len(sample),
        gzip_ratio=measure_gzip_ratio(sample),
        distinct_2=measure_distinct_2(sample),
        vendi_share=measure_vendi(sample) / len(sample),
    )


def draw_texts(texts: Sequence[str], n: int = SAMPLE, seed: int = 0) -> list[str]:
    """Returns n of the texts (all, if fewer), whatever the order they come in."""
    copies: Counter[str] = Counter()
    keyed: list[tuple[bytes, str]] = []
    for text in texts:
        copies[text] += 1  # else all copies of a text would be drawn, or none
        key = f"{seed}\0{copies[text]}\0{text}".encode("utf-8", "replace")
        keyed.append((sha256(key).digest(), text))
    return [text for _, text in sorted(keyed)[:n]]


def measure_gzip_ratio(texts: Sequence[str]) -> float:
    """Returns the bytes of the texts, a line each, by their bytes compressed at level 9."""
    raw = "\n".join(texts).encode("utf-8", "replace")
    return len(raw) / len(gzip.compress(raw, compresslevel=9, mtime=0))


def measure_distinct_2(texts: Sequence[str]) -> float:
    """Returns the different 2-grams by all 2-grams of the first 3,000 tokens, 0 to 1.

    Li et al., https://arxiv.org/abs/1510.03055; at a fixed length, for longer texts repeat more.
    """
    tokens: list[str] = []
    for text in texts:
        tokens += split_tokens(text)
        if len(tokens) >= TOKENS:
            break
    pairs = list(zip(tokens[:TOKENS], tokens[1:TOKENS], strict=False))
    return len(set(pairs)) / max(len(pairs), 1)


def measure_vendi(texts: Sequence[str]) -> float:
    """Returns how many different texts there are in effect, 1 to n.

    The Vendi score (https://arxiv.org/abs/2210.02410) of the cosines of TF-IDF vectors of word
    1-grams and 2-grams: exp of the entropy of the eigenvalues of their matrix divided by n.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

    lines = [" ".join(split_tokens(text)) for text in texts]
    vectorizer = TfidfVectorizer(token_pattern=r"\S+", lowercase=False, ngram_range=(1, 2))
    vectors = cast(Any, vectorizer.fit_transform(lines))  # pyright: ignore[reportUnknownMemberType]
    kernel: NDArray[np.float64] = (vectors @ vectors.T).toarray()
    return effective_number(np.linalg.eigvalsh(kernel))


def measure_vendi_share(texts: Sequence[str], seed: int = 0) -> float:
    """Returns the Vendi score of a sample of the texts by its size; 0 of none."""
    sample = draw_texts(texts, SAMPLE, seed)
    return measure_vendi(sample) / len(sample) if sample else 0.0


def find_top_opening(texts: Sequence[str]) -> tuple[str, float]:
    """Returns the most frequent first three words, and the share of texts that have them.

    Among equals it is the first in the alphabet. A text of fewer words opens with all it has.
    """
    counts = Counter(read_opening(text) for text in texts)
    if not counts:
        return "", 0.0
    opening = min(counts, key=lambda each: (-counts[each], each))
    return " ".join(opening), counts[opening] / len(texts)


def effective_number(counts: Sequence[float] | NDArray[np.floating[Any]]) -> float:
    """Returns how many classes of equal size would be as diverse: exp of the entropy.

    The Hill number of order 1 (https://doi.org/10.2307/1934352); 0 where nothing was counted.
    """
    values = np.asarray(counts, np.float64)
    values = values[values > 0]
    shares = values / (values.sum() or 1)
    return float(np.exp(-(shares * np.log(shares)).sum())) if len(values) else 0.0
