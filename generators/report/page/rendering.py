"""`report.html`: one page of a dataset's quality and rows that asks nothing of any server. Pure."""

import json
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from generators.configs.base import Item, Side
from generators.quality.checks import CHECKS, FOLDER_CHECKS
from generators.quality.verdicts import show_number
from generators.report.page.rows import share_out
from generators.templates import render
from schemas.exchange import Rejection
from schemas.quality import CheckResult, Quality

TEMPLATE = "report/v1/report"

OUTCOME = 300
"""Characters of an outcome that are shown; the Parquet files have it whole."""

MOST_DRAFTS = 1000
"""Rejections that one page holds at most."""

FILTERS = {
    "config": "Config",
    "topic": "Behavior or theme",
    "split": "Split",
    "tier": "Tier",
    "origin": "Origin",
    "group": "Game or group",
}
"""Field of an item -> label of the menu that filters by it."""

FLAGS = {"hard": "hard", "reversed_cue": "reversed cue"}
"""Field of an item -> label of the box that keeps only such rows."""

_UNSAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
"""What could end a script, open a comment, or end a line of one."""


def render_page(
    quality: Quality,
    items: Sequence[Item],
    rejections: Sequence[Rejection],
    figures: Mapping[str, str],
    *,
    captions: Mapping[str, str] | None = None,
    sizes: Mapping[str, int] | None = None,
) -> str:
    """Returns the whole page; the same inputs give the same text.

    Args:
        quality: what was measured.
        items: the rows to browse.
        rejections: all that was rejected; at most `MOST_DRAFTS` are shown, evenly by reason.
        figures: name -> SVG, which is put into the page as it is: it must be ours.
        captions: name -> caption; a figure without one is called by its name.
        sizes: config -> rows in the files; None where the items are all there is.
    """
    script = render("report/v1/script")
    reasons = _group_rejections(rejections)
    counted = dict(sizes or Counter(item.config for item in items))
    return render(
        TEMPLATE,
        quality=quality,
        groups=_group_checks(quality.checks),
        meanings={check.name: check.meaning for check in (*CHECKS, *FOLDER_CHECKS)},
        sizes=counted,
        total=sum(counted.values()),
        shown=len(items),
        filters={name: _count_values(items, name) for name in FILTERS},
        labels=FILTERS,
        flags={
            name: label
            for name, label in FLAGS.items()
            if any(getattr(item, name) for item in items)
        },
        margins=any(item.margin is not None for item in items),
        figures={name: (svg, (captions or {}).get(name)) for name, svg in figures.items()},
        reasons=reasons,
        rejected=len(rejections),
        drafts=sum(len(those) for _, _, those in reasons),
        data=write_data(items),
        script=script,
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        number=show_figure,
        place=place_on_strip,
        indent=indent_answer,
    )


def write_data(items: Iterable[Item]) -> str:
    """Returns items as JSON that is safe inside a script; a text that recurs is there once."""
    places: dict[str, int] = {}
    packed = [_pack(item, places) for item in items]
    data = {"texts": list(places), "entries": packed}
    whole = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return whole.translate(_UNSAFE)


def _pack(item: Item, places: dict[str, int]) -> dict[str, Any]:
    """Returns an item without what is empty, its long texts as places in the list of texts."""
    fields: dict[str, Any] = item._asdict()
    claim, base = fields.pop("claim"), fields.pop("base")
    sides = [*item.sides, *([Side("", "base", base)] if base else [])]
    fields["context"] = places.setdefault(item.context, len(places))
    fields["sides"] = [_pack_side(side, places) for side in sides]
    fields["facts"] = ({"positive means": claim} if claim else {}) | item.facts
    fields["more"] = {
        heading: places.setdefault(text, len(places)) for heading, text in item.more.items()
    }
    return _leave_out_empty(fields)


def _pack_side(side: Side, places: dict[str, int]) -> dict[str, Any]:
    fields: dict[str, Any] = side._asdict()
    fields["text"] = places.setdefault(side.text, len(places))
    if side.outcome:
        fields["outcome"] = places.setdefault(_cut(side.outcome), len(places))
    if side.span:
        fields["span"] = [_count_units(side.text[:end]) for end in side.span]
    return _leave_out_empty(fields)


def _cut(outcome: str) -> str:
    """Returns an outcome as far as it is shown."""
    if len(outcome) <= OUTCOME:
        return outcome
    return outcome[:OUTCOME].rpartition(" ")[0] + " …"


def _leave_out_empty(fields: dict[str, Any]) -> dict[str, Any]:
    # Not by equality with False, which 0 has too: a place, or a margin.
    return {
        name: value
        for name, value in fields.items()
        if value is not None and value is not False and value != "" and value != {}
    }


def _count_units(text: str) -> int:
    """Returns the length of a text as the page's script counts it, in UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def _group_checks(checks: Sequence[CheckResult]) -> list[list[CheckResult]]:
    """Returns the results of each check, by its name."""
    groups: dict[str, list[CheckResult]] = {}
    for check in checks:
        groups.setdefault(check.name, []).append(check)
    return list(groups.values())


def _count_values(items: Sequence[Item], name: str) -> list[tuple[str, int]]:
    counts = Counter[str](getattr(item, name) for item in items)
    del counts[""]
    return list(counts.items()) if name in {"config", "split"} else sorted(counts.items())


def _group_rejections(rejections: Sequence[Rejection]) -> list[tuple[str, int, list[Rejection]]]:
    """Returns reason, how many, and those of them that are shown; the most frequent first."""
    reasons: dict[str, list[Rejection]] = {}
    for rejection in rejections:
        reasons.setdefault(rejection.reason, []).append(rejection)
    ordered = sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    shares = share_out([len(those) for _, those in ordered], MOST_DRAFTS)
    return [
        (reason, len(those), [those[nth * len(those) // share] for nth in range(share)])
        for (reason, those), share in zip(ordered, shares, strict=True)
    ]


def show_figure(value: float | None) -> str:
    """Returns a number as tables have it: like everywhere, with a real minus."""
    return "–" if value is None else show_number(value).replace("-", "−")


def place_on_strip(value: float | None) -> float | None:
    """Returns where a share stands on a strip of 0 to 100; None where it is no share."""
    return None if value is None or not 0 <= value <= 1 else round(100 * value, 1)


def indent_answer(answer: str | None) -> str:
    """Returns an answer to read: JSON indented, anything else as it came."""
    try:
        return json.dumps(json.loads(answer or ""), ensure_ascii=False, indent=2)
    except ValueError:
        return answer or "There was no answer."
