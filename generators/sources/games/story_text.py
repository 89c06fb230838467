"""Story text: tidied for reading, and cut from the front at a sentence start. Pure."""

import re

_MARKUP = re.compile(r"\[/?[ib]\]")
_PAGE_BREAK_LINE = re.compile(
    r"^[ \t]*(?:\*{5}[^*\n]*\*{5}|\*page_break\b[^\n]*)[ \t]*\r?$\n?", re.M
)
_SPACES = re.compile(r" {2,}")
_NEWLINES = re.compile(r"\n{3,}")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*[ \n]+")
_WORD_END = re.compile(r"\s+")
_UNRESOLVED = re.compile(r"\$!{0,2}\{|@\{|NOT FOUND")

_LONGEST_BOUNDARY = 16
"""Characters of punctuation, quotes and white space that may end before a cut but reach to it."""

PARAGRAPH = "\n\n"


def tidy(text: str) -> str:
    """Returns text without markup and page-break lines, its white space made regular.

    `[i] [b] [/i] [/b]` and page-break lines (`*****label*****`) are removed, lines and the whole
    stripped, runs of spaces made one and three or more newlines two. Nothing else changes.
    """
    # The patterns are rare, and looking for one of their characters first is ten times as fast.
    if "[" in text:
        text = _MARKUP.sub("", text)
    if "*" in text:
        text = _PAGE_BREAK_LINE.sub("", text)
    if "\n" in text:
        text = "\n".join([line.strip() for line in text.split("\n")])
    if "  " in text:
        text = _SPACES.sub(" ", text)
    if "\n\n\n" in text:
        text = _NEWLINES.sub(PARAGRAPH, text)
    return text.strip()


def join_paragraphs(texts: list[str]) -> str:
    """Returns the texts that are not empty, a blank line between them."""
    return PARAGRAPH.join(text for text in texts if text)


def keep_ending(text: str, longest: int) -> str:
    """Returns the last whole sentences of a text, at most `longest` characters.

    Where no sentence starts late enough, it starts at a word; where a single word is too long,
    nothing of the text is left.
    """
    return keep_sentences(text, longest) or _cut(text, longest, _WORD_END)


def keep_sentences(text: str, longest: int) -> str:
    """Returns the last whole sentences of a text, at most `longest` characters; none if none fit.

    The text must begin with a whole sentence.
    """
    return _cut(text, longest, _SENTENCE_END)


def _cut(text: str, longest: int, boundary: re.Pattern[str]) -> str:
    first = len(text) - longest
    if first <= 0:
        return text
    for end in boundary.finditer(text, max(0, first - _LONGEST_BOUNDARY)):
        if end.end() >= first:
            return text[end.end() :]
    return ""


def is_unresolved(text: str) -> bool:
    """Returns whether a variable of the story was left unfilled: `${v}`, `@{v a|b}`, NOT FOUND."""
    return ("{" in text or "NOT" in text) and _UNRESOLVED.search(text) is not None
