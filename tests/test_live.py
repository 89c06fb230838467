"""The live client against a server that fails in every way."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from asking import MODEL, Asking, list_asks
from damage import ERROR
from generators.engine import live, retries
from generators.engine.dialogue import Accepted, Rejected
from generators.errors import BudgetError, GeneratorError, LogError, RequestError
from model_server import ModelServer, serve

ROOT = Path(__file__).parent.parent
KEY = "sk-secret-1234567890"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PATIENCE", 0.2)
    monkeypatch.setattr(live, "PATIENCE_AT_START", 0.1)
    monkeypatch.setattr(retries, "BACKOFF", lambda state: 0.02)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "BACKOFF", lambda state: 0.01)


def count(path: Path, where: str) -> int:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(f"SELECT count(*) FROM exchanges WHERE {where}").fetchone()[0]


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
    ledger = asking.engine.ledgers["test"]
    assert (ledger.tokens.prompt, ledger.tokens.cached, ledger.tokens.completion) == (
        6000, 2400, 1200,
    )  # fmt: skip
    fresh, cached, completion = 3600 * 2.5, 2400 * 1.25, 1200 * 10
    assert ledger.cost == pytest.approx((fresh + cached + completion) / 1e6)
    assert asking.engine.budget.spent == pytest.approx(ledger.cost / 6)  # this run's ten only


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("headers", [True, False])
def test_faults_lose_nothing_and_buy_no_good_answer_twice(headers: bool, tmp_path: Path) -> None:
    faults: dict[str, Any] = {
        "failed": 0.05, "reset": 0.03, "cut_off": 0.03, "off_schema": 0.03, "seed": 5,
    }  # fmt: skip
    limits = {"per_minute": 12000, "burst": 4, "retry_after": headers, "rate_headers": headers}
    with serve(**faults, **limits) as (server, url):
        steps = Asking(tmp_path, url, repairs=4).run(300)
        assert all(isinstance(step, Accepted) for step in steps)
        assert server.counts["bad"] > 5
        assert max(server.paid.values()) == 1
        assert count(tmp_path / "log.sqlite", "failure = 0") == server.counts["paid"]
        failed = server.counts["failed"] + server.counts["reset"]
        assert count(tmp_path / "log.sqlite", "failure > 0") == failed > 10


@pytest.mark.usefixtures("quick")
def test_waits_for_a_rate_limit_are_no_tries(tmp_path: Path) -> None:
    with serve(per_minute=6000, burst=1, rate_headers=False, retry_after=False) as (server, url):
        steps = Asking(tmp_path, url).run(150)
        assert all(isinstance(step, Accepted) for step in steps)
        assert server.counts["refused"] > retries.TRIES


def test_a_stated_limit_is_kept(tmp_path: Path) -> None:
    with serve(latency=0.02, per_minute=6000, burst=8) as (server, url):
        start = time.monotonic()
        assert len(Asking(tmp_path, url, concurrency=64).run(200)) == 200
        assert server.counts["refused"] <= 4
        assert time.monotonic() - start > 1.7


def test_no_more_than_the_ceiling_are_under_way(tmp_path: Path) -> None:
    with serve(latency=0.05) as (server, url):
        Asking(tmp_path, url, concurrency=5).run(40)
        assert server.most_at_once == 5


def test_a_limit_of_the_user_holds(tmp_path: Path) -> None:
    with serve() as (_, url):
        start = time.monotonic()
        Asking(tmp_path, url, per_minute=1200).run(21)
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
        (403, "forbidden", "this key may not do this"),
        (404, "model_not_found", "no such model"),
        (429, "insufficient_quota", "the quota is used up"),
        (400, "bad_request", "requests refused"),
        (307, "moved", "it redirects"),
    ],
)
def test_what_no_retry_can_cure_ends_the_run(
    status: int, code: str, said: str, tmp_path: Path
) -> None:
    with serve(always=status, code=code) as (server, url):
        with pytest.raises(RequestError, match=said) as error:
            Asking(tmp_path, url, concurrency=4).run(100)
        assert ERROR.match(str(error.value))
        assert server.counts["requests"] <= (live.MOST_REFUSED + 4 if status == 400 else 8)


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
        usual = server.reply

        def reply(path: str, body: bytes) -> Any:
            if b"Question 7." in body:
                return 500, {}, b'{"error": {"message": "Poison."}}'
            return usual(path, body)

        server.reply = reply  # type: ignore[method-assign]
        asking = Asking(tmp_path, url)
        steps = asking.run(20)
        assert [isinstance(step, Accepted) for step in steps].count(False) == 1
        lost = steps[7]
        assert isinstance(lost, Rejected)
        assert (lost.reason, lost.answer) == ("no_answer", None)
        assert count(asking.path, "failure > 0") == retries.TRIES
        del server.reply  # type: ignore[attr-defined]
        assert isinstance(asking.run(20)[7], Accepted)  # a later run asks again


@pytest.mark.parametrize(
    ("refusals", "form"),
    [
        ({}, "json_schema"),
        ({"rejects_schema": 400}, "json_object"),
        ({"rejects_schema": 500}, "json_object"),
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
        from asking import Answer
        from generators.engine.answers import parse_json
        from generators.engine.dialogue import Ask

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
        assert (step.reason, len(step.found)) == (reason, 3)
        assert reason in server.bodies[-1]["messages"][-1]["content"]
        assert asking.engine.ledgers["test"].tokens.completion == 60  # all three are paid
        requests = server.counts["requests"]
        assert asking.run(1) == [step]  # and the rejection is replayed
        assert server.counts["requests"] == requests == 3


def test_the_cost_never_goes_over_its_limit(tmp_path: Path) -> None:
    with serve(latency=0.02, cut_off=0.2) as (server, url):
        asking = Asking(tmp_path, url, max_cost=0.02, concurrency=32)
        with pytest.raises(BudgetError, match="--max-cost 0.02") as error:
            asking.run(500)
        assert ERROR.match(str(error.value))
        assert 0.015 < asking.engine.budget.spent <= 0.02
        assert count(asking.path, "failure = 0") == server.counts["paid"]


def test_a_full_disk_stops_the_run_with_one_line(tmp_path: Path) -> None:
    with serve() as (_, url):
        asking = Asking(tmp_path, url)
        asking.run(3)
        from generators.engine.response_log import ResponseLog

        usual = ResponseLog._open

        def cramped(log: ResponseLog) -> None:
            usual(log)
            log._db.execute("PRAGMA max_page_count = 12")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ResponseLog, "_open", cramped)
            with pytest.raises(LogError, match="disk is full") as error:
                asking.run(3000)
        assert ERROR.match(str(error.value))
        assert all(isinstance(step, Accepted) for step in asking.run(3))


CHILD = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from asking import Asking
Asking(Path({folder!r}), {url!r}).run(400)
"""


