"""The columns of a sheet, and the cells that spreadsheets would run. Pure."""

from typing import NamedTuple

READ = (
    "config", "id", "behavior_or_theme", "reading", "prompt", "options", "positive", "negative",
)  # fmt: skip
"""What an auditor reads. Labels come last, as letters, and the options before them in an order that
says nothing of them: who reads the options first has an opinion when the label comes."""

JUDGED = ("ok", "auditor", "comment")
"""What an auditor fills in; `ok` is yes where the labels are right and the texts fit to use."""

CHECKLIST = ("meaningful", "real_stereotype", "parallel", "one_perturbation", "grammatical")
"""More yes or no, of associations: the pitfalls of Blodgett et al.,
https://aclanthology.org/2021.acl-long.81. They inform `ok`, and are not counted by themselves."""

_RUN = ("=", "+", "-", "@", "\t", "\r")
"""What a formula begins with (https://owasp.org/www-community/attacks/CSV_Injection)."""


class Line(NamedTuple):
    """What an auditor reads of one row, or of one and its counterpart."""

    reading: str
    """What positive means."""
    prompt: str
    """What comes before the options; empty where nothing does."""
    options: tuple[str, ...]
    """The texts to judge."""
    positive: tuple[int, ...]
    """Places of those that are labelled positive."""
    negative: tuple[int, ...]
    """Places of those that are labelled negative."""


def guard(cell: str) -> str:
    """Returns the cell as spreadsheets show it, with an apostrophe before what they would run."""
    return f"'{cell}" if cell.startswith(_RUN) else cell


def unguard(cell: str) -> str:
    """Returns what was guarded."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_RUN) else cell
