"""Figures of pairs, sets, patching and steering: one function a figure, as in a report."""

# pyright: reportUnknownMemberType=false
# The types of matplotlib leave out those of keyword arguments.

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from generators.activations.differences import COMPONENTS
from generators.activations.directions import Numbers
from generators.activations.figures import DASHES, cut
from generators.activations.states import Component, Floats
from generators.quality.measures.estimates import LEVEL
from generators.report.figures import (
    INK,
    NEGATIVE,
    PALE,
    POSITIVE,
    THIN,
    draw,
    lay_out,
    lay_out_grid,
)
from schemas.interventions import PatchResult, SteerPart, SteerResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from generators.activations.compared import Cell, Compared
    from generators.activations.pair import ComparedPair

CELL = 0.13
"""Inches of a layer in a heat map."""
COLORS = "Blues"
NAMES: dict[Component, str] = {
    "residual": "Residual stream",
    "attention": "Attention",
    "mlp": "MLP",
    "head": "Heads",
}


def draw_pair(found: "ComparedPair") -> dict[str, str]:
    """Returns the heat map of layers and components of two prompts."""
    return draw({"pair": partial(_draw_heat, found)})


def draw_compared(found: "Compared") -> dict[str, str]:
    """Returns sizes by layer over what chance gives, and where the largest components put texts."""
    return draw({"sizes": partial(_draw_sizes, found), "largest": partial(_draw_largest, found)})


def draw_patch(found: PatchResult) -> dict[str, str]:
    """Returns the patch curve, and what the largest components bring back."""
    drawings: dict[str, Callable[[], Figure | None]] = {"patch": partial(_draw_curve, found)}
    if found.components:
        drawings["components"] = partial(_draw_components, found)
    return draw(drawings)


def draw_steer(found: SteerResult) -> dict[str, str]:
    """Returns the effects of steering, those of other directions behind them."""
    if not any(part.strengths for part in found.parts):
        return {}
    return draw({"steer": partial(_draw_steer, found)})


def _draw_heat(found: "ComparedPair") -> "Figure":
    """Layers from the bottom up; tokens side by side, in one column of panels each component."""
    summary = found.summary
    title = f"What differs between two prompts in {summary.model.name}"
    note = "Norm of the difference, as a share of the residual stream's after the same block"
    height = max(CELL * summary.model.layers, 1.0)
    figure, axes = lay_out_grid(title, note, len(found.sizes), 2, height)
    labels = [*summary.compared]
    for ax, (component, sizes) in zip(axes, found.sizes.items(), strict=True):
        shown = sizes.mean(-1) if component == "head" else sizes
        top = max(float(shown.max()), 1e-6)
        rows, columns = _find_edges(len(shown)), _find_edges(shown.shape[1])
        ax.pcolormesh(columns, rows, shown, cmap=COLORS, vmin=0, vmax=top)
        ax.set_title(f"{NAMES[component]} (darkest: {top:.2f})")
        ax.set(ylabel="Layer")
        if component == "head":
            ax.set_xlabel("Head (mean over tokens)")
            continue
        ax.set_xticks(np.arange(len(labels)), [cut(each, 24) for each in labels], rotation=90)
        ax.tick_params("x", length=0, labelsize=7)
    _make_room(figure, 0.7)
    return figure


def _find_edges(number: int) -> Floats:
    """Returns where cells begin and end whose middles are whole numbers."""
    return np.arange(number + 1, dtype=np.float32) - np.float32(0.5)


def _make_room(figure: "Figure", inches: float) -> None:
    """Moves all rows of axes apart, so that labels below them have room."""
    rows = sorted({round(ax.get_position().y0, 6) for ax in figure.axes}, reverse=True)
    width, height = figure.get_size_inches()
    full = height + inches * len(rows)
    figure.set_size_inches(width, full)
    for text in figure.texts:
        text.set_y(1 - (1 - text.get_position()[1]) * height / full)
    for ax in figure.axes:
        box = ax.get_position()
        row = rows.index(round(box.y0, 6))
        top = (1 - box.y1) * height + inches * row
        ax.set_position((box.x0, 1 - (top + box.height * height) / full, box.width,
                         box.height * height / full))  # fmt: skip


def _draw_sizes(found: "Compared") -> "Figure":
    """A panel a component: lines over their band; heads as dots, filled where beyond chance."""
    known = {cell.component for cell in found.cells}
    kinds: list[Component] = [kind for kind in COMPONENTS if kind in known]
    title = "What differs, by layer"
    note = f"{cut(found.model)}. Length of the difference, as a share of the residual stream's"
    figure, axes = lay_out(title, note, [1.2] * len(kinds))
    for ax, kind in zip(axes, kinds, strict=True):
        cells = [cell for cell in found.cells if cell.component == kind]
        last = max(cell.layer for cell in cells)
        _draw_kind(ax, cells)
        dots = "; filled: beyond chance" if kind == "head" else "; grey: 95 % of chance"
        ax.set_title(f"{NAMES[kind]}{dots}")
        ax.set(xlim=(-0.3, last + 0.3), ylim=(0, None))
    axes[-1].set_xlabel("Layer")
    return figure


def _draw_kind(ax: "Axes", cells: "Sequence[Cell]") -> None:
    layers = [cell.layer for cell in cells]
    if cells[0].head is None:
        lows, highs = zip(*(cell.null for cell in cells), strict=True)
        ax.fill_between(layers, lows, highs, color=PALE, alpha=THIN, linewidth=0)
        ax.plot(layers, [cell.size for cell in cells], color=POSITIVE, linewidth=1.5)
        return
    for cell in cells:
        color, filled = (POSITIVE, "full") if cell.p < LEVEL else (PALE, "none")
        ax.plot(cell.layer, cell.size, "o", color=color, fillstyle=filled, markersize=3)


