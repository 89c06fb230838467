"""One function a figure, from what was measured to what is seen."""

# pyright: reportUnknownMemberType=false
# The types of matplotlib leave out those of keyword arguments.

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from generators.report.figures.canvas import (
    INK,
    LINE,
    MOST_NAMES,
    NAMES,
    NEGATIVE,
    PALE,
    POSITIVE,
    THIN,
    apply_style,
    label,
    lay_out,
    list_names,
    show_shares,
    write_svg,
)
from schemas.base import Tier
from schemas.quality import Histogram, Plots, Poles


def draw_figures(plots: Plots) -> dict[str, str]:
    """Returns name -> SVG, for `<name>.svg` beside a card; figures without data are left out.

    The same data give the same bytes, with one version of matplotlib.
    """
    figures: dict[str, str] = {}
    with apply_style():
        for name, draw in _list_drawings().items():
            if figure := draw(plots):
                figures[name] = write_svg(figure)
    return figures


def _list_drawings() -> dict[str, Callable[[Plots], Figure | None]]:
    return {
        "length": _draw_length,
        "position": _draw_position,
        "polarity": _draw_polarity,
        "coverage": _draw_coverage,
        "similarity": _draw_similarity,
        "agreement": _draw_agreement,
    }


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
            label(ax, line, f"{tier}, {_count(tiers[tier].counts, 'pair')}", colors[tier])
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
    shares = {name: _divide(_list_poles(poles)) for name, poles in plots.polarity.items()}
    names = sorted(shares, key=lambda name: (shares[name][0], name))
    if not names:
        return None
    title = "Options that show each behavior"
    note = "Share of options; at the right, the number that show it"
    figure, (ax,) = lay_out(title, note, [LINE * len(names)], NAMES, right=0.8)
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
    list_names(ax, names)
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
    figure, (ax,) = lay_out(title, note, [LINE * len(names)], NAMES, right=0.8)
    ax.barh(range(len(names)), counts[::-1], height=0.7, color=POSITIVE)
    for line, count in enumerate(counts[::-1]):
        ax.annotate(f"{count:,}", (count, line), (4, 0), textcoords="offset points", va="center")
    list_names(ax, names[::-1])
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
    figure, (ax,) = lay_out(title, note, [LINE * len(named)], NAMES, right=0.8)
    shares = [share for _, share in named]
    ax.hlines(range(len(named)), 0, shares, color=PALE, alpha=THIN, linewidth=1)
    ax.plot(shares, range(len(named)), "o", color=POSITIVE, clip_on=False)
    for line, share in enumerate(shares):
        ax.annotate(f"{share:.0%}", (share, line), (7, 0), textcoords="offset points", va="center")
    list_names(ax, [name for name, _ in named])
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


def _list_poles(poles: Poles) -> tuple[int, int, int]:
    return poles.positive, poles.neither, poles.negative


def _count(counts: Sequence[int], unit: str) -> str:
    return f"{sum(counts):,} {unit}{'s' * (sum(counts) != 1)}"


def _divide(counts: Sequence[int]) -> NDArray[np.float64]:
    """Returns the share of each."""
    return np.array(counts, np.float64) / max(sum(counts), 1)
