"""What a check is: a measure of some rows, a threshold, and what missing it means."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Generic, Literal, TypeVar

import numpy as np

from generators.quality.evidence import Evidence, FolderEvidence
from schemas.quality import FOLDER, PAIRS, CheckResult, Controls, Level, Part, Verdict

Bounds = tuple[float, float]

FEWEST = 100
"""Menus below which a score is too uncertain: the 95 % band around 0.5 is then wider than 0.098, so
that the best set there can be would not stay below 0.6 for sure."""
FEWEST_SURE = 30
"""Menus below which even an interval is too uncertain."""
MANY = 300
"""Menus from which on the upper bound of a score must hold, not only the score."""
FEWEST_GROUPS = 10
"""Groups below which an interval leaves doubts: resampling few clusters makes it too narrow
(Cameron, Gelbach and Miller 2008, https://doi.org/10.1162/rest.90.3.414, look at 5 to 30)."""
STEADY = 400
"""Menus from which on chance alone keeps a share within 0.05 of a half, 95 times of 100: the band
is 0.98 / sqrt(n), and 0.05 at n = 384."""


@dataclass(frozen=True)
class Measurement:
    """What was measured."""

    value: float | None
    """The number that is compared with the threshold; None where there is none yet."""
    n: int
    """How many things were measured."""
    interval: Bounds | None = None
    """95 %."""
    groups: int | None = None
    """How many groups the interval was resampled from; None where it is of another kind."""
    controls: Controls = field(default_factory=Controls)
    """The same measure where there is nothing to find, and what the surface gives."""
    figures: Mapping[str, float] = field(default_factory=dict[str, float])
    """More numbers."""
    parts: Mapping[str, "Measurement"] = field(default_factory=dict[str, "Measurement"])
    """Behavior -> the same on its rows alone."""
    missed: tuple[str, ...] = ()
    """Which of the other numbers are out of their bounds, such as `refusals 0.021`: a miss whatever
    the value is."""
    enough: bool = True
    """Whether there is enough of what `n` does not count, such as tokenizers."""
    note: str | None = None
    """What to know when reading it."""


Seen = TypeVar("Seen", Evidence, FolderEvidence)
About = Literal["cue", "place", "data"]


@dataclass(frozen=True)
class Check(Generic[Seen]):
    """One check; its name is its identity."""

    name: str
    """What it looks for; no other check has this name."""
    level: Level
    """Whether missing it is a FAIL or a WARN."""
    threshold: str
    """What must hold, in words."""
    measure: Callable[[Seen], Measurement | None]
    """Returns what was measured; None where the check does not apply. The page shows the beginning
    of its docstring as the meaning of the value."""
    _: KW_ONLY
    number: int | None = None
    """Its number in the table of checks that `quality.json` has had from the start, if any."""
    about: About = "data"
    """`cue`: what separates the poles and is not their content; it counts on `core` alone. `place`:
    where the answer stands; it counts on all rows too, in a config without `core`. `data`: anything
    else; no selection excuses it, and it counts on all rows."""
    low: float = -np.inf
    """Least value that will do."""
    high: float = np.inf
    """Largest value that will do."""
    unit: str = "menus"
    """What is counted."""
    fewest: int = 1
    """How many of them a verdict needs."""
    poles: bool = True
    """Whether it needs two poles, which rows of `decisions` do not have."""
    bounded: bool = False
    """Whether the whole interval must lie inside, from 300 on."""
    steady: int = 0
    """From how many on chance alone keeps within the bounds: of fewer, what lies outside is a miss
    only where it does so for sure, and else `too few`."""

    @property
    def miss(self) -> Verdict:
        """The verdict where the threshold is missed."""
        return "FAIL" if self.level == "gate" else "WARN"

    @property
    def meaning(self) -> str:
        """What the value is: the first sentences of what `measure` says that it returns."""
        first = (inspect.getdoc(self.measure) or "").partition("\n\n")[0]
        return first.removeprefix("Returns ").replace("\n", " ").strip()


def run(check: Check[Seen], evidence: Seen) -> CheckResult | None:
    """Returns the result of a check; None where it does not apply."""
    found = check.measure(evidence) if evidence.poles or not check.poles else None
    if found is None:
        return None
    parts = {
        name: Part(
            value=round(float(part.value or 0), 4),
            n=part.n,
            verdict="too few" if part.n < check.fewest else _judge(check, part),
        )
        for name, part in found.parts.items()
    }
    verdict, missed = _judge(check, found), list(found.missed)
    for name, part in parts.items():
        if part.verdict == check.miss:
            missed.append(f"{name} {part.value:.3f}")
            verdict = check.miss if verdict != "unaudited" else verdict
    few = found.interval and found.groups and found.groups < FEWEST_GROUPS
    notes = [
        found.note,
        f"interval from only {found.groups} groups" if few else None,
        f"out of bounds: {', '.join(missed)}" if missed and verdict == check.miss else None,
    ]
    waived = evidence.waivers.get(check.name)
    return CheckResult(
        number=check.number,
        name=check.name,
        config=evidence.config,
        tier=evidence.tier,
        level=check.level,
        counts=check.level == "gate" and not waived and _counts(check, evidence),
        value=round(float(found.value), 4) if found.n and found.value is not None else None,
        interval=found.interval and (round(found.interval[0], 4), round(found.interval[1], 4)),
        threshold=check.threshold,
        verdict=verdict,
        n=found.n,
        unit=check.unit,
        controls=found.controls,
        figures={name: round(float(value), 4) for name, value in found.figures.items()},
        parts=parts,
        note="; ".join(filter(None, notes)) or None,
        waived=waived,
    )


def _counts(check: Check[Seen], evidence: Seen) -> bool:
    """Returns whether a required check counts on these rows.

    Rows outside `core` may miss what `core` is selected by, as long as the card shows it. All of
    a user's own pairs are used, so there all rows count, and their `core` is a proposal.
    """
    if evidence.config == PAIRS:
        return evidence.tier == "full"
    if evidence.tier == "core" or evidence.config == FOLDER:
        return True
    return check.about == "data" or (check.about == "place" and not evidence.tiered)


def list_missed(*figures: tuple[str, float, bool]) -> tuple[str, ...]:
    """Returns those numbers that are out of their bounds, as they stand in a note.

    Args:
        figures: name, number, and whether it is out.
    """
    return tuple(f"{name} {number:.3g}" for name, number, out in figures if out)


def _judge(check: Check[Seen], found: Measurement) -> Verdict:
    if found.value is None:
        return check.miss if found.missed else "unaudited" if found.enough else "too few"
    if found.n < check.fewest or not found.enough:
        return check.miss if _is_sure(check, found) else "too few"
    missed = bool(found.missed) or not check.low <= round(found.value, 6) <= check.high
    if missed and found.n < check.steady and not _is_outside(check, found):
        return "too few"
    if check.bounded and found.n >= MANY and found.interval:
        missed |= found.interval[0] < check.low or found.interval[1] > check.high
    return check.miss if missed else "PASS"


def _is_sure(check: Check[Seen], found: Measurement) -> bool:
    """Returns whether even few rows leave no doubt: the whole interval lies outside."""
    if found.interval is None or found.n < FEWEST_SURE:
        return False
    if found.groups is not None and found.groups < FEWEST_GROUPS:
        return False
    return found.interval[1] < check.low or found.interval[0] > check.high


def _is_outside(check: Check[Seen], found: Measurement) -> bool:
    """Returns whether a share lies outside with its interval, and with the band of a coin too.

    The interval alone is too narrow where there are few groups, and there is none of one group.
    """
    assert found.value is not None
    band = 0.98 / np.sqrt(found.n)
    low, high = found.interval or (found.value, found.value)
    return max(high, found.value + band) < check.low or min(low, found.value - band) > check.high
