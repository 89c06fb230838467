"""Asks through files in a folder: any engine that reads the Batch form answers them, anywhere.

What stands in the folder is all that is known about it, so it may be moved, copied and brought
back: files of requests hold what is still to ask, and files of answers are taken whoever wrote
them. The log notes what waits there, so that no other lane asks for it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from generators.engine.answer_files import REQUESTS, AnswerFiles, fail
from generators.engine.batch_file import BOM, ROUNDS, Result, cut, make_line, name_request
from generators.engine.dialogue import Asks, Found, Missing, Unanswered, advance
from generators.engine.exchange import Request
from generators.engine.money import Budget
from generators.engine.response_log import IN_FOLDER, Arrival, ResponseLog
from generators.errors import Unfinished
from generators.jsonl import as_object, read_json, replace_lines
from generators.progress import Progress

WINDOW = 50_000
"""Requests that are held in memory at one time, while their answers are read."""
_OURS = re.compile(rf"[a-z]+-[0-9a-f]{{12}}{re.escape(REQUESTS)}")
"""Names of the files that this lane writes; others are never changed."""


class BatchFolder:
    """Requests and answers in one folder."""

    def __init__(
        self,
        folder: Path,
        lines_per_file: int,
        log: ResponseLog,
        budget: Budget,
        repairs: int,
        progress: Progress,
    ) -> None:
        self._folder, self._lines, self._log, self._budget = folder, lines_per_file, log, budget
        self._repairs, self._progress = repairs, progress
        self._answers: AnswerFiles | None = None
        self._to_take: set[str] = set()
        """Custom ids with an answer in the folder, as far as it was not looked for."""
        self._unasked: set[str] = set()
        """Custom ids with an answer that nothing has asked for in this run."""
        self._standing: dict[str, str] = {}
        """Custom id -> the file of requests that it stands in since an earlier run."""
        self._files: list[str] = []
        """The files of requests of earlier runs."""
        self._cut_off: set[str] = set()
        """Those of them with a line that is not whole."""
        self._waiting: dict[str, str] = {}
        """Custom id -> the file of requests in which it waits for an answer."""
        self._round: Counter[str] = Counter()
        """What is waited for -> requests."""
        self._taken = self._unaffordable = 0
        self._least = 0.0
        """What the first request could cost that the limit on the cost has no room for."""

    def fill(self, asks: Asks, doing: str) -> Unanswered:
        """Returns which requests no engine answers; the others that are missing are written out.

        Args:
            asks: what is asked.
            doing: what this is called, in the names of files too.

        Raises:
            FolderError: the folder cannot be read or written.
        """
        if self._answers is None:
            self._open(answers := AnswerFiles(self._folder))
        else:
            answers = self._answers
        self._take_all(asks, answers)
        unanswered: Unanswered = {}
        missing = self._list_new(asks, doing, answers, unanswered)
        for requests in cut(missing, self._lines):
            self._write(requests, doing)
        return unanswered

    def finish(self) -> None:
        """Leaves in the files of requests what is still to ask, and says how to go on.

        Raises:
            Unfinished: requests wait for answers.
            BudgetError: the limit on the cost leaves room for none of them.
        """
        late = sum(custom_id in self._standing for custom_id in self._waiting)
        for name in self._files:
            self._shrink(name)
        parts = {
            "answers taken": self._taken,
            "answers to nothing that this run asks": len(self._unasked),
            "requests of earlier runs still without an answer": late,
        }
        if shown := [f"{count:,} {name}" for name, count in parts.items() if count]:
            self._progress.show(f"{self._folder}: {', '.join(shown)}.")
        if self._unaffordable and not self._waiting:
            raise self._budget.exceeded(self._least)
        if self._waiting:
            raise self._leave()

    def _leave(self) -> Unfinished:
        files = len(set(self._waiting.values()))
        rounds = ", ".join(f"{count:,} for {name}" for name, count in self._round.items())
        asked = f"{_count(len(self._waiting), 'request')} in {_count(files, 'file')}"
        found = f"{asked} *{REQUESTS} ({rounds}) without an answer"
        if self._unaffordable:
            found += f", and --max-cost has no room for {self._unaffordable:,} more"
        remedy = (
            f"let an engine answer each file into another .jsonl file there, such as {_NAMED}, and"
            " run this command again: it takes the answers and asks what follows from them, in as"
            " many rounds as writing, re-asking and judging need"
        )
        return Unfinished(str(self._folder), found, "answers in files beside", remedy)

    def _open(self, answers: AnswerFiles) -> None:
        """Finds out what stands in the folder, and what the log expects there."""
        self._answers = answers
        self._to_take, self._unasked = set(answers.answered), set(answers.answered)
        if answers.paths:
            self._progress.show(f"{self._folder}: {answers}.")
        self._show_faults(answers)
        if self._folder.is_dir():
            names = (path.name for path in self._folder.iterdir())
            self._files = sorted(name for name in names if _OURS.fullmatch(name))
        for name in self._files:
            self._standing |= dict.fromkeys(self._read_ids(name), name)
        for batch in self._log.open_batches():
            if batch.in_folder and f"{batch.name}{REQUESTS}" not in self._files:
                lost = self._log.end_batch(batch.name)
                self._progress.show(
                    f"{self._folder}: {batch.name}{REQUESTS} is not there; {lost:,} requests of it"
                    " have no answer yet. Those without one are written again."
                )

    def _show_faults(self, answers: AnswerFiles) -> None:
        refused = next(iter(answers.refused.values()), None)
        failed = next((each for some in answers.failed.values() for each in some.values()), None)
        given_up = "given up while their lines stand there: delete them to have them asked again"
        again = f"asked again, until they have failed {ROUNDS} times"
        for count, result, follows in (
            (len(answers.refused), refused, given_up),
            (len(answers.failed), failed, again),
        ):
            if result is not None:
                said = f"such as status {result.status}: {result.message}"
                line = f"{self._folder}: {count:,} without an answer ({said}) are {follows}."
                self._progress.show(line)

    def _read_ids(self, name: str) -> Iterator[str]:
        for line in self._read_lines(name):
            yield str(as_object(line)["custom_id"])

    def _read_lines(self, name: str) -> Iterator[dict[str, Any]]:
        """Yields the whole lines of a file of requests; one that was cut off is written anew."""
        path = self._folder / name
        try:
            with path.open("rb") as lines:
                for line in lines:
                    try:
                        value = as_object(read_json(line.removeprefix(BOM)))
                    except ValueError:
                        self._cut_off.add(name)
                        continue
                    if isinstance(value.get("custom_id"), str):
                        yield value
        except OSError as error:
            raise fail(path, error, "a file that can be read") from error

    def _find(self, request: Request) -> Found | None:
        self._unasked.discard(name_request(request))
        return self._log.find(request)

    def _list_missing(self, asks: Asks) -> Iterator[tuple[str, Missing]]:
        """Yields each missing request once, with its custom id."""
        seen: set[str] = set()
        for ask in asks():
            step = advance(ask, self._find, self._repairs)
            if isinstance(step, Missing) and (name := name_request(step.request)) not in seen:
                seen.add(name)
                yield name, step

    def _take_all(self, asks: Asks, answers: AnswerFiles) -> None:
        """Keeps the answers to what is asked, and to the re-asks that follow from them."""
        while True:
            window: dict[str, Request] = {}
            for name, step in self._list_missing(asks):
                if name in self._to_take:
                    window[name] = step.request
                    if len(window) == WINDOW:
                        break
            if not window:
                return
            self._to_take -= window.keys()
            for result in answers.read():
                if request := window.pop(result.custom_id, None):
                    self._take(request, result)
                    if not window:
                        break

    def _take(self, request: Request, result: Result) -> None:
        self._log.take(request, Arrival(result.response, answered=True, lane="batch"))
        worst = self._budget.worst(request, "batch")
        self._budget.charge_batched(request.model, result.response, worst)
        self._taken += 1
        self._progress.advance()

    def _list_new(
        self, asks: Asks, doing: str, answers: AnswerFiles, unanswered: Unanswered
    ) -> Iterator[Request]:
        """Yields what is to be written; notes what waits, and what is given up."""
        for name, step in self._list_missing(asks):
            request = step.request
            if refused := answers.refused.get(name):
                said = f"status {refused.status}: {refused.message}"
                unanswered[request.place] = ("request_refused", said)
                continue
            if failed := answers.failed.get(name):
                count = self._count_failures(request, failed)
                if count >= ROUNDS:
                    said = next(iter(failed.values())).message
                    unanswered[request.place] = ("no_answer", f"{count} failures ({said})")
                    continue
            file = self._standing.get(name)
            waits = None if file else self._log.find_batch(request)
            if waits is not None and not waits.in_folder:
                continue  # for the provider's batch
            if file or self._fits(request):
                self._budget.reserve(self._budget.worst(request, "batch"))
                self._round["re-asking" if step.found else doing] += 1
                if file:
                    self._waiting[name] = file
                else:
                    yield request

    def _count_failures(self, request: Request, failed: dict[str, Result]) -> int:
        """Returns how often engines failed at a request; each line is counted once, ever."""
        known = {each["line"] for each in self._log.find_failures(request) if "line" in each}
        for line, result in failed.items():
            if line not in known:
                failure = {"error": result.message, "line": line}
                arrival = Arrival(failure, answered=False, status=result.status, lane="batch")
                self._log.add(request, arrival)
        return len(known | failed.keys())

    def _fits(self, request: Request) -> bool:
        """Returns whether the limit on the cost has room; after the first that it has not, none."""
        cost = self._budget.worst(request, "batch")
        if self._unaffordable or not self._budget.fits(cost):
            self._least = self._least or cost
            self._unaffordable += 1
            return False
        return True

    def _write(self, requests: list[Request], doing: str) -> None:
        named = {name_request(request): request for request in requests}
        digest = sha256("\n".join(named).encode()).hexdigest()[:12]
        batch = f"{re.sub('[^a-z]', '', doing.lower()) or 'asking'}-{digest}"
        path = self._folder / f"{batch}{REQUESTS}"
        self._log.start_batch(batch, named.items(), f"{IN_FOLDER}{batch}")
        where = f"--batch-folder {path}"
        replace_lines(path, map(make_line, requests), where, "Name another folder")
        self._waiting |= dict.fromkeys(named, path.name)

    def _shrink(self, name: str) -> None:
        """Leaves in a file of an earlier run what is still to ask; it goes where nothing is."""
        path, batch = self._folder / name, name.removesuffix(REQUESTS)
        standing = {each for each, file in self._standing.items() if file == name}
        done = {each for each in standing if each not in self._waiting}
        if not done and name not in self._cut_off:
            if path.with_name(f"{batch}.answers.jsonl").exists():
                path.touch()  # newer than answers that did not suffice, so that it is asked again
            return
        if done == standing:
            path.unlink(missing_ok=True)
            self._log.end_batch(batch)
            return
        left = (each for each in self._read_lines(name) if each["custom_id"] not in done)
        replace_lines(path, left, f"--batch-folder {path}", "Name another folder")
        self._log.release(batch, done)


_NAMED = f"NAME.answers.jsonl for NAME{REQUESTS}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
