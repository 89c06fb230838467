"""What all calls share: how a model is named, how a result is written, how a table is printed."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generators.activations.states import Floats, Reader
from generators.dataset.header import list_versions
from generators.quality.measures.estimates import LEVEL
from generators.splits import hash_number
from schemas.base import StrictModel
from schemas.model_run import ModelRun

VERSIONED = ("numpy", "scipy")
"""What decides the numbers, beside what runs the model."""
FEWEST_GROUPS = 5
"""Groups below which no interval of a median is given."""
DRAWS = 2000


def describe_model(reader: Reader, today: date | None = None) -> ModelRun:
    """Returns what names a model in a result; `today` is the day of the clock if not given."""
    return ModelRun(
        name=reader.name,
        sha256=reader.sha256,
        layers=reader.layers,
        width=reader.width,
        heads=reader.heads,
        versions=list_versions(VERSIONED) | dict(sorted(reader.versions.items())),
        date=today or datetime.now(UTC).date(),
    )


def write_result(result: StrictModel, out: Path) -> None:
    """Writes a result as JSON."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(result.model_dump_json(indent=1) + "\n", encoding="utf-8", newline="\n")


def make_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yields the lines of a table: the first column and the last from the left, numbers right."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    last = len(heads) - 1
    for row in (heads, *rows):
        cells = [
            cell.ljust(width) if at in (0, last) and not _is_number(cell) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"  {'  '.join(cells)}".rstrip()


def _is_number(cell: str) -> bool:
    return cell.lstrip("+-")[:1].isdigit()


def draw_numbers(*names: object) -> np.random.Generator:
    """Returns a source of random numbers that is the same for the same names."""
    return np.random.default_rng(hash_number("/".join(map(str, names))))


def find_median(
    values: Floats | NDArray[np.float64], groups: Sequence[str]
) -> tuple[float, tuple[float, float] | None]:
    """Returns the median and its 95 % interval, from groups drawn with replacement.

    Args:
        values: One for each unit.
        groups: Of each unit; units of one group depend on each other.
    """
    median = float(np.median(values))
    names = sorted(set(groups))
    if len(names) < FEWEST_GROUPS:
        return median, None
    place = {name: at for at, name in enumerate(names)}
    group = np.array([place[each] for each in groups])
    rng = draw_numbers("median", *names)
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), DRAWS)
    draws = [np.median(np.repeat(values, each[group])) for each in times]
    low, high = np.quantile(draws, (LEVEL / 2, 1 - LEVEL / 2)).tolist()
    return median, (low, high)
