"""Questions with two options, each in both orders, so that the letters are exactly balanced.

nrimsky/CAA (https://github.com/nrimsky/CAA, `behaviors.py`, `generate_vectors.py`): arrays of
`question`, `answer_matching_behavior`, `answer_not_matching_behavior`, in `generate/<behavior>/`
and `test/<behavior>/`; EasyEdit's `multiple_choice` and forks of CAA read the same.
"""

from collections.abc import Iterable, Iterator

from generators.export.formats.base import (
    Entry,
    Format,
    LeftOut,
    Record,
    Reduced,
    Row,
    Scope,
    Take,
    Written,
    name_file,
)
from generators.export.formats.positions import write_answers
from generators.export.formats.questions import (
    ASK,
    COLUMNS,
    NO_SITUATION,
    find_misfit,
    join_lines,
    list_choices,
)

ANSWERS = ("(A)", "(B)")
FILES = {
    "train": "generate/{}/generate_dataset.json",
    "validation": "validation/{}/validation_dataset_ab.json",
    "test": "test/{}/test_dataset_ab.json",
}
OPEN_ENDED = "test/{}/test_dataset_open_ended.json"


def convert_menus(rows: Iterable[Row], scope: Scope) -> Iterator[Entry]:
    """Yields the one matching option against one other, drawn by the seed."""
    for row in rows:
        if misfit := find_misfit(row):
            yield misfit
            continue
        matching, others = row["matching"][0], row["not_matching"]
        chosen = others[scope.draw(row["id"], len(others))]
        left = [row["choices"][place] for place in others if place != chosen]
        if left:
            yield Reduced("options left out, so that two remain", len(left))
            yield Record("reduced.jsonl", {"id": row["id"], "left_out": left})
        sides = row["choices"][matching], row["choices"][chosen]
        yield from _write(row, row["question"], sides, scope)


def convert_pairs(rows: Iterable[Row], scope: Scope) -> Iterator[Entry]:
    """Yields the two options of a pair."""
    for row in rows:
        if not row["prompt"]:
            yield LeftOut(NO_SITUATION)
            continue
        yield from _write(row, row["prompt"], (row["positive"], row["negative"]), scope)


def _write(row: Row, situation: str, sides: tuple[str, str], scope: Scope) -> Iterator[Record]:
    # The tool's test takes the first line of a question for its open-ended form.
    question = f"{join_lines(situation)} {ASK}"
    behavior = name_file(row["behavior"])
    for matching in (0, 1):
        choices = sides if matching == 0 else sides[::-1]
        record = {
            "question": question + list_choices(choices),
            "answer_matching_behavior": ANSWERS[matching],
            "answer_not_matching_behavior": ANSWERS[1 - matching],
            "id": row["id"],
        }
        yield Record(FILES[scope.split].format(behavior), record)
    if scope.split == "test":
        yield Record(OPEN_ENDED.format(behavior), {"question": question})


def add_tokens(written: Written) -> dict[str, str]:
    """Returns how the tokenizers split the answers."""
    return write_answers(written, ANSWERS)


FORMAT = Format(
    "caa",
    "CAA and its forks, EasyEdit's multiple choice",
    {
        "multiple_choice": Take(COLUMNS, convert_menus),
        "contrastive": Take(("behavior", "prompt", "positive", "negative"), convert_pairs),
    },
    tokenizers="default",
    add=add_tokens,
)
