"""Keeps a text from standing in two splits: it stays in the stricter one."""

from collections import Counter, defaultdict

from generators.machiavelli.game import KindRows
from generators.splits import STRICTEST_FIRST
from schemas.base import Split


class LeakGuard:
    """Remembers the texts of each split; must be shown the strictest split first."""

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()
        """Rows left out, by kind."""
        self._split: Split = STRICTEST_FIRST[0]
        self._stricter: defaultdict[str, set[bytes]] = defaultdict(set)
        """Kind -> texts of the splits before."""
        self._here: defaultdict[str, set[bytes]] = defaultdict(set)
        """Kind -> texts of the split at hand."""

    def admit(self, kind: str, split: Split, found: KindRows) -> list[bool] | None:
        """Returns for each row whether its text stands in no stricter split; None if all do."""
        if split != self._split:
            self._enter(split)
        if split != STRICTEST_FIRST[-1]:
            self._here[kind].update(found.keys, found.other_keys)
        stricter = self._stricter[kind]
        if stricter.isdisjoint(found.keys):
            return None
        keep = [key not in stricter for key in found.keys]
        self.left_out[kind] += keep.count(False)
        return keep

    def forget(self) -> None:
        """Lets go of all texts; what was left out stays counted."""
        self._stricter.clear()
        self._here.clear()

    def _enter(self, split: Split) -> None:
        self._split = split
        for kind, texts in self._here.items():
            self._stricter[kind] |= texts - {b""}
        self._here.clear()
