"""What was found to differ in a model, by component and layer; it shows itself in a notebook."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from generators.activations.differences import name_part
from generators.activations.directions import Numbers
from generators.activations.states import Component, Floats, Place
from generators.report.files import can_draw

if TYPE_CHECKING:
    from pandas import DataFrame

SHOWN = 10
"""Components that are listed."""


class Cell(NamedTuple):
    """One component of one layer."""

    component: Component
    layer: int
    head: int | None = None
    """The attention head; None for other components."""
    accuracy: float | None = None
    """Share of pairs whose positive lies further along the direction of other groups; None for two
    sets, and below 20 units."""
    accuracy_null: tuple[float, float] | None = None
    """The 95 % interval under random relabelling (the sides of pairs swapped)."""
    size: float = 0.0
    """Length of the mean difference, as a share of the residual stream's mean length there."""
    null: tuple[float, float] = (0.0, 0.0)
    """The same of `size`; of two sets, with texts reassigned to them."""
    p: float = 1.0
    """How often that makes any component of any layer stand out as much: corrected for all."""


@dataclass(frozen=True, repr=False)
class Compared:
    """What differs between two sides, by component and layer. It shows itself in a notebook."""

    model: str
    place: Place
    pairs: int
    """Pairs; of two sets, texts of the first."""
    units: int
    """What is independent: menus, or pairs; of two sets, all texts."""
    cells: tuple[Cell, ...]
    """The components, layer by layer."""
    directions: dict[Component, Floats]
    """Component -> (layers, width), for heads (layers, heads, width): the mean difference, each
    unit with the same say."""
    along: dict[str, tuple[Numbers, Numbers]]
    """The components that stand out most, by name -> how far each unit lies along the direction of
    all others; and the same where sides are swapped, or texts dealt, at random. Of two sets it is
    how far a text lies on the side of its own."""

    @property
    def largest(self) -> list[Cell]:
        """The components, that which stands out most from chance first."""
        return order_cells(self.cells)

    @cached_property
    def table(self) -> "DataFrame":
        """One row a component and layer; of heads one a head."""
        from pandas import DataFrame

        rows = [
            {
                "component": cell.component,
                "layer": cell.layer,
                "head": cell.head,
                "size": cell.size,
                "null_low": cell.null[0],
                "null_high": cell.null[1],
                "p": cell.p,
                "accuracy": cell.accuracy,
                "accuracy_null_low": cell.accuracy_null and cell.accuracy_null[0],
                "accuracy_null_high": cell.accuracy_null and cell.accuracy_null[1],
            }
            for cell in self.cells
        ]
        return DataFrame(rows)

    def __repr__(self) -> str:
        lines = [self._summary, *map(_show, self.largest[:SHOWN])]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>{''.join(self.draw().values())}"

    def draw(self) -> dict[str, str]:
        """Returns name -> SVG of its figures; none where matplotlib is not installed."""
        if not can_draw():
            return {}
        from generators.activations.pictures import draw_compared

        return draw_compared(self)

    @property
    def _summary(self) -> str:
        beyond = sum(cell.p < 0.05 for cell in self.cells)
        first = self.largest[0]
        found = (
            f"{name_part(first)} stands out most: {first.size:.2f} of the residual stream's length."
            if beyond
            else "Nothing changes more than chance gives."
        )
        return f"{found} {beyond} of {len(self.cells)} components are beyond chance (p < 0.05)."


def _show(cell: Cell) -> str:
    ranked = "" if cell.accuracy is None else f", ranks {cell.accuracy:.2f} of held-out pairs right"
    return (
        f"  {name_part(cell):<26} {cell.size:.3f} (chance {cell.null[0]:.3f} to {cell.null[1]:.3f},"
        f" p {cell.p:.3f}){ranked}"
    )


def order_cells(cells: Sequence[Cell]) -> list[Cell]:
    """Returns components, that which stands out most from chance first."""
    return sorted(cells, key=lambda cell: (cell.p, -_compare_to_chance(cell)))


def _compare_to_chance(cell: Cell) -> float:
    """Returns how far a size lies from the middle of its band, in widths of the band."""
    low, high = cell.null
    return (cell.size - (low + high) / 2) / max(high - low, 1e-6 * high, 1e-30)
