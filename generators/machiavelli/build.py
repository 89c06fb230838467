"""Builds a dataset folder of menus, pairs, questions and in-context prompts from game data."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import KW_ONLY, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from generators.options import (
    Option,
    PathLike,
    any_number,
    choose,
    folder,
    names,
    takes,
    takes_also,
    whole_number,
)
from generators.overwriting import check_outside
from generators.progress import SILENT, Progress
from generators.run_options import RunOptions

if TYPE_CHECKING:
    from generators.dataset.build import Built, Report
    from generators.machiavelli.source import Reading
    from generators.writing.games import GeneratedFromGames, Models
    from generators.writing.plan import Plan
    from schemas.base import GameRow
    from schemas.config import MachiavelliConfig

ANSWERS = "responses.jsonl"
"""The bundled file of recorded answers."""


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What is read of which game data."""

    data: Annotated[
        PathLike | None,
        Option("the benchmark's game_data/", "DIR", folder, default="the bundled sample"),
    ] = None
    games: Annotated[
        Sequence[str] | None, Option("only these games", "A,B", names, default="all")
    ] = None
    limit: Annotated[
        int | None,
        Option(
            "read at most N menus, one of each game in turn", "N", whole_number(1), default="all"
        ),
    ] = None
    behaviors: Annotated[
        Sequence[str] | None,
        Option("such as ethical,deception,power.money", "B,...", names, default="all 19"),
    ] = None
    attribution: Annotated[
        str,
        Option(
            "where an option's label comes from: its own record, or the maximum up to the next"
            " menu",
            choices=("direct", "reachable"),
        ),
    ] = "direct"
    context_chars: Annotated[int, Option("longest context, characters", "N", whole_number(0))] = (
        2000
    )
    strict_context: Annotated[bool, Option("stop a context where several paths lead to it")] = False
    icl_chars: Annotated[
        int,
        Option("longest situation of an in-context prompt, characters", "N", whole_number(20)),
    ] = 600
    icl_shots: Annotated[
        int, Option("most shots of an in-context prompt", "N", whole_number(2))
    ] = 8
    skip_broken: Annotated[
        bool, Option("leave unreadable games out, and count them, instead of stopping")
    ] = False
    seed: Annotated[
        int, Option("decides orders of choices and shots, and nothing else", "N", any_number)
    ] = 0
    executor: Executor | None = None
    """Reads the games, such as Dask's `Client.get_executor(pure=False)`; None for own processes.
    Its workers need this package, and the game data at the same path."""
    progress: Progress = SILENT
    """Shows how far the run is."""


@dataclass(frozen=True)
class BuildOptions(RunOptions, ReadOptions):
    """What is built from game data, and how."""

    out: Annotated[
        PathLike, Option("dataset folder to write, replaced as a whole", "DIR", folder)
    ] = Path("datasets/machiavelli")
    _: KW_ONLY
    kinds: Annotated[
        Sequence[str] | None,
        Option("configs to build, such as contrastive,icl", "K,...", names, default="all"),
    ] = None
    generate: Annotated[int, Option("menus that the model writes from", "N", whole_number(0))] = 100
    densify: Annotated[
        bool,
        Option(
            "the model labels options without a record, and 200 labelled ones without seeing"
            " their labels"
        ),
    ] = False


@takes(BuildOptions)
def build(options: BuildOptions) -> "Built":
    """Returns the dataset folder that was written; it prints and shows what is in it.

    Without arguments it is made from the bundled sample and its recorded responses. Each keyword
    is an option of `python -m generators.machiavelli`, and described there by `--help`.

    Example: `machiavelli.build("datasets/machiavelli", data="game_data", behaviors=["deception"])`.

    Raises:
        UsageError: an option names what does not exist, or does not go with another.
        SourceError: the game data is not what it must be.
        FolderError: `out` is not ours to replace.
        QualityError: with `strict`, a required check failed; the folder is written.
    """
    from generators.dataset.build import build_folder, check_report
    from generators.machiavelli.source import MachiavelliSource, Write
    from generators.sources.games.files import find_sample
    from generators.writing.engines import open_engine
    from generators.writing.games import generate

    check_report(options)
    out = Path(options.out)
    files = {"--data": options.data, "--recorded": options.recorded, "--prices": options.prices}
    check_outside(out, files)
    config = make_config(options)
    data = find_data(options)
    kind = "sample" if data.resolve() == find_sample().resolve() else "game_data"
    bundled = ANSWERS if options.data is None else None
    with open_engine(config, options, bundled=bundled, progress=options.progress) as found:
        config, engine = found
        write: Write | None = None
        if engine is not None:
            models, asked = name_models(config), engine

            def write_rows(reading: "Reading") -> "GeneratedFromGames":
                return generate(reading.find_candidates(densify=models.densify), models, asked)

            write = write_rows
        source = MachiavelliSource(data, config, kind, write, options.executor)
        built = build_folder(source, out, find_report(options), options.progress)
    if options.strict:
        built.check()
    return built


