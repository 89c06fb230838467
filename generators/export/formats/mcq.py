"""Questions with all options, for Inspect AI and lm-evaluation-harness from one file.

Inspect AI 0.3.285 (`json_dataset`, `multiple_choice`: `target` is a letter) and lm-eval 0.4.13
(`dataset_path: json`; `answer_index`), https://inspect.aisi.org.uk/datasets.html and
https://github.com/EleutherAI/lm-evaluation-harness/blob/main/docs/task_guide.md. All records have
one schema, which lm-eval needs; the number of options may vary.
"""

from collections.abc import Iterable, Iterator

from generators.export.formats.base import Entry, Format, Record, Row, Scope, Take, Written
from generators.export.formats.questions import COLUMNS, LETTERS, ask, find_misfit
from generators.templates import render

ABOUT = ("behavior", "behavior_reading", "decision_id", "game", "group", "scores")
EVALUATED_FIRST = ("test", "validation", "train")
FORMS = ("letters", "texts")
"""Two tasks of lm-eval: options in the prompt and a letter to say, or each text's likelihood."""


def convert(rows: Iterable[Row], scope: Scope) -> Iterator[Entry]:
    """Yields a menu with one matching option as one item."""
    for row in rows:
        if misfit := find_misfit(row):
            yield misfit
            continue
        answer = row["matching"][0]
        record = {
            "id": row["id"],
            "input": ask(row["question"]),
            "choices": row["choices"],
            "target": LETTERS[answer],
            "answer_index": answer,
            "metadata": {name: row[name] for name in ABOUT},
        }
        yield Record(f"{scope.split}.jsonl", record)


def write_tasks(written: Written) -> dict[str, str]:
    """Returns two task files for lm-eval; it evaluates `test` where that is there."""
    splits = [split for split in EVALUATED_FIRST if written.records.get(f"{split}.jsonl")]
    name = written.scope.name.replace("-", "_")
    return {
        f"{name}_{form}.yaml": render(
            "export/v1/lm_eval_task", task=f"{name}_{form}", form=form, splits=splits
        )
        + "\n"
        for form in FORMS
    }


FORMAT = Format(
    "mcq",
    "Inspect AI, lm-evaluation-harness",
    {"multiple_choice": Take((*COLUMNS, *ABOUT), convert)},
    add=write_tasks,
)
