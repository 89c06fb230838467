"""Builds a dataset folder of menus, pairs, questions and in-context prompts from game data."""

import sys
from collections.abc import Sequence

from generators import cli
from generators.machiavelli import build, plan
from generators.publish.options import PushOptions, push_built

EXAMPLES = (
    "",
    "--data game_data --out datasets/mine --behaviors deception,stealing",
    "--data game_data --model gpt-4o-mini --max-cost 5 --dry-run",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    parser = cli.Parser(
        "machiavelli", __doc__ or "", EXAMPLES, BuildOptions, DryRunOptions, PushOptions
    )
    return cli.run(parser, handle, argv)


def handle(given: cli.Given) -> None:
    """Builds the folder, and prints what is in it; or prints what that would ask and cost."""
    push = PushOptions(**given.of(PushOptions))
    push.check()
    options = given.of(build) | {"progress": cli.TerminalProgress()}
    if given["dry_run"]:
        cli.show(str(plan(**options)))
        return
    built = build(**(options | {"strict": False}))
    cli.show(built.summarize(color=cli.is_terminal()))
    if given["strict"]:
        built.check()
    push_built(built.folder, push)


if __name__ == "__main__":
    sys.exit(main())
