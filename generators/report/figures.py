"""Figures of what was measured, as SVG; the only importer of matplotlib, imported to draw.

One function a figure, from what was measured to what is seen; below them what all figures share:
sizes, colours, fonts, and how they become SVG.
"""

# pyright: reportUnknownMemberType=false
# The types of matplotlib leave out those of keyword arguments.

import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from generators.text import make_visible
from schemas.base import Tier
from schemas.quality import Histogram, Plots

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
MOST_PLACES = 50
"""Of a menu whose positions are drawn: more bars could not be told apart, and take minutes."""
METADATA: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def draw_figures(plots: Plots) -> dict[str, str]:
    """Returns name -> SVG, for `<name>.svg` beside a card; figures without data are left out."""
    return draw({name: partial(each, plots) for name, each in DRAWINGS.items()})


def draw(drawings: Mapping[str, Callable[[], Figure | None]]) -> dict[str, str]:
    """Returns name -> SVG of what is drawn; what gives None is left out.

    The same data give the same bytes, with one version of matplotlib.
    """
    figures: dict[str, str] = {}
    with matplotlib.rc_context(), warnings.catch_warnings():
        # Text stays text: whoever looks at it has the font.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        matplotlib.rcdefaults()  # whatever the user's own matplotlibrc says
        matplotlib.rcParams.update(STYLE)
        for name, make in drawings.items():
            if figure := make():
                # The title is read aloud in place of the picture.
                metadata = METADATA | {"Title": figure.texts[0].get_text()}
                file = io.StringIO()
                figure.savefig(file, format="svg", metadata=metadata)
                svg = make_visible(file.getvalue())  # XML has no place for control characters
                figures[name] = svg.replace(f"'{DRAWN_IN}'", FONTS)
    return figures


