"""Finishes a dataset folder that has its rows: measures it, then writes manifest and card."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from generators.folder import CARD, MANIFEST, hash_files
from schemas.manifest import Manifest
from schemas.quality import Quality

M = TypeVar("M", bound=Manifest)
Watch = Callable[[Sequence[str]], Iterator[str]]
"""Shows which config is being measured."""
RenderCard = Callable[[M, str, Quality | None, list[str]], str]
"""From the manifest, its text, what was measured, and the names of the figures, the card."""


def finish_folder(
    folder: Path,
    manifest: M,
    render_card: RenderCard[M],
    watch: Watch | None,
) -> tuple[M, Quality | None]:
    """Returns the manifest with all files, and what was measured; both are written.

    Args:
        folder: has the rows; what lies there of an earlier report is replaced.
        manifest: names the files of rows.
        render_card: makes the card.
        watch: None to measure nothing.
    """
    quality: Quality | None = None
    if watch is not None:
        from generators.report.files import write_report

        quality = write_report(folder, manifest)
    return describe_folder(folder, manifest, render_card, quality, keep=True), quality


def describe_folder(
    folder: Path,
    manifest: M,
    render_card: RenderCard[M],
    quality: Quality | None,
    *,
    keep: bool = False,
) -> M:
    """Returns the manifest with all files of a folder; it is written, and then the card.

    Args:
        folder: has all other files.
        manifest: what it says so far.
        render_card: makes the card.
        quality: what was measured; None where nothing was.
        keep: whether what it says of files of rows stays. Who measures rows again did not make
            them: rows that were changed since must not pass for those that were built.
    """
    files = hash_files(folder)
    if keep:
        said = manifest.files.items()
        files |= {name: digest for name, digest in said if name.endswith(".parquet")}
    manifest = manifest.model_copy(update={"files": files})
    text = manifest.model_dump_json(indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
    figures = sorted(path.stem for path in (folder / "figures").glob("*.svg"))
    card = render_card(manifest, text, quality, figures)
    (folder / CARD).write_text(card, encoding="utf-8", newline="\n")
    return manifest
