"""Sends a file of requests in the form of OpenAI's Batch API, live, and writes their answers."""

import sys
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated

from generators import cli
from generators.options import Option, file, whole_number
from generators.overwriting import check_apart
from generators.run_options import EngineOptions

EXAMPLES = (
    "requests.jsonl --out answers.jsonl --max-cost 5",
    "requests.jsonl --out answers.jsonl --base-url http://127.0.0.1:8000/v1 --concurrency 256",
)


@dataclass(frozen=True)
class CompleteOptions(EngineOptions):
    """Which requests are sent, and where their answers go."""

    requests: Annotated[
        Path, Option("one request a line: custom_id, method, url and body", "REQUESTS.jsonl", file)
    ]
    _: KW_ONLY
    out: Annotated[
        Path,
        Option(
            "one answer a line, in the order of the requests; replaced as a whole",
            "ANSWERS.jsonl",
            file,
        ),
    ]
    repairs: Annotated[
        int,
        Option("times an answer off its schema is asked again", "N", whole_number(0)),
    ] = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return cli.run(cli.Parser("complete", __doc__ or "", EXAMPLES, CompleteOptions), handle, argv)


def handle(given: cli.Given) -> None:
    """Asks what is missing, and writes one line for each request."""
    from generators.engine.engine import make_settings, open_logged
    from generators.engine.request_file import RequestFile, write_outcomes

    options = CompleteOptions(**given.of(CompleteOptions))
    check_apart(options.out, options.requests)
    requests = RequestFile(options.requests)
    settings = make_settings(options, options.out, options.repairs)
    with open_logged(settings, sorted(requests.models), cli.TerminalProgress()) as engine:
        steps = engine.run(requests.list_asks, "asking", len(requests.lines))
        counts = write_outcomes(options.out, requests, steps)
    cost = engine.budget.spent
    paid = "" if not cost else f", ${cost:.4f} spent now"
    answers = f"{counts['answered']:,} answered, {counts['failed']:,} with an error{paid}"
    cli.show(f"{len(requests.lines):,} requests: {answers}. Wrote {options.out.as_posix()}.")


if __name__ == "__main__":
    sys.exit(main())
