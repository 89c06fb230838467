"""The Python interface that is promised: its names, types and docstrings, and what loads when."""

import importlib
import inspect
import re
import subprocess
import sys
import typing
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest

import generators
from generators.__main__ import COMMANDS, main
from generators.errors import UsageError
from generators.options import choose
from schemas.labels import BEHAVIORS, SYNONYMS

ROOT = Path(__file__).parents[2]

MODULES = ("activations", "concepts", "export", "machiavelli", "publish", "quality")
FUNCTIONS = {
    "activations.load": ("model", "device", "cache"),
    "activations.capture": ("texts", "model", "components", "device", "cache"),
    "activations.compare": ("pairs", "model", "components", "place", "device", "cache"),
    "machiavelli.build": ("out", "data", "behaviors", "kinds", "limit", "executor", "progress"),
    "machiavelli.plan": ("out", "data", "behaviors", "model", "generate"),
    "machiavelli.rows": ("config", "data", "behaviors", "games", "executor", "progress"),
    "concepts.build": ("out", "concepts", "pairs", "tokenizer", "aligned_only", "progress"),
    "concepts.plan": ("out", "concepts", "kinds", "model"),
    "concepts.rows": ("config", "concepts", "pairs", "tokenizer", "limit"),
    "quality.measure": ("data", "progress"),
    "quality.choose_core": ("data",),
    "export.write": ("folder", "config", "format", "out", "tier", "tokenizer", "seed"),
    "publish.push": ("folder", "repo_id", "tag", "public", "text", "dry_run", "progress"),
    "publish.hydrate": ("folder_or_repo", "revision", "data", "out", "skip_changed", "progress"),
}
"""Name -> parameters that callers rely on, in their order; there may be more between them."""
TYPES = (
    "activations.Compared",
    "activations.States",
    "export.Exported",
    "publish.Published",
    "publish.Hydrated",
    "publish.ChangedRows",
    "publish.Mismatch",
)
PLAIN = ("quality", "activations")
"""Modules whose functions take plain parameters, and no options of a command."""
HEAVY = {
    "argparse", "datasets", "huggingface_hub", "jinja2", "numpy", "openai", "orjson", "pandas",
    "pyarrow", "pydantic", "safetensors", "sklearn", "scipy", "tokenizers", "torch", "tqdm",
    "transformers", "yaml",
}  # fmt: skip


def find(name: str) -> typing.Any:
    module, _, attribute = name.partition(".")
    return getattr(importlib.import_module(f"generators.{module}"), attribute)


def test_the_modules_are_names_of_the_package() -> None:
    assert sorted(generators.__all__) == list(MODULES)
    assert set(generators.__all__) <= set(dir(generators))
    for name in MODULES:
        module = getattr(generators, name)
        assert isinstance(module, ModuleType)
        public = {each.partition(".")[2] for each in (*FUNCTIONS, *TYPES) if each.startswith(name)}
        assert set(module.__all__) == public
    assert not hasattr(generators, "nothing")


@pytest.mark.parametrize("name", [*FUNCTIONS, *TYPES])
def test_it_has_a_docstring_that_says_what_it_returns(name: str) -> None:
    docstring = inspect.getdoc(find(name)) or ""
    assert docstring[0].isupper()
    if name in FUNCTIONS:
        assert docstring.startswith(("Returns ", "Yields "))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_has_the_parameters_and_types_that_callers_rely_on(name: str) -> None:
    signature = inspect.signature(find(name))
    parameters = signature.parameters
    expected = FUNCTIONS[name]
    assert set(expected) <= set(parameters)
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty
        assert typing.get_origin(parameter.annotation) is not typing.Annotated
        assert parameter.kind is not inspect.Parameter.VAR_KEYWORD


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if not name.startswith(PLAIN)])
def test_a_keyword_that_is_not_known_gets_the_nearest_one(name: str) -> None:
    near = FUNCTIONS[name][-1]
    positional = ("contrastive",) if name.endswith(".rows") else ()
    with pytest.raises(UsageError, match=rf"\(did you mean {near}\?\)"):
        find(name)(*positional, **{f"{near}s": None})


@pytest.mark.parametrize("module", ["", *MODULES])
def test_importing_it_loads_nothing_heavy(module: str) -> None:
    imported = f"generators.{module}" if module else "generators"
    code = f"import sys, {imported}; print(sorted({HEAVY!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout == "[]\n", run.stderr


@pytest.mark.parametrize("package", ["generators", "schemas"])
def test_the_types_are_for_others_too(package: str) -> None:
    assert (Path(str(files(package))) / "py.typed").is_file()


def run_console(*arguments: str) -> "subprocess.CompletedProcess[str]":
    code = (
        "import sys; from generators.__main__ import main\n"
        "sys.argv[0] = 'contrapose'; sys.exit(main())"
    )
    line = [sys.executable, "-c", code, *arguments]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True)


def test_what_people_call_a_behavior_leads_to_its_name() -> None:
    for word, name in SYNONYMS.items():
        with pytest.raises(UsageError, match=rf"\(did you mean {re.escape(name)}\?\)"):
            choose("--behaviors", [word.capitalize()], BEHAVIORS)


def test_the_console_script_lists_and_runs_every_command() -> None:
    listed = run_console().stdout
    assert all(f"contrapose {command} " in listed for command in COMMANDS)
    helped = run_console("export", "--help").stdout
    assert helped.startswith("usage: contrapose export ")
    assert "\n  contrapose export datasets/" in helped


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (["machiaveli"], "machiavelli"),
        (["exports"], "export"),
        (["machiavelli", "--behaviours", "deception"], "--behaviors"),
        (["machiavelli", "--behaviors", "decption"], "deception"),
        (["machiavelli", "--kinds", "contrastiv"], "contrastive"),
        (["concepts", "--kinds", "minimal-pairs"], "minimal_pairs"),
        (["concepts", "--aligned"], "--aligned-only"),
    ],
)
def test_a_wrong_name_gets_the_nearest_right_one(
    arguments: list[str], nearest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status: object = main(arguments)
    except SystemExit as stop:
        status = stop.code
    error = capsys.readouterr().err
    assert f"(did you mean {nearest}?)" in error
    assert status == 2
    assert len(error.splitlines()) == 1
