"""What all figures share: sizes, colours, fonts, and how they become SVG."""

# pyright: reportUnknownMemberType=false
# The types of matplotlib leave out those of keyword arguments.

import io
import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

WIDTH, LEFT, RIGHT, TOP, BOTTOM, GAP = 7.2, 0.6, 0.25, 0.75, 0.45, 0.5
"""Inches: of every figure, of the room around its axes, and of that between them."""
NAMES = 1.75
"""Inches to the left of axes whose lines have names."""
LINE = 0.21
"""Inches of a line with a name."""
LONGEST = 22
"""Characters of a name; longer ones are cut."""
MOST_NAMES = 40
"""Lines that have names; where there are more, only their order is drawn."""

INK, PALE, PAPER = "#1f2328", "#6e7781", "#ffffff"
POSITIVE, NEGATIVE = "#0080c0", "#d55e00"
"""Blue and vermilion, after Okabe and Ito (https://jfly.uni-koeln.de/color/), which colour-blind
readers tell apart; the blue is lightened for dark pages. Blue is the positive pole in every figure,
or what is shown; grey is what it is compared with."""
THIN = 0.5
"""Opacity of a grey area, which then recedes on white as on black."""

FONTS = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
DRAWN_IN = "DejaVu Sans"
"""The font that comes with matplotlib, so that the same data are the same bytes on any machine. It
is wider than those in its place, so that no text outgrows its room."""

STYLE: Any = {
    "svg.hashsalt": "contrapose",
    "svg.fonttype": "none",
    "font.family": DRAWN_IN,
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "figure.facecolor": PAPER,
    "xtick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.color": INK,
    "ytick.major.width": 0.6,
}
METADATA: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))


@contextmanager
def apply_style() -> Generator[None]:
    """Draws in one style, whatever the user's own matplotlibrc says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


def adapt_to_theme(svg: str) -> str:
    """Returns an SVG of `draw_figures` for the inside of an HTML page, light or dark.

    Text and axes take the colour of the text around them, the background is clear, the width is at
    most the page's, and ids begin with a digest, so that several figures stand in one page.
    """
    prefix = f"f{sha256(svg.encode()).hexdigest()[:8]}-"
    inline = svg[svg.index("<svg ") :].rstrip()
    inline = re.sub(r"<metadata>.*?</metadata>\s*", "", inline, flags=re.DOTALL)
    inline = inline.replace(INK, "currentColor").replace(f"fill: {PAPER}", "fill: none")
    inline = re.sub(r'\b(id="|href="#|url\(#)', rf"\1{prefix}", inline)
    return inline.replace("<svg ", '<svg role="img" style="max-width: 100%; height: auto" ', 1)


def write_svg(figure: Figure) -> str:
    """Returns a figure as SVG, with its title to be read aloud in place of the picture."""
    file = io.StringIO()
    title = {"Title": figure.texts[0].get_text()}
    figure.savefig(file, format="svg", metadata=METADATA | title)
    return file.getvalue().replace(f"'{DRAWN_IN}'", FONTS)


def lay_out(
    title: str, note: str, heights: Sequence[float], left: float = LEFT, right: float = RIGHT
) -> tuple[Figure, list[Axes]]:
    """Returns a figure and its axes, one below the other, of so many inches each."""
    full = TOP + sum(heights) + GAP * (len(heights) - 1) + BOTTOM
    figure = Figure(figsize=(WIDTH, full))
    figure.text(0.1 / WIDTH, 1 - 0.1 / full, title, size=11, weight="bold", va="top")
    figure.text(0.1 / WIDTH, 1 - 0.32 / full, note, va="top")
    axes: list[Axes] = []
    top = full - TOP
    for height in heights:
        width = (WIDTH - left - right) / WIDTH
        axes.append(figure.add_axes((left / WIDTH, (top - height) / full, width, height / full)))
        top -= height + GAP
    return figure, axes


def show_shares(ax: Axes) -> None:
    """Makes the vertical axis one of shares, from 0 on."""
    ax.set_ylim(0)
    ax.yaxis.set_major_locator(MaxNLocator(3))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def label(ax: Axes, line: int, text: str, color: str) -> None:
    """Writes a label where the data leave room, at the upper right."""
    ax.text(1, 0.95 - 0.16 * line, text, transform=ax.transAxes, color=color, ha="right", va="top")


def list_names(ax: Axes, names: Sequence[str]) -> None:
    """Gives the lines their names, from the bottom on."""
    short = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in names]
    ax.set_yticks(range(len(names)), short)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.tick_params("y", length=0)
    ax.spines["left"].set_visible(False)