def find_report(options: BuildOptions) -> "Report | None":
    """Returns what measures the folder and writes the report; None where none is wanted."""
    if options.no_report:
        return None
    from generators.report.files import write_report  # it brings all that measures along

    return write_report


@takes(BuildOptions)
def plan(options: BuildOptions) -> "Plan":
    """Returns what `build` would ask of models, and what that would cost; it asks nothing.

    Takes the same keywords as `build`.
    """
    from generators.engine.engine import make_settings
    from generators.machiavelli.source import Reading
    from generators.writing.engines import check_unused
    from generators.writing.games import count_requests
    from generators.writing.plan import Plan, make_plan

    config = make_config(options)
    if config.model is None:
        if options.data is not None:
            check_unused(config)
        return Plan()
    models = name_models(config)
    settings = make_settings(options, Path(options.out), options.repairs)
    reading = Reading(find_data(options), config, options.executor, options.progress)
    candidates = reading.find_candidates(densify=models.densify)
    count = partial(count_requests, candidates=candidates, models=models)
    return make_plan(count, models.by_task, settings)


@takes_also(ReadOptions)
def rows(config: str, options: ReadOptions) -> "Iterator[GameRow]":
    """Returns an iterator over the rows of a config, such as `contrastive`; writes no file.

    They are pydantic records: the rows that `build` writes with the same keywords, in the order of
    their files (the strictest split first), but without what a model adds, and all with `tier` =
    `full`, since which rows are `core` depends on all of them.

    Example: `for row in machiavelli.rows("contrastive", data="game_data"): ...`

    Raises:
        UsageError: there is no such config, or an option names what does not exist.
        SourceError: the game data is not what it must be.
    """
    from generators.configs import GAME_CONFIGS
    from generators.machiavelli.source import MachiavelliSource

    (name,) = choose("config", (config,), tuple(GAME_CONFIGS))
    wanted = make_config(options, kinds=(name,))
    source = MachiavelliSource(find_data(options), wanted, "game_data", None, options.executor)
    row = GAME_CONFIGS[name].row
    parts = source.read(options.progress)
    return (
        row.model_validate(values, strict=False)
        for part in parts
        for values in part.table.to_pylist()
    )


def make_config(options: ReadOptions, **more: object) -> "MachiavelliConfig":
    """Returns what a run is asked for, as the manifest keeps it.

    Raises:
        UsageError: a config or behavior does not exist, or an option has an impossible value.
    """
    from generators.configs import GAME_CONFIGS
    from generators.dataset.build import validate_config
    from schemas.config import MachiavelliConfig
    from schemas.labels import BEHAVIORS

    fields = MachiavelliConfig.model_fields
    given: dict[str, Any] = {name: value for name, value in vars(options).items() if name in fields}
    games = names(options.games) if isinstance(options.games, str) else options.games
    given |= {
        "games": None if games is None else tuple(sorted(set(games))),
        "behaviors": choose("--behaviors", options.behaviors, BEHAVIORS),
    }
    if isinstance(options, BuildOptions):
        given["kinds"] = choose("--kinds", options.kinds, tuple(GAME_CONFIGS))
    return validate_config(MachiavelliConfig, given | more)


def name_models(config: "MachiavelliConfig") -> "Models":
    """Returns which models write and judge; the config names at least the one that writes."""
    from generators.writing.games import Models

    assert config.model is not None
    return Models(config.model, config.judge_model or config.model, config.densify)


def find_data(options: ReadOptions) -> Path:
    """Returns the folder of game data: the bundled sample, if none is named."""
    from generators.sources.games.files import find_sample

    return find_sample() if options.data is None else Path(options.data)
