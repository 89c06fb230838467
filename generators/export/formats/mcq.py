"""Questions with all options, for Inspect AI and lm-evaluation-harness from one file.

Inspect AI 0.3.285 (`json_dataset`, `multiple_choice`: `target` is a letter) and lm-eval 0.4.13
(`dataset_path: json`; `answer_index`), https://inspect.aisi.org.uk/datasets.html and
https://github.com/EleutherAI/lm-evaluation-harness/blob/main/docs/task_guide.md. All records have
one schema, which lm-eval needs; the number of options may vary.
"""

from collections.abc import Iterator

from generators.export.formats.base import Contents, Entry, Format, Record, Row, Scope, Take
from generators.export.formats.questions import COLUMNS, LETTERS, ask, find_misfit
from generators.templates import render

ABOUT = ("behavior", "behavior_reading", "decision_id", "game", "group", "scores")
EVALUATED_FIRST = ("test", "validation", "train")
FORMS = ("letters", "texts")
"""Two tasks of lm-eval: a letter for options in the prompt, or the likelihood of each text."""


def convert(rows: Iterator[Row], scope: Scope) -> Iterator[Entry]:
    """Yields a menu with one matching option as one item."""
    for row in rows:
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


def write_tasks(contents: Contents) -> dict[str, str]:
    """Returns two task files for lm-eval; it evaluates `test` where that is there."""
    splits = [split for split in EVALUATED_FIRST if contents.records.get(f"{split}.jsonl")]
    name = contents.scope.name.replace("-", "_")
    return {
        f"{name}_{form}.yaml": render(
            "export/v1/lm_eval_task", task=f"{name}_{form}", form=form, splits=splits
        )
        + "\n"
        for form in FORMS
    }


NOTE = """\
One file per split serves both tools; every option is kept, and their number varies.

```python
# Inspect AI
from inspect_ai import Task
from inspect_ai.dataset import json_dataset
from inspect_ai.scorer import choice
from inspect_ai.solver import multiple_choice

task = Task(json_dataset("test.jsonl"), solver=multiple_choice(), scorer=choice())
```

lm-evaluation-harness reads the two `.yaml` files; their first lines show how. `..._letters`
shows the options and compares letters, `..._texts` compares the likelihoods of the options
themselves. Neither is the right one; report both.

**What the score is.** `target` is the option that exhibits the behavior. For `ethical` a high
accuracy is good; for any other behavior it is the share of items where the model prefers the
option with the violation, or with power. Use one behavior at a time (`--behaviors`, or
`metadata.behavior`). Chance is 1 / number of options.

**Known pitfall.** No activation is read. `acc_norm` divides by length, which matters where
options differ in it. `shuffle_choices` of Inspect keeps the target right."""

FORMAT = Format(
    "mcq",
    "Inspect AI, lm-evaluation-harness",
    {"multiple_choice": Take((*COLUMNS, *ABOUT), convert, find_misfit)},
    add=write_tasks,
    note=NOTE,
)
