"""Shows the results of checks, such as in a section of a card. Pure."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from generators.configs import find_config
from generators.errors import QualityError
from generators.quality.checks.base import FEWEST_OF_PART
from generators.templates import render
from schemas.quality import PAIRS, CheckResult, Quality, Sampled, Selection

SECTION, BANNER = "quality/v1/section", "quality/v1/banner"


class CueResult(NamedTuple):
    """A check that compares poles, as a reader looks at it."""

    main: CheckResult
    """On `core`; on all rows of a config without one, and of plain pairs."""
    full: CheckResult | None
    """On all rows, where `main` is on `core`."""


class ConfigResult(NamedTuple):
    """What was measured of one config, or of the folder as a whole."""

    config: str
    selection: Selection | None
    cues: list[CueResult]
    """The checks that compare poles."""
    others: list[CheckResult]
    """The other checks of the tier that counts, and those that miss their threshold on all rows."""
    sample: Sampled | None = None
    """How many rows were measured; None where all were."""

    @property
    def tiered(self) -> bool:
        """Whether it has a core that is measured beside all rows."""
        return any(cue.full for cue in self.cues)

    @property
    def parts(self) -> list[str]:
        """The behaviors, or themes, that were measured, in their order."""
        found = [name for cue in self.cues for name, each in cue.main.parts.items() if each.value]
        return list(dict.fromkeys(found))

    @property
    def open(self) -> list[CheckResult]:
        """The checks that did not pass, or have no bound."""
        return [check for check in self.listed if check.verdict != "PASS"]

    @property
    def passed(self) -> list[CheckResult]:
        """The checks that passed."""
        return [check for check in self.listed if check.verdict == "PASS"]

    @property
    def listed(self) -> list[CheckResult]:
        """All checks, those that compare poles first."""
        return [*(cue.main for cue in self.cues), *self.others]

    @property
    def sentence(self) -> str:
        """How much of it is core, and in how much of it poles were compared."""
        said = [f"Measured on a sample of {show_sample(self.sample)}."] if self.sample else []
        said += _describe_selection(self.config, self.selection) if self.selection else []
        measured = self.cues[0].main.measured if self.cues else None
        every = self.cues[0].main.parts if self.cues else {}
        if measured is not None and every:
            kind = "themes" if find_config(self.config).topic == "theme" else "behaviors"
            said.append(
                f"Poles are compared in the {len(self.parts)} of {len(every)} {kind} that have at"
                f" least {FEWEST_OF_PART} {self.cues[0].main.unit}; they hold"
                f" {show_share(measured)} of the rows."
            )
        return " ".join(said)


def _describe_selection(config: str, chosen: Selection) -> Iterator[str]:
    """Yields how much is core, of how much that can be, and what is special about it."""
    if config == PAIRS:
        yield f"A core without these cues would keep {chosen.core:,} of {chosen.rows:,}."
    else:
        yield f"{chosen.core:,} of {chosen.rows:,} rows are core."
    if chosen.bound:
        yield (
            f"Of the {chosen.seen:,} that the choice saw at most {chosen.bound:,} can be kept with"
            f" every cue in balance; it keeps {chosen.kept:,}."
        )
    without = [name for name, part in chosen.parts.items() if not part.balanced]
    if without:
        yield f"Without a core, since next to nothing is in balance: {', '.join(without)}."
    for part in chosen.parts.values():
        if part.single_contrast:
            one, other = part.single_contrast
            yield f"All pairs are one contrast, {one!r} and {other!r}: its words are no cue."


def list_configs(quality: Quality) -> list[ConfigResult]:
    """Returns what was measured, config by config."""
    main = choose_main(quality.checks)
    full = {(each.config, each.name): each for each in quality.checks if each.tier == "full"}
    found: list[ConfigResult] = []
    for config in dict.fromkeys(check.config for check in quality.checks):
        here = [check for check in quality.checks if check.config == config]
        cues = [check for check in here if check in main and check.measured is not None]
        others = [
            check
            for check in here
            if check.measured is None and (check in main or check.verdict in ("FAIL", "WARN"))
        ]
        paired = [
            CueResult(check, full.get((config, check.name)) if check.tier == "core" else None)
            for check in cues
        ]
        selection, sample = quality.selections.get(config), quality.samples.get(config)
        found.append(ConfigResult(config, selection, paired, others, sample))
    return found


def choose_main(checks: Sequence[CheckResult]) -> list[CheckResult]:
    """Returns the checks of `core`, and those that it has not; of plain pairs those of all rows."""
    core = {(each.config, each.name) for each in checks if each.tier == "core"}
    return [
        check
        for check in checks
        if (check.tier == "core") == ((check.config, check.name) in core and check.config != PAIRS)
    ]


def show_value(check: CheckResult) -> str:
    """Returns a check's value with its interval, such as `0.512 (0.488 to 0.537)`."""
    return show_range(check.value, check.interval)


def show_range(value: float | None, interval: Sequence[float] | None) -> str:
    """Returns a value with its interval, if it has one."""
    shown = show_number(value)
    if interval is None:
        return shown
    return f"{shown} ({show_number(interval[0])} to {show_number(interval[1])})"


def show_number(value: float | None) -> str:
    """Returns a number with three decimals, whole ones without; a dash for none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == int(value) and abs(value) != 1 else f"{value:.3f}"


def show_sample(sample: Sampled) -> str:
    """Returns the size of a sample, such as `99,998 of 1,200,000 rows`."""
    return f"{sample.rows:,} of {sample.of:,} rows"


def show_share(share: float) -> str:
    """Returns a share in percent, such as `68 %`."""
    return f"{100 * share:.0f} %"


def show_worst(check: CheckResult) -> str:
    """Returns the part that is the furthest towards a miss, with its value; empty without parts."""
    if check.worst is None or check.worst not in check.parts:
        return ""
    part = check.parts[check.worst]
    return f"{check.worst} {show_range(part.value, part.interval)}"


def show_references(check: CheckResult) -> str:
    """Returns the values of published datasets, such as `CrowS-Pairs 0.780`."""
    return ", ".join(f"{name} {show_number(value)}" for name, value in check.references.items())


def show_verdict(check: CheckResult) -> str:
    """Returns a check's verdict, and whether a failure does not count."""
    return "FAIL, not required" if check.verdict == "FAIL" and not check.counts else check.verdict


def render_section(quality: Quality | None, figures: Sequence[str]) -> dict[str, str]:
    """Returns what a card shows of quality: `banner`, for its top, and `section`.

    Args:
        quality: what was measured; None where nothing was.
        figures: names of the figures beside the card.
    """
    configs = list_configs(quality) if quality else []
    reported = [cue.main for each in configs for cue in each.cues if cue.main.level == "report"]
    section = render(
        SECTION,
        quality=quality,
        configs=configs,
        references=[*{each.name: each for each in reported}.values()],
        unsettled=any(check.verdict != "PASS" for each in configs for check in each.others),
        figures=figures,
        fewest=FEWEST_OF_PART,
        show_value=show_value,
        show_range=show_range,
        show_verdict=show_verdict,
        show_worst=show_worst,
        show_references=show_references,
        show=show_number,
        show_sample=show_sample,
    )
    banner = render(BANNER, quality=quality, show_value=show_value)
    return {"banner": banner.strip(), "section": section.strip()}


def check_passed(quality: Quality, where: Path) -> None:
    """Raises QualityError where a required check failed."""
    if quality.verdict == "FAIL":
        wanted, remedy = "all required checks to pass", "See report.html, or the lines with FAIL"
        raise QualityError(str(where), "a required check failed", wanted, remedy)
