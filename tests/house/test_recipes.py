"""The recipe of CONTRIBUTING for a config, carried out in a copy: what it names is all it takes."""

import shutil
import subprocess
import sys
from pathlib import Path

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

from generators.configs.base import Item, Poles, Row, make_item
from generators.configs.contrasts import Contrasts, Reader, read_sides
from generators.configs.from_concepts import ConceptConfig, Run, in_tables, take_source
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

from generators.configs.base import (
    GameConfig,
    Item,
    Poles,
    Row,
    make_item,
    read_options,
    take_columns,
)
from generators.configs.contrasts import Contrasts, Reader
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


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with two configs more: two files and one line each."""
    tree = tmp_path_factory.mktemp("tree")
    for name in TREE:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, tree / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, tree / name)
    write(tree / "schemas" / "opposites.py", OPPOSITE_ROW)
    write(tree / "schemas" / "choices.py", CHOICE_ROW)
    write(tree / "generators" / "configs" / "opposites.py", OPPOSITES)
    write(tree / "generators" / "configs" / "choices.py", CHOICES)
    table = tree / "generators" / "configs" / "__init__.py"
    text = table.read_text(encoding="utf-8")
    text = text.replace("    associations,\n", "    associations,\n    choices,\n", 1)
    text = text.replace("    pairs,\n", "    opposites,\n    pairs,\n", 1)
    text = text.replace("        icl.CONFIG,\n", "        icl.CONFIG,\n        choices.CONFIG,\n")
    last = "        associations.CONFIG,\n"
    write(table, text.replace(last, f"{last}        opposites.CONFIG,\n"))
    return tree


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def run(tree: Path, command: str, *options: object, env: dict[str, str] | None = None) -> str:
    """Returns what a command of the copy prints; it must succeed."""
    line = [sys.executable, "-m", f"generators.{command}", *map(str, options)]
    done = subprocess.run(line, cwd=tree, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("command", "config", "claim"),
    [
        ("machiavelli", "choices", ": no recorded violation]"),
        ("concepts", "opposites", ": speaks well of it]"),
    ],
)
def test_a_config_is_built_measured_shown_exported_and_published(
    tree: Path, tmp_path: Path, command: str, config: str, claim: str
) -> None:
    folder = tmp_path / command
    said = run(tree, command, "--out", folder, "--limit", 40)  # all configs, with a report
    assert f"\n{config}:\n" in said
    assert claim in said
    rows = [row for path in (folder / config).glob("*") for row in pq.read_table(path).to_pylist()]
    assert {row["tier"] for row in rows} >= {"full"}
    assert f"| `{config}` |" in (folder / "README.md").read_text(encoding="utf-8")
    assert rows[0]["positive"] in (folder / "report.html").read_text(encoding="utf-8")
    assert f'"config": "{config}"' in (folder / "quality.json").read_text(encoding="utf-8")

    sheet = tmp_path / "sheet.csv"
    run(tree, "report", folder, "--audit-sheet", 200, "--out", sheet)
    assert f"\n{config}," in sheet.read_text(encoding="utf-8-sig")

    for name in ("pairs", "repe", "probe"):
        out = tmp_path / name
        options = ("--config", config, "--format", name, "--tier", "full", "--out", out)
        run(tree, "export", folder, *options)
        texts = "".join(path.read_text(encoding="utf-8") for path in out.rglob("*.json*"))
        assert any(row["positive"] in texts for row in rows)

    with HubServer() as hub:
        options = (folder, "--repo-id", "u/n", "--dry-run")
        env = make_environment(hub.url, tmp_path / "hf") | {"HF_TOKEN": hub.tokens.write}
        said = run(tree, "publish", *options, env=env)
    assert f"  {config}/train-00000-of-00001.parquet" in said
