"""The options of every command that asks a model."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generators import cli
from generators.errors import QualityError, UsageError

if TYPE_CHECKING:
    from generators.engine.engine import Settings
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
        "help": 'prices of your own, such as {"as_of": "2026-01", "models": {"NAME":'
        " [2.5, 1.25, 10.0]}}: US dollars per million prompt, cached and completion tokens"
        " (default: those of genai-prices)",
    },
    "--batch": {
        "action": "store_true",
        "help": "through the provider's Batch API; the run may be stopped and started again",
    },
}


Watch = Callable[[Sequence[str]], Iterator[str]]


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


def read_settings(arguments: argparse.Namespace) -> "Settings":
    """Returns how to ask, as the options say."""
    from generators.engine.engine import Settings, name_log
    from generators.folder import check_outside

    responses: Path = arguments.responses or name_log(arguments.out)
    if getattr(arguments, "model", True):
        check_outside(arguments.out, {"--responses": responses})
    names = ("base_url", "concurrency", "rpm", "tpm", "repairs", "max_cost", "prices", "batch")
    return Settings(responses, **{name: getattr(arguments, name) for name in names})


def check_outside(out: Path, files: Mapping[str, Path | None]) -> None:
    """Checks as `generators.folder` does."""
    from generators import folder

    folder.check_outside(out, files)


def check_beside(out: Path, dataset: Path) -> None:
    """Checks as `generators.folder` does."""
    from generators import folder

    folder.check_beside(out, dataset)
