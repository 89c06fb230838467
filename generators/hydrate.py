"""Fills text back into a dataset that was published as references, from your own game data."""

import sys
from collections.abc import Sequence

from generators import cli
from generators.publish.options import HydrateOptions

EXAMPLES = (
    "ada/choices --revision v1.0.0 --data game_data --out datasets/machiavelli",
    "downloaded/choices --data game_data --out datasets/machiavelli --skip-changed",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return cli.run(cli.Parser("hydrate", __doc__ or "", EXAMPLES, HydrateOptions), handle, argv)


def handle(given: cli.Given) -> None:
    """Writes the whole folder, and shows how it compares with what was published."""
    from generators.publish.refill import ChangedRows, hydrate

    try:
        hydrated = hydrate(**given.of(HydrateOptions), progress=cli.TerminalProgress())
    except ChangedRows as error:
        cli.show(error.describe())
        raise
    cli.show(repr(hydrated))


if __name__ == "__main__":
    sys.exit(main())
