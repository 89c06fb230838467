"""`quality.json`: what was measured of a dataset, against which thresholds, and the verdicts."""

from html import escape
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Share, StrictModel, Tier

FOLDER, PAIRS = "folder", "pairs"
"""In the place of a config: a folder as a whole, and a plain file of pairs."""

Verdict = Literal["PASS", "WARN", "FAIL", "too few", "unaudited"]
"""`too few`: not enough rows to decide. `unaudited`: needs an independent audit."""

Conclusion = Literal["PASS", "FAIL", "too few"]
"""The verdict on the whole dataset, from its required checks."""

Level = Literal["gate", "warn"]
"""`gate`: a required check, FAIL where it misses its threshold. `warn`: WARN where it does."""

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

    number: Annotated[int, Field(ge=1)] | None = None
    """Number of the check in the card's table, from before checks went by name; null for others."""
    name: str
    """Name, such as `length cue`; it identifies the check."""
    config: str
    """Config that was measured; `pairs` for a plain file of pairs."""
    tier: Tier
    """`core`: the selection alone. `full`: all rows, the selection among them."""
    level: Level
    """Whether it is a required check."""
    counts: bool
    """Whether this verdict decides the dataset's. Required checks count on `core`; those that
    `core` is not selected by count on all rows too; without `core`, those that are not about cues
    count on all rows; on the folder as a whole, and on a plain file of pairs, all count. A waived
    check counts nowhere."""
    value: float | None
    """What was measured; null where nothing could be."""
    interval: Interval | None = None
    """95 % interval, from a bootstrap over groups unless the note names another kind."""
    threshold: str
    """What it must be, such as `0.45-0.55`."""
    verdict: Verdict
    """The result."""
    n: Count
    """How many things were measured; pairs of one menu count once."""
    unit: str
    """What `n` counts, such as `menus`."""
    controls: Controls = Controls()
    """What random labels, and what the surface alone, give on the same rows."""
    figures: dict[str, float] = {}
    """More numbers of the same check, by name."""
    parts: dict[str, Part] = {}
    """Behavior -> the check on its rows alone, where behaviors are checked one by one."""
    note: str | None = None
    """What to know when reading the value."""
    waived: str | None = None
    """Why a required check does not count here; null where none was waived."""


class PartSelection(StrictModel):
    """How `core` was chosen in one part, such as a behavior, counted on what the choice saw."""

    train_only: bool
    """Whether the choice saw nothing but `train`; else, where that has none of the part, all."""
    items: Count
    """Rows, or pairs of rows that are each other's twin, that the choice saw."""
    core: Count
    """Those of them that are `core`."""
    bound: Count
    """How many of them can be kept at most with every cue in balance, by the linear programme."""
    balanced: bool = True
    """Whether there is a core: false where the programme keeps next to nothing."""
    single_contrast: tuple[str, str] | None = None
    """What alone differs in all pairs, such as `lied` and `spoke`: words are then no cue. Null
    where pairs differ in more than that."""


class Selection(StrictModel):
    """How many rows of one config are in the `core` tier, and why the others are not."""

    rows: Count
    """Rows of the config."""
    core: Count
    """Rows that are `core`."""
    hard: Count
    """Rows that an option-only text model gets wrong."""
    reversed_cue: Count
    """Rows in which the surface cues point to the wrong side."""
    fell: dict[str, Count]
    """Cue -> rows that it, more than any other cue, keeps out of `core`."""
    parts: dict[str, PartSelection] = {}
    """Part, such as a behavior, or `all` where rows are not divided -> how it was chosen."""
    seen: Count = 0
    """What the choice saw, over all parts."""
    kept: Count = 0
    """Those of it that are `core`."""
    bound: Count = 0
    """How many of it can be kept at most, in the parts that have a core."""


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
    """Label -> share of options that two labellers agree on; empty without an independent audit."""


class HumanAudit(StrictModel):
    """How people judged a sample of rows."""

    n: Count
    """Rows that were judged."""
    ok: Count
    """Rows that they judged right."""
    lower: Share
    """Lower bound of the share of right rows, Wilson, 95 %."""
    upper: Share
    """Upper bound."""
    auditors: Count
    """People who judged."""
    by_config: dict[str, tuple[Count, Count]]
    """Config -> rows judged, rows judged right."""


class Quality(StrictModel):
    """All that was measured of one folder, or file of pairs."""

    format: Literal[1] = 1
    """Version of this file's layout."""
    name: str
    """What was measured, such as `machiavelli`."""
    verdict: Conclusion
    """FAIL where a check that counts fails; `too few` where no config has enough rows to look for
    cues. PASS does not cover required checks that are `too few` or `unaudited`; `gates` has their
    numbers."""
    gates: dict[Verdict, Count]
    """Verdict -> required checks that count, on all configs together."""
    seed: int
    """Decides samples, folds and shuffles."""
    selections: dict[str, Selection]
    """Config -> its `core` in numbers."""
    checks: tuple[CheckResult, ...]
    """Every check, by number, config and tier."""
    plots: Plots
    """What the figures are drawn from."""
    audit: HumanAudit | None = None
    """How people judged a sample; null where nobody has."""

    @property
    def failed(self) -> tuple[CheckResult, ...]:
        """The required checks that failed, those that count."""
        return tuple(each for each in self.checks if each.counts and each.verdict == "FAIL")

    @property
    def summary(self) -> str:
        """The verdict in a sentence or two, in plain text."""
        total, passed = sum(self.gates.values()), self.gates.get("PASS", 0)
        if self.verdict == "FAIL":
            names = "; ".join(f"{each.name} ({each.config})" for each in self.failed)
            return f"{len(self.failed)} of {total} required checks failed: {names}."
        if self.verdict == "too few":
            lack = "there are too few rows to tell whether surface cues separate the poles"
            return f"No required check failed, but {lack}."
        undecided: list[str] = []
        if few := self.gates.get("too few"):
            undecided.append(f"{few} had too few rows to decide")
        if waiting := self.gates.get("unaudited"):
            need = "needs" if waiting == 1 else "need"
            undecided.append(f"{waiting} {need} an independent audit")
        if not undecided:
            return f"All {total} required checks passed."
        rest = " and ".join(undecided)
        return f"All {passed} required checks that could be decided passed; {rest}."

    def _repr_html_(self) -> str:
        """Returns what a notebook shows: the verdict, and the checks that did not pass."""
        lines = [
            (each.name, each.config, each.tier, each.value, each.threshold, each.verdict)
            for verdict in ("FAIL", "WARN", "too few")
            for each in self.checks
            if each.verdict == verdict and (each.counts or each.level == "warn")
        ]
        cells = "".join(
            "<tr>" + "".join(f"<td>{escape(_show(value))}</td>" for value in line) + "</tr>"
            for line in lines
        )
        names = ("check", "config", "rows", "value", "required", "verdict")
        head = "".join(f"<th>{name}</th>" for name in names)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{cells}</tbody></table>"
        verdict = f"<b>{escape(self.name)}: {self.verdict}</b><br>{escape(self.summary)}"
        return f"<div><p>{verdict}</p>{table if lines else ''}</div>"

    def __repr__(self) -> str:
        """Returns name, verdict, and the verdict in a sentence."""
        return f"Quality({self.name!r}, {self.verdict}: {self.summary})"

    def __str__(self) -> str:
        """Returns the verdict in a sentence, with the name of what was measured."""
        return f"{self.name}: {self.verdict}. {self.summary}"


def _show(value: object) -> str:
    return "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