def _draw_largest(found: "Compared") -> "Figure | None":
    """Both as shares in the same bins: what is found lies to the right of what chance gives."""
    if not found.along:
        return None
    title = "Where the largest components put each text, or pair"
    note = f"{cut(found.model)}. Along the direction of all others, in spreads of chance"
    figure, axes = lay_out(title, note, [0.9] * len(found.along))
    for ax, (name, (real, chance)) in zip(axes, found.along.items(), strict=True):
        scale = max(float(chance.std()), 1e-12)
        both = np.concatenate([real, chance]) / scale
        edges: Numbers = np.linspace(float(both.min()), float(both.max()) + 1e-9, 31)
        for values, color, filled in ((chance, PALE, True), (real, POSITIVE, False)):
            counts, _ = np.histogram(values / scale, edges)
            ax.stairs(
                counts / max(len(values), 1),
                edges,
                color=color,
                fill=filled,
                alpha=THIN if filled else None,
                linewidth=0 if filled else 1.5,
            )
        ax.axvline(0, color=INK, linewidth=0.8, linestyle=DASHES)
        ax.set_title(f"{name}, {len(real):,}")
        ax.set_ylim(0)
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    for text, color, at in (("as they are", POSITIVE, 1), ("by chance", PALE, 0.84)):
        axes[0].text(at, 1.08, text, transform=axes[0].transAxes, color=color, ha="right")
    return figure


CURVES = {
    "span": ("what differs", POSITIVE),
    "after": ("all tokens after it", INK),
    "wrong": ("another concept's words", NEGATIVE),
}


def _draw_curve(found: PatchResult) -> "Figure":
    title = f"What patching brings back in {found.model.name}"
    note = (
        f"Median share of the KL to the source, with 95 %; {found.pairs:,} pairs of {found.config};"
        " 1 is all, 0 nothing"
    )
    figure, (ax,) = lay_out(title, note, [2.2])
    ax.axhline(0, color=PALE, linewidth=0.8, linestyle=DASHES)
    ends: list[tuple[float, str, str]] = []
    for patch, (name, color) in CURVES.items():
        points = [each for each in found.layers if each.patch == patch]
        if not points:
            continue
        layers = [each.layer for each in points]
        medians = [each.restored.median for each in points]
        bounds = [each.restored.interval or (each.restored.median,) * 2 for each in points]
        lows, highs = zip(*bounds, strict=True)
        ax.fill_between(layers, lows, highs, color=color, alpha=0.18, linewidth=0)
        ax.plot(layers, medians, color=color, linewidth=1.5, marker="o", markersize=3)
        ends.append((medians[0], name, color))
    ax.set_ylim(-1.1, 1.1)
    for line, (_, name, color) in enumerate(ends):
        ax.text(1, 0.3 - 0.09 * line, name, transform=ax.transAxes, color=color, ha="right")
    ax.set(xlabel="Blocks that have run before the states are exchanged (0: embeddings)")
    ax.locator_params("x", integer=True)
    return figure


def _draw_components(found: PatchResult) -> "Figure":
    """The chosen components against as many drawn at random."""
    title = f"The components that differ most, exchanged in {found.model.name}"
    note = (
        "Median share of the KL brought back, with 95 %; grey: as many at random; orange: another"
        " concept's"
    )
    figure, axes = lay_out(title, note, [0.8] * len(found.components))
    for ax, each in zip(axes, found.components, strict=True):
        _draw_strip(ax, 0, each.random, PALE)
        for restored, color in ((each.restored, POSITIVE), (each.wrong, NEGATIVE)):
            if restored is None:
                continue
            ax.plot(restored.median, 0, "D", color=color, markersize=6)
            if restored.interval is not None:
                ax.hlines(0, *restored.interval, color=color, linewidth=1.5)
        ax.set_title(f"{', '.join(each.components[:4])}{' …' * (len(each.components) > 4)}")
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.axvline(0, color=PALE, linewidth=0.8, linestyle=DASHES)
    return figure


def _draw_strip(ax: "Axes", line: float, values: Sequence[float], color: str) -> None:
    ax.plot(values, [line] * len(values), "|", color=color, alpha=THIN, markersize=12)


def _draw_steer(found: SteerResult) -> "Figure":
    parts = [part for part in found.parts if part.strengths]
    title = f"What adding a direction does in {found.model.name}, layer {found.layer}"
    note = "Change of log p(positive) - log p(negative), nats; grey random, orange relabelled"
    figure, axes = lay_out(title, note, [0.4 + 0.3 * len(part.strengths) for part in parts])
    for ax, part in zip(axes, parts, strict=True):
        _draw_part(ax, part)
    return figure


def _draw_part(ax: "Axes", part: SteerPart) -> None:
    for line, each in enumerate(part.strengths):
        _draw_strip(ax, line + 0.12, each.random, PALE)
        _draw_strip(ax, line - 0.12, each.flipped, NEGATIVE)
        if each.interval is not None:
            ax.hlines(line, *each.interval, color=POSITIVE, linewidth=1.5)
        ax.plot(each.effect, line, "D", color=POSITIVE, markersize=6)
    ax.set_yticks(range(len(part.strengths)), [f"{each.multiple:g}" for each in part.strengths])
    ax.set(ylim=(-0.5, len(part.strengths) - 0.5), ylabel="Norms added")
    ax.axvline(0, color=PALE, linewidth=0.8, linestyle=DASHES)
    ax.set_title(f"{part.name}: {part.held_out:,} held-out menus")
