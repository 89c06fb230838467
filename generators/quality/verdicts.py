"""Shows the results of checks: lines for a terminal, and a section of a card. Pure."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from generators.errors import QualityError
from generators.templates import render
from schemas.quality import PAIRS, CheckResult, Quality

SECTION, BANNER = "quality/v1/section", "quality/v1/banner"
OPTION_WORDS = "option-only words, hard rows"
"""The check whose figure on all rows is shown in the card too."""


def show_value(check: CheckResult) -> str:
    """Returns a check's value with its interval, such as `0.512 (0.488-0.537)`."""
    value = show_number(check.value)
    if check.interval is None:
        return value
    low, high = check.interval
    return f"{value} ({show_number(low)}-{show_number(high)})"


def show_number(value: float | None) -> str:
    """Returns a number with three decimals, whole ones without; a dash for none."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == int(value) and abs(value) != 1 else f"{value:.3f}"


def list_checks(quality: Quality) -> Iterator[str]:
    """Yields one line a check, config by config, then the verdict.

    Checks are shown on `core`, or on all rows of a config without one; beside these, those that
    miss their threshold on all rows.
    """
    main = choose_main(quality.checks)
    shown = [each for each in quality.checks if each in main or each.verdict in ("FAIL", "WARN")]
    width = max((len(check.name) for check in shown), default=0)
    for config in dict.fromkeys(check.config for check in quality.checks):
        selection = quality.selections.get(config)
        of = f": core {selection.core:,} of {selection.rows:,} rows" if selection else ""
        yield f"{config}{of}"
        for check in shown:
            if check.config != config:
                continue
            missed = check.verdict in ("FAIL", "WARN")
            where = ", all rows" if check.tier == "full" and missed else ""
            note = f"; {check.note}" if check.note else ""
            yield (
                f"  {show_verdict(check):<18} {check.name:<{width}}  {show_value(check):<20}"
                f" (required: {check.threshold}; n = {check.n:,} {check.unit}{where}){note}"
            )
    yield show_outcome(quality)


def show_verdict(check: CheckResult) -> str:
    """Returns a check's verdict, and whether a failure is waived or does not count."""
    if check.verdict != "FAIL" or check.counts:
        return check.verdict
    return "waived" if check.waived else "FAIL, not required"


def choose_main(checks: Sequence[CheckResult]) -> list[CheckResult]:
    """Returns the checks of `core`; of configs without one, and of plain pairs, of all rows."""
    tiered = {check.config for check in checks if check.tier == "core"} - {PAIRS}
    return [check for check in checks if (check.tier == "core") == (check.config in tiered)]


def show_outcome(quality: Quality) -> str:
    """Returns the verdict in a sentence or two, and the value of each check that failed."""
    failed = (
        f"\n  {each.name} ({each.config}): {show_value(each)}, required: {each.threshold}"
        for each in quality.failed
    )
    return "".join([quality.summary, *failed])


def render_section(quality: Quality | None, figures: Sequence[str]) -> dict[str, str]:
    """Returns what a card shows of quality: `banner`, for its top, and `section`.

    Args:
        quality: what was measured; None where nothing was.
        figures: names of the figures beside the card.
    """
    checks = quality.checks if quality else ()
    main = choose_main(checks)
    section = render(
        SECTION,
        quality=quality,
        shown=main,
        missed_in_full=[
            each
            for each in checks
            if each.verdict == "FAIL" and not each.waived and each not in main
        ],
        waived=[each for each in main if each.waived and each.verdict == "FAIL"],
        option_only=[each for each in main if each.name == OPTION_WORDS and each.figures],
        figures=figures,
        show_value=show_value,
        show_verdict=show_verdict,
        show=show_number,
    )
    banner = render(BANNER, quality=quality, show_value=show_value)
    return {"banner": banner.strip(), "section": section.strip()}


def check_passed(quality: Quality, where: Path) -> None:
    """Raises QualityError where a required check failed."""
    if quality.verdict == "FAIL":
        wanted, remedy = "all required checks to pass", "See report.html, or the lines with FAIL"
        raise QualityError(str(where), "a required check failed", wanted, remedy)
