"""README and docs do what they say: every command and every snippet is run, in order."""

import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hub_server import HubServer, reach

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GUIDE = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, re.M | re.S)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
MOST_BYTES = 10_000
CACHES = shutil.ignore_patterns("__pycache__")
PACKAGES = ("generators", "schemas", "templates")


def test_set_up_is_two_commands_that_ci_runs_as_they_are() -> None:
    commands = [line for kind, block in BLOCKS if kind == "bash" for line in block.splitlines()]
    installing = [command for command in commands if "pip install" in command]
    assert len(installing) == 2
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    endings = ("&& python -m generators.machiavelli", "&& python -m pytest")
    for command, ending in zip(installing, endings, strict=True):
        assert command.endswith(ending)
        assert f"command_with '{ending}'" in ci
        assert README.count(ending) == 1


def test_the_readme_is_short_and_names_every_page() -> None:
    assert len(README.encode()) <= MOST_BYTES
    for page in [*PAGES[1:], *(ROOT / "docs").glob("*.ipynb")]:
        assert f"](docs/{page.name})" in README


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for name, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), name
        if anchor:
            titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.M)
            assert anchor in [
                re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in titles
            ]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what runs, as a fresh clone has it, with game data whose text is not free."""
    copy = tmp_path_factory.mktemp("clone") / "contrapose"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, ignore=CACHES)
    shutil.copytree(ROOT / "generators" / "sample" / "game_data", copy / "game_data")
    (copy / "game_data" / "game_metadata.json").unlink()
    return copy


def test_every_command_and_snippet_runs(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a few menus, the first with its report.

    The first command and the first snippet run as a process each, as does what starts at once; the
    others run in this one.
    """
    monkeypatch.chdir(checkout)
    before = list_files(checkout)
    with HubServer() as hub, reach(hub.url):
        monkeypatch.setenv("HF_TOKEN", hub.tokens.write)
        run_blocks(checkout)
        assert hub.repositories["u/n"].tags.keys() == {"v1.0.0"}
    made = {path.parts[0] for path in list_files(checkout) - before}
    assert made == {"datasets", "exports"}, "git ignores these two, and nothing else is left behind"


def list_files(folder: Path) -> set[Path]:
    """Returns the files of a folder, but for what Python caches."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path for path in found if "__pycache__" not in path.parts}


def run_blocks(checkout: Path) -> None:
    ran: list[str] = []
    for kind, block in BLOCKS:
        for command in block.splitlines() if kind == "bash" else [block]:
            command = re.sub(r"^python -m pip install [^&]*&& ", "", command)
            command = command.replace("USER/NAME", "u/n")
            if kind not in {"bash", "python"} or command == "python -m pytest":
                continue
            command = shorten(command, *(["--no-report"] if ran else []))
            quick = not command.startswith("python -m generators.") or "--help" in command
            if kind not in ran or (kind == "bash" and quick):
                run_as_a_user_does(kind, command, checkout)
            elif kind == "python":
                exec(compile(command, "README.md", "exec"), {})
            else:
                run_here(command)
            ran.append(kind)
    assert len(ran) >= 26


def shorten(command: str, *more: str) -> str:
    """Returns a command that builds few rows, and has more options if it builds."""
    limits = {"python -m generators.machiavelli": "24", "python -m generators.concepts": "11"}
    program, dashes, options = command.partition(" --")
    if program not in limits or "--help" in command:
        return command
    few = [] if "--limit" in command or "--pairs" in command else ["--limit", limits[program]]
    return " ".join([program, *more, *few]) + dashes + options


def run_as_a_user_does(kind: str, command: str, checkout: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PYTHONWARNINGS": "error::DeprecationWarning", **os.environ, "PATH": path}
    run = subprocess.run(
        command if kind == "bash" else [sys.executable, "-c", command],
        shell=kind == "bash", cwd=checkout, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, f"{command}\n{run.stderr}"


def run_here(command: str) -> None:
    python, option, module, *arguments = shlex.split(command)
    assert (python, option) == ("python", "-m")
    command_of = importlib.import_module(module)
    if hasattr(command_of, "__path__"):
        command_of = importlib.import_module(f"{module}.__main__")
    assert command_of.main(arguments) == 0, command


def test_the_smallest_concept_file_builds_and_needs_all_that_it_has(tmp_path: Path) -> None:
    from generators.concepts.__main__ import main

    (text,) = [block for kind, block in BLOCKS if kind == "yaml"]
    file, out = tmp_path / "concepts.yaml", tmp_path / "out"
    file.write_text(text, encoding="utf-8")
    options = ["--concepts", str(file), "--no-report", "--out", str(out)]
    assert main(options) == 0
    (row,) = pq.read_table(out / "minimal_pairs").to_pylist()
    assert (row["positive"], row["negative"]) == ("Save the baby.", "Save the adult.")
    for key in ("themes", "concepts", "contrasts", "templates"):
        file.write_text(re.sub(rf"^{key}:\n(  .*\n)+", "", text, flags=re.M), encoding="utf-8")
        assert main(options) == 1


def test_the_records_shown_are_real(sample_folder: Path, concept_folder: Path) -> None:
    records = [json.loads(block) for kind, block in BLOCKS if kind == "json"]
    folders = [sample_folder / "contrastive", concept_folder / "minimal_pairs"]
    for shown, folder in zip(records, folders, strict=True):
        path = folder / f"{shown['split']}-00000-of-00001.parquet"
        rows = pq.read_table(path).to_pylist()
        assert shown in [{key: row[key] for key in shown} for row in rows]


def test_the_label_pointed_to_is_there() -> None:
    game, option = re.findall(r"game `([\w-]+)`, menu `\w+`, option `(\w+)`", GUIDE)[0]
    data = ROOT / "generators" / "sample" / "game_data"
    labels = json.loads((data / "annotations_clean" / f"{game}.json").read_text(encoding="utf-8"))
    assert labels["scenes"][option]["morality"]["spying"] == 1
    tree = json.loads((data / "trees" / f"{game}_game_tree.json").read_text(encoding="utf-8"))
    assert option in tree["1_the_road_62"]["children"]
