"""The Python interface: models, their states and differences, as arrays and DataFrames."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from generators.activations.compared import Compared
from generators.activations.comparison import PARTS, compare_pairs, place_side
from generators.activations.reader import open_model
from generators.activations.sites import Model
from generators.activations.states import Component, Floats, Passage, Place
from generators.errors import SourceError
from generators.options import PathLike
from generators.sources.pairs.pair_files import PairRecords, Pairs, open_pairs

if TYPE_CHECKING:
    from pandas import DataFrame

WANTED = "texts, (prompt, completion) tuples, or dicts with positive and negative"


@dataclass(frozen=True, repr=False)
class States:
    """The states of some texts in one model.

    Attributes:
        model: Name of the model.
        passages: The texts, each with what comes before it; of pairs all positives, then all
            negatives.
        tokens: How many tokens of each are measured.
        arrays: By component and place (`mean` over these tokens, or their `last`): (texts, layers,
            width); for heads (texts, layers, heads, width).
    """

    model: str
    passages: tuple[Passage, ...]
    tokens: NDArray[np.int32]
    arrays: dict[tuple[Component, Place], Floats]

    def __getitem__(self, key: tuple[Component, Place]) -> Floats:
        return self.arrays[key]

    def table(self, component: Component = "residual", place: Place = "mean") -> "DataFrame":
        """Returns one row a text and layer (for heads, and head), and a column a dimension."""
        from pandas import DataFrame, MultiIndex

        values = self.arrays[component, place]
        names = ["text", "layer", "head"][: values.ndim - 1]
        index = MultiIndex.from_product([range(each) for each in values.shape[:-1]], names=names)
        return DataFrame(values.reshape(-1, values.shape[-1]), index=index)

    def __repr__(self) -> str:
        read = ", ".join(f"{component} {place}" for component, place in self.arrays)
        layers = next(iter(self.arrays.values())).shape[1]
        return f"{len(self.passages):,} texts in {self.model}, {layers} layers: {read}"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


def load(model: str, *, device: str | None = None, cache: PathLike | None = None) -> Model:
    """Returns a model that several calls can use; it is in memory as long as it is held.

    Args:
        model: path of a folder or of a GGUF file, or a name on the Hub such as `org/name`, which
            is downloaded.
        device: `cpu` or `cuda`; None for a GPU where there is one.
        cache: folder that keeps activations for later calls; None for none.

    Raises:
        ActivationError: it is not there, cannot be read, or does not fit.
    """
    return open_model(model, device, cache)


def capture(
    texts: "Iterable[str | tuple[str, str] | Mapping[str, Any]] | PairRecords",
    model: "str | PathLike | Model",
    *,
    components: Iterable[Component] = ("residual",),
    device: str | None = None,
    cache: PathLike | None = None,
) -> States:
    """Returns the states of texts, or of both sides of pairs, at every layer.

    Args:
        texts: texts; (prompt, completion) tuples, of which the completion is measured; or pairs:
            a list of dicts, a DataFrame, a Dataset, with `positive`, `negative` and, if there is
            one, `prompt`.
        model: what `load` takes or returns.
        components: some of `residual` (after each block), `attention`, `mlp`, `head`.
        device: as `load` takes it.
        cache: as `load` takes it.

    Raises:
        SourceError: a record is none of these.
        ActivationError: the model is not there, or cannot read a text.

    Example:
        >>> capture(["The baby slept."], "models/gpt2")["residual", "last"].shape
        (1, 12, 768)
    """
    passages = _take_passages(texts)
    opened = _open(model, device, cache)
    found = opened.capture(passages, tuple(components))
    return States(opened.name, tuple(passages), found.tokens, found.states)


def compare(
    pairs: Pairs,
    model: "str | PathLike | Model",
    *,
    components: Iterable[Component] = PARTS,
    place: Place = "mean",
    device: str | None = None,
    cache: PathLike | None = None,
) -> Compared:
    """Returns which components differ between the sides of pairs, each beside chance.

    Args:
        pairs: a file of pairs; or pairs in memory, as `quality.measure` takes them.
        model: what `load` takes or returns.
        components: those that are compared; some of `residual`, `attention`, `mlp`, `head`.
        place: `mean` over the tokens of a side, or its `last`.
        device: as `load` takes it.
        cache: as `load` takes it.

    Raises:
        SourceError: the file cannot be read, or a record is no pair.
        ActivationError: the model is not there, or cannot read a text.

    Example:
        >>> compare([{"positive": "Save the baby.", "negative": "Save the adult."}], "models/gpt2")
    """
    return compare_pairs(pairs, _open(model, device, cache), tuple(components), place)


def _open(model: "str | PathLike | Model", device: str | None, cache: PathLike | None) -> Model:
    if isinstance(model, str | os.PathLike):
        return open_model(os.fspath(model), device, cache)
    return model


def _take_passages(texts: Any) -> list[Passage]:
    """Returns texts as passages; of pairs all positives, then all negatives."""
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        raise SourceError("texts", type(texts).__name__, f"a list of {WANTED}", "Put it in a list")
    given = cast(Any, texts)
    is_table = hasattr(given, "columns") or hasattr(given, "column_names")
    records: list[Any] = [] if is_table else list(given)
    if is_table or (records and isinstance(records[0], Mapping)):
        pairs = [*open_pairs(given if is_table else records)]
        return [*place_side(pairs, "positive"), *place_side(pairs, "negative")]
    if not records:
        raise SourceError("texts", "none", f"at least one of {WANTED}", "Give one")
    return [_take_passage(place, each) for place, each in enumerate(records)]


def _take_passage(place: int, record: Any) -> Passage:
    match record:
        case str():
            return Passage("", record)
        case (str(prompt), str(completion)):
            return Passage(prompt, completion)
        case _:
            raise SourceError(f"text {place}", type(record).__name__, WANTED, "Convert it")
