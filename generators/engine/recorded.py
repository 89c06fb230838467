"""Recorded answers: JSONL files that replace a server, and move answers between logs."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from generators.engine.dialogue import Found
from generators.engine.exchange import Request, count_tokens, is_answer
from generators.errors import ReplayError
from schemas.exchange import RecordedAnswer, Tokens


class Recording:
    """The answers of one file, by key and occurrence."""

    def __init__(self, path: Path) -> None:
        """Reads the file, checked.

        Raises:
            ReplayError: it cannot be read, or a line is no recorded answer.
        """
        self.path = path
        self.answers: dict[tuple[str, int], RecordedAnswer] = {}
        for answer in read_answers(path):
            self.answers.setdefault((answer.key, answer.occurrence), answer)

    @property
    def paid(self) -> bool:
        """Whether any of the answers took tokens."""
        return any(count_tokens(each.response) != Tokens() for each in self.answers.values())

    def find(self, request: Request) -> Found | None:
        """Returns the recorded answer to a request."""
        answer = self.answers.get(request.place)
        if answer is None:
            return None
        return Found(answer.response, count_tokens(answer.response), 0, answer.lane)

    def find_models(self, *tasks: str) -> set[str]:
        """Returns the models that were asked for these tasks (names without version)."""
        return {
            answer.model
            for answer in self.answers.values()
            if answer.task.partition("/")[0] in tasks
        }

    def explain(self, request: Request) -> ReplayError:
        """Returns the error for a request that has no recorded answer."""
        found = f"no recorded answer for {request.task} about {request.item} (key {request.key})"
        remedy = (
            "Record it: run with --model and --responses LOG, then"
            " python -m generators.responses export LOG FILE"
        )
        return ReplayError(str(self.path), found, "one for every request", remedy)


def read_answers(path: Path) -> Iterable[RecordedAnswer]:
    """Yields the lines of a file of recorded answers, checked.

    Raises:
        ReplayError: the file cannot be read, or a line is no recorded answer; names the line.
    """
    number = 0
    wanted, remedy = "a recorded answer (key, task, item, model, response)", "Export the file again"
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                answer = RecordedAnswer.model_validate_json(line)
                if not is_answer(answer.response):
                    where, found = f"{path} line {number}", "a response without choices"
                    raise ReplayError(where, found, wanted, remedy)
                yield answer
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        found = f"{place}: {first['msg']}" if place else first["msg"]
        raise ReplayError(f"{path} line {number}", found, wanted, remedy) from error
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or "not UTF-8"
        wanted, remedy = "a JSONL file of recorded answers", "Check the path"
        raise ReplayError(str(path), found, wanted, remedy) from error
