"""Which gates count. Pure."""

from collections.abc import Iterable

from schemas.quality import CheckResult

FOLDER, PAIRS = "folder", "pairs"
"""Stand in the place of a config: for a folder as a whole, and for a plain file of pairs."""


def find_gates(checks: Iterable[CheckResult]) -> list[CheckResult]:
    """Returns the gates that count: on `core`, and on the folder as a whole; not those waived.

    Rows of `full` may miss a gate, as long as the card says so. Of pairs that are no folder of
    ours all count, since whoever measures them uses them all; their `core` is a proposal.
    """
    return [
        check
        for check in checks
        if check.level == "gate"
        and not check.waived
        and (check.tier == ("full" if check.config == PAIRS else "core") or check.config == FOLDER)
    ]
