"""The live client against a server that fails in every way."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from asking import Answer, Asking, count_tries, list_asks, poison
from damage import ERROR
from generators.engine import api, limits, wire
from generators.engine.content import parse_json
from generators.engine.dialogue import Accepted, Ask, Rejected
from generators.engine.failures import MOST_REFUSED
from generators.errors import RequestError
from model_server import TOKENS, serve

pytestmark = pytest.mark.usefixtures("key")


def test_every_answer_comes_in_order_and_is_paid_once(tmp_path: Path) -> None:
    def echo(request: dict[str, Any]) -> str:
        question = request["messages"][-1]["content"]
        return f'{{"text": "{question}", "number": 1}}'

    with serve(answer=echo) as (server, url):
        asking = Asking(tmp_path, url)
        steps = asking.run(50)
        assert [step.value.text for step in steps] == [f"Question {n}." for n in range(50)]
        assert server.counts["requests"] == 50
        assert asking.run(60)[:50] == steps
        assert server.counts["requests"] == 60
        assert server.counts["paid"] == 60
    totals = asking.engine.totals["test"]
    assert (totals.tokens.prompt, totals.tokens.cached, totals.tokens.completion) == (
        6000, 2400, 1200,
    )  # fmt: skip
    fresh, cached, completion = 3600 * 2.5, 2400 * 1.25, 1200 * 10
    assert totals.cost == pytest.approx((fresh + cached + completion) / 1e6)
    assert asking.engine.budget.spent == pytest.approx(totals.cost / 6)  # this run's ten only


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("headers", [True, False])
def test_faults_lose_nothing_and_buy_no_good_answer_twice(headers: bool, tmp_path: Path) -> None:
    faults: dict[str, Any] = {
        "failed": 0.05, "reset": 0.03, "cut_off": 0.03, "off_schema": 0.03, "seed": 5,
    }  # fmt: skip
    limits = {"per_minute": 12000, "burst": 4, "retry_after": headers, "rate_headers": headers}
    with serve(**faults, **limits) as (server, url):
        steps = Asking(tmp_path, url, repairs=4).run(300)
        lost = [step for step in steps if not isinstance(step, Accepted)]
        # Only what came bad twice in a row, and the same, is given up before its fifth repair.
        assert all(isinstance(step, Rejected) and len(step.found) >= 2 for step in lost)
        assert len(lost) < 5 < server.counts["bad"]
        assert max(server.paid.values()) == 1
        assert count_tries(tmp_path / "log.sqlite", "failure = 0") == server.counts["paid"]
        failed = server.counts["failed"] + server.counts["reset"]
        assert count_tries(tmp_path / "log.sqlite", "failure > 0") == failed > 10


@pytest.mark.usefixtures("quick")
def test_waits_for_a_rate_limit_are_no_tries(tmp_path: Path) -> None:
    with serve(per_minute=6000, burst=1, rate_headers=False, retry_after=False) as (server, url):
        steps = Asking(tmp_path, url).run(150)
        assert all(isinstance(step, Accepted) for step in steps)
        assert server.counts["refused"] > api.TRIES


def test_a_stated_limit_is_kept(tmp_path: Path) -> None:
    with serve(latency=0.02, per_minute=6000, burst=8) as (server, url):
        start = time.monotonic()
        assert len(Asking(tmp_path, url, concurrency=64).run(200)) == 200
        assert server.counts["refused"] <= 4
        assert time.monotonic() - start > 1.7


def test_a_stated_limit_of_tokens_is_used_though_answers_are_unbounded(tmp_path: Path) -> None:
    with serve(latency=0.02, tokens_per_minute=6000 * TOKENS) as (server, url):
        start = time.monotonic()
        asking = Asking(tmp_path, url, concurrency=64)
        assert len(asking.run(200, max_completion_tokens=None)) == 200
        assert server.counts["refused"] <= 4
        assert 1.7 < time.monotonic() - start < 4


def test_an_answer_without_bound_is_no_reason_to_wait(tmp_path: Path) -> None:
    with serve(latency=0.02, states_per_minute=2_000_000) as (_, url):
        start = time.monotonic()
        asking = Asking(tmp_path, url, concurrency=16)
        assert len(asking.run(100, max_completion_tokens=None)) == 100
        assert time.monotonic() - start < 3


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("latency", "number"), [(0.05, 45), (0.3, 12)])
def test_a_server_of_one_slot_is_given_no_more_than_it_answers_in_time(
    latency: float, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that takes 20 seconds, or two minutes, to an answer: 400 times as fast."""
    monkeypatch.setattr(api, "LIVE", wire.LIVE._replace(seconds=1.5))
    monkeypatch.setattr(limits, "SLOW", 0.75)
    with serve(latency=latency, one_slot=True) as (_, url):
        steps = Asking(tmp_path, url, concurrency=64).run(number)
    assert all(isinstance(step, Accepted) for step in steps)


