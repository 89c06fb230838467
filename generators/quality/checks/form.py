"""Whether rows have the form and the poles that they are meant to have."""

from typing import Any

import numpy as np

from generators.configs import find_config
from generators.quality.checks.base import FEWEST, Check, Measurement
from generators.quality.evidence import Evidence

LEAST_MARGIN = 0.5
"""A pole counts above 0.5, strictly, and its opposite has 0: no pair can be nearer."""


def count_broken(evidence: Evidence) -> Measurement:
    """Returns the number of rows with empty or identical sides or options, or a repeated id.

    78 of 16,400 do in files of Perez et al. 2022 (https://arxiv.org/abs/2212.09251). Options of
    `decisions` may be empty or identical where a flag says so: views then leave them out.
    """
    contrasts = evidence.contrasts
    empty = np.array([not text.strip() for text in evidence.contrasts.texts], np.bool_)
    sides = (contrasts.positive, contrasts.negative)
    ids: list[Any] = evidence.table["id"].to_pylist()
    figures = {
        "repeated ids": len(ids) - len(set(ids)),
        "empty sides": int(sum(empty[side].sum() for side in sides)),
        "identical sides": int((contrasts.positive == contrasts.negative).sum()),
        "rows that violate the schema": evidence.off_schema,
        **_count_options(evidence),
    }
    broken = float(sum(figures.values()))
    if evidence.tried is not None:
        figures["rows validated against the schema"] = evidence.tried
    return Measurement(broken, len(ids), figures=figures)


def _count_options(evidence: Evidence) -> dict[str, int]:
    """Returns how many menus have options that are empty or identical and not flagged as such."""
    if "options" not in evidence.table.column_names:
        return {}
    empty = identical = 0
    for row in evidence.list_rows("options", "flags"):
        texts = [option["text"].strip() for option in row["options"]]
        flagged = ["no_text" in option["flags"] for option in row["options"]]
        empty += any(not text and not flag for text, flag in zip(texts, flagged, strict=True))
        texts_given = [text for text in texts if text]
        if "duplicate_option_text" not in row["flags"]:
            identical += len(set(texts_given)) < len(texts_given)
    return {"menus with an empty option": empty, "menus with identical options": identical}


def measure_balance(evidence: Evidence) -> Measurement | None:
    """Returns the share of rows that show the positive side, among rows that come as twins.

    85 % in CrowS-Pairs; half in the persona files of Perez et al. 2022.
    """
    twins = find_config(evidence.config).twins
    if twins is None:
        return None
    sides = [side == twins.positive for side in evidence.table[twins.column].to_pylist()]
    return Measurement(float(np.mean(sides)) if sides else 0.5, len(sides))


def measure_poles(evidence: Evidence) -> Measurement | None:
    """Returns the share of questions that show at least one option of either pole."""
    if evidence.contrasts.size is None:
        return None
    shown: list[tuple[int, int]] = []
    total = 0
    for row in evidence.list_rows("choices", "matching", "not_matching"):
        shown.append((len(row["matching"]), len(row["not_matching"])))
        total += len(row["choices"])
    options = max(total, 1)
    positive, negative = (sum(counts[side] for counts in shown) for side in (0, 1))
    figures = {
        "share of positive options": positive / options,
        "share of options that are neither": 1 - (positive + negative) / options,
    }
    both = sum(min(counts) > 0 for counts in shown)
    return Measurement(both / max(len(shown), 1), len(shown), figures=figures)


def measure_prefixes(evidence: Evidence) -> Measurement | None:
    """Returns the share of rows whose sides are identical before and after the marked difference.

    Only the concept may differ, or a difference of activations is of something else too.
    """
    alike = find_config(evidence.config).alike
    if alike is None:
        return None
    found = [alike.holds(row) for row in evidence.list_rows(*alike.columns)]
    return Measurement(float(np.mean(found)) if found else 1.0, len(found))


def measure_margin(evidence: Evidence) -> Measurement | None:
    """Returns the smallest difference of score between a positive and a negative of one row.

    A row that lacks a pole has none; "both poles shown" finds those.
    """
    names = evidence.table.column_names
    if "margin" in names:
        margins: list[Any] = evidence.table["margin"].to_pylist()
    elif "scores" in names:
        margins = [
            min(row["scores"][place] for place in row["matching"])
            - max(row["scores"][place] for place in row["not_matching"])
            for row in evidence.list_rows("scores", "matching", "not_matching")
            if row["matching"] and row["not_matching"]
        ]
    else:
        return None
    mean = float(np.mean(margins)) if margins else 1.0
    return Measurement(min(margins, default=1.0), len(margins), figures={"mean margin": mean})


CHECKS = (
    Check("broken rows", "gate", "0", count_broken, number=1, high=0, unit="rows", poles=False),
    Check("share of the positive side", "gate", "0.45–0.55", measure_balance,
          number=3, low=0.45, high=0.55, unit="rows", fewest=FEWEST),
    Check("both poles shown", "gate", "100 %", measure_poles, number=3, low=1, unit="rows"),
    Check("identical outside the span", "gate", "100 %", measure_prefixes,
          number=10, low=1, unit="rows"),
    Check("smallest margin", "gate", "≥ 0.50", measure_margin,
          number=24, low=LEAST_MARGIN, unit="rows"),
)  # fmt: skip
