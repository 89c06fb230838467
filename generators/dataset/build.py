"""Builds a dataset folder from any source of records: rows, tiers, report, manifest, card."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar, cast

import pyarrow as pa
from pydantic import ValidationError

from generators.configs import CONFIGS
from generators.configs.contrasts import BESIDE, SPLIT, WHOLE, Reader, hash_texts, share_texts
from generators.dataset.card import describe_folder
from generators.dataset.header import add_features, check_library
from generators.dataset.summary import summarize
from generators.errors import UsageError
from generators.folder import AnyManifest, hash_files, replace_folder
from generators.parallel import count_cores
from generators.progress import SILENT, Progress
from generators.quality.verdicts import check_passed
from generators.run_options import CheckOptions
from generators.splits import SPLITS
from generators.tables import (
    Draft,
    ParquetFile,
    RowFile,
    arrow_schema,
    finish_draft,
    locate_file,
    name_draft,
    read_draft,
)
from schemas.base import Split
from schemas.config import ModelConfig
from schemas.manifest import SplitSize
from schemas.quality import Quality, Selection

Sizes = dict[str, dict[str, SplitSize]]
"""Config -> split -> size; a split without rows is left out."""


class Part(NamedTuple):
    """Some rows of one config and split, in their order."""

    config: str
    split: Split
    table: pa.Table


class RowFiles:
    """Takes the rows of a folder, part by part, and puts each into the file of its split.

    Rows that get a tier wait in a draft (Arrow, compressed), since which of them are `core` depends
    on all of them; other rows go straight into Parquet.
    """

    def __init__(self, folder: Path, configs: Sequence[str]) -> None:
        self._folder = folder
        self._configs = configs
        self._files: dict[tuple[str, Split], RowFile] = {}

    def write(self, part: Part) -> None:
        """Adds rows to the file of their config and split."""
        if not part.table.num_rows:
            return
        key = part.config, part.split
        if key not in self._files:
            path = locate_file(self._folder, *key)
            path.parent.mkdir(exist_ok=True)
            schema = add_features(arrow_schema(CONFIGS[part.config].row))
            make = Draft if CONFIGS[part.config].tiered else ParquetFile
            self._files[key] = make(path, schema)
        self._files[key].write(part.table)

    def close(self) -> Sizes:
        """Returns the size of each split, once all files are written to their end."""
        sizes: Sizes = {config: {} for config in self._configs}
        for config in self._configs:
            for split in SPLITS:
                if (config, split) in self._files:
                    file = self._files[config, split]
                    file.close()
                    sizes[config][split] = SplitSize(rows=file.rows, bytes=file.bytes)
        return sizes

    def abandon(self) -> None:
        """Lets go of all files, finished or not."""
        for file in self._files.values():
            file.abandon()


def list_drafts(folder: Path, config: str) -> list[Path]:
    """Returns the Parquet files of a config whose rows wait in a draft, in the order of splits."""
    paths = [locate_file(folder, config, split) for split in SPLITS]
    return [path for path in paths if name_draft(path).exists()]


def finish_drafts(paths: Sequence[Path], columns: Mapping[str, "pa.Array[Any]"]) -> None:
    """Writes the Parquet files of drafts, with these columns in the place of the drafts' own.

    Args:
        paths: files of one config, in the order of the splits.
        columns: name -> its values for all rows of these files, one after the other.
    """
    replace = replace_columns(columns)
    for path in paths:
        finish_draft(path, replace)


def replace_columns(columns: Mapping[str, "pa.Array[Any]"]) -> Callable[[pa.Table], pa.Table]:
    """Returns what puts columns into tables that follow one another, row after row.

    Those that the tables do not have are left out.
    """
    done = 0

    def replace(table: pa.Table) -> pa.Table:
        nonlocal done
        for name, values in columns.items():
            place = table.schema.get_field_index(name)
            if place < 0:
                continue
            field = cast(Any, table.schema).field(place)
            table = table.set_column(place, field, values.slice(done, table.num_rows))
        done += table.num_rows
        return table

    return replace


def list_parts(config: str, split: Split, tables: Iterator[pa.Table]) -> Iterator[Part]:
    """Yields tables of one config and split as parts."""
    return (Part(config, split, table) for table in tables)


def assign_tiers(
    folder: Path, configs: Sequence[str], progress: Progress = SILENT
) -> dict[str, Selection]:
    """Returns config -> what was chosen of its rows; their Parquet files are written.

    Args:
        folder: a dataset folder that is being built.
        configs: those that have rows; one whose rows have no tier is passed over.
        progress: shows how many behaviors and themes are done.
    """
    readers = {name: reader for name in configs if (reader := find_reader(name)) is not None}
    if not readers:
        return {}
    from generators.quality.selection.features import extract_features
    from generators.quality.tiers import choose_all_rows

    paths = {config: list_drafts(folder, config) for config in readers}
    texts, contrasts = share_texts(
        [reader.read(_read_columns(paths[name], name, reader)) for name, reader in readers.items()]
    )
    found = choose_all_rows(contrasts, extract_features(texts), progress)
    chosen = dict(zip(readers, found, strict=True))
    del texts, contrasts, found
    with ThreadPoolExecutor(count_cores()) as pool:
        tasks = [pool.submit(finish_drafts, paths[name], chosen[name][0]) for name in readers]
        for task in tasks:
            task.result()
    return {config: selection for config, (_, selection) in chosen.items()}


def find_reader(config: str) -> Reader | None:
    """Returns how the rows of a config are read as contrasts; None where they have no tier."""
    return CONFIGS[config].contrasts if CONFIGS[config].tiered else None


def _read_columns(paths: Sequence[Path], config: str, reader: Reader) -> pa.Table:
    """Returns what a reader takes of all rows; their texts pass, and only hashes of them stay."""
    text = CONFIGS[config].text_columns
    columns = [*reader.columns, *BESIDE]
    needed = list(dict.fromkeys([*columns, *text]))
    tables: list[pa.Table] = []
    for path in paths:
        for table in read_draft(path, needed):
            hashes = hash_texts(table, text)
            found = _code(table.select(columns), (*reader.repeated, SPLIT))
            tables.append(found.append_column(WHOLE, hashes))
    return pa.concat_tables(tables)


def _code(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Returns a table in which some columns have each value once."""
    for name in columns:
        coded: Any = table[name].dictionary_encode()
        table = table.set_column(table.schema.get_field_index(name), name, coded)
    return table


