"""How the two sides of pairs, or two sets of texts, differ in a model: by component and layer.

`compare_pairs` and `compare_sets` read and measure, and write nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from generators.activations.captured import Captured, capture
from generators.activations.compared import Cell, Compared, order_cells
from generators.activations.differences import name_part
from generators.activations.directions import (
    Design,
    Numbers,
    draw_flips,
    find_band,
    find_doubt,
    hold_out,
    multiply,
    test_directions,
)
from generators.activations.sets import FEWEST, split_text
from generators.activations.states import Component, Floats, Passage, Place, Reader
from generators.configs import pairs as own_pairs
from generators.configs.contrasts import Ints, Mask
from generators.errors import SourceError
from generators.progress import SILENT, Progress
from generators.sources.pairs.own_pair import OwnPair
from generators.sources.pairs.pair_files import Pairs, open_pairs

PARTS: tuple[Component, ...] = ("residual", "attention", "mlp")
"""What is compared where nothing else is asked for."""
DRAWN = 3
"""Components whose pairs are drawn."""
RELABELLED = 20
"""Relabellings that the distribution by chance is drawn from."""


def compare_pairs(
    pairs: Pairs,
    reader: Reader,
    components: Sequence[Component] = PARTS,
    place: Place = "mean",
) -> Compared:
    """Returns how the sides of pairs differ in a model; nothing is written.

    Args:
        pairs: a file of pairs; or pairs in memory: a list of dicts, a DataFrame, a Dataset, with
            `positive`, `negative` and, if there are, `prompt`, `group` and `menu`.
        reader: the model.
        components: those that are compared.
        place: over all tokens of a side, or at its last.

    Raises:
        SourceError: the file cannot be read, or a record is no pair, or there is none.
        ActivationError: a text can't be read by the model, or memory is short.
    """
    known = [*open_pairs(pairs)]
    contrasts = own_pairs.read_contrasts(known)
    sides = [place_side(known, "positive"), place_side(known, "negative")]
    passages = sorted({*sides[0], *sides[1]})
    places = {each: number for number, each in enumerate(passages)}
    one, other = (np.array([places[each] for each in side], np.int32) for side in sides)
    unit = np.unique(contrasts.unit.places, return_inverse=True)[1].astype(np.int32)
    every = np.ones(len(known), np.bool_)
    design = hold_out(unit, contrasts.group.places, every, sides=(one, other))
    flips = draw_flips(int(unit.max()) + 1, f"{reader.name}/pairs")
    means = _average_units(unit)
    cells: list[Cell] = []
    sizes: list[Numbers] = []
    directions: dict[Component, list[Numbers]] = {}
    with capture(reader, passages, components=_add_residual(components)) as captured:
        scale = _measure_length(captured, place)
        for cell in _list_cells(captured, components, place):
            states = _read_cell(captured, cell, place)
            gaps = means @ (states[one] - states[other])
            directions.setdefault(cell.component, []).append(gaps.mean(axis=0))
            sizes.append(_measure_sizes(gaps, flips) / scale[cell.layer])
            accuracy, null = _rank(states, one, other, design, flips)
            cells.append(cell._replace(accuracy=accuracy, accuracy_null=null))
        judged = _judge(cells, np.array(sizes))
        along: dict[str, tuple[Numbers, Numbers]] = {}
        for cell in order_cells(judged)[:DRAWN]:
            states = _read_cell(captured, cell, place)
            along[name_part(cell)] = _project(means @ (states[one] - states[other]), flips)
    found = _shape(directions, reader.layers)
    return Compared(reader.name, place, len(known), len(means), judged, found, along)


def compare_sets(
    first: Sequence[str],
    second: Sequence[str],
    reader: Reader,
    components: Sequence[Component] = PARTS,
    place: Place = "mean",
    progress: Progress = SILENT,
) -> Compared:
    """Returns how two sets of texts differ in a model; nothing is written.

    Texts need not be paired. Whatever else differs between the sets is in the difference, too.

    Args:
        first: texts.
        second: other texts.
        reader: the model.
        components: those that are compared.
        place: over all tokens of a text, or at its last.
        progress: shows how many texts are read.

    Raises:
        SourceError: a set has fewer than two texts.
        ActivationError: a text can't be read by the model, or memory is short.
    """
    for name, texts in (("first", first), ("second", second)):
        if len(texts) < 2:
            wanted = "two texts or more"
            raise SourceError(f"the {name} set", f"{len(texts)} texts", wanted, "Add some")
    passages = [Passage("", text) for text in (*first, *second)]
    rng = np.random.default_rng(0)
    labels = np.r_[np.full(len(first), 1 / len(first)), np.full(len(second), -1 / len(second))]
    dealt = np.array([labels, *(rng.permutation(labels) for _ in range(200))])
    cells: list[Cell] = []
    sizes: list[Numbers] = []
    directions: dict[Component, list[Numbers]] = {}
    with capture(reader, passages, progress, _add_residual(components)) as captured:
        scale = _measure_length(captured, place)
        for cell in _list_cells(captured, components, place):
            differences = dealt @ _read_cell(captured, cell, place)
            directions.setdefault(cell.component, []).append(differences[0])
            sizes.append(np.linalg.norm(differences, axis=1) / scale[cell.layer])
            cells.append(cell)
        judged = _judge(cells, np.array(sizes))
        along: dict[str, tuple[Numbers, Numbers]] = {}
        for cell in order_cells(judged)[:DRAWN]:
            states = _read_cell(captured, cell, place)
            real, *others = (_place_texts(states, each > 0) for each in dealt[: RELABELLED + 1])
            along[name_part(cell)] = real, np.concatenate(others)
    found = _shape(directions, reader.layers)
    return Compared(reader.name, place, len(first), len(passages), judged, found, along)


def place_side(pairs: Sequence[OwnPair], side: Literal["positive", "negative"]) -> list[Passage]:
    """Returns one side of each pair as a passage, after its prompt."""
    passages: list[Passage] = []
    for pair in pairs:
        positive, negative = pair.join()
        text, whole = (pair.positive, positive) if side == "positive" else (pair.negative, negative)
        passages.append(split_text(whole, len(whole) - len(text)))
    return passages


def _add_residual(components: Sequence[Component]) -> list[Component]:
    """Returns what is read: sizes are shares of the residual stream's length."""
    return [*dict.fromkeys(("residual", *components))]


