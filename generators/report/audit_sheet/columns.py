"""The columns of a sheet, and the cells that spreadsheets would run. Pure."""

from generators.configs import CONFIGS

READ = (
    "config", "id", "behavior_or_theme", "reading", "prompt", "options", "positive", "negative",
)  # fmt: skip
"""What an auditor reads. Labels come last, as letters, and the options before them in an order that
says nothing of them: who reads the options first has an opinion when the label comes."""

JUDGED = ("ok", "auditor", "comment")
"""What an auditor fills in; `ok` is yes where the labels are right and the texts fit to use."""

CHECKLIST = tuple(name for config in CONFIGS.values() for name in config.checklist)
"""More yes or no, of the rows of some configs."""

_RUN = ("=", "+", "-", "@", "\t", "\r")
"""What a formula begins with (https://owasp.org/www-community/attacks/CSV_Injection)."""


def guard(cell: str) -> str:
    """Returns the cell as spreadsheets show it, with an apostrophe before what they would run."""
    return f"'{cell}" if cell.startswith(_RUN) else cell


def unguard(cell: str) -> str:
    """Returns what was guarded."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_RUN) else cell
