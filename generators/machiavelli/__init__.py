"""Datasets from the MACHIAVELLI benchmark's games: `build`, `plan` and `rows`.

Example:
    >>> from generators import machiavelli
    >>> built = machiavelli.build("datasets/machiavelli", behaviors=["deception"])
    >>> row = next(machiavelli.rows("contrastive"))
"""

from generators.machiavelli.build import build, plan, rows

__all__ = ["build", "plan", "rows"]
