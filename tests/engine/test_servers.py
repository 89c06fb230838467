"""What servers really send: an item is answered or rejected, and the rest goes on."""

import json
from pathlib import Path
from typing import Any

import pytest

from asking import Answer, Asking, count_tries, list_asks
from generators.engine.content import parse_json
from generators.engine.dialogue import Accepted, Ask, Rejected, Step
from model_server import complete, serve

GOOD = '{"text": "A", "number": 1}'


def ask(asking: Asking, number: int) -> list[Step[Any]]:
    def read(content: str) -> Answer:
        from generators.engine.dialogue import Unfit

        try:
            return Answer.model_validate(parse_json(content))
        except ValueError as error:
            raise Unfit("invalid_json", "it is no JSON") from error

    return asking.run_asks(lambda: (Ask(each.request, read) for each in list_asks(number)))


def answer_with(server: Any, special: dict[str, bytes]) -> None:
    """Lets a server send these bodies, by what the request holds."""
    usual = server.reply

    def reply(path: str, body: bytes) -> Any:
        for held, sent in special.items():
            if held.encode() in body:
                server.bodies.append(json.loads(body))
                return 200, {}, sent
        return usual(path, body)

    server.reply = reply


def wire(content: str) -> bytes:
    """Returns a response with a content that is already written as JSON."""
    return json.dumps(complete({"model": "m"}, "PLACE")).replace('"PLACE"', content).encode()


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize(
    "content",
    [
        '"{\\"text\\": \\"\\ud83d\\", \\"number\\": 1}"',
        '"{\\"text\\": \\"\\\\ud83d\\", \\"number\\": 1}"',
        json.dumps('{"text": "A", "number": ' + "7" * 400 + "}"),
        json.dumps('{"text": ' + "[" * 1000 + "]" * 1000 + ', "number": 1}'),
        '{"text": "A", "number": ' + "7" * 400 + "}",
        '{"text": ' + "[" * 1000 + "]" * 1000 + ', "number": 1}',
        "[" * 100_000 + "]" * 100_000,
    ],
    ids=["half", "escaped half", "number", "nested", "bare number", "bare nested", "deeper"],
)
def test_a_log_stays_readable_and_one_item_is_rejected(
    content: str, concurrency: int, tmp_path: Path
) -> None:
    with serve() as (server, url):
        answer_with(server, {"Question 1.": wire(content)})
        asking = Asking(tmp_path, url, concurrency=concurrency)
        steps = ask(asking, 5)
        assert [isinstance(step, Accepted) for step in steps] == [True, False, True, True, True]
        bad = steps[1]
        assert isinstance(bad, Rejected)
        assert bad.reason in ("invalid_json", "empty")
        assert count_tries(asking.path, "failure = 0") == 6  # with the re-ask, all are paid
        sent = len(server.bodies)
        assert ask(asking, 5) == steps  # from the log
        assert len(server.bodies) == sent == 6