def _draw_length(plots: Plots) -> Figure | None:
    """Both tiers as shares of their own pairs: the selection is smaller, and ought to be even."""
    panels = {config: tiers for config, tiers in plots.length.items() if tiers}
    if not panels:
        return None
    title = "Length: words of the positive minus words of the negative"
    note = "Share of pairs; right of 0 the positive is longer"
    figure, axes = lay_out(title, note, [1.2] * len(panels))
    colors: dict[Tier, str] = {"full": PALE, "core": POSITIVE}
    ends = [_find_ends(each) for tiers in panels.values() for each in tiers.values()]
    for ax, (config, tiers) in zip(axes, panels.items(), strict=True):
        ax.axvline(0, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        drawn: list[Tier] = [tier for tier in colors if tier in tiers]
        for line, tier in enumerate(drawn):
            _draw_steps(ax, tiers[tier], colors[tier], filled=tier == "full")
            text, color = f"{tier}, {_count(tiers[tier].counts, 'pair')}", colors[tier]
            at = (1, 0.95 - 0.16 * line)
            ax.text(*at, text, transform=ax.transAxes, color=color, ha="right", va="top")
        ax.set(xlim=(min(low for low, _ in ends), max(high for _, high in ends)), title=config)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        show_shares(ax)
    return figure


def _draw_position(plots: Plots) -> Figure | None:
    """Each place's share, against the one that chance gives it."""
    rows = [
        (config, options, counts)
        for config, sizes in plots.position.items()
        for options, counts in sorted(sizes.items(), key=lambda size: int(size[0]))
        if int(options) <= MOST_PLACES
    ]
    if not rows:
        return None
    title = "Position of the positive among the options"
    note = "Share of items by position; the line marks chance, 1 / number of options"
    figure, axes = lay_out(title, note, [0.7] * len(rows))
    longest = max(len(counts) for _, _, counts in rows)
    for ax, (config, options, counts) in zip(axes, rows, strict=True):
        ax.bar(range(1, len(counts) + 1), _divide(counts), width=0.5, color=POSITIVE)
        ax.plot((0.6, len(counts) + 0.4), [1 / int(options)] * 2, color=INK, linewidth=1)
        ax.set(xlim=(0.4, longest + 0.6), xticks=range(1, len(counts) + 1))
        ax.set_title(f"{config}, {options} options, {_count(counts, 'item')}")
        show_shares(ax)
    return figure


def _draw_polarity(plots: Plots) -> Figure | None:
    """Shares, so that rare behaviors can be compared; the counts stand beside them."""
    shares = {
        name: _divide((poles.positive, poles.neither, poles.negative))
        for name, poles in plots.polarity.items()
    }
    names = sorted(shares, key=lambda name: (shares[name][0], name))
    if not names:
        return None
    title = "Options that show each behavior"
    note = "Share of options; at the right, the number that show it"
    figure, ax = lay_out_names(title, note, names)
    left = np.zeros(len(names))
    legend = {"show it": POSITIVE, "neither, or not labelled": PALE, "do not": NEGATIVE}
    for pole, (meaning, color) in enumerate(legend.items()):
        part = np.array([shares[name][pole] for name in names])
        alpha = THIN if color == PALE else None
        ax.barh(range(len(names)), part, left=left, height=0.7, color=color, alpha=alpha)
        left += part
        place = ((0, "left"), (0.5, "center"), (1, "right"))[pole]
        at = ax.get_xaxis_transform()
        ax.text(place[0], 1.0, meaning, ha=place[1], va="bottom", color=color, transform=at)
    for line, name in enumerate(names):
        ax.text(1.02, line, f"{plots.polarity[name].positive:,}", va="center_baseline")
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return figure


def _draw_coverage(plots: Plots) -> Figure | None:
    """From the most to the fewest; names only where they can be read."""
    named = sorted(plots.coverage.items(), key=lambda each: (-each[1], each[0]))
    names, counts = [name for name, _ in named], [count for _, count in named]
    if not sum(counts):
        return None
    largest = f"largest: {names[0]}, {counts[0] / sum(counts):.1%}"
    title = "Rows by source"
    note = f"{_count(counts, 'row')}, number of sources: {len(named):,}; {largest}"
    if len(named) > MOST_NAMES:
        figure, (ax,) = lay_out(title, note, [1.6])
        ax.fill_between(range(len(counts) + 1), [*counts, counts[-1]], step="post", color=POSITIVE)
        ax.set(xlim=(0, len(counts)), ylim=(0, None), xlabel="Sources, sorted by number of rows")
        ax.yaxis.set_major_formatter("{x:,.0f}")
        return figure
    figure, ax = lay_out_names(title, note, names[::-1])
    ax.barh(range(len(names)), counts[::-1], height=0.7, color=POSITIVE)
    for line, count in enumerate(counts[::-1]):
        ax.annotate(f"{count:,}", (count, line), (4, 0), textcoords="offset points", va="center")
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    return figure


def _draw_similarity(plots: Plots) -> Figure | None:
    if not plots.similarity:
        return None
    title = "Similarity of each text to its nearest neighbour"
    note = "Share of texts by Jaccard similarity of word 3-grams; near-duplicates from 0.7 on"
    figure, axes = lay_out(title, note, [0.9] * len(plots.similarity))
    for ax, (config, histogram) in zip(axes, plots.similarity.items(), strict=True):
        _draw_steps(ax, histogram, POSITIVE, filled=True)
        ax.axvline(0.7, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        show_shares(ax)
        ax.set_xlim(0, 1)
        ax.set_title(f"{config}, {_count(histogram.counts, 'text')}")
    return figure


def _draw_agreement(plots: Plots) -> Figure | None:
    named = sorted(plots.agreement.items(), key=lambda each: (each[1], each[0]))
    if not named:
        return None
    title, note = "Agreement of two labellers", "Share of options with the same label"
    figure, ax = lay_out_names(title, note, [name for name, _ in named])
    shares = [share for _, share in named]
    ax.hlines(range(len(named)), 0, shares, color=PALE, alpha=THIN, linewidth=1)
    ax.plot(shares, range(len(named)), "o", color=POSITIVE, clip_on=False)
    for line, share in enumerate(shares):
        ax.annotate(f"{share:.0%}", (share, line), (7, 0), textcoords="offset points", va="center")
    ax.set(xlim=(0, 1))
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return figure


def _draw_steps(ax: Axes, histogram: Histogram, color: str, *, filled: bool) -> None:
    shares, edges = _divide(histogram.counts), np.array(histogram.edges)
    alpha = THIN if color == PALE else None
    ax.stairs(shares, edges, color=color, alpha=alpha, fill=filled, linewidth=0 if filled else 1.5)


def _find_ends(histogram: Histogram) -> tuple[float, float]:
    """Returns the edges between which something was counted."""
    places = [place for place, count in enumerate(histogram.counts) if count]
    first, last = (places[0], places[-1] + 1) if places else (0, -1)
    return histogram.edges[first], histogram.edges[last]


def _count(counts: Sequence[int], unit: str) -> str:
    return f"{sum(counts):,} {unit}{'s' * (sum(counts) != 1)}"


def _divide(counts: Sequence[int]) -> NDArray[np.float64]:
    """Returns the share of each."""
    return np.array(counts, np.float64) / max(sum(counts), 1)


DRAWINGS: dict[str, Callable[[Plots], Figure | None]] = {
    "length": _draw_length,
    "position": _draw_position,
    "polarity": _draw_polarity,
    "coverage": _draw_coverage,
    "similarity": _draw_similarity,
    "agreement": _draw_agreement,
}
"""Name -> what draws it, or gives None without data; in the order of card and page."""


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


def lay_out_names(
    title: str, note: str, names: Sequence[str], room: float = NAMES, longest: int = LONGEST
) -> tuple[Figure, Axes]:
    """Returns a figure and its axes, with a line for each name from the bottom on.

    Args:
        title: of the figure.
        note: what stands below it.
        names: of the lines.
        room: inches for the names.
        longest: characters of a name; longer ones are cut.
    """
    figure, (ax,) = lay_out(title, note, [LINE * len(names)], room, right=0.8)
    short = [name if len(name) <= longest else f"{name[: longest - 1]}…" for name in names]
    ax.set_yticks(range(len(names)), short)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.tick_params("y", length=0)
    ax.spines["left"].set_visible(False)
    return figure, ax


def lay_out_grid(
    title: str, note: str, panels: int, columns: int, height: float
) -> tuple[Figure, list[Axes]]:
    """Returns a figure and its axes, so many in a row, each of so many inches."""
    figure, rows = lay_out(title, note, [height] * -(-panels // columns))
    gap = GAP / WIDTH
    axes: list[Axes] = []
    for row in rows:
        left, bottom, width, high = row.get_position().bounds
        row.remove()
        each = (width - gap * (columns - 1)) / columns
        for column in range(min(columns, panels - len(axes))):
            axes.append(figure.add_axes((left + column * (each + gap), bottom, each, high)))
    return figure, axes