class Content(NamedTuple):
    """What a folder holds, as far as its source does not know it."""

    rows: Sizes
    """Config -> split -> size."""
    selections: dict[str, Selection]
    """Config -> how its `core` was chosen."""
    files: dict[str, str]
    """sha256 of each file."""


class Source(Protocol):
    """Where the rows of a folder come from: game data, a concept file, people's own pairs."""

    @property
    def configs(self) -> tuple[str, ...]:
        """The configs that the folder is to hold, in their order."""
        ...

    def read(self, progress: Progress) -> Iterator[Part]:
        """Yields all rows, those of one config and split in their order.

        Raises:
            GeneratorError: the source is not what it must be, or gives no row.
        """
        ...

    def write_beside(self, folder: Path) -> None:
        """Writes the files that stand beside the rows, such as what a model was refused for."""
        ...

    def describe(self, content: Content) -> AnyManifest:
        """Returns the manifest of a folder with this content."""
        ...


C = TypeVar("C", bound=ModelConfig)

Report = Callable[[Path, AnyManifest, Progress], Quality]
"""Measures a folder that has its rows, and writes the report into it."""


@dataclass(frozen=True, repr=False)
class Built:
    """A dataset folder that was built. It prints, and shows in a notebook, what is in it."""

    folder: Path
    manifest: AnyManifest
    quality: Quality | None
    """What was measured; None where nothing was."""

    def summarize(self, *, color: bool = False) -> str:
        """Returns what is in the folder, what its checks say, and three rows of a config."""
        return summarize(self.manifest, self.quality, self.folder, color=color)

    def check(self) -> None:
        """Raises QualityError where a required check failed."""
        if self.quality is not None:
            check_passed(self.quality, self.folder)

    def __repr__(self) -> str:
        return self.summarize()

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.summarize())}</pre>"


def check_report(options: CheckOptions) -> None:
    """Raises UsageError where checks must pass that are not to be made."""
    if options.strict and options.no_report:
        wanted = "a report, whose checks may fail"
        raise UsageError("--strict", "--no-report beside it", wanted, "Leave one of them out")


def validate_config(config: type[C], values: Mapping[str, object]) -> C:
    """Returns what a run is asked for, as the manifest keeps it.

    Raises:
        UsageError: an option has a value that it cannot have.
    """
    try:
        return config.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        option = f"--{str(first['loc'][0]).replace('_', '-')}"
        wanted = first["msg"].removeprefix("Input should be ")
        raise UsageError(option, repr(first["input"])[:80], wanted, "See --help") from error


def build_folder(
    source: Source, out: Path, report: Report | None, progress: Progress = SILENT
) -> Built:
    """Returns what was written to `out`.

    Args:
        source: where the rows come from.
        out: the folder to write; it is replaced as a whole.
        report: measures the rows; None to measure nothing.
        progress: shows how far the run is.

    Raises:
        GeneratorError: the source or `out` is not what it must be; nothing was changed.
    """
    check_library()
    with replace_folder(out) as folder:
        rows = fill_folder(folder, source, progress)
        selections = assign_tiers(folder, [name for name, sizes in rows.items() if sizes], progress)
        source.write_beside(folder)
        manifest = source.describe(Content(rows, selections, hash_files(folder)))
        quality = report(folder, manifest, progress) if report else None
        manifest = describe_folder(folder, manifest, quality, keep=True)
    return Built(out, manifest, quality)


def fill_folder(folder: Path, source: Source, progress: Progress) -> Sizes:
    """Returns the size of what was written: all rows; those with a tier in drafts, without it yet.

    Raises:
        GeneratorError: the source is not what it must be.
    """
    files = RowFiles(folder, source.configs)
    try:
        for part in source.read(progress):
            files.write(part)
        return files.close()
    except BaseException:
        files.abandon()
        raise
