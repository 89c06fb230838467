"""What came of the checks, in lines for a terminal and in a section of a card. Pure."""

from collections.abc import Iterator, Sequence

from generators.quality.gates import FOLDER, find_gates, find_tier
from generators.templates import render
from schemas.quality import CheckResult, Quality

SECTION, BANNER = "quality/v1/section", "quality/v1/banner"
WORDS = 7
"""Number of the check of single options' words, which is reported of all rows, too."""


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
    """Yields one line a check, config by config: on `core`, and on all rows what these miss."""
    shown = choose_shown(quality.checks)
    width = max((len(check.name) for check in shown), default=0)
    for config in dict.fromkeys(check.config for check in quality.checks):
        selection = quality.selections.get(config)
        of = f": core {selection.core:,} of {selection.rows:,} rows" if selection else ""
        yield f"{config}{of}"
        for check in shown:
            if check.config == config:
                yield f"  {show_line(check, width)}"
    yield show_outcome(quality)


def show_line(check: CheckResult, width: int) -> str:
    """Returns one check: name, value with interval, threshold, n, verdict, and what to know."""
    missed = check.verdict in ("FAIL", "WARN")
    where = f" ({'core' if check.tier == 'core' else 'all rows'})" if missed else ""
    note = f"  {check.note}" if check.note else ""
    waived = f"  waived: {check.waived}" if check.waived and check.verdict == "FAIL" else ""
    return (
        f"{check.number:>2} {check.name:<{width}}  {show_value(check):<22}"
        f" [{check.threshold}]  {check.verdict}{where}  n = {check.n:,} {check.unit}{note}{waived}"
    )


def choose_shown(checks: Sequence[CheckResult]) -> list[CheckResult]:
    """Returns the checks that a config is told by, and what its other tier misses."""
    told = choose_told(checks)
    return [check for check in checks if check in told or check.verdict in ("FAIL", "WARN")]


def _find_untold(checks: Sequence[CheckResult]) -> list[CheckResult]:
    """Returns what fails and is not among what a config is told by."""
    told = choose_told(checks)
    return [check for check in checks if check.verdict == "FAIL" and check not in told]


def choose_told(checks: Sequence[CheckResult]) -> list[CheckResult]:
    """Returns the checks of `core`; of configs without one, and of plain pairs, of all rows."""
    tiered = {check.config for check in checks if check.tier == "core"}
    return [check for check in checks if check.tier == find_tier(check.config, tiered)]


def show_outcome(quality: Quality) -> str:
    """Returns what the gates come to, in one line."""
    counted = ", ".join(f"{count} {verdict}" for verdict, count in quality.gates.items())
    names = "; ".join(_name(check) for check in find_failed(quality))
    if quality.verdict == "too few":
        return f"Gates: {counted}. Too few rows to tell whether there is any cue."
    return f"Gates: {counted}." + (f" FAIL: {names}." if names else "")


def find_failed(quality: Quality) -> list[CheckResult]:
    """Returns the gates that count and fail."""
    return [check for check in find_gates(quality.checks) if check.verdict == "FAIL"]


def _name(check: CheckResult) -> str:
    where = "" if check.config == FOLDER else f" of {check.config}"
    return f"{check.name}{where} {show_value(check)}, wanted {check.threshold}"


def render_section(quality: Quality | None, figures: Sequence[str]) -> dict[str, str]:
    """Returns what a card says of quality: `banner`, for its top, and `section`.

    Args:
        quality: what was measured; None where nothing was.
        figures: names of the figures that lie beside the card.
    """
    checks = quality.checks if quality else ()
    told = choose_told(checks)
    section = render(
        SECTION,
        quality=quality,
        shown=told,
        missed_in_full=[check for check in _find_untold(checks) if not check.waived],
        waived=[check for check in told if check.waived and check.verdict == "FAIL"],
        option_only=[check for check in told if check.number == WORDS and check.figures],
        figures=figures,
        show_value=show_value,
        show=show_number,
    )
    failed = find_failed(quality) if quality else []
    banner = render(BANNER, quality=quality, failed=failed, show_value=show_value)
    return {"banner": banner.strip(), "section": section.strip()}
