"""Sends a file of requests in the form of OpenAI's Batch API, live, and writes their answers."""

import argparse
import sys
from collections.abc import Sequence

from generators import cli
from generators.model_options import ENGINE_OPTIONS, add_options


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return cli.run(make_parser(), handle, argv)


def make_parser() -> cli.Parser:
    """Returns the parser of the options."""
    parser = cli.Parser("python -m generators.complete", __doc__ or "")
    parser.add_argument(
        "requests",
        type=cli.file,
        metavar="REQUESTS.jsonl",
        help="one request a line: custom_id, method, url and body",
    )
    parser.add_argument(
        "--out",
        type=cli.file,
        metavar="ANSWERS.jsonl",
        required=True,
        help="one answer a line, in the order of the requests; replaced as a whole",
    )
    add_options(parser, ENGINE_OPTIONS)
    return parser


def handle(arguments: argparse.Namespace) -> int:
    """Asks what is missing, and writes one line for each request."""
    from generators.engine.engine import open_logged
    from generators.engine.request_file import RequestFile, write_outcomes
    from generators.folder import check_apart
    from generators.model_options import read_settings

    check_apart(arguments.out, arguments.requests)
    file = RequestFile(arguments.requests)
    settings = read_settings(arguments)
    with open_logged(settings, sorted(file.models), cli.Terminal()) as engine:
        steps = engine.run(file.list_asks, "asking", file.requests)
        counts = write_outcomes(arguments.out, file, steps)
    cost = engine.budget.spent
    paid = "" if not cost else f", ${cost:.4f} spent now"
    answers = f"{counts['answered']:,} answered, {counts['failed']:,} with an error{paid}"
    cli.show(f"{file.requests:,} requests: {answers}. Wrote {arguments.out.as_posix()}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
