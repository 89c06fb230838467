"""What counts as a word in every measure of texts. Pure."""

import re

_TOKEN = re.compile(r"\w+|[^\w\s]")
_WORD = re.compile(r"\w+(?:['’]\w+)*")


def split_tokens(text: str) -> list[str]:
    """Returns the words and punctuation marks of a text, in lower case."""
    return _TOKEN.findall(text.lower())


def read_opening(text: str, words: int = 3) -> tuple[str, ...]:
    """Returns the first words of a text in lower case, without punctuation; fewer if it ends."""
    found = _WORD.finditer(text)
    return tuple(match.group().lower() for match, _ in zip(found, range(words), strict=False))
