"""Builds a dataset folder of minimal pairs, insertions, relations and associations of concepts."""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from generators import cli
from generators.errors import UsageError
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
    from generators.configs.from_concepts import Part
    from generators.sources.concepts.concept_file import ReadConcepts
    from generators.sources.pairs.pair_files import ReadPairs
    from generators.tokens.vocabularies import Vocabulary
    from schemas.config import ConceptsConfig

ANSWERS = "concept_responses.jsonl"

OPTIONS: dict[str, dict[str, Any]] = {
    "--concepts": {
        "type": cli.file,
        "metavar": "FILE",
        "help": "a concept file of your own (default: the bundled one)",
    },
    "--pairs": {
        "type": cli.file,
        "metavar": "FILE",
        "action": "append",
        "help": "your own pairs: JSONL with positive and negative; or twice, a file for each side",
    },
    "--out": {
        "type": cli.folder,
        "metavar": "DIR",
        "default": Path("datasets/concepts"),
        "help": "dataset folder to write, replaced as a whole (default: datasets/concepts)",
    },
    "--kinds": {
        "type": cli.names,
        "metavar": "K,...",
        "help": "of minimal_pairs,insertions,relations,associations (default: all)",
    },
    "--tokenizer": {
        "type": cli.named_file,
        "metavar": "NAME=FILE",
        "action": "append",
        "help": "align for this tokenizer.json; may be repeated; gpt2 alone names the bundled one"
        " (default: gpt2)",
    },
    "--aligned-only": {
        "action": "store_true",
        "help": "keep only what every tokenizer aligns",
    },
    "--limit": {
        "type": cli.whole_number(1),
        "metavar": "N",
        "help": "at most N contrasts, scenarios, edges and targets, dealt to themes in turn",
    },
    "--seed": {
        "type": cli.any_number,
        "metavar": "N",
        "default": 0,
        "help": "places of distractors among premises, and nothing else (default: 0)",
    },
}


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return cli.run(make_parser(), handle, argv)


def make_parser() -> cli.Parser:
    """Returns the parser of the options."""
    parser = cli.Parser("python -m generators.concepts", __doc__ or "")
    add_options(parser, OPTIONS, BUILD_OPTIONS, MODEL_OPTIONS, ENGINE_OPTIONS)
    add_options(parser, PUSH_OPTIONS, PUBLISH_OPTIONS)
    return parser


def handle(arguments: argparse.Namespace) -> int:
    """Builds the folder, and prints what is in it; or prints what that would take."""
    from generators.concepts.build import Job, build_folder
    from generators.dataset.summary import summarize
    from generators.tokens.vocabularies import read_vocabularies
    from generators.writing.engines import open_engine

    check_sources(arguments)
    check_push(arguments)
    vocabularies = read_vocabularies(arguments.tokenizer)
    config = make_config(arguments, vocabularies)
    source, kind = read_source(arguments)
    if arguments.dry_run:
        cli.show(show_plan(arguments, config, source))
        return 0
    own = kind != "bundled"
    with open_engine(arguments, config, ANSWERS, own_source=own) as (config, engine):
        job = Job(source, arguments.out, config, vocabularies, kind, choose_watch(arguments))
        manifest, quality = build_folder(job, engine, show_parts)
    cli.show(summarize(manifest, quality, arguments.out, color=cli.is_terminal()))
    check_strict(arguments, quality)
    push(arguments)
    return 0


def show_parts(parts: "Iterable[Part]", doing: str) -> "Iterator[Part]":
    """Yields parts of a config, with the number of rows so far on a terminal."""
    return cli.show_rows(parts, doing, lambda part: part.table.num_rows)


def check_sources(arguments: argparse.Namespace) -> None:
    """Raises UsageError where a file would be lost, or options do not go together."""
    files = {f"--{name}": getattr(arguments, name) for name in ("concepts", "recorded", "prices")}
    files |= {f"--tokenizer {name}": path for name, path in arguments.tokenizer or ()}
    check_outside(arguments.out, files)
    for path in arguments.pairs or ():
        check_outside(arguments.out, {"--pairs": path})
    if arguments.pairs:
        check_pairs(arguments)


def check_pairs(arguments: argparse.Namespace) -> None:
    """Raises UsageError where options do not go with pairs."""
    if len(arguments.pairs) > 2:
        wanted = "one file of pairs, or two, one for each side"
        raise UsageError("--pairs", f"{len(arguments.pairs)} files", wanted, "Name fewer")
    if (arguments.kinds or ("minimal_pairs",)) != ("minimal_pairs",):
        found, wanted = f"--kinds {','.join(arguments.kinds)}", "minimal_pairs, all that pairs give"
        raise UsageError("--pairs", found, wanted, "Leave --kinds out")
    for option in ("concepts", "model", "recorded", "judge_model", "limit"):
        if getattr(arguments, option) is not None:
            found, wanted = f"--{option.replace('_', '-')} beside it", "pairs as they are"
            raise UsageError("--pairs", found, wanted, "Leave it out")


def make_config(
    arguments: argparse.Namespace, vocabularies: Sequence["Vocabulary"]
) -> "ConceptsConfig":
    """Returns what the run is asked for.

    Raises:
        UsageError: a kind does not exist.
    """
    from generators.configs import CONCEPT_CONFIGS
    from schemas.config import ConceptsConfig

    kinds = ("minimal_pairs",) if arguments.pairs else arguments.kinds
    return ConceptsConfig(
        kinds=cli.choose("--kinds", kinds, list(CONCEPT_CONFIGS)),
        aligned_only=arguments.aligned_only,
        tokenizers={each.name: each.sha256 for each in vocabularies},
        limit=arguments.limit,
        model=arguments.model,
        judge_model=arguments.judge_model,
        repairs=arguments.repairs,
        seed=arguments.seed,
    )


def show_plan(
    arguments: argparse.Namespace, config: "ConceptsConfig", source: "ReadConcepts | ReadPairs"
) -> str:
    """Returns what a run would ask."""
    from generators.concepts import estimate
    from generators.sources.pairs.pair_files import ReadPairs
    from generators.writing.plan import NO_MODEL

    if isinstance(source, ReadPairs):
        return NO_MODEL
    return estimate.show_plan(source.file, config, arguments)


def read_source(
    arguments: argparse.Namespace,
) -> "tuple[ReadConcepts | ReadPairs, Literal['bundled', 'concepts', 'pairs']]":
    """Returns what the folder is to be made from, and what kind of source that is.

    Raises:
        SourceError: the concept file, or a file of pairs, is not what it must be.
    """
    from generators.sources.concepts.concept_file import find_concepts, read_concepts
    from generators.sources.pairs.pair_files import read_pairs

    if arguments.pairs:
        return read_pairs(arguments.pairs), "pairs"
    kind = "concepts" if arguments.concepts else "bundled"
    return read_concepts(arguments.concepts or find_concepts()), kind


if __name__ == "__main__":
    sys.exit(main())
