"""Writes what was measured of a folder: `quality.json`, the figures, and the page."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from generators.configs.base import Item
from generators.progress import Progress
from generators.report.page.rendering import render_page
from generators.report.page.rows import read_page_rows
from generators.writing.rejected import REJECTED, read_rejections
from schemas.exchange import Rejection
from schemas.manifest import Manifest
from schemas.quality import Quality

QUALITY = "quality.json"
PAGE = "report.html"
FIGURES = "figures"

CAPTIONS = {
    "length": "How many more words the positive has, in pairs, on all rows and on core.",
    "position": "Where the option that is asked for stands, by number of options.",
    "polarity": "Options of questions that exhibit each behavior, that do not, and neither.",
    "coverage": "Rows of each game, or theme.",
    "similarity": "How much of each passage its nearest other one shares: Jaccard of word 3-grams.",
    "agreement": "Share of options to which two labellers give the same label.",
}
"""Figure -> what it shows."""


def can_draw() -> bool:
    """Returns whether figures can be drawn: they take the extra `report`."""
    return find_spec("matplotlib") is not None


def write_folder_report(folder: Path, quality: Quality) -> None:
    """Writes the three into a dataset folder; only the first without the extra `report`."""
    write_quality(folder, quality)
    if can_draw():
        rows = read_page_rows(folder)
        rejections = read_rejections(folder / REJECTED)
        write_page(folder, quality, rows.items, rejections, rows.sizes)


def write_quality(folder: Path, quality: Quality) -> None:
    """Writes `quality.json`."""
    text = quality.model_dump_json(indent=2) + "\n"
    (folder / QUALITY).write_text(text, encoding="utf-8", newline="\n")


def read_quality(path: Path) -> Quality | None:
    """Returns what was measured; None where nothing was, or by another version."""
    try:
        return Quality.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_page(
    folder: Path,
    quality: Quality,
    items: Sequence[Item],
    rejections: Sequence[Rejection] = (),
    sizes: Mapping[str, int] | None = None,
) -> None:
    """Writes the figures and the page."""
    from generators.report.figures import adapt_to_theme, draw_figures

    figures = draw_figures(quality.plots)
    (folder / FIGURES).mkdir(exist_ok=True)
    for name, svg in figures.items():
        (folder / FIGURES / f"{name}.svg").write_text(svg, encoding="utf-8", newline="\n")
    themed = {name: adapt_to_theme(svg) for name, svg in figures.items()}
    page = render_page(quality, items, rejections, themed, captions=CAPTIONS, sizes=sizes)
    (folder / PAGE).write_text(page, encoding="utf-8", newline="\n")


def write_report(folder: Path, manifest: Manifest, progress: Progress) -> Quality:
    """Returns what was measured of a folder that has its rows; the report is written into it."""
    from generators.quality.assessment import assess_folder

    quality = assess_folder(folder, manifest, None, lambda names: iter(names))
    write_folder_report(folder, quality)
    return quality
