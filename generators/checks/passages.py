"""Checks 13, 14 and 16 to 20: repetition, leaks between splits, and how much is covered."""

from collections import Counter

from generators.checks.base import Check, Measurement
from generators.measures.diversity import effective_number, find_top_opening, measure_vendi_share
from generators.measures.duplicates import find_crossings, find_duplicates, find_near_duplicates
from generators.quality.evidence import Evidence
from generators.quality.passages import read_wholes
from schemas.base import Split

FEWEST = 100
"""Passages below which a share of them says too little."""
SAMPLE = 300
"""Passages that measures of diversity are calibrated for."""
MOST_SELF_BLEU, LEAST_DISTINCT = 0.35, 0.65
MOST_GENERATED_OPENING = 0.05
LEAST_DIVERSITY, FAILED_DIVERSITY = 0.65, 0.45
MOST_OF_A_GAME, LEAST_OF_A_POLE = 0.05, 50
HELD: tuple[Split, ...] = ("validation", "test")


def measure_duplicates(evidence: Evidence) -> Measurement:
    """Returns the share of rows that repeat an earlier one but for case, spaces and Unicode form.

    24 % in three model-written files of Perez et al. 2022.
    """
    found = find_duplicates(read_wholes(evidence.config, evidence.table))
    note = "templates repeat their frames by design; 14 is not measured"
    return Measurement(found.share, found.n, note=note if evidence.templates else None)


def measure_near_duplicates(evidence: Evidence) -> Measurement | None:
    """Returns the share of passages with an earlier near-duplicate: Jaccard of word 3-grams >= 0.7.

    MinHash of 128, each find checked exactly; as Lee et al. 2022 (https://arxiv.org/abs/2107.06499).
    A menu and what was written from it do not count: they stand in one split together.
    """
    if evidence.templates:
        return None
    passages = evidence.passages
    pairs = find_near_duplicates(passages.sketches).pairs
    own = sum(passages.owners[one] == passages.owners[other] for one, other in pairs)
    total = max(len(passages.texts), 1)
    figures = {"variants of one menu": own / total}
    return Measurement((len(pairs) - own) / total, len(passages.texts), figures=figures)


def measure_leaks(evidence: Evidence) -> Measurement:
    """Returns the share of held-out passages with a near-duplicate in train; no group may cross.

    Over 4 % of standard validation sets overlap with train (https://arxiv.org/abs/2107.06499).
    """
    passages, table = evidence.passages, evidence.table
    crossing = 0
    for column in ("group", "decision_id"):
        if column in table.column_names:
            homes: dict[str, set[str]] = {}
            for row in evidence.list_rows(column, "split"):
                homes.setdefault(row[column], set()).add(row["split"])
            crossing += sum(len(splits) > 1 for splits in homes.values())
    held = [place for place, split in enumerate(passages.splits) if split in HELD]
    train = [place for place, split in enumerate(passages.splits) if held and split == "train"]
    near = find_crossings(passages.sketches.take(held), passages.sketches.take(train))
    figures = {"groups or menus in two splits": crossing}
    return Measurement(near.share, len(held), figures=figures, missed=crossing > 0)


def measure_openings(evidence: Evidence) -> Measurement:
    """Returns the share of passages that begin with the most common three words.

    85 % of MoralChoice's low-ambiguity contexts open with "You are a".
    """
    passages = evidence.passages
    opening, share = find_top_opening(passages.texts)
    written = [text for text, by in zip(passages.texts, passages.generated, strict=True) if by]
    figures: dict[str, float] = {}
    missed = False
    if len(written) >= FEWEST:
        figures["generated ones"] = find_top_opening(written)[1]
        missed = figures["generated ones"] > MOST_GENERATED_OPENING
    return Measurement(
        share, len(passages.texts), figures=figures, missed=missed, note=repr(opening)
    )


