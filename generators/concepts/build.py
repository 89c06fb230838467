"""Builds a dataset folder of minimal pairs, insertions, relations and associations of concepts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from generators.errors import UsageError
from generators.options import (
    Option,
    PathLike,
    any_number,
    choose,
    file,
    folder,
    named_file,
    names,
    takes,
    takes_also,
    whole_number,
)
from generators.overwriting import check_outside
from generators.progress import SILENT, Progress
from generators.run_options import RunOptions

if TYPE_CHECKING:
    from generators.concepts.source import ConceptSource, PairSource, Write
    from generators.dataset.build import Built
    from generators.sources.pairs.pair_files import Pairs
    from generators.writing.plan import Plan
    from schemas.base import ConceptRow
    from schemas.config import ConceptsConfig

ANSWERS = "concept_responses.jsonl"
"""The bundled file of recorded answers."""
Tokenizers = Mapping[str, PathLike | None] | Sequence[tuple[str, PathLike | None]]
"""Name -> its `tokenizer.json`; None for the bundled one of that name."""


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What concept sets are made from."""

    concepts: Annotated[
        PathLike | None,
        Option("a concept file of your own", "FILE", file, default="the bundled one"),
    ] = None
    pairs: Annotated[
        "Pairs | None",
        Option(
            "your own pairs, in any form that report reads; or twice, a file of lines for each"
            " side",
            "FILE",
            file,
            repeat=True,
        ),
    ] = None
    tokenizer: Annotated[
        Tokenizers | None,
        Option(
            "align for this tokenizer.json; may be repeated; gpt2 alone names the bundled one",
            "NAME=FILE",
            named_file,
            repeat=True,
            default="gpt2",
        ),
    ] = None
    aligned_only: Annotated[bool, Option("keep only what every tokenizer aligns")] = False
    limit: Annotated[
        int | None,
        Option(
            "at most N contrasts, scenarios, edges and targets, one of each theme in turn",
            "N",
            whole_number(1),
            default="all",
        ),
    ] = None
    seed: Annotated[
        int,
        Option("decides places of distractors among premises, and nothing else", "N", any_number),
    ] = 0
    progress: Progress = SILENT
    """Shows how far the run is."""


@dataclass(frozen=True)
class BuildOptions(RunOptions, ReadOptions):
    """What is built from concepts or pairs, and how."""

    out: Annotated[
        PathLike, Option("dataset folder to write, replaced as a whole", "DIR", folder)
    ] = Path("datasets/concepts")
    _: KW_ONLY
    kinds: Annotated[
        Sequence[str] | None,
        Option("configs to build, such as minimal_pairs", "K,...", names, default="all"),
    ] = None


@takes(BuildOptions)
def build(options: BuildOptions) -> "Built":
    """Returns the dataset folder that was written; it prints and shows what is in it.

    Without arguments it is made from the bundled concept file and its recorded responses. Each
    keyword is an option of `python -m generators.concepts`, and described there by `--help`.

    Example: `concepts.build("datasets/concepts", kinds=["minimal_pairs"])`.

    Raises:
        UsageError: an option names what does not exist, or does not go with another.
        SourceError: the concept file, a file of pairs or a tokenizer is not what it must be.
        FolderError: `out` is not ours to replace.
        QualityError: with `strict`, a required check failed; the folder is written.
    """
    from generators.dataset.build import build_folder, check_report
    from generators.report.files import write_report
    from generators.writing.concepts import generate
    from generators.writing.engines import open_engine

    check_report(options)
    out = Path(options.out)
    check_files(options, out)
    own = options.concepts is not None or options.pairs is not None
    config = make_config(options)
    bundled = None if own else ANSWERS
    with open_engine(config, options, bundled=bundled, progress=options.progress) as found:
        config, engine = found
        write = None
        if engine is not None and config.model is not None:
            write = partial(generate, kinds=config.kinds, model=config.model, engine=engine)
        source = make_source(options, config, write)
        report = None if options.no_report else write_report
        built = build_folder(source, out, report, options.progress)
    if options.strict:
        built.check()
    return built


@takes(BuildOptions)
def plan(options: BuildOptions) -> "Plan":
    """Returns what `build` would ask of models, and what that would cost; it asks nothing.

    Takes the same keywords as `build`.
    """
    from generators.engine.engine import make_settings
    from generators.sources.concepts.concept_file import find_concepts, read_concepts
    from generators.sources.concepts.pool import ConceptPool
    from generators.writing import CONCEPT_TASKS
    from generators.writing.concepts import count_requests
    from generators.writing.plan import Plan, make_plan

    out = Path(options.out)
    check_files(options, out)
    config = make_config(options)
    if options.pairs is not None or config.model is None:
        return Plan()
    read = read_concepts(find_concepts() if options.concepts is None else Path(options.concepts))
    pool = ConceptPool(read.file, config.limit)
    count = partial(count_requests, pool=pool, kinds=config.kinds, model=config.model)
    settings = make_settings(options, out, options.repairs)
    return make_plan(count, dict.fromkeys(CONCEPT_TASKS, config.model), settings)


