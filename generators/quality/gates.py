"""Which gates count. Pure."""

from collections.abc import Iterable, Set

from schemas.base import Tier
from schemas.quality import CheckResult, Conclusion

FOLDER, PAIRS = "folder", "pairs"
"""Stand in the place of a config: for a folder as a whole, and for a plain file of pairs."""


CUES = frozenset({4, 5, 6, 7, 8})
"""Numbers of the gates that look for what tells the poles apart and is not their content."""
BALANCED = CUES | {2}
"""Those that `core` is chosen to hold, the place among them."""


def find_gates(checks: Iterable[CheckResult]) -> list[CheckResult]:
    """Returns the gates that count: on `core`, and on the folder as a whole; not those waived.

    Rows of `full` may miss what `core` is chosen by, as long as the card says so; no choice excuses
    duplicates, leaks or broken rows, and so these count on all rows. Of a config without `core`,
    too, all rows must hold the gates that are not about cues. Of pairs that are no folder of ours
    all count, since whoever measures them uses them all; their `core` is a proposal.
    """
    every = list(checks)
    tiered = {check.config for check in every if check.tier == "core"}
    gates = [check for check in every if check.level == "gate" and not check.waived]
    return [check for check in gates if _counts(check, tiered)]


def _counts(check: CheckResult, tiered: Set[str]) -> bool:
    if check.config == PAIRS:
        return check.tier == "full"
    if check.tier == "core" or check.config == FOLDER:
        return True
    return check.number not in (BALANCED if check.config in tiered else CUES)


def find_tier(config: str, tiered: Set[str]) -> Tier:
    """Returns the tier of a config that is told of first.

    Args:
        config: the config.
        tiered: those that have a `core`.
    """
    return "core" if config in tiered and config != PAIRS else "full"


def conclude(gates: Iterable[CheckResult]) -> Conclusion:
    """Returns what the gates that count come to.

    Where no cue could be looked for, for want of rows, that the rest passes says nothing.
    """
    verdicts = [(check.verdict, check.number in CUES) for check in gates]
    if any(verdict == "FAIL" for verdict, _ in verdicts):
        return "FAIL"
    cues = {verdict for verdict, is_cue in verdicts if is_cue}
    return "too few" if cues and "PASS" not in cues else "PASS"
