"""Measures a dataset folder, or anybody's pairs, against the bar: from rows to `quality.json`."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from generators.configs import find_config
from generators.configs.codes import Mask, code
from generators.configs.contrasts import Contrasts
from generators.quality.checks import CHECKS, FOLDER_CHECKS
from generators.quality.checks.base import run
from generators.quality.evidence import CHECK_SEED, Evidence, FolderEvidence
from generators.quality.gates import conclude, find_gates
from generators.quality.passages import read_passages
from generators.quality.selection.cues import Readings, read_texts
from generators.quality.selection.parts import take_part
from schemas.base import Tier
from schemas.quality import CheckResult, HumanAudit, Plots, Quality, Selection, Verdict

VERDICTS: tuple[Verdict, ...] = ("PASS", "WARN", "FAIL", "too few", "unaudited")


@dataclass(frozen=True)
class Rows:
    """All rows of one config, as the checks take them."""

    config: str
    table: pa.Table
    """Without the columns that no check looks at."""
    contrasts: Contrasts | None
    """None for rows without two poles."""
    flags: Mapping[str, Mask]
    """`core`, `hard`, `reversed_cue` -> row -> whether it is; without those it does not have."""
    off_schema: Mask
    """Row -> whether the config's schema refuses it."""
    templates: bool = False
    """Whether they come from slots."""
    tried: Mask | None = None
    """Row -> whether the schema was tried on it; None where there is none."""


def list_evidence(rows: Rows, readings: Readings | None = None) -> Iterator[Evidence]:
    """Yields what checks look at: all rows of a config, then its `core`, if it has one."""
    whole = rows.contrasts or _no_contrasts(rows.table.num_rows)
    known = readings or read_texts(whole.texts)
    full = _gather(rows, whole, known, "full", np.ones(rows.table.num_rows, np.bool_))
    yield full
    if "core" in rows.flags:
        core = _gather(rows, whole, known, "core", rows.flags["core"])
        passages = read_passages(core.config, core.table)
        core = replace(core, read=passages.recall(full.passages))
        del full, passages  # they are large, and the core's checks need none of it
        yield core


def run_checks(evidence: Evidence) -> list[CheckResult]:
    """Returns the checks of a config's rows, those that apply."""
    return [result for check in CHECKS if (result := run(check, evidence)) is not None]


def _gather(rows: Rows, whole: Contrasts, readings: Readings, tier: Tier, chosen: Mask) -> Evidence:
    items = np.zeros(whole.items, np.bool_)
    places = whole.row_item[chosen]
    items[places[places >= 0]] = True
    table = rows.table if chosen.all() else rows.table.filter(pa.array(chosen))
    return Evidence(
        config=rows.config,
        tier=tier,
        contrasts=take_part(whole, items),
        readings=readings,
        table=table,
        off_schema=int(rows.off_schema[chosen].sum()),
        whole=whole,
        flags={
            name: _find_items(whole, mask)[items]
            for name, mask in rows.flags.items()
            if name != "core"
        },
        poles=rows.contrasts is not None,
        templates=rows.templates,
        waivers=dict(find_config(rows.config).waived),
        tried=None if rows.tried is None else int(rows.tried[chosen].sum()),
    )


def _find_items(contrasts: Contrasts, rows: Mask) -> Mask:
    """Returns for each item whether one of its rows is among some."""
    found = np.zeros(contrasts.items, np.bool_)
    places = contrasts.row_item[rows]
    found[places[places >= 0]] = True
    return found


def _no_contrasts(rows: int) -> Contrasts:
    nothing = np.zeros(0, np.int32)
    none = code([])
    return Contrasts(
        texts=[],
        positive=nothing,
        negative=nothing,
        item=nothing,
        ids=none.known,
        row_item=np.full(rows, -1, np.int32),
        unit=none,
        group=none,
        part=none,
        whole=np.zeros(0, np.int64),
    )


def measure_folder(folder: FolderEvidence) -> list[CheckResult]:
    """Returns the checks of a folder as a whole."""
    return [result for check in FOLDER_CHECKS if (result := run(check, folder))]


def summarize_checks(
    name: str,
    checks: Sequence[CheckResult],
    selections: Mapping[str, Selection],
    plots: Plots,
    audit: HumanAudit | None,
) -> Quality:
    """Returns all that was measured, with what it comes to."""
    ordered = sorted(checks, key=lambda check: (check.number, check.name, check.config, check.tier))
    counted = find_gates(ordered)
    gates = Counter(check.verdict for check in counted)
    return Quality(
        name=name,
        verdict=conclude(counted),
        gates={verdict: gates[verdict] for verdict in VERDICTS if gates[verdict]},
        seed=CHECK_SEED,
        selections=dict(selections),
        checks=tuple(ordered),
        plots=plots,
        audit=audit,
    )
