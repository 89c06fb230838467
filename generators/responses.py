"""Writes a response log out as recorded answers (JSONL), or takes them into a log."""

import argparse
import sys
from collections.abc import Sequence

from generators import cli


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return cli.run(make_parser(), handle, argv)


def make_parser() -> cli.Parser:
    """Returns the parser of the options."""
    parser = cli.Parser("python -m generators.responses", __doc__ or "")
    parser.add_argument("direction", choices=("export", "import"), help="from the log, or into it")
    parser.add_argument("log", type=cli.file, metavar="LOG.sqlite", help="the response log")
    parser.add_argument("file", type=cli.file, metavar="FILE.jsonl", help="the recorded answers")
    parser.add_argument(
        "--base-url",
        metavar="URL",
        help="server that imported answers without one count as given by (default: OpenAI's)",
    )
    return parser


def handle(arguments: argparse.Namespace) -> int:
    """Copies the answers one way or the other."""
    from generators.engine.engine import clean_url
    from generators.engine.recorded import read_answers, write_answers
    from generators.engine.response_log import ResponseLog
    from generators.errors import LogError
    from generators.folder import check_apart

    exporting = arguments.direction == "export"
    written = arguments.file if exporting else arguments.log
    check_apart(written, arguments.log if exporting else arguments.file)
    if exporting and not arguments.log.is_file():
        where, wanted = f"response log {arguments.log}", "a response log"
        raise LogError(where, "no such file", wanted, "Check the path")
    with ResponseLog(arguments.log, clean_url(arguments.base_url)) as log:
        if exporting:
            count = write_answers(arguments.file, log.list_answers())
        else:
            count = sum(log.import_answer(answer) for answer in read_answers(arguments.file))
    done = f"Wrote {arguments.file}" if exporting else f"New in {arguments.log}"
    cli.show(f"{done}: {count:,} answers.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