def test_an_answer_has_no_more_tokens_than_the_user_allows(tmp_path: Path) -> None:
    with serve(cut_off=1.0) as (server, url):
        (step,) = Asking(tmp_path, url, max_tokens=60, repairs=3).run(1)
        assert isinstance(step, Rejected)
        assert step.reason == "truncated"
        assert [body["max_completion_tokens"] for body in server.bodies] == [60]
        Asking(tmp_path, url, max_tokens=150, repairs=3).run(1)  # another request, by its key
        assert [body["max_completion_tokens"] for body in server.bodies] == [60, 100, 150]


def test_no_more_than_the_ceiling_are_under_way(tmp_path: Path) -> None:
    with serve(latency=0.05) as (server, url):
        Asking(tmp_path, url, concurrency=5).run(40)
        assert server.most_at_once == 5


def test_a_limit_of_the_user_holds(tmp_path: Path) -> None:
    with serve() as (_, url):
        start = time.monotonic()
        Asking(tmp_path, url, rpm=1200).run(21)
        assert time.monotonic() - start > 0.9


@pytest.mark.usefixtures("quick")
def test_a_lost_response_is_asked_for_again(tmp_path: Path) -> None:
    with serve(lost=0.1, seed=1) as (server, url):
        steps = Asking(tmp_path, url).run(60)
        assert all(isinstance(step, Accepted) for step in steps)
        assert server.counts["paid"] == 60 + server.counts["lost"]


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (401, "invalid_api_key", "the key is not accepted"),
        (403, "forbidden", "the key has no permission"),
        (404, "model_not_found", "no such model"),
        (429, "insufficient_quota", "the quota is used up"),
        (400, "bad_request", "requests refused"),
        (307, "moved", "it redirects"),
        (501, "not_supported_error", "the server cannot do this"),
    ],
)
def test_what_no_retry_can_cure_ends_the_run(
    status: int, code: str, said: str, tmp_path: Path
) -> None:
    with serve(always=status, code=code) as (server, url):
        with pytest.raises(RequestError, match=said) as error:
            Asking(tmp_path, url, concurrency=4).run(100)
        assert ERROR.match(str(error.value))
        assert server.counts["requests"] <= (MOST_REFUSED + 4 if status == 400 else 8)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("status", [500, 503])
def test_a_server_that_stays_down_is_given_up(status: int, tmp_path: Path) -> None:
    with serve(always=status) as (_, url):
        with pytest.raises(RequestError, match=f"{url}: .*at every try") as error:
            Asking(tmp_path, url).run(100)
        assert ERROR.match(str(error.value))


@pytest.mark.usefixtures("quick")
def test_a_run_that_gets_nothing_at_all_is_no_success(tmp_path: Path) -> None:
    with serve() as (server, url):
        server.reply = lambda path, body: (200, {}, b"\xff\xfe")  # type: ignore[method-assign]
        with pytest.raises(RequestError, match="no answer to any of 2 requests") as error:
            Asking(tmp_path, url).run(2)
        assert ERROR.match(str(error.value))


@pytest.mark.usefixtures("impatient")
def test_a_server_that_is_not_there_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="at every try"):
        Asking(tmp_path, "http://127.0.0.1:9/v1").run(10)


@pytest.mark.usefixtures("quick")
def test_one_request_that_always_fails_does_not_end_the_run(tmp_path: Path) -> None:
    with serve() as (server, url):
        poison(server, "Question 7.")
        asking = Asking(tmp_path, url)
        steps = asking.run(20)
        assert [isinstance(step, Accepted) for step in steps].count(False) == 1
        lost = steps[7]
        assert isinstance(lost, Rejected)
        assert (lost.reason, lost.answer) == ("no_answer", None)
        assert count_tries(asking.path, "failure > 0") == api.TRIES
        del server.reply  # type: ignore[attr-defined]
        assert isinstance(asking.run(20)[7], Accepted)  # a later run asks again


