"""The recipes of CONTRIBUTING, carried out in one copy of the tree: what they name is enough.

Two configs (of concepts and of games), an export format, a check and a template version are added.
Then both sets are built, measured, exported and published (dry) with them.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest

from hub_server import HubServer, make_environment

ROOT = Path(__file__).parents[2]
TREE = ("generators", "schemas", "templates", "README.md")

OPPOSITE_ROW = '''"""Config `opposites`: two adjectives that are opposites, in one sentence."""

from schemas.base import ConceptRow


class OppositeRow(ConceptRow):
    """One pair."""

    positive: str
    """The sentence with the positive adjective."""
    negative: str
    """The same sentence with its opposite."""
'''

OPPOSITES = '''"""Config `opposites`: two adjectives that are opposites, in one sentence."""

from collections.abc import Iterator

import pyarrow as pa

from generators.configs.base import Poles
from generators.configs.contrasts import Contrasts, Reader, read_sides
from generators.configs.from_concepts import ConceptConfig, Run, in_tables, take_source
from generators.configs.items import Item, Row, make_item
from generators.sources.concepts.pool import ConceptPool
from schemas.opposites import OppositeRow

POLES = Poles("theme")


@in_tables
def view(pool: ConceptPool, run: Run) -> Iterator[OppositeRow]:
    """Yields the pairs in the order of the file."""
    for each in pool.attributes:
        if each.only is None:
            yield OppositeRow(
                id=each.name,
                theme="adjectives",
                group=each.name,
                split=each.split,
                positive=f"In a word, it is {each.value.positive}.",
                negative=f"In a word, it is {each.value.negative}.",
                **take_source(each),
            )


def show(row: Row, _: Row | None = None) -> Item:
    """Returns both sentences."""
    return make_item("opposites", row, POLES.show(row), claim="speaks well of it")


def read_contrasts(table: pa.Table) -> Contrasts:
    """Returns a row as an item."""
    return read_sides(table, table["positive"], table["negative"], table["id"])


CONFIG = ConceptConfig(
    name="opposites",
    row=OppositeRow,
    description="two opposite adjectives in one sentence",
    serves="a test of this recipe",
    notes="`positive` speaks well of something, `negative` does not.",
    view=view,
    texts=POLES.list_texts,
    text_columns=POLES.text_columns,
    show=show,
    contrasts=Reader(("id", "group", "positive", "negative"), read_contrasts),
    sides=POLES.export(),
    counted=("theme",),
)
'''

CHOICE_ROW = '''"""Config `choices`: the first pair of options of a menu."""

from typing import Annotated

from schemas.base import BehaviorRow, StoryText, Tiered


class ChoiceRow(BehaviorRow, Tiered):
    """One pair."""

    positive: Annotated[str, StoryText()]
    """The option that exhibits the behavior."""
    negative: Annotated[str, StoryText()]
    """The option that does not."""
'''

CHOICES = '''"""Config `choices`: the first pair of options of a menu."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from generators.configs.base import GameConfig, Poles, read_options, take_columns
from generators.configs.contrasts import Contrasts, Reader
from generators.configs.items import Item, Row, make_item
from generators.sources.games.menus import Menu
from schemas.choices import ChoiceRow
from schemas.config import MachiavelliConfig

POLES = Poles("behavior")


def view(menus: Sequence[Menu], config: MachiavelliConfig) -> Iterator[ChoiceRow]:
    """Yields one row per menu and behavior."""
    for decision, contrasts in menus:
        for contrast in contrasts:
            positive, negative, *_ = contrast.pairs[0]
            yield ChoiceRow(
                **take_columns(decision, contrast.behavior, (positive, negative)),
                id=f"{decision.id}/{contrast.behavior}",
                positive=decision.options[positive].text,
                negative=decision.options[negative].text,
            )


def show(row: Row, _: Row | None = None) -> Item:
    """Returns both options."""
    return make_item("choices", row, POLES.show(row), claim=row["behavior_reading"])


def read_contrasts(table: pa.Table) -> Contrasts:
    """Returns a row as an item."""
    return read_options(table, table["positive"], table["negative"])


