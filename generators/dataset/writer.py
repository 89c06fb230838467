"""Collects rows into the Parquet files of a dataset folder, split by split."""

from collections import Counter
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from generators.arrow import make_table
from generators.configs import GAME_CONFIGS
from generators.configs.from_games import AcrossGames, find_lowest
from generators.dataset.leaks import LeakGuard
from generators.machiavelli.game import GameRows
from generators.parquet import RowFile, drain_spool
from generators.quality.tiering import open_file
from generators.splits import SPLITS
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
        self._files: dict[str, RowFile] = {}
        self._gathered: dict[str, pa.Table] = {}
        self._guard = LeakGuard()
        self._sizes: dict[tuple[str, Split], SplitSize] = {}
        self._left_out: dict[str, Counter[str]] = {name: Counter() for name in config.kinds}

    def add(self, game: GameRows) -> None:
        """Writes one game's rows, but for those whose text stands in a stricter split."""
        if game.source.split != self._split:
            self.finish()
            self._split = game.source.split
        for name, found in game.kinds.items():
            keep = self._guard.admit(name, game.source.split, found)
            tables = drain_spool(found.spool, keep)
            gathering = GAME_CONFIGS[name].across_games
            if gathering:
                self._keep_lowest(name, gathering.most, list(tables))
                continue
            for table in tables:
                self._write(name, table)

    def finish(self) -> None:
        """Finishes the files of the split at hand."""
        if self._split is None:
            return
        for name, items in self._gathered.items():
            gathering = GAME_CONFIGS[name].across_games
            if gathering:
                self._write_gathered(name, gathering, items)
        self._gathered = {}
        for name, file in self._files.items():
            file.close()
            self._sizes[name, self._split] = SplitSize(rows=file.rows, bytes=file.bytes)
        self._files = {}

    def close(self) -> None:
        """Lets go of the texts, and of files that were not finished."""
        self._guard.forget()
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
        for name in self.config.kinds:
            self._left_out[name]["text also in a stricter split"] = self._guard.left_out[name]
        counted = {name: dict(+reasons) for name, reasons in self._left_out.items()}
        return {name: reasons for name, reasons in counted.items() if reasons}

    def _keep_lowest(self, name: str, most: int, items: list[pa.Table]) -> None:
        if not items:
            return
        earlier = [self._gathered[name]] if name in self._gathered else []
        found = pa.concat_tables([*earlier, *items])
        behaviors: list[Any] = found["behavior"].to_pylist()
        ranks: list[Any] = found["rank"].to_pylist()
        kept = find_lowest(behaviors, ranks, most)
        self._left_out[name][f"over {most} of a behavior and split"] += found.num_rows - len(kept)
        self._gathered[name] = found.take(pa.array(kept, pa.int64()))

    def _write_gathered(self, name: str, gathering: AcrossGames, items: pa.Table) -> None:
        found = [
            gathering.candidate.model_validate(item, strict=False) for item in items.to_pylist()
        ]
        rows = iter(gathering.gather(found, self.config))
        written = 0
        while batch := list(islice(rows, ROWS_AT_ONCE)):
            self._write(name, make_table(GAME_CONFIGS[name].row, batch))
            written += len(batch)
        self._left_out[name][gathering.why_not] += len(found) - written

    def _write(self, name: str, table: pa.Table) -> None:
        if not table.num_rows:
            return
        if name not in self._files:
            path = self._folder / name / f"{self._split}-00000-of-00001.parquet"
            path.parent.mkdir(exist_ok=True)
            self._files[name] = open_file(path, name, self._schemas[name])
        self._files[name].write(table)
