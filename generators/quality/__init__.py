"""Measures a dataset, or anybody's pairs, and chooses the core of them.

`measure` and `choose_core` are loaded when they are first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from generators.quality.assessment import choose_core, measure

__all__ = ["choose_core", "measure"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from generators.quality import assessment

        return getattr(assessment, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
