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

PROBE = "Choices"
"""Any word: an answer is put after it, to see how it is split there."""


def find_last(pairs: Sequence[Pair], vocabulary: Vocabulary) -> list[dict[str, int]]:
    """Returns for each pair where either side's differing words end, as a negative index.

    Such an index holds whatever precedes the text (BOS, padding on the left, a system prompt).
    """
    ends: list[list[int]] = []
    for side in (0, 1):
        texts = [pair.sides.texts[side] for pair in pairs]
        spans = [
            pair.sides.spans[side] if pair.sides.spans else (len(text) - 1, len(text))
            for pair, text in zip(pairs, texts, strict=True)
        ]
        if any(pair.sides.spans for pair in pairs):
            after = vocabulary.find_spans(texts, spans)[:, 1]
            ends.append((after - 1 - vocabulary.encode(texts).lengths).tolist())
        else:
            ends.append([-1] * len(texts))
    return [{"positive": one, "negative": other} for one, other in zip(*ends, strict=True)]


def align_all(
    pairs: Iterator[Pair], scope: Scope, *, places: bool = True
) -> Iterator[tuple[Pair, LeftOut | Mapping[str, Any]]]:
    """Yields pairs with their places by tokenizer, or with the reason why they are left out.

    Args:
        pairs: the pairs.
        scope: has the tokenizers.
        places: whether the places are wanted; otherwise they are empty.
    """

    def read(some: list[Pair]) -> tuple[list[Pair], dict[str, tuple[Tokens, Alignment]]]:
        texts = [pair.sides.texts[side] for side in (0, 1) for pair in some]
        first = np.arange(len(some), dtype=np.int64)
        aligned: dict[str, tuple[Tokens, Alignment]] = {}
        for vocabulary in scope.vocabularies:
            tokens = vocabulary.encode(texts)
            aligned[vocabulary.name] = tokens, align(tokens, first, first + len(some))
        return some, aligned

    for some, aligned in map_ahead(read, batch(pairs)):
        for place, pair in enumerate(some):
            apart = [name for name, (_, found) in aligned.items() if not found.aligned[place]]
            if apart:
                yield pair, LeftOut(f"not token-aligned for {', '.join(apart)}", pair.rows)
                continue
            runs = {
                name: _describe_run(*each, place, len(some))
                for name, each in aligned.items()
                if places
            }
            yield pair, runs


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


AFTER = {"a space": f"{PROBE} ", "a new line": f"{PROBE}\n"}
"""What precedes an answer -> a text that ends so."""


def write_answers(
    contents: Contents, answers: Sequence[str], afters: Sequence[str] = tuple(AFTER)
) -> dict[str, str]:
    """Returns the file of how each tokenizer splits each answer.

    Args:
        contents: the records of the export.
        answers: the answers in the records.
        afters: what precedes an answer.
    """
    lines = [
        json.dumps(
            {
                "tokenizer": vocabulary.name,
                "answer": answer,
                "after": after,
                **_describe_answer(vocabulary, AFTER[after], answer.strip()),
            }
        )
        for vocabulary in contents.scope.vocabularies
        for answer in answers
        for after in afters
    ]
    return {"answer_tokens.jsonl": "".join(f"{line}\n" for line in lines)}


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
