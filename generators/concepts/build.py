"""From a concept file, or the user's own pairs, to a dataset folder: render, align, describe."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pyarrow as pa

from generators.arrow import arrow_schema, give_memory_back
from generators.concepts.counts import count_parts, count_splits, count_values
from generators.configs import CONCEPT_CONFIGS, pairs
from generators.configs.from_concepts import ConceptConfig, Part, Run
from generators.dataset import finishing
from generators.dataset.concept_card import describe_concepts
from generators.dataset.finishing import finish_folder
from generators.dataset.header import add_features, check_library, list_versions
from generators.engine.engine import Engine
from generators.errors import SourceError
from generators.folder import hash_files, replace_folder
from generators.parallel import run_ahead
from generators.parquet import RowFile
from generators.quality.tiering import assign_all_tiers, open_file
from generators.sources.concepts.concept_file import ReadConcepts
from generators.sources.concepts.network import describe_network
from generators.sources.concepts.pool import ConceptPool
from generators.sources.pairs.pair_files import ReadPairs
from generators.splits import SPLITS
from generators.tokens.vocabularies import Vocabulary
from generators.writing.concepts import generate
from generators.writing.rejected import REJECTED, write_rejections
from schemas.base import CANARY, Split
from schemas.config import ConceptsConfig
from schemas.exchange import Rejection
from schemas.generation import ConceptGenerationReport
from schemas.manifest import ConceptManifest, SplitSize
from schemas.quality import Quality, Selection

VERSIONED = (
    "datasets",
    "jinja2",
    "networkx",
    "numpy",
    "pyarrow",
    "pydantic",
    "pyyaml",
    "scikit-learn",
    "scipy",
    "tokenizers",
    "vaderSentiment",
)
"""The packages whose versions may decide the bytes of a folder."""

TABLES_AHEAD = 8
"""Made while a row group is written; few, since they stand in memory."""
NETWORK = "concepts.json"
Watch = Callable[[Iterable[Part], str], Iterator[Part]]
"""Shows how far the tables of a config are, while they pass."""


@dataclass(frozen=True)
class Job:
    """What to build, from what and to where."""

    source: ReadConcepts | ReadPairs
    out: Path
    config: ConceptsConfig
    vocabularies: Sequence[Vocabulary]
    kind: Literal["bundled", "concepts", "pairs"]
    watching: finishing.Watch | None = None
    """Shows which config is being measured; None to measure nothing."""


@dataclass
class Written:
    """What was written of one config, and what was counted on the way."""

    sizes: dict[str, SplitSize]
    run: Run
    tally: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])


@dataclass
class Folder:
    """A folder that is being filled."""

    path: Path
    schemas: dict[str, pa.Schema]
    written: dict[str, Written] = field(default_factory=dict[str, Written])


def build_folder(
    job: Job, engine: Engine | None, watch: Watch
) -> tuple[ConceptManifest, Quality | None]:
    """Returns what was written to `job.out`, and its quality, where that is measured.

    Args:
        job: what to build.
        engine: where a model's answers come from; None for a run without models.
        watch: shows how far it is.

    Raises:
        GeneratorError: `job.out` cannot be replaced, or nothing came of it; nothing was changed.
    """
    check_library()
    give_memory_back()
    with replace_folder(job.out) as path:
        sets = [CONCEPT_CONFIGS[name] for name in job.config.kinds]
        folder = Folder(path, {each.name: add_features(arrow_schema(each.row)) for each in sets})
        material, report, rejections = _prepare(job, engine)
        for each in sets:
            _write_set(job, folder, each, material, watch)
        filled = [name for name, written in folder.written.items() if written.sizes]
        selections = assign_all_tiers(path, filled)
        if material is not None:
            _write_network(path / NETWORK, material)
        write_rejections(path / REJECTED, rejections)
        manifest = _describe(job, folder, material, report, selections)
        return finish_folder(path, manifest, describe_concepts, job.watching)


def _prepare(
    job: Job, engine: Engine | None
) -> tuple[ConceptPool | None, ConceptGenerationReport | None, list[Rejection]]:
    """Returns the material with what a model adds to it; none where pairs are the source."""
    if isinstance(job.source, ReadPairs):
        return None, None, []
    material = ConceptPool(job.source.file, job.config.limit)
    if engine is None or job.config.model is None:
        return material, None, []
    generated = generate(material, job.config.kinds, job.config.model, engine)
    grown = ConceptPool(job.source.file, job.config.limit, generated.additions)
    return grown, generated.report, generated.rejections


def _write_set(
    job: Job, folder: Folder, each: ConceptConfig, material: ConceptPool | None, watch: Watch
) -> None:
    run = Run(job.vocabularies, job.config.aligned_only, job.config.seed)
    if isinstance(job.source, ReadPairs):
        parts = pairs.list_tables(job.source, run)
    else:
        assert material is not None
        parts = each.view(material, run)
    tally = {column: Counter[str]() for column in each.counted}
    with ExitStack() as files:
        open_files: dict[Split, RowFile] = {}
        for part in watch(run_ahead(parts, TABLES_AHEAD), each.name):
            if part.split not in open_files:
                path = folder.path / each.name / f"{part.split}-00000-of-00001.parquet"
                path.parent.mkdir(exist_ok=True)
                open_files[part.split] = open_file(path, each.name, folder.schemas[each.name])
                files.callback(open_files[part.split].abandon)
            open_files[part.split].write(part.table)
            count_values(tally, part.table)
        for file in open_files.values():
            file.close()
        files.pop_all()
    sizes = {
        str(split): SplitSize(rows=open_files[split].rows, bytes=open_files[split].bytes)
        for split in SPLITS
        if split in open_files
    }
    folder.written[each.name] = Written(sizes, run, tally)


def _write_network(path: Path, material: ConceptPool) -> None:
    edges = [each.value for each in material.edges]
    text = json.dumps(describe_network(material.file, edges), indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8", newline="\n")


def _describe(
    job: Job,
    folder: Folder,
    material: ConceptPool | None,
    report: ConceptGenerationReport | None,
    selections: dict[str, Selection],
) -> ConceptManifest:
    rows = {name: written.sizes for name, written in folder.written.items()}
    if not any(rows.values()):
        raise _no_rows(job)
    left_out = {
        name: dict(sorted((+written.run.left_out).items()))
        for name, written in folder.written.items()
    }
    licence, counts = _describe_source(job.source)
    return ConceptManifest(
        name="concepts",
        config=job.config,
        source=job.kind,
        source_sha256=job.source.sha256,
        text_licence=licence,
        rows=rows,
        counts=counts,
        left_out={name: reasons for name, reasons in left_out.items() if reasons},
        selections=selections,
        splits={} if material is None else count_splits(material),
        aligned={
            name: {each.name: written.run.aligned[each.name] for each in job.vocabularies}
            for name, written in folder.written.items()
            if "tokens" in CONCEPT_CONFIGS[name].row.model_fields
        },
        tally={
            f"{name}.{column}": dict(sorted(counter.items()))
            for name, written in folder.written.items()
            for column, counter in written.tally.items()
        },
        generation=report,
        canary=CANARY,
        versions=list_versions(VERSIONED),
        files=hash_files(folder.path),
    )


def _describe_source(source: ReadConcepts | ReadPairs) -> tuple[str, dict[str, int]]:
    """Returns the licence of a source's text, and what is in it."""
    if isinstance(source, ReadPairs):
        return "own", {"pairs": len(source.pairs)}
    return source.file.text_licence, count_parts(source.file)


def _no_rows(job: Job) -> SourceError:
    aligned = " that every tokenizer aligns" if job.config.aligned_only else ""
    if isinstance(job.source, ReadPairs):
        found, wanted = f"no row{aligned} of {len(job.source.pairs)} pairs", "two sides that differ"
        return SourceError("--pairs", found, wanted, "Mend the pairs")
    where, found = f"--kinds {','.join(job.config.kinds)}", f"no row{aligned}"
    wanted = "at least one: a template and a contrast that are dealt to one split"
    return SourceError(where, found, wanted, "Give it more templates and contrasts")
