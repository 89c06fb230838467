"""Builds a dataset folder of menus, pairs, questions and in-context prompts from game data."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generators import cli
from generators.model_options import (
    BUILD_OPTIONS,
    ENGINE_OPTIONS,
    MODEL_OPTIONS,
    add_options,
    check_outside,
    check_strict,
    choose_watch,
)
from generators.publish.options import PUBLISH_OPTIONS, PUSH_OPTIONS, check_push, push

if TYPE_CHECKING:
    from schemas.config import MachiavelliConfig


OPTIONS: dict[str, dict[str, Any]] = {
    "--data": {
        "type": cli.folder,
        "metavar": "DIR",
        "help": "the benchmark's game_data/ (default: the bundled sample)",
    },
    "--out": {
        "type": cli.folder,
        "metavar": "DIR",
        "default": Path("datasets/machiavelli"),
        "help": "dataset folder to write, replaced as a whole (default: datasets/machiavelli)",
    },
    "--games": {
        "type": cli.names,
        "metavar": "A,B",
        "help": "only these games (default: all)",
    },
    "--limit": {
        "type": cli.whole_number(1),
        "metavar": "N",
        "help": "read at most N menus, dealt to the games in turn (default: all)",
    },
    "--kinds": {
        "type": cli.names,
        "metavar": "K,...",
        "help": "of decisions,contrastive,multiple_choice,icl (default: all)",
    },
    "--behaviors": {
        "type": cli.names,
        "metavar": "B,...",
        "help": "such as ethical,deception,power.money (default: all 19)",
    },
    "--attribution": {
        "choices": ("direct", "reachable"),
        "default": "direct",
        "help": "an option's own label, or the maximum up to the next menu (default: direct)",
    },
    "--context-chars": {
        "type": cli.whole_number(0),
        "metavar": "N",
        "default": 2000,
        "help": "longest context, characters (default: 2000)",
    },
    "--strict-context": {
        "action": "store_true",
        "help": "stop a context where several paths lead to it",
    },
    "--icl-chars": {
        "type": cli.whole_number(20),
        "metavar": "N",
        "default": 240,
        "help": "longest observation of an in-context prompt, characters (default: 240)",
    },
    "--icl-shots": {
        "type": cli.whole_number(2),
        "metavar": "N",
        "default": 8,
        "help": "most shots of an in-context prompt (default: 8)",
    },
    "--skip-broken": {
        "action": "store_true",
        "help": "leave unreadable games out, and count them, instead of stopping",
    },
    "--generate": {
        "type": cli.whole_number(0),
        "metavar": "N",
        "default": 100,
        "help": "menus that the model writes from (default: 100)",
    },
    "--densify": {
        "action": "store_true",
        "help": "the model labels options without a record, and 200 labelled ones blind",
    },
    "--seed": {
        "type": cli.any_number,
        "metavar": "N",
        "default": 0,
        "help": "orders of choices and shots, and nothing else (default: 0)",
    },
}


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return cli.run(make_parser(), handle, argv)


def make_parser() -> cli.Parser:
    """Returns the parser of the options."""
    parser = cli.Parser("python -m generators.machiavelli", __doc__ or "")
    add_options(parser, OPTIONS, BUILD_OPTIONS, MODEL_OPTIONS, ENGINE_OPTIONS)
    add_options(parser, PUSH_OPTIONS, PUBLISH_OPTIONS)
    return parser


def handle(arguments: argparse.Namespace) -> int:
    """Builds the folder, and prints what is in it; or prints what that would take."""
    config = make_config(arguments)
    check_push(arguments)
    from generators.dataset.summary import summarize
    from generators.machiavelli.build import Job, build_folder
    from generators.sources.games.layout import find_sample
    from generators.writing.engines import open_engine

    named = {f"--{name}": getattr(arguments, name) for name in ("data", "recorded", "prices")}
    check_outside(arguments.out, named)
    data = arguments.data or find_sample()
    source = "sample" if data.resolve() == find_sample().resolve() else "game_data"
    if arguments.dry_run:
        from generators.machiavelli.estimate import show_plan

        cli.show(show_plan(data, config, arguments, cli.show_progress))
        return 0
    own = arguments.data is not None
    with open_engine(arguments, config, "responses.jsonl", own_source=own) as (config, engine):
        job = Job(data, arguments.out, config, source, engine, choose_watch(arguments))
        built = build_folder(job, cli.show_progress)
    said = summarize(built.manifest, built.quality, arguments.out, color=cli.is_terminal())
    cli.show(said)
    check_strict(arguments, built.quality)
    push(arguments)
    return 0


def make_config(arguments: argparse.Namespace) -> "MachiavelliConfig":
    """Returns what the run is asked for.

    Raises:
        UsageError: a kind or behavior does not exist.
    """
    from generators.configs import GAME_CONFIGS
    from schemas.config import MachiavelliConfig
    from schemas.labels import BEHAVIORS

    return MachiavelliConfig(
        games=None if arguments.games is None else tuple(sorted(arguments.games)),
        limit=arguments.limit,
        kinds=cli.choose("--kinds", arguments.kinds, list(GAME_CONFIGS)),
        behaviors=cli.choose("--behaviors", arguments.behaviors, BEHAVIORS),
        attribution=arguments.attribution,
        context_chars=arguments.context_chars,
        strict_context=arguments.strict_context,
        icl_chars=arguments.icl_chars,
        icl_shots=arguments.icl_shots,
        skip_broken=arguments.skip_broken,
        model=arguments.model,
        judge_model=arguments.judge_model,
        generate=arguments.generate,
        densify=arguments.densify,
        repairs=arguments.repairs,
        seed=arguments.seed,
    )


if __name__ == "__main__":
    sys.exit(main())
