"""The batch lane: half the price, the same log, and nothing is paid twice however it ends."""

from pathlib import Path
from typing import Any

import pytest

from asking import Asking, make_request, poison
from damage import ERROR
from generators.engine import batch
from generators.engine.api import Api
from generators.engine.dialogue import Accepted, Missing, Rejected
from generators.engine.response_log import ResponseLog
from generators.errors import BudgetError, RequestError
from model_server import serve

pytestmark = pytest.mark.usefixtures("key")


def test_a_batch_is_uploaded_polled_and_collected_at_the_batch_price(tmp_path: Path) -> None:
    with serve() as (server, url):
        asking = Asking(tmp_path, url, batch=True)
        assert all(isinstance(step, Accepted) for step in asking.run(40))
        assert len(server.batches) == 1
        totals = asking.engine.totals["test"]
        live = Asking(tmp_path, url)
        assert len(live.run(60)) == 60  # the lanes mix: 20 more, live
        assert server.counts["paid"] == 60
        # gpt-4o: $2.5, $1.25 cached, $10; in a batch $1.25, cached or not, and $5.
        assert totals.cost == pytest.approx(40 * (100 * 1.25 + 20 * 5) / 1e6)
        live_cost = 20 * (60 * 2.5 + 40 * 1.25 + 20 * 10) / 1e6
        assert live.engine.budget.spent == pytest.approx(live_cost)
        assert live.engine.totals["test"].cost == pytest.approx(totals.cost + live_cost)


def test_lines_that_expire_or_fail_are_asked_for_again(tmp_path: Path) -> None:
    with serve() as (server, url):
        server.batch_faults.update(expired=5, failed=3)
        steps = Asking(tmp_path, url, batch=True).run(30)
        assert all(isinstance(step, Accepted) for step in steps)
        assert (len(server.batches), server.counts["paid"]) == (2, 30)


def test_an_unfit_answer_is_repaired_in_another_batch(tmp_path: Path) -> None:
    def answer(request: dict[str, Any]) -> str:
        return "{}" if len(request["messages"]) == 1 else '{"text": "A", "number": 1}'

    with serve(answer=answer) as (server, url):
        steps = Asking(tmp_path, url, batch=True).run(10)
        assert all(isinstance(step, Accepted) and len(step.found) == 2 for step in steps)
        assert len(server.batches) == 2


def test_a_batch_can_be_left_and_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve() as (server, url):
        server.batches_wait = True

        async def leave(seconds: float) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(batch.asyncio, "sleep", leave)
            with pytest.raises(KeyboardInterrupt):
                Asking(tmp_path, url, batch=True).run(20)
        live = Asking(tmp_path, url)
        steps = live.run(25)  # neither asks for what is pending, nor waits
        assert [isinstance(step, Missing) for step in steps].count(True) == 20
        assert live.engine.totals["test"].pending == 20
        assert server.counts["paid"] == 5
        server.batches_wait = False
        assert all(isinstance(s, Accepted) for s in Asking(tmp_path, url, batch=True).run(25))
        assert (len(server.batches), server.counts["paid"]) == (1, 25)


def test_a_lost_reply_makes_no_second_batch(tmp_path: Path) -> None:
    with serve() as (server, url):
        server.batch_faults.update(lost=1)
        assert all(isinstance(s, Accepted) for s in Asking(tmp_path, url, batch=True).run(10))
        assert (len(server.batches), server.counts["paid"]) == (1, 10)


@pytest.mark.parametrize("made", [True, False])
def test_a_kill_while_a_batch_is_sent_is_found_out_about(
    made: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Api.create_batch

    async def die(api: Api, *rest: str) -> str:
        if made:
            await usual(api, *rest)
        raise KeyboardInterrupt

    with serve() as (server, url):
        with monkeypatch.context() as patch:
            patch.setattr(Api, "create_batch", die)
            with pytest.raises(KeyboardInterrupt):
                Asking(tmp_path, url, batch=True).run(10)
        with ResponseLog(tmp_path / "log.sqlite", "loopback") as log:
            assert [each.id for each in log.open_batches()] == [None]
            assert log.is_pending(make_request(0))
        assert all(isinstance(s, Accepted) for s in Asking(tmp_path, url, batch=True).run(10))
        assert (len(server.batches), server.counts["paid"]) == (1, 10)


def test_a_batch_that_the_provider_fails_is_one_line(tmp_path: Path) -> None:
    with serve() as (server, url):
        server.batch_faults.update(refused=1)
        with pytest.raises(RequestError, match="Enqueued token limit") as error:
            Asking(tmp_path, url, batch=True).run(10)
        assert ERROR.match(str(error.value))
        assert all(isinstance(s, Accepted) for s in Asking(tmp_path, url, batch=True).run(10))


def test_a_server_without_batches_is_one_line(tmp_path: Path) -> None:
    with serve(always=404) as (_, url):
        with pytest.raises(RequestError, match="it refuses batches") as error:
            Asking(tmp_path, url, batch=True).run(10)
        assert ERROR.match(str(error.value))
    with ResponseLog(tmp_path / "log.sqlite", "loopback") as log:
        assert log.open_batches() == []


def test_what_no_batch_answers_is_given_up(tmp_path: Path) -> None:
    with serve() as (server, url):
        poison(server, "Question 3.")
        steps = Asking(tmp_path, url, batch=True).run(5)
        assert isinstance(steps[3], Rejected)
        assert steps[3].reason == "no_answer"
        assert len(server.batches) == batch.ROUNDS


def test_a_batch_keeps_to_the_limit_on_the_cost(tmp_path: Path) -> None:
    with serve() as (server, url):
        asking = Asking(tmp_path, url, batch=True, max_cost=0.01)
        with pytest.raises(BudgetError):
            asking.run(100)
        assert 0 < server.counts["paid"] < 100
        assert asking.engine.budget.spent <= 0.01
