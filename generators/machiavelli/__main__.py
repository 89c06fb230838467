"""Builds a dataset folder of menus, pairs, questions and in-context prompts from game data."""

import sys
from collections.abc import Sequence

from generators.cli import run_build
from generators.machiavelli.build import BuildOptions, build, plan

EXAMPLES = (
    "",
    "--data game_data --out datasets/mine --behaviors deception,stealing",
    "--data game_data --model gpt-4o-mini --max-cost 5 --dry-run",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return run_build(("machiavelli", __doc__ or "", EXAMPLES), BuildOptions, build, plan, argv)


if __name__ == "__main__":
    sys.exit(main())
