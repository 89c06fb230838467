"""A dataset on the Hugging Face Hub: published in one verified commit, and filled in again.

`push` publishes a dataset folder; `hydrate` fills the text into one that was published as
references. Nothing is imported before one of them is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from generators.publish.publication import Published, push
    from generators.publish.refill import ChangedRows, Hydrated, Mismatch, hydrate

__all__ = ["ChangedRows", "Hydrated", "Mismatch", "Published", "hydrate", "push"]

_HOMES = dict.fromkeys(__all__, "refill") | {"Published": "publication", "push": "publication"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
