"""Collects rows into the Parquet files of a dataset folder, split by split."""

from collections import Counter
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from generators.game_rows import GameRows
from generators.kinds import KINDS
from generators.kinds.base import find_lowest
from generators.leaks import LeakGuard
from generators.row_files import ParquetFile, drain_spool
from generators.splits import SPLITS
from generators.tables import make_table
from schemas.base import Split
from schemas.config import MachiavelliConfig
from schemas.manifest import SplitSize

ROWS_AT_ONCE = 256
"""Gathered rows that stand in memory as records before they become a table."""


class RowWriter:
    """Takes the rows of one game after the other; the games of the strictest split first."""

    def __init__(
        self, folder: Path, config: MachiavelliConfig, schemas: Mapping[str, pa.Schema]
    ) -> None:
        self.config = config
        self._folder = folder
        self._schemas = schemas
        self._split: Split | None = None
        self._files: dict[str, ParquetFile] = {}
        self._gathering: dict[str, pa.Table] = {}
        self._guard = LeakGuard()
        self._sizes: dict[tuple[str, Split], SplitSize] = {}
        self._over_most: Counter[str] = Counter()
        self._no_shots: Counter[str] = Counter()

    def add(self, game: GameRows) -> None:
        """Writes one game's rows, but for those whose text stands in a stricter split."""
        if game.source.split != self._split:
            self.finish()
            self._split = game.source.split
        for name, found in game.kinds.items():
            keep = pa.array(self._guard.admit(name, game.source.split, found), pa.bool_())
            take = self._keep_lowest if KINDS[name].gathering else self._write
            done = 0
            for table in drain_spool(found.spool):
                take(name, table.filter(keep.slice(done, table.num_rows)))
                done += table.num_rows

    def finish(self) -> None:
        """Finishes the files of the split at hand."""
        if self._split is None:
            return
        for name, found in self._gathering.items():
            self._gather(name, found)
        self._gathering = {}
        for name, file in self._files.items():
            file.close()
            self._sizes[name, self._split] = SplitSize(rows=file.rows, bytes=file.bytes)
        self._files = {}

    def close(self) -> None:
        """Lets go of files that were not finished."""
        for file in self._files.values():
            file.abandon()

    @property
    def sizes(self) -> dict[str, dict[str, SplitSize]]:
        """Config -> split -> size; a split without rows is left out."""
        return {
            name: {
                split: self._sizes[name, split] for split in SPLITS if (name, split) in self._sizes
            }
            for name in self.config.kinds
        }

    @property
    def left_out(self) -> dict[str, dict[str, int]]:
        """Config -> reason -> rows that were left out."""
        reasons = {
            "text also in a stricter split": self._guard.left_out,
            "over the most queries of a behavior": self._over_most,
            "fewer than 2 shots": self._no_shots,
        }
        by_kind = {
            name: {reason: counts[name] for reason, counts in reasons.items() if counts[name]}
            for name in self.config.kinds
        }
        return {name: found for name, found in by_kind.items() if found}

    def _keep_lowest(self, name: str, items: pa.Table) -> None:
        gathering = KINDS[name].gathering
        assert gathering is not None
        found = pa.concat_tables([self._gathering.get(name, items.slice(0, 0)), items])
        behaviors: list[Any] = found["behavior"].to_pylist()
        ranks: list[Any] = found["rank"].to_pylist()
        kept = find_lowest(behaviors, ranks, gathering.most)
        self._over_most[name] += found.num_rows - len(kept)
        self._gathering[name] = found.take(pa.array(kept, pa.int64()))

    def _gather(self, name: str, items: pa.Table) -> None:
        gathering = KINDS[name].gathering
        assert gathering is not None
        found = [gathering.item.model_validate(item, strict=False) for item in items.to_pylist()]
        rows = iter(gathering.gather(found, self.config))
        written = 0
        while batch := list(islice(rows, ROWS_AT_ONCE)):
            self._write(name, make_table(KINDS[name].row, batch))
            written += len(batch)
        self._no_shots[name] += len(found) - written

    def _write(self, name: str, table: pa.Table) -> None:
        if not table.num_rows:
            return
        if name not in self._files:
            path = self._folder / name / f"{self._split}-00000-of-00001.parquet"
            path.parent.mkdir(exist_ok=True)
            self._files[name] = ParquetFile(path, self._schemas[name])
        self._files[name].write(table)
