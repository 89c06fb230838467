"""Opens the engine that a command's options describe: live, batch, recorded or none."""

import argparse
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from generators.engine.engine import Engine, LoggedEngine, RecordedEngine
from generators.engine.money import read_prices
from generators.engine.recorded import Recording
from generators.engine.response_log import ResponseLog
from generators.errors import ReplayError, UsageError
from generators.model_options import clean_url, make_meter, read_settings
from generators.writing import CONCEPT_TASKS, GAME_TASKS, judge
from schemas.config import MachiavelliConfig, ModelConfig

Config = TypeVar("Config", bound=ModelConfig)
JUDGING = frozenset({judge.TASK.name})
WRITING = {
    "responses.jsonl": tuple(name for name in GAME_TASKS if name not in JUDGING),
    "concept_responses.jsonl": tuple(CONCEPT_TASKS),
}
"""Bundled file of answers -> the tasks of its command, but for judging."""


@contextmanager
def open_engine(
    arguments: argparse.Namespace, config: Config, answers: str, *, own_source: bool
) -> Generator[tuple[Config, Engine | None]]:
    """Gives the config, its models named, and the engine; None where no model is asked.

    Args:
        arguments: the command's options.
        config: what the run is asked for.
        answers: bundled file of answers, which is used where nothing else is named.
        own_source: whether the user brought along what is read; the bundled answers are not for it.

    Raises:
        GeneratorError: an option does not fit, or a file cannot be read.
    """
    bundled = not own_source and config.model is None and arguments.recorded is None
    if config.model is None and config.judge_model is not None and arguments.recorded is None:
        raise no_model("--judge-model")
    recorded: Path | None = find_bundled(answers) if bundled else arguments.recorded
    if recorded is not None:
        recording = Recording(recorded)
        named = name_models(config, recording, WRITING[answers])
        if named.model is None:
            wanted = f"answers for {', '.join(WRITING[answers])}"
            raise ReplayError(str(recorded), "no such answer", wanted, "Name another file")
        yield (
            named,
            RecordedEngine(
                recording, config.repairs, read_prices(arguments.prices), lenient=bundled
            ),
        )
    elif config.model is not None:
        models = [config.model, config.judge_model or config.model]
        run = read_settings(arguments, models)
        url = clean_url(run.settings.base_url)
        with ResponseLog(run.settings.responses, url) as log:
            yield config, LoggedEngine(log, run.settings, run.prices, make_meter)
    else:
        check_unused(config)
        yield config, None


def find_bundled(answers: str) -> Path:
    """Returns a file of answers that comes with the package."""
    return Path(str(files("generators") / "sample" / answers))


def name_models(config: Config, recording: Recording, writing: Sequence[str]) -> Config:
    """Returns the config with the models that the recorded answers are of."""
    update: dict[str, str] = {}
    for name, tasks in (("model", writing), ("judge_model", tuple(JUDGING))):
        if getattr(config, name) is not None:
            continue
        found = sorted(recording.find_models(*tasks))
        if len(found) > 1:
            where, option = str(recording.path), f"--{name.replace('_', '-')}"
            wanted = "those of one"
            raise ReplayError(where, f"answers of {', '.join(found)}", wanted, f"Name it: {option}")
        if found and found != [config.model or update.get("model")]:
            update[name] = found[0]
    return config.model_copy(update=update)


def check_unused(config: ModelConfig) -> None:
    """Raises UsageError where an option asks for a model, and none is named."""
    densify = isinstance(config, MachiavelliConfig) and config.densify
    if densify or config.judge_model:
        raise no_model("--densify" if densify else "--judge-model")


def no_model(option: str) -> UsageError:
    """Returns the error of an option that needs a model."""
    return UsageError(option, "no model", "one that is asked", "Name it with --model")
