"""Names of many items as numbers, each name once in memory. Pure Arrow."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# The types of Arrow leave out what an array holds.

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Mask = NDArray[np.bool_]
Strings: TypeAlias = "pa.Array[Any]"


@dataclass(frozen=True)
class Codes:
    """One name for each item, as places in a list of names."""

    known: Strings
    """Each name once, sorted."""
    places: Ints
    """Item -> place in `known`."""

    @cached_property
    def names(self) -> list[str]:
        """The names as a list, which takes much more memory."""
        names: list[Any] = self.known.to_pylist()
        return names

    def take(self, items: Mask | Ints) -> "Codes":
        """Returns those of some items."""
        return Codes(self.known, self.places[items])

    def mark(self, name: str) -> Mask:
        """Returns for each item whether it has a name."""
        place = self.names.index(name) if name in self.names else -1
        return self.places == place


def code(names: "pa.ChunkedArray[Any] | pa.Array[Any] | Sequence[str]") -> Codes:
    """Returns names, one for each item, as codes; from a column of a table, or a list."""
    encoded = _encode(names)
    order = cast(Any, pc.sort_indices(encoded.dictionary))
    rank = np.empty(len(order), np.int32)
    rank[order.to_numpy()] = count_up(len(order))
    return Codes(encoded.dictionary.take(order), rank[_list_indices(encoded)])


def code_alike(items: int) -> Codes:
    """Returns one name for all items."""
    return Codes(pa.array(["all"]), np.zeros(items, np.int32))


def code_together(table: pa.Table, columns: tuple[str, str]) -> Any:
    """Returns what rows have in two columns, such as `a in b`, as codes: few strings are made."""
    missing: Any = "None"
    texts: list[Any] = [table[name].cast(pa.string()).fill_null(missing) for name in columns]
    one, other = map(code, texts)
    key = one.places * np.int64(len(other.known)) + other.places
    known, places = np.unique(key, return_inverse=True)
    halves = np.divmod(known, len(other.known))
    names = [_take(codes.known, half) for codes, half in zip((one, other), halves, strict=True)]
    join: Any = pc.binary_join_element_wise
    coded: Any = pa.array(places.astype(np.int32))
    return pa.DictionaryArray.from_arrays(coded, join(*names, " in "))


def _take(values: Strings, places: NDArray[np.int64]) -> Any:
    indices: Any = pa.array(places)
    return values.take(indices)


def _encode(values: Any) -> Any:
    """Returns a column or a list as codes; a column that is coded already as it is."""
    whole: Any = values if hasattr(values, "type") else pa.array(values, pa.string())
    whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
    return whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()


def _list_indices(encoded: Any) -> Ints:
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)


def code_texts(
    positives: "pa.Array[Any]", negatives: "pa.Array[Any]"
) -> tuple[list[str], Ints, Ints]:
    """Returns each text once, and the places of both sides in that list."""
    encoded = _encode(pa.chunked_array([positives, negatives]))
    places = _list_indices(encoded)
    texts: list[Any] = encoded.dictionary.to_pylist()
    return texts, places[: len(positives)], places[len(positives) :]


def join_chunks(column: "pa.ChunkedArray[Any]") -> Any:
    """Returns a column in one piece."""
    return column.combine_chunks()


def count_up(items: int) -> Ints:
    """Returns 0, 1, 2 ...: every row its own item, every item with one pair."""
    return np.arange(items, dtype=np.int32)
