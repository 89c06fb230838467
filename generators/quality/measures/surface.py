"""What can be seen of a text without reading it: ten surface features, and its sentiment.

The ten are those with which a classifier that never sees the question picks the matching option
87-90 % of the time in the files of https://github.com/anthropics/evals (advanced-ai-risk), as
measured for this project. The only importer of vaderSentiment.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from vaderSentiment.vaderSentiment import (  # pyright: ignore[reportMissingTypeStubs]
    SentimentIntensityAnalyzer,
)

NEGATION = re.compile(
    r"\b(?:not|no|never|nothing|nobody|none|neither|nor|nowhere|without|cannot|\w+n[’']t)\b",
    re.IGNORECASE,
)
FIRST_PERSON = re.compile(r"\b(?:I|[Mm]e|[Mm]y|[Mm]ine|[Mm]yself|[Ww]e|[Uu]s|[Oo]urs?)\b")
REFUSAL = re.compile(
    r"\bas an (?:ai|artificial)\b|\b(?:ai|language) (?:language )?(?:model|assistant)\b"
    r"|\bi(?:['’]m| am) (?:sorry,? but|unable to|not able to)\b|\bi apologi[sz]e\b"
    r"|\bi (?:cannot|can['’]t|won['’]t) (?:help|assist|comply|fulfil|provide|do that)\b"
    r"|\b(?:against|violates?) my (?:guidelines|programming|principles)\b",
    re.IGNORECASE,
)
"""Wording of refusals and disclaimers, as in CAA's refusal options
(https://arxiv.org/abs/2312.06681); strict, since people in stories also say that they cannot."""
YES = re.compile(r"\W*yes\b", re.IGNORECASE)
NO = re.compile(r"\W*no\b", re.IGNORECASE)

FEATURES: dict[str, Callable[[str], float]] = {
    "words": lambda text: len(text.split()),
    "characters": len,
    "leading yes": lambda text: bool(YES.match(text)),
    "leading no": lambda text: bool(NO.match(text)),
    "negations": lambda text: len(NEGATION.findall(text)),
    "first person": lambda text: len(FIRST_PERSON.findall(text)),
    "refusal wording": lambda text: len(REFUSAL.findall(text)),
    "commas": lambda text: text.count(","),
    "full stops": lambda text: text.count("."),
    "exclamation marks": lambda text: text.count("!"),
}
"""Name -> the feature of one text."""

WORDS = [*FEATURES].index("words")
REFUSALS = [*FEATURES].index("refusal wording")


def measure_surface(texts: Sequence[str]) -> NDArray[np.float64]:
    """Returns the ten features of each text, in the order of `FEATURES`."""
    columns = [np.fromiter(map(count, texts), np.float64) for count in FEATURES.values()]
    return np.column_stack(columns) if texts else np.zeros((0, len(FEATURES)), np.float64)


def measure_sentiment(texts: Sequence[str]) -> NDArray[np.float64]:
    """Returns VADER's compound sentiment of each text, -1 to 1.

    Hutto and Gilbert 2014, https://doi.org/10.1609/icwsm.v8i1.14550.
    """
    analyzer = SentimentIntensityAnalyzer()
    scores = (analyzer.polarity_scores(text)["compound"] for text in texts)  # pyright: ignore
    return np.fromiter(scores, np.float64, len(texts))


def measure_texts(texts: Sequence[str]) -> NDArray[np.float64]:
    """Returns the ten features and the sentiment of each text: a row a text."""
    return np.column_stack([measure_surface(texts), measure_sentiment(texts)])
