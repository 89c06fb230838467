"""The options of every command that asks a model, and the engine that they describe."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from generators import cli
from generators.errors import UsageError
from generators.options import check_outside

if TYPE_CHECKING:
    from generators.engine.course import Meter
    from generators.engine.engine import Settings
    from generators.engine.money import Prices


@dataclass(frozen=True)
class ModelRun:
    """How a command is to ask models."""

    settings: "Settings"
    prices: "Prices"


def read_settings(arguments: argparse.Namespace, models: list[str]) -> ModelRun:
    """Returns how to ask, as the options say.

    Raises:
        UsageError: a limit on the cost is set, and a model's price is not known.
    """
    from generators.engine.engine import Settings
    from generators.engine.money import read_prices

    prices = read_prices(arguments.prices)
    unpriced = [model for model in models if prices.find(model) is None]
    if arguments.max_cost is not None and unpriced:
        found, wanted = f"no price is known for '{unpriced[0]}'", "a model with a price"
        raise UsageError("--max-cost", found, wanted, "Give its price with --prices FILE")
    out = Path(arguments.out)
    responses: Path = arguments.responses or out.parent / f"{out.name}.responses.sqlite"
    check_outside(out, {"--responses": responses})
    settings = Settings(
        responses=responses,
        base_url=arguments.base_url,
        concurrency=arguments.concurrency,
        per_minute=arguments.rpm,
        tokens_per_minute=arguments.tpm,
        repairs=arguments.repairs,
        max_cost=arguments.max_cost,
        batch=arguments.batch,
    )
    return ModelRun(settings, prices)


def clean_url(url: str | None) -> str:
    """Returns the address that answers are kept under: without user, password and query."""
    from urllib.parse import urlsplit

    from generators.engine.exchange import OPENAI

    try:
        parts = urlsplit(url or OPENAI)
        port = parts.port
    except ValueError as error:
        # Not in the words of Python, which quotes what may be a password.
        found, wanted = "no URL that can be read", "a URL such as http://127.0.0.1:8080/v1"
        raise UsageError("--base-url", found, wanted, "Mend it") from error
    if parts.username or parts.password:
        found, wanted = "it holds a user name or a password", "an address alone"
        raise UsageError("--base-url", found, wanted, "Put the key into OPENAI_API_KEY")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        wanted = "a URL such as http://127.0.0.1:8080/v1"
        raise UsageError("--base-url", f"'{parts.geturl()}'", wanted, "Mend it")
    host = parts.hostname if port is None else f"{parts.hostname}:{port}"
    return f"{parts.scheme}://{host}{parts.path}".rstrip("/")


def make_meter(doing: str, total: int | None) -> "Meter":
    """Returns a progress bar that shows what the run has cost."""
    return _Meter(doing, total)


class _Meter:
    def __init__(self, doing, total):
        self._work = cli.TerminalProgress().start(doing, total)

    def advance(self, done, dollars):
        self._work.advance(done, f"${dollars:.2f}" if dollars else "")

    def say(self, line):
        cli.TerminalProgress().show(line)

    def end(self):
        self._work.end()
