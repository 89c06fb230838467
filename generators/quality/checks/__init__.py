"""The checks: functions from rows to a number, and their thresholds, in one file a group.

A new check is one function, and one line in the `CHECKS` of its file.
"""

from generators.quality.checks import cues, form, labels, passages
from generators.quality.checks.base import Check
from generators.quality.evidence import Evidence, FolderEvidence

CHECKS: tuple[Check[Evidence], ...] = (*form.CHECKS, *cues.CHECKS, *passages.CHECKS)
"""What is checked of each config and tier."""

FOLDER_CHECKS: tuple[Check[FolderEvidence], ...] = labels.CHECKS
"""What is checked of a folder as a whole."""
