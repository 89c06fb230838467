"""Reads people's own pairs from memory: a list of dicts, a DataFrame of pandas, a Dataset."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from pydantic import ValidationError

from generators.errors import SourceError
from generators.sources.pairs.pair_files import OwnPair

if TYPE_CHECKING:
    from datasets import Dataset  # pyright: ignore[reportMissingTypeStubs]
    from pandas import DataFrame

PairRecords: TypeAlias = "Iterable[Mapping[str, Any]] | DataFrame | Dataset"
"""Pairs in memory; fields or columns `positive` and `negative`, and `prompt`, `group`, `id`."""
WANTED = "fields positive and negative (and prompt, group, id) that hold text"


def read_pairs(records: PairRecords) -> list[OwnPair]:
    """Returns the pairs of a list of dicts, of a DataFrame of pandas, or of a Dataset.

    Fields are those of a JSONL file of pairs; others are ignored. A missing value (None or NaN)
    counts as a field that is not there. Empty sides and repeated ids are let pass.

    Raises:
        SourceError: a record is no pair, or there is none.
    """
    pairs = [_read_pair(place, record) for place, record in enumerate(_list_records(records))]
    if not pairs:
        raise SourceError("pairs", "no record", f"records with {WANTED}", "Give at least one")
    return pairs


def _list_records(records: Any) -> Iterable[Any]:
    if hasattr(records, "to_dict") and hasattr(records, "columns"):  # a DataFrame
        return cast(Iterable[Any], records.to_dict("records"))
    if isinstance(records, Mapping):  # such as a DatasetDict
        names = ", ".join(map(str, cast(Mapping[Any, Any], records)))[:80]
        wanted, remedy = "a list of records, or one split", "Choose one split of a DatasetDict"
        raise SourceError("pairs", f"a mapping of {names}", wanted, remedy)
    if isinstance(records, str | bytes) or not isinstance(records, Iterable):
        wanted = f"a list of dicts, a DataFrame or a Dataset, with {WANTED}"
        raise SourceError("pairs", type(records).__name__, wanted, "Give records")
    return cast(Iterable[Any], records)


def _read_pair(place: int, record: Any) -> OwnPair:
    where, remedy = f"record {place}", "Rename or convert the fields"
    if not isinstance(record, Mapping):
        raise SourceError(where, type(record).__name__, f"a dict with {WANTED}", remedy)
    fields = cast(Mapping[str, Any], record).items()
    known = {name: value for name, value in fields if name in OwnPair.model_fields}
    try:
        # NaN, which pandas has for a missing value, is the only one that differs from itself.
        return OwnPair(**{name: v for name, v in known.items() if v is not None and v == v})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        found = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise SourceError(where, found, WANTED, remedy) from error