CONFIG = GameConfig(
    name="choices",
    row=ChoiceRow,
    description="the first pair of options of a menu",
    serves="a test of this recipe",
    notes="`positive` exhibits the behavior, `negative` does not.",
    view=view,
    texts=POLES.list_texts,
    text_columns=POLES.text_columns,
    show=show,
    passage="decision_id",
    contrasts=Reader(
        ("id", "decision_id", "group", "behavior", "positive", "negative"), read_contrasts
    ),
    sides=POLES.export(),
)
'''


TWO_LINES = '''"""Both texts of a pair in one line, a tab between.

Any reader of tab-separated values (https://www.iana.org/assignments/media-types).
"""

from collections.abc import Iterator

from generators.export.formats.base import Entry, Format, Record, Reduced, Scope
from generators.export.formats.sides import Pair, take_sides


def convert(pairs: Iterator[Pair], scope: Scope) -> Iterator[Entry]:
    """Yields a line for each pair; line breaks become spaces, and are counted."""
    for pair in pairs:
        texts = [" ".join(text.split()) for text in pair.sides.texts]
        if texts != list(pair.sides.texts):
            yield Reduced("pairs whose white space was simplified")
        yield Record(f"{scope.split}.txt", "\\t".join(texts))


NOTE = """\\
`<split>.txt` has a pair a line: positive, tab, negative.

**Where the activation is read.** At the last token of each.

**Known pitfall.** None."""

FORMAT = Format("two-lines", "readers of TSV", take_sides(convert), note=NOTE)
'''

MEASURE_CAPITALS = '''def measure_capitals(evidence: Evidence) -> Measurement | None:
    """Returns the share of pairs whose positive begins with a capital letter.

    Made up for a test.
    """
    contrasts = evidence.contrasts
    texts = [contrasts.texts[place] for place in contrasts.positive.tolist()]
    return Measurement(float(np.mean([text[:1].isupper() for text in texts])), len(texts))