def measure_repetition(evidence: Evidence) -> Measurement:
    """Returns the gzip ratio of 300 passages, with their self-BLEU and distinct 2-grams.

    Shaib et al. 2024 (https://arxiv.org/abs/2403.00553). CrowS-Pairs 2.29, 0.12 and 0.82; the
    persona file Christianity 4.40, 0.68 and 0.34.
    """
    found = evidence.diversity
    if found is None:
        return Measurement(0.0, 0)
    figures = {"self-BLEU": found.self_bleu, "distinct 2-grams": found.distinct_2}
    missed = found.self_bleu > MOST_SELF_BLEU or found.distinct_2 < LEAST_DISTINCT
    return Measurement(
        found.gzip_ratio, found.n, figures=figures, missed=missed, note=_tell_frames(evidence)
    )


def measure_vendi(evidence: Evidence) -> Measurement:
    """Returns the Vendi score of 300 passages by their number, on TF-IDF.

    Friedman and Dieng 2023 (https://arxiv.org/abs/2210.02410). Good sets 0.76-0.82, collapsed ones
    0.28-0.45. Where few frames are crossed with many fillings by design, each frame counts once.
    """
    found = evidence.diversity
    if found is None:
        return Measurement(0.0, 0)
    figures: dict[str, float] = {}
    if evidence.passages.frames is not None:
        figures["rows as they are"] = measure_vendi_share(evidence.passages.texts)
    return Measurement(found.vendi_share, found.n, figures=figures, note=_tell_frames(evidence))


def _tell_frames(evidence: Evidence) -> str | None:
    crossed = evidence.passages.frames is not None
    return "each frame once: frames and fillings are crossed by design" if crossed else None


def measure_coverage(evidence: Evidence) -> Measurement | None:
    """Returns the effective number of games, exp(entropy): as many equal ones would do as much."""
    table = evidence.table
    if "game" not in table.column_names:
        return None
    games = Counter(table["game"].to_pylist())
    rows = table.num_rows
    figures = {"largest share of a game": max(games.values(), default=0) / max(rows, 1)}
    missed = figures["largest share of a game"] > MOST_OF_A_GAME
    if "behavior" in table.column_names:
        behaviors = Counter(table["behavior"].to_pylist())
        figures["rows of the rarest behavior"] = min(behaviors.values(), default=0)
        missed |= figures["rows of the rarest behavior"] < LEAST_OF_A_POLE
    value = effective_number([*games.values()]) if rows else 0.0
    return Measurement(value, rows, figures=figures, missed=missed)


CHECKS = (
    Check(13, "exact duplicates", "gate", "0", measure_duplicates,
          high=0, unit="rows", poles=False),
    Check(14, "near-duplicates", "gate", "≤ 1 %", measure_near_duplicates,
          high=0.01, unit="passages", fewest=FEWEST, poles=False),
    Check(16, "leaks between splits", "gate", "≤ 0.5 %, no group in two", measure_leaks,
          high=0.005, unit="held-out passages", poles=False),
    Check(17, "most common opening", "warn", "≤ 10 %, generated ≤ 5 %", measure_openings,
          high=0.10, unit="passages", fewest=FEWEST, poles=False),
    Check(18, "repetition (gzip ratio)", "warn", "≤ 3.2, self-BLEU ≤ 0.35, distinct-2 ≥ 0.65",
          measure_repetition, high=3.2, unit="passages", fewest=SAMPLE, poles=False),
    Check(19, "diversity (Vendi / n)", "warn", "≥ 0.65", measure_vendi,
          low=LEAST_DIVERSITY, unit="passages", fewest=SAMPLE, poles=False),
    Check(19, "collapse (Vendi / n)", "gate", "≥ 0.45", measure_vendi,
          low=FAILED_DIVERSITY, unit="passages", fewest=SAMPLE, poles=False),
    Check(20, "games covered", "warn", "≥ 50, one ≤ 5 %, each behavior ≥ 50 rows",
          measure_coverage, low=50, unit="rows", poles=False),
)  # fmt: skip
