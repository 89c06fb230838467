"""Prices and the limit on the cost: genai-prices, the user's own table, and what is assumed."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from asking import make_request
from damage import ERROR
from generators.engine.engine import Settings, find_prices
from generators.engine.exchange import OPENAI
from generators.engine.money import DEFAULT_COMPLETION, Budget, Price, Prices, Rates, read_prices
from generators.errors import UsageError
from schemas.exchange import Tokens

MILLION = Tokens(prompt=1_000_000, completion=1_000_000)


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("model", "cost"),
    [("gpt-4o", 12.5), ("gpt-4o-2024-08-06", 12.5), ("gpt-5.2", 15.75), ("o3", 10.0)],
)
def test_a_model_has_the_price_of_genai_prices_without_the_network(model: str, cost: float) -> None:
    prices = read_prices(None, OPENAI)
    assert prices.cost(model, MILLION) == pytest.approx(cost)
    assert prices.as_of.startswith("genai-prices ")


def test_an_unknown_model_has_no_price() -> None:
    prices = read_prices(None, OPENAI)
    assert prices.cost("gpt-99", MILLION) is None
    assert prices.cost("gpt-99", Tokens()) == 0
    assert prices.cost("claude-sonnet-4-5", MILLION) is None  # not a model of that server


def test_the_price_is_that_of_the_server_that_is_asked() -> None:
    assert read_prices(None, "https://api.anthropic.com/v1").cost("claude-sonnet-4-5", MILLION)
    behind_a_proxy = read_prices(None, "http://127.0.0.1:4000/v1")
    assert behind_a_proxy.cost("claude-sonnet-4-5", MILLION)
    assert behind_a_proxy.cost("gpt-4o", MILLION) == 12.5


def test_cached_tokens_are_cheaper_and_long_prompts_may_be_dearer() -> None:
    prices = read_prices(None, OPENAI)
    cached = Tokens(prompt=1_000_000, cached=1_000_000)
    assert prices.cost("gpt-4o", cached) == pytest.approx(1.25)
    price = Price((Rates(1, 0.5, 2), Rates(10, 5, 20, above=1000)), None, 0.25)
    prices = Prices("made up", None, None, _known={"long": price})
    assert prices.cost("long", Tokens(prompt=1000)) == pytest.approx(0.001 + 0.25)
    assert prices.cost("long", Tokens(prompt=1001)) == pytest.approx(0.01001 + 0.25)


def test_a_batch_without_a_price_is_assumed_to_cost_half_and_that_is_said() -> None:
    prices = read_prices(None, OPENAI)
    assert prices.cost("gpt-4o", MILLION, "batch") == pytest.approx(6.25)  # the table has it
    assert "assumed" not in prices.as_of
    full = prices.cost("o1-mini", MILLION)
    assert full is not None
    assert prices.cost("o1-mini", MILLION, "batch") == pytest.approx(full / 2)
    assert prices.as_of.endswith("the batch price of o1-mini is assumed to be half the usual one")


def test_a_table_of_ones_own_replaces_all_prices(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    table = {"as_of": "2026-01", "models": {"mine": [1, 0.5, 2]}, "batch_share": 0.25}
    path.write_text(json.dumps(table), encoding="utf-8")
    prices = read_prices(path)
    assert prices.as_of == "2026-01"
    assert prices.cost("mine-2026-01-31", MILLION) == 3
    assert prices.cost("mine", MILLION, "batch") == 0.75
    assert prices.cost("gpt-4o", MILLION) is None


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"as_of": "2026-01"}', '{"as_of": "x", "models": {"m": [1, 2]}}',
     '{"as_of": "x", "models": {"m": [1, 2, -3]}}'],
)  # fmt: skip
def test_a_broken_table_is_one_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match="--prices .*missing or wrong") as error:
        read_prices(path)
    assert ERROR.match(str(error.value))


def test_a_limit_needs_the_price_of_every_model(tmp_path: Path) -> None:
    limited = Settings(responses=tmp_path / "log.sqlite", max_cost=1.0)
    find_prices(limited, ["gpt-4o", "gpt-5.2"])
    with pytest.raises(UsageError, match="no price is known for 'gpt-99'"):
        find_prices(limited, ["gpt-4o", "gpt-99"])
    find_prices(Settings(responses=tmp_path / "log.sqlite"), ["gpt-99"])


def test_the_most_that_a_request_can_cost_holds_for_any_script() -> None:
    budget = Budget(read_prices(None, OPENAI), 1.0)
    request = make_request(1)
    worst = (request.size * 2.5 + 100 * 10) / 1e6
    assert budget.worst(request) == pytest.approx(worst)
    body = {name: value for name, value in request.body.items() if "tokens" not in name}
    unbounded = type(request)("test/v1", "1", body)
    assert budget.worst(unbounded) > DEFAULT_COMPLETION * 10 / 1e6
    many = make_request(1, n=3)
    assert budget.worst(many) == pytest.approx((many.size * 2.5 + 300 * 10) / 1e6)
