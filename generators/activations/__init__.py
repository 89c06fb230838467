"""What texts, or a set, do inside a real model: activations read, compared, patched and drawn.

`load` opens a model, `capture` reads its states, `compare` says which components differ between
the sides of pairs. They need the extra `activations`; nothing is imported before it is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from generators.activations.compared import Compared
    from generators.activations.notebook import States, capture, compare, load

__all__ = ["Compared", "States", "capture", "compare", "load"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "Compared":
        from generators.activations import compared

        return compared.Compared
    from generators.activations import notebook

    return getattr(notebook, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