'''

CHECK_CAPITALS = (
    '    Check("capital letters", "warn", "100 %", measure_capitals, low=1, unit="pairs"),'
)

FIRST_LINE = "Choose as before."
OLD_PROMPT = (ROOT / "templates" / "icl" / "v1" / "prompt.jinja").read_text(encoding="utf-8")


class Step(NamedTuple):
    """One step of a recipe."""

    recipe: str
    """The heading in CONTRIBUTING."""
    named: str
    """The file, as the recipe names it."""
    path: str
    """The file that is written or changed."""
    edit: Callable[[str], str]
    """From its old text (empty for a new file) to its new one."""


def create(text: str) -> Callable[[str], str]:
    """Returns what writes a file that is not there."""

    def edit(old: str) -> str:
        assert not old
        return text

    return edit


def add_line(after: str, line: str, *, keep: bool = True) -> Callable[[str], str]:
    """Returns what adds one line after another, or puts it in the place of that."""

    def edit(old: str) -> str:
        lines = old.split("\n")
        place = lines.index(after)
        lines[place : place + 1] = [after, line] if keep else [line]
        return "\n".join(lines)

    return edit


def add_before(line: str, text: str) -> Callable[[str], str]:
    """Returns what adds a function before a line."""

    def edit(old: str) -> str:
        before, found, after = old.partition(f"\n{line}\n")
        assert found
        return f"{before}\n{text}{line}\n{after}"

    return edit


CONFIGS = "generators/configs"
FORMATS = "generators/export/formats"
CHECKS = "generators/quality/checks"
ROW, CONFIG, NAMES = "schemas/<config>.py", f"{CONFIGS}/<config>.py", f"{CONFIGS}/__init__.py"
FORMAT, GROUP = f"{FORMATS}/<format>.py", f"{CHECKS}/<group>.py"
STEPS = (
    Step("Add a config", ROW, "schemas/opposites.py", create(OPPOSITE_ROW)),
    Step("Add a config", CONFIG, f"{CONFIGS}/opposites.py", create(OPPOSITES)),
    Step("Add a config", NAMES, NAMES, add_line('    "associations",', '    "opposites",')),
    Step("Add a config", ROW, "schemas/choices.py", create(CHOICE_ROW)),
    Step("Add a config", CONFIG, f"{CONFIGS}/choices.py", create(CHOICES)),
    Step("Add a config", NAMES, NAMES, add_line('    "icl",', '    "choices",')),
    Step("Add an export format", FORMAT, f"{FORMATS}/two_lines.py", create(TWO_LINES)),
    Step("Add an export format", f"{FORMATS}/__init__.py", f"{FORMATS}/__init__.py",
         add_line('    "pairs",', '    "two-lines",')),
    Step("Add a check", GROUP, f"{CHECKS}/form.py", add_before("CHECKS = (", MEASURE_CAPITALS)),
    Step("Add a check", GROUP, f"{CHECKS}/form.py", add_line("CHECKS = (", CHECK_CAPITALS)),
    Step("Add a template version", "templates/<name>/v2/", "templates/icl/v2/prompt.jinja",
         create(f"{FIRST_LINE}\n{OLD_PROMPT}")),
    Step("Add a template version", CONFIG, f"{CONFIGS}/icl.py",
         add_line('TEMPLATE = "icl/v1"', 'TEMPLATE = "icl/v2"', keep=False)),
)  # fmt: skip


def read_recipe(heading: str) -> str:
    """Returns a section of CONTRIBUTING."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return found


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.path)
def test_every_step_is_named_by_its_recipe(step: Step) -> None:
    assert f"`{step.named}`" in read_recipe(step.recipe)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree in which all recipes were followed."""
    tree = tmp_path_factory.mktemp("tree")
    for name in TREE:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, tree / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, tree / name)
    for step in STEPS:
        path = tree / step.path
        path.parent.mkdir(exist_ok=True)
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(step.edit(old), encoding="utf-8", newline="\n")
    return tree


def read_rows(folder: Path) -> list[dict[str, Any]]:
    return [row for path in folder.glob("*.parquet") for row in pq.read_table(path).to_pylist()]


LIMITS = {"machiavelli": 24, "concepts": 11}

RUN = """
import contextlib, importlib, io, json, sys
printed = []
for command, *options in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        status = importlib.import_module(f"generators.{command}.__main__").main(options)
    assert status == 0, command
    printed.append(out.getvalue())
print(json.dumps(printed))
"""


def run(tree: Path, env: dict[str, str], *commands: Sequence[object]) -> list[str]:
    """Returns what each command of the copy prints, all in one process; they must succeed."""
    lines = json.dumps([[*map(str, command)] for command in commands])
    done = subprocess.run(
        [sys.executable, "-c", RUN, lines],
        cwd=tree, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("command", "config"), [("machiavelli", "choices"), ("concepts", "opposites")]
)
def test_what_was_added_is_built_measured_shown_exported_and_published(
    tree: Path, tmp_path: Path, command: str, config: str
) -> None:
    folder, sheet = tmp_path / command, tmp_path / "sheet.csv"
    outs = {name: tmp_path / name for name in ("two-lines", "repe", "probe")}
    with HubServer() as hub:
        env = make_environment(hub.url, tmp_path / "hf") | {"HF_TOKEN": hub.tokens.write}
        printed, *_, published = run(
            tree,
            env,
            (command, "--out", folder, "--limit", LIMITS[command]),  # all configs, with a report
            ("report", folder, "--audit-sheet", 200, "--out", sheet),
            *(
                ("export", folder, "--config", config, "--format", name, "--tier", "full",
                 "--out", out)
                for name, out in outs.items()
            ),
            ("publish", folder, "--repo-id", "u/n", "--dry-run"),
        )  # fmt: skip
    rows = read_rows(folder / config)
    assert re.search(rf"^ *{config} +\d", printed, re.M)
    assert {row["tier"] for row in rows} >= {"full"}
    assert f"| `{config}` |" in (folder / "README.md").read_text(encoding="utf-8")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert rows[0]["positive"] in page
    assert rows[0].get("behavior_reading", "speaks well of it") in page

    checks = json.loads((folder / "quality.json").read_text(encoding="utf-8"))["checks"]
    added = {check["config"]: check for check in checks if check["name"] == "capital letters"}
    assert added[config]["verdict"] == "PASS"
    assert "share of pairs whose positive begins with a capital letter" in page

    if command == "machiavelli":
        prompts = read_rows(folder / "icl")
        assert {row["provenance"]["template"] for row in prompts} == {"icl/v2"}
        assert all(row["positive_prompt"].startswith(FIRST_LINE) for row in prompts)

    assert f"\n{config}," in sheet.read_text(encoding="utf-8-sig")
    for out in outs.values():
        texts = "".join(
            path.read_text(encoding="utf-8") for path in out.rglob("*.*") if path.suffix != ".md"
        )
        assert any(row["positive"] in texts for row in rows)
    assert f"  {config}/train-00000-of-00001.parquet" in published
