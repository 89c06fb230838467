"""Keeps a text from standing in two splits: it stays in the stricter one."""

from collections import Counter, defaultdict

from generators.game_rows import KindRows
from generators.splits import STRICTEST_FIRST
from schemas.base import Split


class LeakGuard:
    """Remembers the texts of each split; must be shown the strictest split first."""

    def __init__(self) -> None:
        self._seen: defaultdict[tuple[str, Split], set[bytes]] = defaultdict(set)
        self.left_out: Counter[str] = Counter()
        """Rows left out, by kind."""

    def admit(self, kind: str, split: Split, found: KindRows) -> list[bool]:
        """Returns for each row whether its whole text stands in no stricter split."""
        rank = STRICTEST_FIRST.index(split)
        stricter = [self._seen[kind, other] for other in STRICTEST_FIRST[:rank]]
        keep = [not any(key in seen for seen in stricter) for key in found.keys]
        if rank < len(STRICTEST_FIRST) - 1:
            texts = self._seen[kind, split]
            texts.update(found.keys, found.other_keys)
            texts.discard(b"")
        self.left_out[kind] += keep.count(False)
        return keep
