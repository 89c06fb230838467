"""The folder of references that is published in the place of a folder with text not ours."""

import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from generators.configs.texts import WITHHELD
from generators.dataset.card import describe_games
from generators.dataset.finishing import describe_folder
from generators.dataset.header import add_features
from generators.dataset.manifest import read_manifest
from generators.errors import FolderError, SourceError
from generators.folder import explain
from generators.parquet import REWRITTEN_GROUP_BYTES, ParquetFile, read_groups
from generators.publish.counterparts import withhold_counterpart
from generators.publish.reference_rows import make_references, reference_schema
from generators.publish.release import Release, read_release
from generators.report.files import QUALITY, read_quality, write_folder_report
from generators.stored_rows import list_files
from generators.writing.generated import GENERATED, read_lines, write_lines
from generators.writing.rejected import REJECTED, read_rejections, write_rejections
from schemas.generated import GeneratedDecision, GeneratedLine
from schemas.manifest import GameManifest, References, SplitSize


@contextmanager
def open_release(folder: Path, *, withheld: bool) -> Generator[Release]:
    """Gives what is published of a folder; one that is made for it is gone afterwards.

    Args:
        folder: a dataset folder.
        withheld: leave out text that is not ours to republish.

    Raises:
        SourceError: it is no dataset folder, or was changed since it was written.
    """
    release = read_release(folder)
    if not (withheld and release.holds_foreign_text):
        yield release
        return
    with ExitStack() as stack:
        try:
            fresh = stack.enter_context(tempfile.TemporaryDirectory(prefix="contrapose-"))
            made = Path(fresh) / folder.resolve().name
            write_references(folder, made)
        except OSError as error:
            _, *rest = explain(error, Path()).args
            raise FolderError("the folder for temporary files", *rest) from error
        yield replace(read_release(made), unlisted=release.unlisted)


def write_references(folder: Path, out: Path) -> None:
    """Writes a dataset folder without text that is not ours to republish.

    Numbers that were measured of the whole rows go along; page, figures and card are made anew,
    from the rows that are published.

    Args:
        folder: a folder made from games.
        out: where; there is nothing yet.
    """
    manifest = read_manifest(folder)
    if not isinstance(manifest, GameManifest):
        raise SourceError(str(folder), "no games", "a folder made from games", "Publish it whole")
    out.mkdir()
    sizes = {config: dict(_write_rows(folder, out, config)) for config in manifest.rows}
    _write_rejected(folder, out)
    _write_generated(folder, out)
    quality = read_quality(folder / QUALITY)
    if quality is not None:
        shutil.copyfile(folder / QUALITY, out / QUALITY)
        write_folder_report(out, quality)
    references = References(
        manifest_sha256=read_release(folder).manifest,
        files={
            name: digest for name, digest in manifest.files.items() if name.endswith(".parquet")
        },
    )
    update = {"rows": sizes, "references": references}
    describe_folder(out, manifest.model_copy(update=update), describe_games, quality)


def _write_rows(folder: Path, out: Path, config: str) -> Iterator[tuple[str, SplitSize]]:
    """Yields the size of each split, when its file is written."""
    for path in list_files(folder, config):
        (out / config).mkdir(exist_ok=True)
        schema = add_features(reference_schema(config))
        written = ParquetFile(out / config / path.name, schema, REWRITTEN_GROUP_BYTES)
        for table in read_groups(path):
            written.write(make_references(config, table))
        written.close()
        yield path.name.partition("-")[0], SplitSize(rows=written.rows, bytes=written.bytes)


def _write_rejected(folder: Path, out: Path) -> None:
    """Writes what was rejected and why, without drafts, and without words from them."""
    if (folder / REJECTED).exists():
        rejections = read_rejections(folder / REJECTED)
        silent = {"answer": None, "detail": "not published"}
        write_rejections(out / REJECTED, [each.model_copy(update=silent) for each in rejections])


def _write_generated(folder: Path, out: Path) -> None:
    if (folder / GENERATED).exists():
        lines = read_lines(folder / GENERATED)
        write_lines(out / GENERATED, (_withhold(line) for line in lines))


def _withhold(line: GeneratedLine) -> GeneratedLine:
    if not isinstance(line, GeneratedDecision) or line.edit is not None:
        return line
    if line.decision.text_licence != WITHHELD:
        return line
    decision, edit = withhold_counterpart(line.decision)
    return GeneratedDecision(decision=decision, edit=edit)
