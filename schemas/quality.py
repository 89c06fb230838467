"""`quality.json`: what was measured of a dataset, against what, and what came of it."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Share, StrictModel, Tier

Verdict = Literal["PASS", "WARN", "FAIL", "too few", "unaudited"]
"""`too few`: not enough rows to tell. `unaudited`: nobody independent has looked."""

Conclusion = Literal["PASS", "FAIL", "too few"]
"""What all gates come to."""

Level = Literal["gate", "warn"]
"""What a check that is missed means: `gate`, FAIL; `warn`, WARN."""

Interval = Annotated[tuple[float, ...], Field(min_length=2, max_length=2)]
"""Lower and upper bound, 95 %."""


class Controls(StrictModel):
    """What the same measure, or a classifier that sees no content, gives on the same rows."""

    random_labels: float | None = None
    """The measure with the poles of each menu swapped at random; null where it has no poles."""
    surface_only: float | None = None
    """Pair accuracy of the ten surface features; null where the measure is no such score."""


class Part(StrictModel):
    """A check on one behavior's rows alone."""

    value: float
    """What was measured."""
    n: Count
    """Menus."""
    verdict: Verdict
    """Against the check's threshold; always `too few` below 100 menus."""


class CheckResult(StrictModel):
    """One check on the rows of one config and tier."""

    number: Annotated[int, Field(ge=1, le=26)]
    """Number in the table of checks; see the card."""
    name: str
    """Name, such as `length cue`."""
    config: str
    """Config that was measured; `pairs` for a plain file of pairs."""
    tier: Tier
    """`core`: the selection alone. `full`: all rows, the selection among them."""
    level: Level
    """Whether it is a gate."""
    value: float | None
    """What was measured; null where nothing could be."""
    interval: Interval | None = None
    """95 % interval, bootstrapped over groups, or as the note says."""
    threshold: str
    """What it must be, such as `0.45-0.55`."""
    verdict: Verdict
    """What came of it."""
    n: Count
    """How many things were measured; pairs of one menu count once."""
    unit: str
    """What `n` counts, such as `menus`."""
    controls: Controls = Controls()
    """What chance, and what the surface alone, gives on the same rows."""
    figures: dict[str, float] = {}
    """More numbers of the same check, by name."""
    parts: dict[str, Part] = {}
    """Behavior -> the check on its rows alone, where it is looked at one by one."""
    note: str | None = None
    """What to know when reading the value."""
    waived: str | None = None
    """Why a gate does not count here; null where it does."""


class Selection(StrictModel):
    """How the `core` tier of one config was chosen, and what became of the rows."""

    rows: Count
    """Rows of the config."""
    core: Count
    """Rows that are `core`."""
    hard: Count
    """Rows that an option-only text model gets wrong."""
    reversed_cue: Count
    """Rows in which the surface cues point to the wrong side."""
    fell: dict[str, Count]
    """Cue -> rows that are not `core` because of it more than of any other."""


class Histogram(StrictModel):
    """Counts between edges."""

    edges: tuple[float, ...]
    """One more than counts, ascending; the first and last bin also hold what lies beyond."""
    counts: tuple[Count, ...]
    """Things in each bin."""


class Poles(StrictModel):
    """How many options of a behavior stand where."""

    positive: Count
    """Options that exhibit it."""
    negative: Count
    """Options that do not."""
    neither: Count
    """Options that are ambiguous or have no label."""


class Plots(StrictModel):
    """What the figures are drawn from."""

    length: dict[str, dict[Tier, Histogram]] = {}
    """Config -> tier -> words of the positive less words of the negative, in pairs."""
    position: dict[str, dict[str, tuple[Count, ...]]] = {}
    """Config -> number of options -> items whose positive stands at each place."""
    polarity: dict[str, Poles] = {}
    """Behavior -> its options."""
    coverage: dict[str, Count] = {}
    """Game (or theme, or group) -> rows."""
    similarity: dict[str, Histogram] = {}
    """Config -> Jaccard similarity of each text to the nearest other one, 0 to 1."""
    agreement: dict[str, Share] = {}
    """Label -> share of options that two labellers agree on; empty where nobody looked."""


class HumanAudit(StrictModel):
    """What people said of a sample of rows."""

    n: Count
    """Rows that were judged."""
    ok: Count
    """Rows that they found right."""
    lower: Share
    """Lower bound of the share of right rows, Wilson, 95 %."""
    upper: Share
    """Upper bound."""
    auditors: Count
    """People who judged."""
    by_config: dict[str, tuple[Count, Count]]
    """Config -> rows judged, rows found right."""


class Quality(StrictModel):
    """All that was measured of one folder, or file of pairs."""

    format: Literal[1] = 1
    """Version of this file's layout."""
    name: str
    """What was measured, such as `machiavelli`."""
    verdict: Conclusion
    """FAIL where a gate that counts fails; `too few` where no config had the rows to look for cues.
    PASS says nothing of gates that had too few rows or were not audited; `gates` counts them."""
    gates: dict[Verdict, Count]
    """Verdict -> gates that count: on `core`; on all rows those that it is not chosen by; on all
    rows of a config without `core` those that are not about cues; on the folder as a whole, and on
    a plain file of pairs, all. None that is waived."""
    seed: int
    """Decides samples, folds and shuffles."""
    selections: dict[str, Selection]
    """Config -> how `core` came about."""
    checks: tuple[CheckResult, ...]
    """Every check, by number, config and tier."""
    plots: Plots
    """What the figures are drawn from."""
    audit: HumanAudit | None = None
    """What people said of a sample; null where none was asked."""
