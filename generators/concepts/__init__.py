"""Concept sets from a concept file or from people's own pairs: `build`, `plan` and `rows`.

Example:
    >>> from generators import concepts
    >>> built = concepts.build("datasets/concepts", kinds=["minimal_pairs"])
    >>> row = next(concepts.rows("minimal_pairs"))
"""

from generators.concepts.build import build, plan, rows

__all__ = ["build", "plan", "rows"]
