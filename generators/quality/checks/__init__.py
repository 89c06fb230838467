"""The checks, one file a group: small functions from rows to a number, and their thresholds.

A new check is one function, and one line in its group's table.
"""

from itertools import chain

from generators.quality.checks import cues, form, labels, minimal, passages, places, words
from generators.quality.checks.base import Check
from generators.quality.evidence import Evidence, FolderEvidence

_GROUPS = (form, places, cues, words, minimal, passages)

CHECKS: tuple[Check[Evidence], ...] = tuple(
    sorted(
        chain.from_iterable(group.CHECKS for group in _GROUPS),
        key=lambda check: check.number,
    )
)
"""What is checked of each config and tier."""

FOLDER_CHECKS: tuple[Check[FolderEvidence], ...] = labels.FOLDER_CHECKS
"""What is checked of a folder as a whole."""
