"""The response log: every answer that was paid for, kept the moment it arrives.

One SQLite file in WAL mode. A row is committed before anything uses it, so that a killed process
loses nothing that had arrived; `synchronous = NORMAL` leaves only a power cut to cost the last
moment (https://www.sqlite.org/pragma.html#pragma_synchronous). The only importer of sqlite3.
"""

import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from generators.engine.answers import count_tokens, is_answer
from generators.engine.dialogue import Found
from generators.engine.exchange import Request
from generators.engine.json_text import read_json, write_json
from generators.engine.log_tables import ADD, COUNT, FIND, FORMAT, TABLES
from generators.errors import LogError
from schemas.exchange import RecordedAnswer, Tokens


class Arrival(NamedTuple):
    """What came of one try."""

    response: Any
    """The whole response; of a failed try, what is known of the failure."""
    answered: bool
    """Whether it is an answer, fit or not, which will never be asked for again."""
    status: int | None = 200
    lane: str = "live"
    rung: str = "json_schema"


class OpenBatch(NamedTuple):
    """A batch that the provider has not given back yet."""

    name: str
    """Our name for it, which its metadata carries."""
    id: str | None
    """The provider's; None where the program ended before it was told."""
    requests: int
    """How many requests wait for it."""


class ResponseLog:
    """The log of one server's answers; one process at a time may have it open."""

    def __init__(self, path: Path, base_url: str) -> None:
        """Opens the log, or makes it.

        Raises:
            LogError: the file is no log, another process has it open, or it cannot be written.
        """
        self.path = path
        self.base_url = base_url
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=2)
            try:
                self._open()
            except BaseException:
                self._db.close()
                raise

    def _open(self) -> None:
        db = self._db
        self._check_kind()
        # One process has the log for itself, or two would pay for the same answer.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("BEGIN IMMEDIATE")
        if self._check_kind():
            for statement in TABLES.split(";\n"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {FORMAT}")
        db.execute("COMMIT")

    def _check_kind(self) -> bool:
        """Returns whether the file is new; raises LogError where it is another program's."""
        version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        tables: int = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version != FORMAT and (version or tables):
            found, wanted = f"an SQLite file of another kind (version {version})", "a response log"
            raise self._error(found, wanted, "Name another file")
        return not tables

    def close(self) -> None:
        """Closes the log."""
        self._db.close()

    def __enter__(self) -> "ResponseLog":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def find(self, request: Request) -> Found | None:
        """Returns the answer to a request, with the tokens of all tries at it."""
        with self._explained():
            place = (request.key, self.base_url, request.occurrence)
            rows = self._db.execute(FIND, place).fetchall()
        if not rows or rows[0][0] != 0:
            return None
        try:
            return _read_rows(rows)
        except (ValueError, TypeError) as error:
            found, wanted = f"the answer to key {request.key} is broken", "JSON and counts"
            raise self._error(found, wanted, "Name another log") from error

    def add(self, request: Request, arrival: Arrival) -> None:
        """Keeps what came of one try; the first answer to a request stays."""
        about = (request.task, request.item, request.model, write_json(request.marks))
        with self._explained():
            self._add((request.key, self.base_url, request.occurrence), about, arrival)

    def collect(
        self, batch: str, custom_id: str, arrival: Arrival
    ) -> tuple[str, tuple[str, int]] | None:
        """Keeps what came of one line of a batch, for which its request then waits no more.

        Returns the model that was asked, and the request's key and occurrence; None for a line
        that is no longer waited for.
        """
        query = (
            "SELECT key, base_url, occurrence, task, item, model, marks FROM pending"
            " WHERE batch = ? AND custom_id = ?"
        )
        with self._explained(), self._transaction():
            row = self._db.execute(query, (batch, custom_id)).fetchone()
            if row is None:
                return None
            self._add(row[:3], row[3:], arrival)
            self._db.execute(
                "DELETE FROM pending WHERE batch = ? AND custom_id = ? AND ?",
                (batch, custom_id, arrival.answered),
            )
            return row[5], (row[0], row[2])

    def _add(
        self, place: tuple[str, str, int], about: tuple[str, str, str, bytes], arrival: Arrival
    ) -> int:
        tokens = count_tokens(arrival.response)
        failure = 0 if arrival.answered else 1 + self._db.execute(COUNT, place).fetchone()[0]
        row = (
            *place, failure, *about, arrival.lane, arrival.rung, arrival.status,
            tokens.prompt, tokens.cached, tokens.completion, _now(),
            write_json(arrival.response),
        )  # fmt: skip
        return self._db.execute(ADD, row).rowcount

    def last_marks(self) -> dict[tuple[str, str], dict[str, str]]:
        """Returns (task without version, item) -> the marks of its last first-hand request."""
        with self._explained():
            rows = self._db.execute("SELECT task, item, marks FROM exchanges ORDER BY id")
            return {(task.partition("/")[0], item): read_json(marks) for task, item, marks in rows}

    def list_answers(self) -> Iterator[dict[str, Any]]:
        """Yields every answer as a line of a file of recorded answers, in order of key."""
        query = (
            "SELECT key, occurrence, task, item, model, base_url, lane, response FROM exchanges"
            " WHERE failure = 0 ORDER BY key, base_url, occurrence"
        )
        names = ("key", "occurrence", "task", "item", "model", "base_url", "lane")
        with self._explained():
            for *values, response in self._db.execute(query):
                row = dict(zip(names, values, strict=True))
                yield {**row, "response": read_json(response)}

    def import_answer(self, answer: RecordedAnswer) -> bool:
        """Returns whether a recorded answer was new; it is kept as an answer of its server."""
        place = (answer.key, answer.base_url or self.base_url, answer.occurrence)
        about = (answer.task, answer.item, answer.model, b"{}")
        arrival = Arrival(answer.response, True, None, answer.lane, "")
        with self._explained():
            return self._add(place, about, arrival) == 1

    def is_pending(self, request: Request) -> bool:
        """Returns whether a request waits for an open batch."""
        place = (request.key, self.base_url, request.occurrence)
        query = "SELECT 1 FROM pending WHERE key = ? AND base_url = ? AND occurrence = ?"
        with self._explained():
            return self._db.execute(query, place).fetchone() is not None

    def start_batch(self, name: str, requests: Iterable[tuple[str, Request]]) -> None:
        """Notes, before anything is sent, which requests a batch will hold, by their custom ids."""
        with self._explained(), self._transaction():
            self._db.execute(
                "INSERT INTO batches VALUES (?, NULL, ?, ?)", (name, self.base_url, _now())
            )
            rows = (
                (
                    custom_id, name, request.key, self.base_url, request.occurrence,
                    request.task, request.item, request.model, write_json(request.marks),
                )
                for custom_id, request in requests
            )  # fmt: skip
            self._db.executemany(f"INSERT INTO pending VALUES ({', '.join('?' * 9)})", rows)

    def name_batch(self, name: str, batch_id: str) -> None:
        """Notes the id that the provider gave a batch."""
        with self._explained():
            self._db.execute("UPDATE batches SET id = ? WHERE name = ?", (batch_id, name))

    def end_batch(self, name: str) -> int:
        """Forgets a batch; returns how many requests had no answer in it, and are missing again."""
        with self._explained(), self._transaction():
            query = "SELECT count(*) FROM pending WHERE batch = ?"
            left: int = self._db.execute(query, (name,)).fetchone()[0]
            self._db.execute("DELETE FROM batches WHERE name = ?", (name,))
            return left

    def open_batches(self) -> list[OpenBatch]:
        """Returns the batches of this server that were not given back yet, oldest first."""
        query = (
            "SELECT name, id, (SELECT count(*) FROM pending WHERE batch = name) FROM batches"
            " WHERE base_url = ? ORDER BY rowid"
        )
        with self._explained():
            return [OpenBatch(*row) for row in self._db.execute(query, (self.base_url,))]

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> LogError:
        said = str(error)
        if "locked" in said:
            return self._error("another run is using it", "one run at a time", "Wait for it")
        if "not a database" in said or "malformed" in said:
            found, remedy = f"no response log ({said})", "Name another file"
            return self._error(found, "a response log or a new file", remedy)
        if "full" in said or "No space" in said:
            remedy = "Free some space and run it again; what was kept is not paid for again"
            return self._error("the disk is full", "room for the answers", remedy)
        remedy = "Check its folder's permissions, or name another file"
        return self._error(said, "a file that can be written", remedy)

    def _error(self, found: str, wanted: str, remedy: str) -> LogError:
        return LogError(f"response log {self.path}", found, wanted, remedy)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _read_rows(rows: list[Any]) -> Found:
    """Returns the answer of a request, and what all tries at it took."""
    answer, *failures = rows
    tokens = Tokens(prompt=answer[2], cached=answer[3], completion=answer[4])
    for row in failures:
        tokens += Tokens(prompt=row[2], cached=row[3], completion=row[4])
    response = read_json(answer[5])
    if not is_answer(response):
        raise ValueError("no answer")
    return Found(response, tokens, len(failures), answer[1])