def start_child(folder: Path, url: str) -> subprocess.Popen[str]:
    code = CHILD.format(root=str(ROOT), tests=str(ROOT / "tests"), folder=str(folder), url=url)
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)


def wait_for(server: ModelServer, paid: int) -> None:
    deadline = time.monotonic() + 60
    while server.counts["paid"] < paid and time.monotonic() < deadline:
        time.sleep(0.01)


def test_equal_requests_at_one_time_share_an_answer(tmp_path: Path) -> None:
    with serve(latency=0.05) as (server, url):
        asking = Asking(tmp_path, url)
        steps = asking.run_asks(lambda: [ask for _ in range(4) for ask in list_asks(10)])
        assert all(isinstance(step, Accepted) for step in steps)
        assert (len(steps), server.counts["paid"]) == (40, 10)
        assert asking.engine.ledgers["test"].tokens.prompt == 10 * 100


def test_an_error_ends_the_run_at_once_however_slow_the_pace(tmp_path: Path) -> None:
    with serve(always=401) as (_, url):
        start = time.monotonic()
        with pytest.raises(RequestError):
            Asking(tmp_path, url, per_minute=20).run(100)
        assert time.monotonic() - start < 8


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_after_a_kill_only_what_was_under_way_is_paid_again(tmp_path: Path) -> None:
    with serve(latency=0.05) as (server, url):
        child = start_child(tmp_path, url)
        wait_for(server, 100)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        time.sleep(0.2)
        kept, paid = count(tmp_path / "log.sqlite", "failure = 0"), server.counts["paid"]
        assert 0 < paid - kept <= 16
        steps = Asking(tmp_path, url).run(400)
        assert all(isinstance(step, Accepted) for step in steps)
        assert server.counts["paid"] == 400 + paid - kept


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_waits_for_what_is_under_way(tmp_path: Path) -> None:
    with serve(latency=0.3) as (server, url):
        child = start_child(tmp_path, url)
        wait_for(server, 20)
        child.send_signal(signal.SIGINT)
        assert "KeyboardInterrupt" in child.communicate()[1]
        assert count(tmp_path / "log.sqlite", "failure = 0") == server.counts["paid"] < 400


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_a_second_ctrl_c_waits_for_nothing(tmp_path: Path) -> None:
    with serve(latency=60) as (server, url):
        child = start_child(tmp_path, url)
        deadline = time.monotonic() + 30
        while server.counts["requests"] < 8 and time.monotonic() < deadline:
            time.sleep(0.01)
        for _ in range(2):
            child.send_signal(signal.SIGINT)
            time.sleep(0.3)
        assert child.communicate(timeout=20)[1].rstrip().endswith("KeyboardInterrupt")


def test_two_runs_cannot_share_a_log(tmp_path: Path) -> None:
    with serve() as (_, url):
        asking = Asking(tmp_path, url)
        asking.run(1)
        with closing(sqlite3.connect(asking.path)) as db:
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("BEGIN EXCLUSIVE")
            with pytest.raises(LogError, match="another run is using it"):
                asking.run(1)


def test_the_key_goes_to_the_server_and_nowhere_else(tmp_path: Path) -> None:
    with serve() as (server, url):
        Asking(tmp_path, url).run(5)
        assert any(f"Bearer {KEY}" in head for head in server.headers)
    echo = f"Incorrect API key provided: {KEY}. And sk-somebody-elses."
    with serve(always=401, code="invalid_api_key") as (server, url):
        server.reply = lambda path, body: (401, {}, f'{{"error": "{echo}"}}'.encode())  # type: ignore[method-assign]
        with pytest.raises(GeneratorError) as error:
            Asking(tmp_path, url).run(9)
        assert "[key]" in str(error.value)
        assert "sk-" not in str(error.value)
    for path in tmp_path.iterdir():
        assert KEY.encode() not in path.read_bytes()


def test_without_a_key_openai_is_not_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(RequestError, match="OPENAI_API_KEY: not set"):
        Asking(tmp_path, None).run(1)  # type: ignore[arg-type]


def test_a_model_of_unknown_price_costs_an_unknown_sum(tmp_path: Path) -> None:
    with serve() as (_, url):
        asking = Asking(tmp_path, url)
        asking.run(3, model="some-llama")
        assert asking.engine.ledgers["test"].cost is None
        asking.run(3, model=f"{MODEL}-2024-08-06")
        assert asking.engine.ledgers["test"].cost is not None


def test_threads_are_left_alone() -> None:
    assert threading.active_count() < 20
    assert os.environ["OPENAI_API_KEY"] == KEY
