"""Adds up what is seen of the games, for the manifest, the summary and the doctor."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from generators.errors import SourceError
from generators.machiavelli.game import GameRows
from generators.sources.games.counts import Counts
from generators.sources.games.game_data import BrokenGame, Oddities
from generators.sources.games.layout import no_labels
from schemas.manifest import GameSource


class Tally:
    """The sum over all games; a broken one is counted, or stops the run."""

    def __init__(self, *, skip_broken: bool) -> None:
        self.survey = Counts()
        self.games: dict[str, GameSource] = {}
        self.broken: dict[str, str] = {}
        self.oddities = Oddities()
        self._skip_broken = skip_broken
        self._labelled = False

    def take(self, result: GameRows | BrokenGame) -> None:
        """Adds what came of one game.

        Raises:
            SourceError: the game is broken, and broken games are not to be skipped.
        """
        if isinstance(result, BrokenGame):
            if not self._skip_broken:
                raise result.error
            self.broken[result.game] = str(result.error)
            return
        self.survey.add(result.survey)
        self.games[result.game] = result.source
        self.oddities.update(result.oddities)
        self._labelled = self._labelled or result.labelled

    def count_metadata(self, metadata: dict[str, object] | None, with_tree: Sequence[str]) -> None:
        """Counts a missing metadata file, and games that stand in it only."""
        if metadata is None:
            self.oddities["game_metadata.json missing"] += 1
        else:
            missing = len(metadata.keys() - set(with_tree))
            self.oddities.update({"games in the metadata only": missing} if missing else {})

    def check(self, data: Path) -> None:
        """Raises SourceError where nothing can come of the game data."""
        where = f"--data {data}"
        if not self.games:
            found = f"no readable game ({len(self.broken)} broken)"
            raise SourceError(where, found, "at least one", "Run the doctor on it")
        if not self._labelled:
            raise no_labels(data)
        if not self.survey.totals["menus"]:
            raise SourceError(where, "no menu in any game", "CHOICE nodes", "Run the doctor on it")

    def check_rows(self, sizes: Mapping[str, Mapping[str, object]]) -> None:
        """Raises SourceError where no config got a row."""
        if not any(sizes.values()):
            menus = f"no row from {self.survey.totals['menus']} menus"
            wanted, remedy = "at least one", "Read more menus, or ask for more kinds or behaviors"
            raise SourceError(f"--kinds {','.join(sizes)}", menus, wanted, remedy)
