"""Where the tokens of a pair differ, and how a tokenizer splits an answer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from generators.export.formats.base import Contents, LeftOut, Scope, batch
from generators.export.formats.sides import Pair
from generators.parallel import map_ahead
from generators.tokens.alignment import Alignment, align
from generators.tokens.vocabularies import Tokens, Vocabulary

Aligned = Mapping[str, tuple[Tokens, Alignment]]
"""Tokenizer -> the tokens of some pairs, and how they differ."""

PROBE = "Choices"
"""Any word: an answer is put after it, to see how it is split there."""


def find_last(pairs: Sequence[Pair], vocabularies: Sequence[Vocabulary]) -> dict[str, list[Any]]:
    """Returns by tokenizer where each side's differing words end, as a negative index.

    Such an index holds whatever precedes the text (BOS, padding on the left, a system prompt).
    """
    found: dict[str, list[Any]] = {}
    for vocabulary in vocabularies:
        sides = [_count_back(vocabulary, pairs, side) for side in (0, 1)]
        found[vocabulary.name] = [
            {"positive": one, "negative": other} for one, other in zip(*sides, strict=True)
        ]
    return found


def _count_back(vocabulary: Vocabulary, pairs: Sequence[Pair], side: int) -> list[int]:
    texts = [pair.sides.texts[side] for pair in pairs]
    if all(pair.sides.spans is None for pair in pairs):
        return [-1] * len(texts)
    spans = [
        pair.sides.spans[side] if pair.sides.spans else (len(text) - 1, len(text))
        for pair, text in zip(pairs, texts, strict=True)
    ]
    ends = vocabulary.find_spans(texts, spans)[:, 1]
    return (ends - 1 - vocabulary.encode(texts).lengths).tolist()


def align_pairs(vocabulary: Vocabulary, pairs: Sequence[Pair]) -> tuple[Tokens, Alignment]:
    """Returns the tokens of both sides (all positive ones first), and how they differ."""
    sides = zip(*(pair.sides.texts for pair in pairs), strict=True)
    tokens = vocabulary.encode([text for side in sides for text in side])
    places = np.arange(len(pairs), dtype=np.int64)
    return tokens, align(tokens, places, places + len(pairs))


def align_all(
    pairs: Iterator[Pair | LeftOut], scope: Scope, *, places: bool = True
) -> Iterator[tuple[Any, LeftOut | Mapping[str, Any]]]:
    """Yields pairs with their places by tokenizer, or with the reason why they are left out.

    Args:
        pairs: the pairs, and what was left out before.
        scope: has the tokenizers.
        places: whether the places are wanted; otherwise they are empty.
    """

    def read(some: list[Pair | LeftOut]) -> tuple[list[Pair | LeftOut], Aligned]:
        known = [pair for pair in some if isinstance(pair, Pair)]
        aligned = {each.name: align_pairs(each, known) for each in scope.vocabularies if known}
        return some, aligned

    for some, aligned in map_ahead(read, batch(pairs)):
        yield from ((None, pair) for pair in some if isinstance(pair, LeftOut))
        known = [pair for pair in some if isinstance(pair, Pair)]
        for place, pair in enumerate(known):
            apart = _name_apart(place, aligned)
            if apart:
                yield pair, LeftOut(f"not token-aligned for {apart}", pair.rows)
            else:
                yield pair, _describe_runs(place, len(known), aligned) if places else {}


def _name_apart(place: int, aligned: Aligned) -> str:
    """Returns the tokenizers that do not align a pair."""
    return ", ".join(name for name, (_, found) in aligned.items() if not found.aligned[place])


def _describe_runs(place: int, pairs: int, aligned: Aligned) -> dict[str, Any]:
    """Returns where a pair's tokens differ, by tokenizer."""
    return {
        name: _describe_run(tokens, found, place, pairs)
        for name, (tokens, found) in aligned.items()
    }


def _describe_run(tokens: Tokens, found: Alignment, place: int, pairs: int) -> dict[str, Any]:
    """Returns the run of tokens that differs: the same places on both sides."""
    start, end = int(found.start[place]), int(found.ends[place, 0])
    return {
        "n_tokens": int(found.lengths[place, 0]),
        "span": [start, end],
        "read": end - 1,
        "n_tokens_with_bos": int(found.lengths[place, 0]) + 1,
        "span_with_bos": [start + 1, end + 1],
        "read_with_bos": end,
        "positive_ids": tokens.ids[place, start:end].tolist(),
        "negative_ids": tokens.ids[pairs + place, start:end].tolist(),
    }


def write_answers(contents: Contents, answers: Sequence[str], *afters: str) -> dict[str, str]:
    """Returns the file of how each tokenizer splits each answer.

    Args:
        contents: the records of the export.
        answers: the answers in the records.
        afters: what precedes an answer; all that `describe_answers` knows if none is given.
    """
    found = describe_answers(contents, answers)
    lines = [json.dumps(each) for each in found if not afters or each["after"] in afters]
    return {"answer_tokens.jsonl": "".join(f"{line}\n" for line in lines)}


def describe_answers(contents: Contents, answers: Sequence[str]) -> list[dict[str, Any]]:
    """Returns how each tokenizer splits each answer, after a space and after a new line."""
    return [
        {
            "tokenizer": vocabulary.name,
            "answer": answer,
            "after": after,
            **_describe_answer(vocabulary, before, answer.strip()),
        }
        for vocabulary in contents.scope.vocabularies
        for answer in answers
        for after, before in (("a space", f"{PROBE} "), ("a new line", f"{PROBE}\n"))
    ]


def _describe_answer(vocabulary: Vocabulary, before: str, answer: str) -> dict[str, Any]:
    """Returns the ids of an answer's tokens, and the position of its letter or word."""
    text = before + answer
    start, end = vocabulary.find_spans([text], [(len(before), len(text))])[0].tolist()
    ids = vocabulary.encode([text]).ids[0].tolist()
    word = answer.strip("()")
    at = before + answer[: answer.index(word)]
    letter = vocabulary.find_spans([text], [(len(at), len(at) + len(word))])[0].tolist()
    return {
        "ids": ids[start:end],
        "read_at": letter[1] - 1 - len(ids),
        "read_id": ids[letter[1] - 1],
        "alone": vocabulary.find_text(text, letter[0]).strip() == word,
    }
