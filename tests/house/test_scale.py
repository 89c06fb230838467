"""The recipes of docs/scale.md do what they say, with programs in the place of GPUs and clusters.

They stand in blocks of `sh` and `py`, which test_docs.py does not run. Each carries a run from its
first round to a folder of rows. `vllm` and `sbatch` are stand-ins that take the documented command
lines; `hf` is asked itself whether it takes what it is given.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from batch_runner import Runner

from generators.machiavelli.__main__ import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
RUNNER = ROOT / "tests" / "batch_runner.py"
SBATCH = """#!/bin/sh
array=${1#--array=1-}
for task in $(seq "${array%%%*}"); do SLURM_ARRAY_TASK_ID=$task bash "$2" || exit; done
"""
HF = """#!/bin/sh
bucket="$PWD/bucket"
case "$1 $2" in
  "buckets create") mkdir -p "$bucket" ;;
  "buckets sync")
    case "$3" in hf://*) cp -p "$bucket"/* "$4" ;; *) cp -p "$3"/* "$bucket" ;; esac ;;
  "jobs run")
    shift 2; "$REAL_HF" jobs run --dry-run "$@" || exit
    for last; do :; done
    bash -c "$(echo "$last" | sed "s:/asking/:$bucket/:g; s:/tmp/answers:$PWD/answers:g")" ;;
esac
"""


def read_blocks(heading: str) -> list[tuple[str, str]]:
    """Returns kind and text of the code blocks of a section, without those of its subsections."""
    (found,) = re.findall(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S)
    return re.findall(r"^```(\w+)\n(.*?)^```$", found, re.M | re.S)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with stand-ins on the path."""
    programs = tmp_path / "bin"
    programs.mkdir()
    vllm = f'#!/bin/sh\nexec "{sys.executable}" "{RUNNER}" "$@"\n'
    for name, text in (("vllm", vllm), ("sbatch", SBATCH), ("hf", HF)):
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("REAL_HF", str(Path(sys.executable).parent / "hf"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(programs), os.environ["PATH"]]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_shell(script: str) -> None:
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], check=True, capture_output=True)


def run_vllm() -> None:
    ((_, script),) = read_blocks("`vllm run-batch`")
    run_shell(script)


def run_slurm() -> None:
    (_, task), (_, submit) = read_blocks("A Slurm array")
    Path("answer.sbatch").write_text(task, encoding="utf-8")
    run_shell(submit)


def run_jobs() -> None:
    (_, start), (_, fetch) = read_blocks("Hugging Face Jobs")
    run_shell(start)
    run_shell(fetch)


def run_ray() -> None:
    """In the place of Ray, its two functions are applied to one row after the other."""
    ((kind, script),) = read_blocks("Ray Data LLM")
    assert kind == "py"
    server = Runner().server

    def build_processor(config: Any, preprocess: Any, postprocess: Any) -> Any:
        assert config.concurrency == 8

        def process(rows: Iterator[dict[str, Any]]) -> SimpleNamespace:
            return SimpleNamespace(iter_rows=lambda: map(postprocess, map(generate, rows)))

        def generate(row: dict[str, Any]) -> dict[str, Any]:
            asked = preprocess(row)
            assert asked["messages"][0]["role"] == "system"
            schema = json.loads(asked["sampling_params"]["structured_outputs"]["json"])
            text = server.write({}, {"schema": schema})
            return {**asked, "generated_text": text, "num_input_tokens": 9,
                    "num_generated_tokens": 9}  # fmt: skip

        return process

    def read_text(paths: list[str]) -> Iterator[dict[str, Any]]:
        for path in paths:
            for line in Path(path).read_text(encoding="utf-8").splitlines():
                yield {"text": line}

    ray, data, llm = (ModuleType(name) for name in ("ray", "ray.data", "ray.data.llm"))
    vars(ray).update(data=data)
    vars(data).update(read_text=read_text)
    vars(llm).update(build_processor=build_processor, vLLMEngineProcessorConfig=SimpleNamespace)
    with pytest.MonkeyPatch.context() as patch:
        for module in (ray, data, llm):
            patch.setitem(sys.modules, module.__name__, module)
        exec(compile(script, "docs/scale.md", "exec"), {})


@cache
def ask_hf(name: str) -> str:
    """Returns what `hf` says of one of its commands, which it has."""
    command = [str(Path(sys.executable).parent / "hf"), *name.split(), "--help"]
    shown = subprocess.run(command, capture_output=True, text=True)
    assert shown.returncode == 0, name
    return shown.stdout


def need_dry_run() -> None:
    if "--dry-run" not in ask_hf("jobs run"):
        pytest.skip("this huggingface_hub starts no dry run of a job")


@pytest.mark.skipif(sys.platform == "win32", reason="the recipes are for bash")
@pytest.mark.parametrize("recipe", [run_vllm, run_slurm, run_ray, run_jobs])
def test_a_recipe_carries_a_run_to_its_end(recipe: Callable[[], None], cluster: Path) -> None:
    if recipe is run_jobs:
        need_dry_run()
    ((_, command),) = read_blocks("Files, and any engine")
    program, *options = shlex.split(command)[2:]
    assert program == "generators.machiavelli"
    asking, asked, rounds = cluster / "asking", list[str](), 0
    while rounds < 4:
        assert main(options) == 0
        waiting = [
            json.loads(line)["custom_id"]
            for path in sorted(asking.glob("*.requests.jsonl"))
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        if not waiting:
            break
        asked += waiting
        rounds += 1
        recipe()
    assert (cluster / "datasets" / "machiavelli" / "manifest.json").exists()
    assert rounds >= 2
    assert len(asked) == len(set(asked)) > 4


def test_every_option_of_hf_in_the_page_is_one_that_it_takes() -> None:
    need_dry_run()
    calls = re.findall(r"^ *hf (\w+ \w+)(.*?)(?:vllm/vllm-openai.*)?$", PAGE, re.M)
    assert len(calls) >= 5
    for name, options in calls:
        said = ask_hf(name)
        for option in re.findall(r" (--?[a-z][a-z-]*)", options):
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", said), f"{name} {option}"
