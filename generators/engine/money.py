"""What requests cost: prices, estimates before anything is sent, and a limit that holds."""

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from generators.engine.exchange import Request
from generators.errors import BudgetError, UsageError
from schemas.exchange import Tokens

CHARACTERS_PER_TOKEN = 4.0
"""Of English prose, about (https://platform.openai.com/tokenizer); for estimates."""
FEWEST_CHARACTERS_PER_TOKEN = 1.0
"""For the limit, which must hold for any script: a token is at least one byte."""
DEFAULT_COMPLETION = 128_000
"""Tokens an answer may have where the request does not bound it: no model writes more."""
_DATED = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")


Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@checked(config=ConfigDict(extra="ignore"), frozen=True)
class Prices:
    """A dated table of prices."""

    as_of: str
    """Month it was taken down."""
    models: dict[str, tuple[Dollars, Dollars, Dollars]]
    """Model -> US dollars per million prompt, cached and completion tokens."""
    batch_share: float = 0.5
    """Share of the price that a batch costs."""

    def find(self, model: str) -> tuple[float, float, float] | None:
        """Returns the prices of a model, of a dated version of it too; None if unknown."""
        return self.models.get(model) or self.models.get(_DATED.sub("", model))

    def cost(self, model: str, tokens: Tokens, lane: str = "live") -> float | None:
        """Returns US dollars; None for a model of unknown price, where it has any tokens."""
        if tokens == Tokens():
            return 0.0
        prices = self.find(model)
        if prices is None:
            return None
        fresh = max(tokens.prompt - tokens.cached, 0)
        parts = (fresh, tokens.cached, tokens.completion)
        dollars = sum(part * price for part, price in zip(parts, prices, strict=True)) / 1e6
        return dollars * (self.batch_share if lane == "batch" else 1)


def read_prices(path: Path | None = None) -> Prices:
    """Returns the bundled prices, or the user's own in the same form.

    Raises:
        UsageError: the file is no such table.
    """
    source = files("generators") / "engine" / "prices.json" if path is None else path
    try:
        return TypeAdapter(Prices).validate_python(json.loads(source.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        found = "cannot be read as such"
        if isinstance(error, ValidationError):
            found = ".".join(map(str, error.errors()[0]["loc"])) + " is missing or wrong"
        wanted = 'JSON such as {"as_of": "2026-01", "models": {"NAME": [2.5, 1.25, 10.0]}}'
        raise UsageError(f"--prices {path}", found, wanted, "Mend it") from error


def estimate_tokens(request: Request, characters_per_token: float = CHARACTERS_PER_TOKEN) -> int:
    """Returns about how many prompt tokens a request has, its schema included."""
    return int(request.size / characters_per_token)


def most_completion(request: Request) -> int:
    """Returns the most tokens an answer may have."""
    for name in ("max_completion_tokens", "max_tokens", "max_output_tokens"):
        bound: object = request.body.get(name)
        if isinstance(bound, int) and bound > 0:
            return bound * _count_choices(request)
    return DEFAULT_COMPLETION


def _count_choices(request: Request) -> int:
    number: object = request.body.get("n")
    return number if isinstance(number, int) and number > 1 else 1


@dataclass
class Budget:
    """What was spent in this run, and what may still be."""

    prices: Prices
    most: float | None = None
    """`--max-cost`, US dollars; None for no limit."""
    spent: float = 0.0
    reserved: float = 0.0
    """What the requests in flight could cost at most."""
    in_flight: int = 0

    def worst(self, request: Request, lane: str = "live") -> float:
        """Returns what a request could cost at most."""
        prompt = estimate_tokens(request, FEWEST_CHARACTERS_PER_TOKEN)
        tokens = Tokens(prompt=prompt, completion=most_completion(request))
        return self.prices.cost(request.model, tokens, lane) or 0.0

    def fits(self, cost: float) -> bool:
        """Returns whether so much more cannot exceed the limit."""
        return self.most is None or self.spent + self.reserved + cost <= self.most

    def reserve(self, cost: float) -> None:
        """Sets aside what a request could cost."""
        self.reserved += cost
        self.in_flight += 1

    def settle(self, reserved: float, request: Request, tokens: Tokens, lane: str = "live") -> None:
        """Puts what a request did cost in the place of what was set aside for it."""
        self.in_flight -= 1
        self.reserved = self.reserved - reserved if self.in_flight else 0.0
        self.spend(request, tokens, lane)

    def spend_worst(self, request: Request) -> None:
        """Adds what a request could cost at most, where nobody says what it did."""
        self.spent += self.worst(request)

    def spend(self, request: Request, tokens: Tokens, lane: str = "live") -> None:
        """Adds what was paid."""
        self.spent += self.prices.cost(request.model, tokens, lane) or 0.0

    def release(self) -> None:
        """Sets nothing aside any more: a batch is through."""
        self.reserved, self.in_flight = 0.0, 0

    def exceeded(self, next_cost: float) -> BudgetError:
        """Returns the error of a request that does not fit."""
        found = f"${self.spent:.4f} spent, and the next request could cost ${next_cost:.4f}"
        remedy = "Every answer is kept: raise it and run again"
        return BudgetError(f"--max-cost {self.most:g}", found, "room for it", remedy)
