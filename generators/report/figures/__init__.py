"""Figures of what was measured, as SVG; the only importers of matplotlib, imported to draw."""

from generators.report.figures.canvas import adapt_to_theme
from generators.report.figures.drawings import draw_figures

__all__ = ["adapt_to_theme", "draw_figures"]
