"""What a report prints at its end: the verdict, where to look, and what did not pass. Pure."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from generators.quality.checks import CHECKS, FOLDER_CHECKS
from generators.quality.verdicts import (
    ConfigResult,
    list_configs,
    show_number,
    show_sample,
    show_value,
    show_verdict,
    show_worst,
)
from schemas.quality import PAIRS, CheckResult, Quality

MOST_LINES = 15
"""That are printed, however much there is to say."""
MOST_ROWS = 9
"""Checks that are printed with their value; of more, their number."""
WIDTH = 96
CUT = " ..."
"""What stands in place of what does not fit: page and numbers have all of it."""
VERDICTS = {"PASS": "PASS", "FAIL": "FAIL", "too few": "Too few to tell"}
OTHERS = {
    "too few": "Too few rows",
    "not measured": "Not to be measured on these texts",
    "unaudited": "Not audited",
    "reported": "No bound",
    "PASS": "Passed",
}
"""Verdict -> how the checks are introduced that have it, in this order."""


def close_report(quality: Quality, place: Sequence[str], beside: Iterable[str] = ()) -> list[str]:
    """Returns the closing lines of a report, at most `MOST_LINES`.

    Args:
        quality: what was measured.
        place: lines that say where to look.
        beside: sentences about what was read.
    """
    configs = list_configs(quality)
    head = [*_fold(_state(quality), 2), *place]
    missed = _list_missed(quality, configs)
    rows = _show_rows(missed, several=len(configs) > 1)
    if len(rows) > MOST_ROWS:
        rows[MOST_ROWS - 1 :] = [f"  and {len(rows) - MOST_ROWS + 1} more"]
    said = [*beside, *_tell(configs), *_list_others(configs)]
    room = MOST_LINES - len(head) - len(rows)
    about = [line for each in said for line in _fold(each, 2)]
    if len(about) > room:
        about = [line for each in said for line in _fold(each, 1)][:room]
    if len(head) + len(rows) + len(about) + len(quality.failed) <= MOST_LINES:
        both = zip(rows, map(_explain, missed), strict=False)
        rows = [line for each in both for line in each if line]
    return [*head, *rows, *about]


def _state(quality: Quality) -> str:
    """Returns the verdict in a sentence or two; checks that failed follow by themselves."""
    said = quality.summary.replace(f" ({PAIRS})", "")
    if quality.failed:
        said = f"{len(quality.failed)} of {sum(quality.gates.values())} required checks failed."
    return said if said.startswith("Too few") else f"{VERDICTS[quality.verdict]}. {said}"


def _list_missed(quality: Quality, configs: Sequence[ConfigResult]) -> list[CheckResult]:
    """Returns the checks that missed their threshold, once for each config, required ones first."""
    others = [check for each in configs for check in each.open]
    others = [check for check in others if check.verdict in ("FAIL", "WARN")]
    missed: dict[tuple[str, str], CheckResult] = {}
    for check in (*quality.failed, *sorted(others, key=lambda check: check.verdict)):
        missed.setdefault((check.config, check.name), check)
    return [*missed.values()]


def _show_rows(missed: Sequence[CheckResult], *, several: bool) -> list[str]:
    """Returns a line for each check that missed its threshold: value, threshold, what is known."""
    names = [f"{check.name} ({check.config})" if several else check.name for check in missed]
    verdicts = [*map(show_verdict, missed)]
    width, wide = (max(map(len, each), default=0) for each in (names, verdicts))
    rows: list[str] = []
    for name, verdict, check in zip(names, verdicts, missed, strict=True):
        worst = show_worst(check)
        wanted = "required" if check.verdict == "FAIL" else "wanted"
        about = [
            f"{wanted}: {check.threshold}",
            f"worst: {worst}" if worst else "",
            check.note or "",
        ]
        line = f"{verdict:<{wide}}  {name:<{width}}  {show_value(check)}; "
        rows += _fold(line + "; ".join(filter(None, about)), 1, "  ")
    return rows


def _explain(check: CheckResult) -> str:
    """Returns what the value of a required check that failed is; empty of others."""
    if not check.counts:
        return ""
    meanings = (each.meaning for each in (*CHECKS, *FOLDER_CHECKS) if each.name == check.name)
    said = next(meanings, "").partition(". ")[0].removesuffix(".")
    return " " * 8 + f"{show_number(check.value)} is {said}" if said else ""


def _tell(configs: Sequence[ConfigResult]) -> Iterator[str]:
    """Yields how much was measured and is core; of one config alone also what limits it."""
    if len(configs) == 1:
        sentences = configs[0].sentence.split(". ")
        short = ". ".join(each for each in sentences if not each.startswith("Of the "))
        yield f"{short.removesuffix('.')}." if short else ""
        return
    for each in configs:
        if each.sample:
            yield f"{each.config}: measured on a sample of {show_sample(each.sample)}."
    cores = [
        f"{each.selection.core:,} of {each.selection.rows:,} rows of {each.config}"
        for each in configs
        if each.selection
    ]
    if cores:
        yield f"Core: {', '.join(cores)}."


def _list_others(configs: Sequence[ConfigResult]) -> Iterator[str]:
    """Yields the names of the checks that missed nothing, verdict by verdict."""
    found = [check for each in configs for check in each.listed]
    for verdict, said in OTHERS.items():
        names = dict.fromkeys(check.name for check in found if check.verdict == verdict)
        alike = ([each for each in found if each.name == name] for name in names)
        if shown := [_name(checks, verdict) for checks in alike]:
            yield f"{said}: {', '.join(shown)}."


def _name(checks: Sequence[CheckResult], verdict: str) -> str:
    """Returns the name of a check: with its value where it has no bound, else with its configs.

    Args:
        checks: the same check in each config.
        verdict: which of them are meant; their configs are named where not all have it.
    """
    meant = [check for check in checks if check.verdict == verdict]
    if len(checks) == 1 and verdict == "reported":
        published = ", ".join(map(show_number, meant[0].references.values()))
        beside = f" (published sets: {published})" if published else ""
        return f"{meant[0].name} {show_number(meant[0].value)}{beside}"
    places = "" if len(meant) == len(checks) else f" ({', '.join(each.config for each in meant)})"
    return meant[0].name + places


def _fold(text: str, most: int, indent: str = "") -> list[str]:
    """Returns a text in lines, at most so many; what does not fit is cut."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent="  ",
        max_lines=most,
        placeholder=CUT,
        break_on_hyphens=False,
    )
