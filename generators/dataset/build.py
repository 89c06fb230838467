"""Builds a dataset folder from any source of records: rows, tiers, report, manifest, card."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from generators.dataset.card import describe_folder
from generators.dataset.files import Part, RowFiles, Sizes
from generators.dataset.header import check_library
from generators.dataset.summary import summarize
from generators.dataset.tiers import assign_tiers
from generators.errors import UsageError
from generators.folder import hash_files, replace_folder
from generators.options import CheckOptions
from generators.progress import SILENT, Progress
from generators.quality.verdicts import check_passed
from generators.stored_rows import AnyManifest
from schemas.quality import Quality, Selection


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


Report = Callable[[Path, AnyManifest, Progress], Quality]
"""Measures a folder that has its rows, and writes the report into it."""


@dataclass(frozen=True)
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

    def __str__(self) -> str:
        return self.summarize()

    def _repr_html_(self) -> str:
        return str(self)


def check_report(options: CheckOptions) -> None:
    """Raises UsageError where checks must pass that are not to be made."""
    if options.strict and options.no_report:
        wanted = "a report, whose checks may fail"
        raise UsageError("--strict", "--no-report beside it", wanted, "Leave one of them out")


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
        selections = assign_tiers(folder, [name for name, sizes in rows.items() if sizes])
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
