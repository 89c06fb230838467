"""The options of every command that asks a model, and the engine that they describe."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generators import cli
from generators.arguments import check_apart as check_apart
from generators.arguments import check_beside as check_beside
from generators.arguments import check_outside as check_outside
from generators.errors import QualityError, UsageError

if TYPE_CHECKING:
    from generators.engine.course import Meter
    from generators.engine.engine import Settings
    from generators.engine.money import Prices
    from schemas.quality import Quality

BUILD_OPTIONS: dict[str, dict[str, Any]] = {
    "--no-report": {
        "action": "store_true",
        "help": "measure nothing: rows, manifest and card only",
    },
    "--strict": {
        "action": "store_true",
        "help": "exit 1 when a gate fails on core",
    },
    "--dry-run": {
        "action": "store_true",
        "help": "print what would be asked and what it would cost; call nothing",
    },
}

MODEL_OPTIONS: dict[str, dict[str, Any]] = {
    "--model": {
        "type": cli.name,
        "metavar": "NAME",
        "help": "also write generated rows with this model",
    },
    "--judge-model": {
        "type": cli.name,
        "metavar": "NAME",
        "help": "who judges, blind (default: --model)",
    },
    "--recorded": {
        "type": cli.file,
        "metavar": "FILE",
        "help": "answer from this JSONL of recorded responses only; send nothing",
    },
}

ENGINE_OPTIONS: dict[str, dict[str, Any]] = {
    "--base-url": {"metavar": "URL", "help": "an OpenAI-compatible server (default: OpenAI's)"},
    "--responses": {
        "type": cli.file,
        "metavar": "FILE",
        "help": "the response log: no answer is paid for twice (default: OUT.responses.sqlite)",
    },
    "--concurrency": {
        "type": cli.whole_number(1, 10_000),
        "metavar": "N",
        "default": 64,
        "help": "most requests at one time (default: 64)",
    },
    "--rpm": {"type": cli.whole_number(1), "metavar": "N", "help": "most requests a minute"},
    "--tpm": {"type": cli.whole_number(1), "metavar": "N", "help": "most tokens a minute"},
    "--repairs": {
        "type": cli.whole_number(0),
        "metavar": "N",
        "default": 1,
        "help": "re-asks with the error before an answer is rejected (default: 1)",
    },
    "--max-cost": {
        "type": cli.amount,
        "metavar": "USD",
        "help": "stop before the run costs more than this",
    },
    "--prices": {
        "type": cli.file,
        "metavar": "FILE",
        "help": "prices of your own, in the form of generators/engine/prices.json",
    },
    "--batch": {
        "action": "store_true",
        "help": "through the provider's Batch API, at half the price; may be left and gone on with",
    },
}


Watch = Callable[[Sequence[str]], Iterator[str]]


@dataclass(frozen=True)
class ModelRun:
    """How a command is to ask models."""

    settings: "Settings"
    prices: "Prices"


def add_options(parser: argparse.ArgumentParser, *tables: dict[str, dict[str, Any]]) -> None:
    """Adds the options of some tables to a parser."""
    for table in tables:
        for flags, settings in table.items():
            parser.add_argument(flags, **settings)


def choose_watch(arguments: argparse.Namespace) -> Watch | None:
    """Returns what shows how far measuring is; None where nothing is to be measured.

    Raises:
        UsageError: gates must hold that are not to be measured.
    """
    if not arguments.no_report:
        return cli.show_configs
    if arguments.strict:
        wanted = "a report, whose gates may fail"
        raise UsageError("--strict", "--no-report beside it", wanted, "Leave one of them out")
    return None


def check_strict(arguments: argparse.Namespace, quality: "Quality | None") -> None:
    """Raises QualityError where a gate failed that must not."""
    if arguments.strict and quality is not None and quality.verdict == "FAIL":
        where = str(getattr(arguments, "path", None) or arguments.out)
        wanted, remedy = "every gate to hold", "See what is named FAIL above, or report.html"
        raise QualityError(where, "a gate fails", wanted, remedy)


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
    out: Path = arguments.out
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
    return cli.Bar(doing, total)
