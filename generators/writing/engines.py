"""Opens the engine of a run that may add model-written rows: live, batch, recorded or none."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from generators.engine.engine import Engine, make_settings, open_logged
from generators.engine.money import read_prices
from generators.engine.recorded import RecordedEngine
from generators.errors import ReplayError, UsageError
from generators.progress import SILENT, Progress
from generators.run_options import RunOptions
from generators.writing import CONCEPT_TASKS, GAME_TASKS, judge
from schemas.config import MachiavelliConfig, ModelConfig

Config = TypeVar("Config", bound=ModelConfig)


@contextmanager
def open_engine(
    config: Config,
    options: RunOptions,
    *,
    bundled: str | None = None,
    progress: Progress = SILENT,
) -> Generator[tuple[Config, Engine | None]]:
    """Gives the config, its models named, and the engine; None where no model is asked.

    Args:
        config: what the run is asked for.
        options: how a model is asked, or the recorded answers to use in place of a server.
        bundled: name of the bundled answers, which are used where neither a model nor `recorded`
            is given; None for a source of the user's own, which they do not answer.
        progress: shows how far the run is.

    Raises:
        GeneratorError: an option does not fit, or a file cannot be read.
    """
    recorded = None if options.recorded is None else Path(options.recorded)
    lenient = config.model is None and recorded is None and bundled is not None
    if config.judge_model is not None and config.model is None and recorded is None:
        raise no_model("--judge-model")
    if config.max_tokens is not None and config.model is None and recorded is None:
        raise no_model("--max-tokens")
    if options.batch_folder is not None and recorded is not None:
        found, wanted = "--recorded beside it", "one place that answers come from"
        raise UsageError("--batch-folder", found, wanted, "Leave one out")
    if options.batch_folder is not None and config.model is None:
        raise no_model("--batch-folder")
    path = find_bundled(bundled) if lenient and bundled else recorded
    if path is not None:
        prices = read_prices(options.prices)
        engine = RecordedEngine(path, prices, config.repairs, config.max_tokens, lenient=lenient)
        tasks = GAME_TASKS if isinstance(config, MachiavelliConfig) else CONCEPT_TASKS
        writing = [name for name in tasks if name != judge.TASK.name]
        yield name_models(config, engine, writing), engine
    elif config.model is not None:
        models = [config.model, config.judge_model or config.model]
        settings = make_settings(options, Path(options.out), options.repairs)
        with open_logged(settings, models, progress) as engine:
            yield config, engine
    else:
        check_unused(config)
        yield config, None


def find_bundled(answers: str) -> Path:
    """Returns a file of answers that comes with the package."""
    return Path(str(files("generators") / "sample" / answers))


def name_models(config: Config, recorded: RecordedEngine, writing: Sequence[str]) -> Config:
    """Returns the config with the models that the recorded answers are of.

    Raises:
        ReplayError: no answer is of a writing task, or answers of several models are mixed.
    """
    update: dict[str, str] = {}
    for name, tasks in (("model", writing), ("judge_model", [judge.TASK.name])):
        if getattr(config, name) is not None:
            continue
        found = sorted(recorded.find_models(*tasks))
        where, option = str(recorded.path), f"--{name.replace('_', '-')}"
        if len(found) > 1:
            named = f"answers of {', '.join(found)}"
            raise ReplayError(where, named, "those of one model", f"Name it: {option}")
        if name == "model" and not found:
            wanted = f"answers for {', '.join(writing)}"
            raise ReplayError(where, "no such answer", wanted, "Name another file")
        if found and found != [config.model or update.get("model")]:
            update[name] = found[0]
    return config.model_copy(update=update)


def check_unused(config: ModelConfig) -> None:
    """Raises UsageError where an option needs a model, and none is named."""
    densify = isinstance(config, MachiavelliConfig) and config.densify
    if densify or config.judge_model:
        raise no_model("--densify" if densify else "--judge-model")


def no_model(option: str) -> UsageError:
    """Returns the error of an option that needs a model."""
    return UsageError(option, "no model", "one to ask", "Name it with --model")
