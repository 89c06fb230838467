"""What is measured of one behavior (theme, axis): from differences to numbers of a report. Pure.

See `schemas.activations` for what each number means.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from generators.activations.directions import (
    TRIALS,
    Design,
    Differences,
    Numbers,
    Products,
    Tested,
    compare_halves,
    draw_flips,
    find_band,
    find_doubt,
    find_middle,
    multiply,
    test_directions,
)
from generators.activations.lessons import Sides, Taught, find_sides, list_lessons, teach
from generators.activations.sets import FEWEST, Part
from generators.configs.contrasts import Ints
from generators.quality.measures.estimates import Estimate, average, correct, estimate
from schemas.activations import (
    BestLayer,
    Difference,
    Lesson,
    Lessons,
    PartReading,
    Reading,
)

SETS = ("pairs", "half", "only_longer", "random")
"""The sets of `list_lessons`, by their names in a report."""


class Spaces(NamedTuple):
    """What is read of the pairs of a set."""

    layers: int
    mean: Differences
    """Over all tokens of the option."""
    last: Differences
    """At its last token."""
    alone: Differences | None
    """Over all tokens of the option without its context; None where there is none."""


class Measured(NamedTuple):
    """One part, measured; its p is not corrected yet."""

    reading: PartReading
    above_words: Estimate
    lessons: list[tuple[Estimate, Estimate]] | None
    """Each set of `SETS`: its accuracy where the positive is longer, and where it is shorter."""


def measure_part(part: Part, spaces: Spaces, words: Products, longer: Ints) -> Measured:
    """Returns what is measured of a part.

    Args:
        part: what is fitted, and what tested.
        spaces: what was read.
        words: inner products of the words of the options.
        longer: pair -> 1 where its positive is longer, -1 where it is shorter, 0 where neither.
    """
    design, middle = part.design, find_middle(spaces.layers)
    flips = draw_flips(int(design.unit.max()) + 1, part.name)
    products = multiply(spaces.mean, design)
    every = test_directions(products, range(spaces.layers), design, flips)
    shares = every.shares[middle].mean(axis=0)
    by_words = test_directions(words, (0,), design, flips)
    alone = spaces.alone and test_directions(multiply(spaces.alone, design), middle, design, flips)
    lessons = _learn(part, products, middle, longer)
    accuracy = estimate_share(shares, design.units)
    above_words = estimate(shares - by_words.shares[0], design.units, share=False)
    reading = PartReading(
        pairs=len(design.tests),
        units=len(design.units),
        groups=len(np.unique(design.groups)),
        mean=_read(every, middle),
        interval=_bound_share(accuracy),
        p=_doubt(part, products, middle, accuracy.value),
        p_corrected=1.0,
        last=_read(test_directions(multiply(spaces.last, design), middle, design, flips)),
        words=_read(by_words),
        above_words=show_difference(above_words),
        alone=_read(alone) if alone else None,
        context_adds=_subtract(shares, alone, design) if alone else None,
        held_out=_hold_out(part, spaces),
        best=_find_best(every),
        by_layer=tuple(round(float(value), 4) for value in every.by_layer),
        null_by_layer=tuple(_round(find_band(null)) for null in every.null),
        groups_above=_count_above(shares, design),
        split_half=_compare_halves(part, spaces, middle),
        lessons=show_lessons(lessons) if lessons else None,
    )
    return Measured(reading, above_words, lessons)


def _read(tested: Tested, layers: Sequence[int] | None = None) -> Reading:
    """Returns the mean over layers, and its band; over all that were tested if none are named."""
    places = [*layers] if layers is not None else slice(None)
    shares, null = tested.shares[places], tested.null[places]
    return Reading(
        accuracy=round(float(shares.mean()), 4),
        null=_round(find_band(null.mean(axis=0))),
        units=shares.shape[1],
    )


def _doubt(part: Part, products: Products, middle: Sequence[int], value: float) -> float:
    units = int(part.design.unit.max()) + 1
    flips = draw_flips(units, f"{part.name}/p", TRIALS)
    null = test_directions(products, middle, part.design, flips).null
    return find_doubt(value, null.mean(axis=0))


def _subtract(shares: Numbers, other: Tested, design: Design) -> Difference:
    """Returns shares less those of another reading of the same pairs."""
    gaps = shares - other.shares.mean(axis=0)
    return show_difference(estimate(gaps, design.units, share=False))


def _hold_out(part: Part, spaces: Spaces) -> Reading | None:
    """Returns how a direction of train ranks the pairs of test."""
    design = part.split
    if design is None:
        return None
    flips = draw_flips(int(design.unit.max()) + 1, f"{part.name}/split")
    middle = find_middle(spaces.layers)
    return _read(test_directions(multiply(spaces.mean, design), middle, design, flips))


def _find_best(tested: Tested) -> BestLayer:
    layer = int(tested.by_layer.argmax())
    return BestLayer(
        layer=layer,
        accuracy=round(float(tested.by_layer[layer]), 4),
        null=round(float(np.percentile(tested.null.max(axis=0), 95)), 4),
    )


def _count_above(shares: Numbers, design: Design) -> int:
    """Returns how many groups are more often right than wrong."""
    _, place = np.unique(design.groups, return_inverse=True)
    means = np.bincount(place, shares) / np.bincount(place)
    return int((means > 0.5).sum())


def _compare_halves(part: Part, spaces: Spaces, middle: Sequence[int]) -> float | None:
    if not part.shared:
        return None
    return round(compare_halves(spaces.mean, middle, part.design, f"{part.name}/halves"), 4)


def _learn(
    part: Part, products: Products, middle: Sequence[int], longer: Ints
) -> list[tuple[Estimate, Estimate]] | None:
    """Returns what each set teaches; None where length points either way in too few units."""
    design = part.design
    sides: Sides = find_sides(design, longer)
    fitted = np.unique(design.unit[design.fits][longer[design.fits] > 0])
    if min(len(sides.longer), len(sides.shorter), len(fitted)) < FEWEST or not part.shared:
        return None
    taught = teach(products, middle, design, longer, list_lessons(design, longer, part.name))

    def judge(each: Taught) -> tuple[Estimate, Estimate]:
        return (
            estimate_share(each.longer, sides.longer),
            estimate_share(each.shorter, sides.shorter),
        )

    return [judge(each) for each in taught]


def show_lessons(lessons: Sequence[tuple[Estimate, Estimate]]) -> Lessons:
    """Returns what sets teach, as a report has it."""
    shown = [
        Lesson(
            longer=round(longer.value, 4),
            longer_interval=_bound_share(longer),
            shorter=round(shorter.value, 4),
            shorter_interval=_bound_share(shorter),
        )
        for longer, shorter in lessons
    ]
    return Lessons(**dict(zip(SETS, shown, strict=True)))


def show_difference(found: Estimate) -> Difference:
    """Returns a difference with its interval, as a report has it."""
    return Difference(value=round(found.value, 4), interval=_bound(found))


def estimate_share(shares: Numbers, units: Ints) -> Estimate:
    """Returns the mean of shares, one a unit, with the error that their spread gives.

    A share over many pairs and layers spreads less than a coin does. Only where all are the same
    the spread says nothing, and the error is that of a coin.
    """
    return estimate(shares, units, share=float(np.ptp(shares)) == 0)


def _bound_share(found: Estimate) -> tuple[float, float]:
    low, high = _bound(found)
    return max(low, 0.0), min(high, 1.0)


def _bound(found: Estimate) -> tuple[float, float]:
    interval = found.interval
    assert interval is not None  # there are at least 20 units
    return _round(interval)


def _round(bounds: tuple[float, float]) -> tuple[float, float]:
    return round(bounds[0], 4), round(bounds[1], 4)


def gather(found: dict[str, Measured]) -> dict[str, PartReading]:
    """Returns the parts with p corrected for their number."""
    corrected = correct([each.reading.p for each in found.values()])
    return {
        name: each.reading.model_copy(update={"p_corrected": round(p, 4)})
        for (name, each), p in zip(found.items(), corrected, strict=True)
    }


def average_words(found: Sequence[Measured]) -> Difference | None:
    """Returns the model less the words, the mean over parts; None without any."""
    each = [one.above_words for one in found]
    return show_difference(average(each)) if each else None


def average_lessons(found: Sequence[Measured]) -> Lessons | None:
    """Returns what sets teach, the mean over the parts that have them; None without any."""
    each = [one.lessons for one in found if one.lessons is not None]
    if not each:
        return None
    return show_lessons(
        [
            (average([one[0] for one in those]), average([one[1] for one in those]))
            for those in zip(*each, strict=True)
        ]
    )
