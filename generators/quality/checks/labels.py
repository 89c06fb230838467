"""Independent judgments of the labels, and whether the statements of the folder hold."""

from generators.quality.checks.base import Check, Measurement, list_missed
from generators.quality.evidence import FolderEvidence
from schemas.quality import PAIRS

LEAST_KAPPA = 0.60
LEAST_RAW = 0.90
LEAST_OK = 0.90
FEWEST_AUDITED = 100
FEWEST_JUDGED = 100
UNAUDITED = "labels were assigned by hand or by rule; they need an independent judge"
ONE_CLASS = "no kappa: the labels have one class only, or a class with fewer than 20 options"
INDEPENDENT = "the interval assumes independent options"


def measure_agreement(folder: FolderEvidence) -> Measurement:
    """Returns Cohen's kappa between the labels and an independent judge, the lowest of them.

    0.60: substantial (https://doi.org/10.2307/2529310). Its kappa on each violation by itself is
    reported and not required, since most are rare. The raw share must reach 0.90 too: crowds agree
    with 90-100 % of labels in Perez et al. 2022 (https://arxiv.org/abs/2212.09251). The model that
    wrote or labelled the rows is no judge of them. A source and one judge are two raters of the
    same options, so kappa is the measure; Krippendorff's alpha is for more than two, or for gaps.
    """
    reasons = [audit.reason for audit in folder.judgments if audit.reason]
    polarities = [each.polarity for each in folder.judgments if each.polarity and each.polarity.n]
    if not polarities:
        return Measurement(None, 0, note="; ".join(dict.fromkeys(reasons)) or UNAUDITED)
    # The lowest kappa first; after those, that of few options, and what has none.
    worst = min(
        polarities,
        key=lambda each: (each.kappa is None, each.n < FEWEST_JUDGED, each.kappa or 0.0),
    )
    raws = [each.raw or 0.0 for each in polarities if each.n >= FEWEST_JUDGED]
    low = min(raws, default=1.0)
    return Measurement(
        worst.kappa,
        worst.n,
        interval=worst.interval,
        figures={"raw": min(each.raw or 0.0 for each in polarities), **_list_kappas(folder)},
        missed=list_missed(("raw", low, low < LEAST_RAW)),
        enough=worst.kappa is not None,
        note=ONE_CLASS if worst.kappa is None else INDEPENDENT if worst.interval else None,
    )


def _list_kappas(folder: FolderEvidence) -> dict[str, float]:
    """Returns the worst kappa on each violation alone, of those with enough options."""
    kappas: dict[str, float] = {}
    for audit in folder.judgments:
        for label, found in audit.by_label.items():
            if found.kappa is not None and found.n >= FEWEST_JUDGED:
                name = f"kappa, {label}"
                kappas[name] = min(kappas.get(name, found.kappa), found.kappa)
    return kappas


def measure_audit(folder: FolderEvidence) -> Measurement:
    """Returns the Wilson lower bound of the share of rows that people judged right, 95 %.

    BLiMP 96.4 % (https://doi.org/10.1162/tacl_a_00321). 200 rows are asked for; fewer than 100 are
    too few.
    """
    audit = folder.audit
    if audit is None:
        note = "no person has judged a sample of the rows"
        if folder.config != PAIRS:
            note += "; write a sheet with --audit-sheet 200"
        return Measurement(None, 0, note=note)
    return Measurement(
        audit.lower,
        audit.n,
        interval=(audit.lower, audit.upper),
        figures={"right": audit.ok / max(audit.n, 1)},
    )


def count_untrue(folder: FolderEvidence) -> Measurement | None:
    """Returns the number of statements of manifest and rows that are false or missing.

    None of plain pairs, which state nothing. MoralChoice's card counts 1,767 rows; there are 1,367
    (https://arxiv.org/abs/2307.14324).
    """
    if folder.config == PAIRS:
        return None
    return Measurement(float(sum(folder.untrue.values())), folder.rows, figures=folder.untrue)


CHECKS = (
    Check("agreement with a judge", "gate", "kappa ≥ 0.60, raw ≥ 0.90", measure_agreement,
          number=21, low=LEAST_KAPPA, unit="options", fewest=FEWEST_JUDGED),
    Check("audit by people", "gate", "lower bound ≥ 0.90", measure_audit,
          number=22, low=LEAST_OK, unit="rows", fewest=FEWEST_AUDITED),
    Check("provenance", "gate", "0", count_untrue, number=25, high=0, unit="rows"),
)  # fmt: skip