@takes_also(ReadOptions)
def rows(config: str, options: ReadOptions) -> "Iterator[ConceptRow]":
    """Returns an iterator over the rows of a config, such as `minimal_pairs`; writes no file.

    They are pydantic records: the rows that `build` writes with the same keywords, but without what
    a model adds, and all with `tier` = `full`, since which rows are `core` depends on all of them.

    Example: `for row in concepts.rows("minimal_pairs"): ...`

    Raises:
        UsageError: there is no such config, or an option names what does not exist.
        SourceError: the concept file, a file of pairs or a tokenizer is not what it must be.
    """
    from generators.configs import CONCEPT_CONFIGS

    (name,) = choose("config", (config,), tuple(CONCEPT_CONFIGS))
    source = make_source(options, make_config(options, kinds=(name,)), None)
    row = CONCEPT_CONFIGS[name].row
    parts = source.read(options.progress)
    return (
        row.model_validate(values, strict=False)
        for part in parts
        for values in part.table.to_pylist()
    )


def make_source(
    options: ReadOptions, config: "ConceptsConfig", write: "Write | None"
) -> "ConceptSource | PairSource":
    """Returns what rows are made from.

    Raises:
        SourceError: the concept file, or a file of pairs, is not what it must be.
    """
    from generators.concepts.source import ConceptSource, PairSource
    from generators.sources.concepts.concept_file import find_concepts, read_concepts
    from generators.sources.pairs.pair_files import read_pairs
    from generators.tokens.vocabularies import read_vocabularies

    vocabularies = read_vocabularies(list_tokenizers(options))
    if options.pairs is not None:
        return PairSource(read_pairs(options.pairs, checked=True), config, vocabularies)
    path = find_concepts() if options.concepts is None else Path(options.concepts)
    kind = "bundled" if options.concepts is None else "concepts"
    return ConceptSource(read_concepts(path), config, vocabularies, kind, write)


def make_config(options: ReadOptions, **more: object) -> "ConceptsConfig":
    """Returns what a run is asked for, as the manifest keeps it.

    Raises:
        UsageError: a config does not exist, or an option has an impossible value.
        SourceError: a tokenizer cannot be read.
    """
    from generators.configs import CONCEPT_CONFIGS
    from generators.dataset.build import validate_config
    from generators.tokens.vocabularies import read_vocabularies
    from schemas.config import ConceptsConfig

    fields = ConceptsConfig.model_fields
    given: dict[str, Any] = {name: value for name, value in vars(options).items() if name in fields}
    if isinstance(options, BuildOptions):
        wanted = ("minimal_pairs",) if options.pairs is not None else options.kinds
        given["kinds"] = choose("--kinds", wanted, tuple(CONCEPT_CONFIGS))
    vocabularies = read_vocabularies(list_tokenizers(options))
    given["tokenizers"] = {each.name: each.sha256 for each in vocabularies}
    return validate_config(ConceptsConfig, given | more)


def list_tokenizers(options: ReadOptions) -> list[tuple[str, Path | None]] | None:
    """Returns the tokenizers that are named, with their files; None for the usual ones."""
    given = options.tokenizer
    if given is None:
        return None
    named = given.items() if isinstance(given, Mapping) else given
    return [(name, None if path is None else Path(path)) for name, path in named]


def check_files(options: BuildOptions, out: Path) -> None:
    """Raises UsageError where a file would be lost, or options do not go together."""
    from generators.sources.pairs.pair_files import list_paths

    files: dict[str, PathLike | None] = {
        "--concepts": options.concepts,
        "--recorded": options.recorded,
        "--prices": options.prices,
    }
    files |= {f"--tokenizer {name}": path for name, path in list_tokenizers(options) or ()}
    check_outside(out, files)
    if options.pairs is None:
        return
    pairs = list_paths(options.pairs) or []
    for path in pairs:
        check_outside(out, {"--pairs": path})
    if len(pairs) > 2:
        wanted = "one file of pairs, or two, one for each side"
        raise UsageError("--pairs", f"{len(pairs)} files", wanted, "Name fewer")
    kinds = options.kinds or ("minimal_pairs",)
    if tuple(kinds) != ("minimal_pairs",):
        found, wanted = f"--kinds {','.join(kinds)}", "minimal_pairs, all that pairs give"
        raise UsageError("--pairs", found, wanted, "Leave --kinds out")
    for option in ("concepts", "model", "recorded", "judge_model", "limit"):
        if getattr(options, option) is not None:
            found, wanted = f"--{option.replace('_', '-')} beside it", "pairs as they are"
            raise UsageError("--pairs", found, wanted, "Leave it out")
