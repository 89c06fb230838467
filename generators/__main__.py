"""Lists the commands."""

import argparse
import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from generators import cli

COMMANDS = (
    "machiavelli",
    "concepts",
    "doctor",
    "report",
    "publish",
    "hydrate",
    "export",
    "complete",
    "responses",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return cli.run(cli.Parser("python -m generators", __doc__ or ""), handle, argv)


def handle(arguments: argparse.Namespace) -> int:
    """Prints each command with the first line of its description."""
    cli.show("\n".join([*_describe_commands(), "Each takes --help."]))
    return 0


def _describe_commands() -> Iterator[str]:
    for name in COMMANDS:
        # Read and not imported: what a command imports is none of a list's business.
        here = Path(__file__).parent
        package = here / name / "__main__.py"
        file = package if package.exists() else here / f"{name}.py"
        source = file.read_text(encoding="utf-8")
        description = ast.get_docstring(ast.parse(source)) or ""
        yield f"python -m generators.{name:<12} {description.splitlines()[0]}"


if __name__ == "__main__":
    sys.exit(main())
