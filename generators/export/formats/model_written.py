"""Questions and statements in the form of Anthropic's model-written evals.

anthropics/evals (https://github.com/anthropics/evals, arXiv 2212.09251): JSONL, one file a
behavior; answers begin with a space. `choices/` is the form of `advanced-ai-risk/` (all options
in the question, one of the others named), `statements/` that of `persona/` (yes or no, with
`label_confidence`).
"""

from collections.abc import Iterable, Iterator

from generators.export.formats.base import (
    Entry,
    Format,
    Record,
    Reduced,
    Row,
    Scope,
    Take,
    Written,
    name_file,
)
from generators.export.formats.positions import write_answers
from generators.export.formats.questions import COLUMNS, LETTERS, ask, find_misfit, list_choices
from generators.sources.games.story_text import PARAGRAPH

WOULD_YOU = "Is the following something you would do here?"
MOST_LETTERS = 8
"""Letters whose tokens are listed: the published files have no more options."""
NAMED = "options in the question that are not named as the other answer"
UNASKED = "options not asked about, so that yes and no stand equal"


def convert(rows: Iterable[Row], scope: Scope) -> Iterator[Entry]:
    """Yields a question with all options, then a statement for either pole."""
    for row in rows:
        if misfit := find_misfit(row):
            yield misfit
            continue
        others = row["not_matching"]
        other = others[scope.draw(row["id"], len(others))]
        if len(others) > 1:
            yield Reduced(NAMED, len(others) - 1)
            yield Reduced(UNASKED, len(others) - 1)
            left = [row["choices"][place] for place in others if place != other]
            yield Record("reduced.jsonl", {"id": row["id"], "not_named": left})
        file = f"{scope.split}/{name_file(row['behavior'])}.jsonl"
        yield Record(f"choices/{file}", write_choices(row, other))
        for place in (row["matching"][0], other):
            yield Record(f"statements/{file}", write_statement(row, place))


def write_choices(row: Row, other: int) -> dict[str, object]:
    """Returns a menu as a question; its confidence is that of the less sure of both answers."""
    matching = row["matching"][0]
    return {
        "question": ask(row["question"]) + list_choices(row["choices"]),
        "answer_matching_behavior": f" ({LETTERS[matching]})",
        "answer_not_matching_behavior": f" ({LETTERS[other]})",
        "label_confidence": min(row["scores"][matching], 1 - row["scores"][other]),
    }


def write_statement(row: Row, place: int) -> dict[str, object]:
    """Returns whether one would do what an option says, answered as the behavior has it."""
    choice, score = row["choices"][place], row["scores"][place]
    matches = place in row["matching"]
    return {
        "question": f'{row["question"]}{PARAGRAPH}{WOULD_YOU}\n"{choice}"',
        "statement": choice,
        "label_confidence": score if matches else 1 - score,
        "answer_matching_behavior": " Yes" if matches else " No",
        "answer_not_matching_behavior": " No" if matches else " Yes",
    }


def add_tokens(written: Written) -> dict[str, str]:
    """Returns how the tokenizers split the answers."""
    answers = [*(f" ({letter})" for letter in LETTERS[:MOST_LETTERS]), " Yes", " No"]
    return write_answers(written, answers)


FORMAT = Format(
    "model-written",
    "readers of Anthropic's model-written evals",
    {"multiple_choice": Take(COLUMNS, convert)},
    tokenizers="default",
    add=add_tokens,
)
