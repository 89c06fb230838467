"""Figures of what was measured in a model: one function a figure, laid out as those of a report.

Beside `pictures.py`, which draws what was changed in one.
"""

# pyright: reportUnknownMemberType=false
# The types of matplotlib leave out those of keyword arguments.

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from generators.report.figures import (
    INK,
    NEGATIVE,
    PALE,
    POSITIVE,
    THIN,
    WIDTH,
    draw,
    lay_out,
    lay_out_grid,
    lay_out_names,
)
from schemas.activations import (
    ConfigActivations,
    Lesson,
    NetworkActivations,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DASHES = (0, (4, 3))
LONGEST = 32
"""Characters of a model's name; longer ones are cut."""
SHADE = 0.18
"""Opacity of an area behind lines."""


def draw_config(model: str, found: ConfigActivations) -> dict[str, str]:
    """Returns name -> SVG of what was measured of a config; figures without data are left out."""
    name = found.config
    return draw(
        {
            f"{name}-parts": partial(_draw_parts, model, found),
            f"{name}-layers": partial(_draw_layers, model, found),
            f"{name}-sets": partial(_draw_sets, model, found),
        }
    )


def draw_network(model: str, found: NetworkActivations) -> dict[str, str]:
    """Returns name -> SVG of what was measured of a network; figures without data are left out."""
    return draw(
        {
            "network-distance": partial(_draw_distance, model, found),
            "network-depth": partial(_draw_depth, model, found),
            "network-near": partial(_draw_near, model, found),
        }
    )


def _draw_parts(model: str, found: ConfigActivations) -> "Figure | None":
    """Behaviors as dots with their intervals, words beside them, chance behind them."""
    parts = sorted(found.parts.items(), key=lambda each: (each[1].mean.accuracy, each[0]))
    if not parts:
        return None
    title = f"{found.config}: share of pairs ranked right"
    note = f"{cut(model)}. In groups not fitted on; at the right, {found.unit}"
    figure, ax = lay_out_names(title, note, [name for name, _ in parts])
    lowest = min(min(each.mean.null[0], each.words.accuracy, each.interval[0]) for _, each in parts)
    for line, (_, each) in enumerate(parts):
        low, high = each.mean.null
        ax.barh(line, high - low, left=low, height=0.6, color=PALE, alpha=SHADE, linewidth=0)
        ax.plot(each.interval, (line, line), color=POSITIVE, linewidth=1)
        ax.plot(each.words.accuracy, line, "D", color=NEGATIVE, markersize=4.5, fillstyle="none")
        ax.plot(each.mean.accuracy, line, "o", color=POSITIVE, markersize=5.5, clip_on=False)
        ax.text(
            1.02, line, f"{each.units:,}", va="center_baseline", transform=ax.get_yaxis_transform()
        )
    ax.axvline(0.5, color=INK, linewidth=0.8, linestyle=DASHES)
    ax.set_xlim(min(0.4, lowest - 0.02), 1)
    _show_percent(ax, "x")
    _explain(figure, ax, {"model, 95 %": POSITIVE, "words": NEGATIVE, "95 % of relabellings": PALE})
    return figure


def _draw_layers(model: str, found: ConfigActivations) -> "Figure | None":
    """A panel a part: accuracy by layer over its band, and the line of words."""
    parts = [*found.parts.items()]
    if not parts:
        return None
    title = f"{found.config}: share of pairs ranked right, by layer"
    note = f"{cut(model)}. Published: the mean over the shaded layers"
    columns = min(len(parts), 3)
    figure, axes = lay_out_grid(title, note, len(parts), columns, 1.15)
    layers = found.source.model.layers
    first, last = found.middle
    lowest = min(min(low for low, _ in each.null_by_layer) for _, each in parts)
    for ax, (name, each) in zip(axes, parts, strict=True):
        ax.axvspan(first, last, color=PALE, alpha=SHADE / 1.5, linewidth=0)
        lows, highs = zip(*each.null_by_layer, strict=True)
        ax.fill_between(range(layers), lows, highs, color=PALE, alpha=2 * SHADE, linewidth=0)
        ax.axhline(each.words.accuracy, color=NEGATIVE, linewidth=1.2, linestyle=DASHES)
        ax.plot(range(layers), each.by_layer, color=POSITIVE, linewidth=1.5)
        ax.set_title(f"{name}, {each.units:,}")
        ax.set(xlim=(0, layers - 1), ylim=(min(0.35, lowest - 0.02), 1.02))
        _show_percent(ax, "y")
    for ax in axes[-columns:]:
        ax.set_xlabel("layer")
    height = 1 - 0.32 / figure.get_figheight()
    for text, color, at in (
        ("model", POSITIVE, 5.55),
        ("words", NEGATIVE, 6.1),
        ("chance", PALE, 6.65),
    ):
        figure.text(at / WIDTH, height, text, color=color, va="top")
    return figure


def _draw_sets(model: str, found: ConfigActivations) -> "Figure | None":
    """Where length points the other way, a set with a length cue falls; the distance is its gap."""
    lessons = found.lessons
    if lessons is None:
        return None
    names: dict[str, Lesson] = {
        "labels at random": lessons.random,
        "only longer positives": lessons.only_longer,
        "half of the pairs": lessons.half,
        f"all of {found.tier}": lessons.pairs,
    }
    title = f"{found.config}: what a length cue teaches"
    note = f"{cut(model)}. Share of pairs ranked right, by what was fitted on"
    figure, ax = lay_out_names(title, note, [*names])
    for line, lesson in enumerate(names.values()):
        ax.plot((lesson.shorter, lesson.longer), (line, line), color=PALE, linewidth=1)
        sides = (
            (lesson.longer, lesson.longer_interval, POSITIVE, 0.14),
            (lesson.shorter, lesson.shorter_interval, NEGATIVE, -0.14),
        )
        for value, interval, color, shift in sides:
            ax.plot(interval, (line + shift, line + shift), color=color, linewidth=1)
            ax.plot(value, line + shift, "o", color=color, markersize=5)
        gap = f"{round(lesson.longer - lesson.shorter, 2) + 0.0:+.2f}"
        ax.text(1.02, line, gap, va="center_baseline", transform=ax.get_yaxis_transform())
    ax.axvline(0.5, color=INK, linewidth=0.8, linestyle=DASHES)
    bounds = [bound for each in names.values() for bound in each.shorter_interval]
    bounds += [bound for each in names.values() for bound in each.longer_interval]
    ax.set_xlim(min(0.4, *bounds) - 0.02, max(0.8, *bounds) + 0.02)
    _show_percent(ax, "x")
    _explain(figure, ax, {"positive is longer": POSITIVE, "positive is shorter": NEGATIVE})
    return figure


def _draw_distance(model: str, found: NetworkActivations) -> "Figure | None":
    """Each pair of contrasts a point; the mean of each distance a bar."""
    if found.published is None or not found.scatter:
        return None
    read = found.published.all
    title = "Similarity of directions, by distance in the network"
    note = (
        f"{cut(model)}. {read.pairs:,} pairs of contrasts; correlation {read.value:+.2f}, chance"
        f" {read.null[0]:+.2f} to {read.null[1]:+.2f}"
    )
    figure, (ax,) = lay_out(title, note, [2.2])
    points = np.array(found.scatter)
    farthest = float(points[:, 0].max())
    if found.unreachable:  # apart from those that a path connects
        points[points[:, 0] == farthest, 0] += 1
    spread = np.linspace(-0.28, 0.28, 41)
    shift = spread[np.arange(len(points)) * 17 % len(spread)]
    ax.plot(points[:, 0] + shift, points[:, 1], ".", color=PALE, alpha=THIN, markersize=3, zorder=1)
    known = np.unique(points[:, 0])
    means = [points[points[:, 0] == each, 1].mean() for each in known]
    ax.hlines(means, known - 0.32, known + 0.32, color=POSITIVE, linewidth=2, zorder=2)
    labels = [f"{each:.0f}" for each in known]
    if found.unreachable:
        labels[-1] = "no path"
    ax.set_xticks(known, labels)
    ax.set(xlabel="edges between the two contrasts", ylabel="cosine, without sign", ylim=(0, None))
    return figure


def _draw_depth(model: str, found: NetworkActivations) -> "Figure | None":
    """The correlation in each layer over its band; below 0 near ones are more similar."""
    kinds = {
        "all pairs of contrasts": [each.all for each in found.layers],
        "pairs of one theme": [each.in_theme for each in found.layers if each.in_theme],
        f"similarities in {cut(found.other.model.name) if found.other else ''}": [
            each.other for each in found.layers if each.other
        ],
    }
    drawn = {name: each for name, each in kinds.items() if each}
    if not drawn:
        return None
    title = "Similarity of directions and the network, by layer"
    note = f"{cut(model)}. Rank correlation over pairs of contrasts, and 95 % of permutations"
    figure, axes = lay_out(title, note, [1.2] * len(drawn))
    for ax, (name, each) in zip(axes, drawn.items(), strict=True):
        layers = range(len(each))
        ax.axvspan(*found.middle, color=PALE, alpha=SHADE / 1.5, linewidth=0)
        lows, highs = zip(*(one.null for one in each), strict=True)
        ax.fill_between(layers, lows, highs, color=PALE, alpha=2 * SHADE, linewidth=0)
        ax.plot(layers, [one.value for one in each], color=POSITIVE, linewidth=1.5)
        ax.axhline(0, color=INK, linewidth=0.8, linestyle=DASHES)
        ax.set(xlim=(0, max(len(each) - 1, 1)), title=f"{name}, {each[0].pairs:,}")
    axes[-1].set_xlabel("layer")
    return figure


def _draw_near(model: str, found: NetworkActivations) -> "Figure | None":
    """A line a behavior: its nearest concepts in the residual stream, over what chance gives."""
    lines = [
        (f"{behavior}: {each.concept}", each)
        for behavior, near in reversed(found.near.items())
        for each in reversed(near.nearest.get("residual", ())[:3])
    ]
    if not lines:
        return None
    title = "Concepts nearest to each behavior's direction"
    note = f"{cut(model)}. Cosine; grey: its own chance; filled: beyond that of any concept"
    figure, ax = lay_out_names(title, note, [name for name, _ in lines], room=2.6, longest=36)
    for line, (_, each) in enumerate(lines):
        low, high = each.null
        ax.barh(line, high - low, left=low, height=0.6, color=PALE, alpha=SHADE, linewidth=0)
        filled = "full" if each.p < 0.05 else "none"
        ax.plot(each.cosine, line, "o", color=POSITIVE, markersize=5, fillstyle=filled)
    ends = [end for _, each in lines for end in (*each.null, each.cosine)]
    ax.set_xlim(min(ends) - 0.02, max(ends) + 0.02)
    ax.axvline(0, color=INK, linewidth=0.8, linestyle=DASHES)
    return figure


def _explain(figure: "Figure", ax: "Axes", meanings: Mapping[str, str]) -> None:
    """Writes what each colour means, in the line above the axes."""
    box = ax.get_position()
    top = box.y1 + 0.07 / figure.get_figheight()
    places = (("left", box.x0), ("center", (box.x0 + box.x1) / 2), ("right", box.x1))
    chosen = places if len(meanings) == 3 else (places[0], places[2])
    for (text, color), (side, at) in zip(meanings.items(), chosen, strict=True):
        figure.text(at, top, text, color=color, ha=side, va="bottom")


def cut(text: str, longest: int = LONGEST) -> str:
    """Returns a text that is no longer than a figure has room for."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _show_percent(ax: "Axes", axis: str) -> None:
    (ax.xaxis if axis == "x" else ax.yaxis).set_major_formatter(lambda value, _: f"{value:.0%}")