@pytest.mark.parametrize(
    ("refusals", "form"),
    [
        ({}, "json_schema"),
        ({"rejects_schema": 400}, "json_object"),
        ({"rejects_schema": 500}, "json_object"),
        ({"rejects_schema": 501}, "json_object"),
        ({"rejects_schema": 400, "rejects_object": 422}, None),
    ],
)
def test_a_server_gets_the_form_it_takes(
    refusals: dict[str, int], form: str | None, tmp_path: Path
) -> None:
    def answer(request: dict[str, Any]) -> str:
        asked = str(request["messages"][0]["content"])
        assert form == "json_schema" or "fits this JSON schema" in asked
        return (
            '```json\n{"text": "A", "number": 1}\n```'
            if form is None
            else '{"text": "A", "number": 1}'
        )

    with serve(**refusals, answer=answer) as (server, url):
        asking = Asking(tmp_path, url, repairs=0)

        def read(content: str) -> Answer:
            return Answer.model_validate(parse_json(content))

        steps = asking.run_asks(lambda: (Ask(ask.request, read) for ask in list_asks(40)))
        assert all(isinstance(step, Accepted) for step in steps)
        last = server.bodies[-1].get("response_format", {}).get("type")
        assert last == form
        assert server.counts["format refused"] <= 16 * len(refusals)  # remembered for the run


def test_a_server_that_heeds_no_form_gets_the_schema_in_the_prompt(tmp_path: Path) -> None:
    def answer(request: dict[str, Any]) -> str:
        obedient = "fits this JSON schema" in str(request["messages"][0]["content"])
        return '{"text": "A", "number": 1}' if obedient else "Certainly! Here is what I think."

    with serve(answer=answer) as (_, url):
        steps = Asking(tmp_path, url, concurrency=1).run(30)
        assert [isinstance(step, Accepted) for step in steps].count(True) >= 25


def test_a_parameter_that_a_server_does_not_know_is_left_out(tmp_path: Path) -> None:
    with serve() as (server, url):
        usual = server.reply

        def reply(path: str, body: bytes) -> Any:
            if b"max_completion_tokens" in body:
                error = {"message": "Unsupported parameter.", "param": "max_completion_tokens"}
                import json

                return 400, {}, json.dumps({"error": error}).encode()
            return usual(path, body)

        server.reply = reply  # type: ignore[method-assign]
        assert all(isinstance(step, Accepted) for step in Asking(tmp_path, url).run(30))
        assert server.bodies[-1]["max_tokens"] == 100


@pytest.mark.parametrize(
    ("content", "finish", "reason"),
    [
        ("I'm sorry, but I can't help with that.", "stop", "refused"),
        ("", "stop", "empty"),
        ('{"text": "A', "length", "truncated"),
        ("no JSON", "stop", "schema"),
    ],
)
def test_an_unfit_answer_is_asked_for_again_with_the_error_and_then_rejected(
    content: str, finish: str, reason: str, tmp_path: Path
) -> None:
    with serve() as (server, url):
        from model_server import complete

        server._write = lambda request, form: content  # type: ignore[method-assign]
        usual = server._answer

        def answer(path: str, request: dict[str, Any], headers: dict[str, str], key: str) -> Any:
            usual(path, request, headers, key)
            import json

            return 200, {}, json.dumps(complete(request, content, finish)).encode()

        server._answer = answer  # type: ignore[method-assign]
        asking = Asking(tmp_path, url, repairs=2)
        (step,) = asking.run(1)
        assert isinstance(step, Rejected)
        assert (step.reason, len(step.found)) == (reason, 2)  # the second is equal to the first
        said = server.bodies[-1]["messages"][-1]["content"]
        assert (reason in said) == (reason != "truncated")  # which takes more tokens, and no words
        assert asking.engine.totals["test"].tokens.completion == 40  # both are paid
        requests = server.counts["requests"]
        assert asking.run(1) == [step]  # and the rejection is replayed
        assert server.counts["requests"] == requests == 2


def test_it_runs_where_a_loop_is_running_as_in_a_notebook(tmp_path: Path) -> None:
    async def cell() -> int:
        return len(Asking(tmp_path, url).run(5))

    with serve() as (server, url):
        assert asyncio.run(cell()) == 5
        assert server.counts["paid"] == 5
