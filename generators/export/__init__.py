"""Exports: a config of a dataset folder, written as a named tool reads it.

`write` makes one. Nothing is imported before it is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from generators.export.folder import Exported, write

__all__ = ["Exported", "write"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from generators.export import folder

    return getattr(folder, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
