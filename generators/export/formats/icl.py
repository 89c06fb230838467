"""Tasks of input and output, and whole prompts with corrupted twins.

ericwtodd/function_vectors (https://github.com/ericwtodd/function_vectors,
`src/utils/prompt_utils.py`): arrays of `input`, `output` under `abstractive/`, named for the
task; the tool writes `Q:` and `A:` and the answer's leading space itself. ARENA 3.0, "Function
Vectors & Model Steering" (https://github.com/callummcdougall/ARENA_3.0): prompts, a completion
that begins with a space, and prompts whose shots are corrupted.
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
from generators.export.formats.questions import COLUMNS, LETTERS, find_misfit, join_lines
from generators.sources.games.story_text import keep_ending
from generators.splits import hash_number

JUDGED = "ethical"
"""The behavior whose poles are good and bad: the negative of any other may do other wrongs."""
WORDS = {"positive": "good", "negative": "bad"}
BOTH = "both"
"""Of an action that is good in one situation and bad in another."""
LONGEST = 240
"""Characters of a situation before a letter task: ten shots of it must fit into a prompt."""
FEWEST = 15
"""Records that ten shots take, as the tool splits a task 70 : 9 : 21."""


def convert_queries(rows: Iterable[Row], scope: Scope) -> Iterator[Entry]:
    """Yields tasks from situation to action and from action to a word, and the prompts."""
    judged: dict[str, str] = {}
    shown: set[int] = set()
    for row in rows:
        query, behavior = row["query"], name_file(row["behavior"])
        situation = join_lines(query["observation"])
        if row["behavior"] == JUDGED:
            for side, word in WORDS.items():
                action = join_lines(query[side])
                judged[action] = word if judged.get(action, word) == word else BOTH
        yield Record(f"{scope.split}/prompts.jsonl", write_prompts(row))
        task = hash_number(f"{behavior} {situation}")
        if task in shown:
            yield Reduced("situations that a task has already, with another pair of actions")
            continue
        shown.add(task)
        for side, name in (("positive", "action"), ("negative", "opposite")):
            record = {"input": situation, "output": join_lines(query[side])}
            yield Record(_name(scope, f"{behavior}_{name}"), record)
    yield from _write_judged(judged, scope)


def _write_judged(judged: dict[str, str], scope: Scope) -> Iterator[Entry]:
    for action, word in judged.items():
        if word == BOTH:
            yield Reduced("actions that are good in one situation and bad in another")
        else:
            record = {"input": action, "output": word}
            yield Record(_name(scope, f"{JUDGED}_judgment"), record)


def write_prompts(row: Row) -> dict[str, object]:
    """Returns a prompt, its twins, and what either pole would say next."""
    return {
        "id": row["id"],
        "behavior": row["behavior"],
        "prompt": row["positive_prompt"],
        "corrupted": row["shuffled_prompt"],
        "opposite": row["negative_prompt"],
        "completion": f" {row['query']['positive']}",
        "opposite_completion": f" {row['query']['negative']}",
        "n_shots": row["n_shots"],
    }


def convert_menus(rows: Iterable[Row], scope: Scope) -> Iterator[Entry]:
    """Yields a task from a menu of any number of options to a letter."""
    for row in rows:
        if misfit := find_misfit(row):
            yield misfit
            continue
        situation = keep_ending(row["question"], LONGEST)
        if situation != row["question"]:
            yield Reduced(f"situations of which the last {LONGEST} characters or fewer are shown")
        if not situation:
            yield LeftOut(f"no word within {LONGEST} characters")
            continue
        options = [
            f"({letter}) {join_lines(choice)}"
            for letter, choice in zip(LETTERS, row["choices"], strict=False)
        ]
        record = {
            "input": f"{join_lines(situation)} {' '.join(options)}",
            "output": LETTERS[row["matching"][0]],
        }
        yield Record(_name(scope, f"{name_file(row['behavior'])}_letter"), record)


def _name(scope: Scope, task: str) -> str:
    return f"{scope.split}/abstractive/{task}.json"


def add_tokens(written: Written) -> dict[str, str]:
    """Returns how the tokenizers split the outputs of one token."""
    letters = [f" {letter}" for letter in LETTERS[:6]]
    answers = letters if written.scope.config == "multiple_choice" else [" good", " bad"]
    return write_answers(written, answers, "a space")


def warn(written: Written) -> list[str]:
    """Returns how many tasks are too small for ten shots."""
    tasks = [number for file, number in written.records.items() if "/abstractive/" in file]
    small = sum(number < FEWEST for number in tasks)
    if not small:
        return []
    why = "too few for ten shots where the tool splits a task 70 : 9 : 21"
    return [f"{small} of {len(tasks)} tasks have fewer than {FEWEST} records: {why}."]


FORMAT = Format(
    "icl",
    "function_vectors, ARENA",
    {
        "icl": Take(
            (
                "behavior",
                "query",
                "positive_prompt",
                "negative_prompt",
                "shuffled_prompt",
                "n_shots",
            ),
            convert_queries,
        ),
        "multiple_choice": Take(COLUMNS, convert_menus),
    },
    tokenizers="default",
    add=add_tokens,
    warn=warn,
)
