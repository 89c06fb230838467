"""Publishes a dataset folder on the Hugging Face Hub: one commit, verified, and tagged."""

import sys
from collections.abc import Sequence

from generators import cli
from generators.publish import push
from generators.publish.options import PublishOptions

EXAMPLES = (
    "datasets/machiavelli --repo-id ada/choices --dry-run",
    "datasets/machiavelli --repo-id ada/choices --tag v1.0.0 --public",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return cli.run(cli.Parser("publish", __doc__ or "", EXAMPLES, PublishOptions), handle, argv)


def handle(given: cli.Given) -> None:
    """Publishes, or shows what that would do."""
    cli.show(repr(push(**given.of(PublishOptions), progress=cli.TerminalProgress(cli.show))))


if __name__ == "__main__":
    sys.exit(main())