def _list_cells(
    captured: Captured, components: Sequence[Component], place: Place
) -> Iterator[Cell]:
    """Yields the components, layer by layer."""
    layers = len(captured.states["residual", place])
    for component in components:
        heads = len(captured.states[component, place]) // layers
        for layer in range(layers):
            for head in range(heads):
                yield Cell(component, layer, head if component == "head" else None)


def _read_cell(captured: Captured, cell: Cell, place: Place) -> Numbers:
    """Returns the states of a component: (passages, width)."""
    states = captured.states[cell.component, place]
    heads = len(states) // len(captured.states["residual", place])
    return np.asarray(states[cell.layer * heads + (cell.head or 0)], np.float64)


def _measure_length(captured: Captured, place: Place) -> Numbers:
    """Returns the mean length of the residual stream in each layer."""
    layers = captured.states["residual", place]
    lengths = [np.linalg.norm(layer, axis=1).mean() for layer in layers]
    return np.maximum(np.array(lengths, np.float64), 1e-30)


def _shape(directions: dict[Component, list[Numbers]], layers: int) -> dict[Component, Floats]:
    """Returns the directions of each component as one array; those of heads by layer."""
    found: dict[Component, Floats] = {}
    for component, each in directions.items():
        values = np.array(each, np.float32)
        heads = (len(each) // layers,) if component == "head" else ()
        found[component] = values.reshape(layers, *heads, -1)
    return found


def _average_units(unit: Ints) -> Numbers:
    """Returns (units, pairs): what makes the mean of each unit's pairs."""
    counts = np.bincount(unit)
    means = np.zeros((len(counts), len(unit)))
    means[unit, np.arange(len(unit))] = 1 / counts[unit]
    return means


def _measure_sizes(gaps: Numbers, flips: Numbers) -> Numbers:
    """Returns the length of the mean of units' differences, and that with their sides swapped.

    Args:
        gaps: (units, width).
        flips: (units, relabellings).
    """
    signs = np.c_[np.ones(len(gaps)), flips]
    return np.linalg.norm(signs.T @ gaps, axis=1) / len(gaps)


def _rank(
    states: Numbers, one: Ints, other: Ints, design: Design, flips: Numbers
) -> tuple[float | None, tuple[float, float] | None]:
    """Returns the accuracy on other groups and its band; None below 20 units."""
    if len(design.units) < FEWEST:
        return None, None

    def differ(layer: int, pairs: Ints) -> Floats:
        return (states[one[pairs]] - states[other[pairs]]).astype(np.float32)

    tested = test_directions(multiply(differ, design), (0,), design, flips)
    return float(tested.by_layer[0]), find_band(tested.null[0])


def _judge(cells: Sequence[Cell], sizes: Numbers) -> tuple[Cell, ...]:
    """Returns the cells with their sizes, bands and p.

    Args:
        cells: component by component.
        sizes: (cells, 1 + relabellings): as it is, then by chance.
    """
    # In spreads of its own chance: in some layers one dimension is so large that chance has a long
    # tail there, which must not decide what counts as much in the others.
    null = sizes[:, 1:]
    centre, spread = (each(null, axis=1, keepdims=True) for each in (np.mean, np.std))
    beyond = (sizes - centre) / np.maximum(spread, 1e-6 * np.maximum(centre, 1e-30))
    most: Numbers = beyond[:, 1:].max(axis=0)
    return tuple(
        cell._replace(
            size=float(size[0]), null=find_band(size[1:]), p=find_doubt(float(far[0]), most)
        )
        for cell, size, far in zip(cells, sizes, beyond, strict=True)
    )


def _project(gaps: Numbers, flips: Numbers) -> tuple[Numbers, Numbers]:
    """Returns how far each unit lies along the direction of all others; and with swapped sides.

    Args:
        gaps: (units, width).
        flips: (units, relabellings).
    """
    products = gaps @ gaps.T
    np.fill_diagonal(products, 0)

    def find(signs: Numbers) -> Numbers:
        directions = signs.T @ gaps
        lengths = np.maximum(np.linalg.norm(directions, axis=1), 1e-30)
        return signs * (products @ signs) / lengths

    real = find(np.ones((len(gaps), 1)))[:, 0]
    return real, find(flips[:, :RELABELLED]).ravel()


def _place_texts(states: Numbers, first: Mask) -> Numbers:
    """Returns how far each text lies on the side of its own set, by the direction of all others.

    Args:
        states: (texts, width).
        first: the texts of the first set; the others are those of the second.
    """
    found = np.empty(len(states))
    for side in (first, ~first):
        own, other = states[side], states[~side].mean(axis=0)
        rest = (own.sum(axis=0) - own) / (len(own) - 1)
        direction = rest - other
        lengths = np.maximum(np.linalg.norm(direction, axis=1), 1e-30)
        found[side] = ((own - (rest + other) / 2) * direction).sum(axis=1) / lengths
    return found
