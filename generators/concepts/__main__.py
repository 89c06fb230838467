"""Builds a dataset folder of minimal pairs, insertions, relations and associations of concepts."""

import sys
from collections.abc import Sequence
from typing import Any

from generators import cli
from generators.concepts.build import BuildOptions, build, plan
from generators.options import DryRunOptions
from generators.publish import push
from generators.publish.options import PushOptions, TargetOptions

EXAMPLES = (
    "",
    "--concepts my_concepts.yaml --out datasets/mine",
    "--pairs my_pairs.jsonl --tokenizer llama=tokenizer.json --aligned-only --out datasets/pairs",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    takes = (BuildOptions, DryRunOptions, PushOptions)
    return cli.run(cli.Parser("concepts", __doc__ or "", EXAMPLES, *takes), handle, argv)


def handle(given: cli.Given) -> None:
    """Builds the folder, and prints what is in it; or prints what that would ask and cost."""
    given.check_needed("push", TargetOptions)
    progress = cli.TerminalProgress()
    options: dict[str, Any] = given.of(BuildOptions) | {"progress": progress, "strict": False}
    if given["dry_run"]:
        cli.show(str(plan(**options)))
        return
    built = build(**options)
    cli.show(built.summarize(color=cli.is_terminal()))
    if given["strict"]:
        built.check()
    if given["push"] is not None:
        target = given.of(TargetOptions)
        cli.show(
            repr(
                push(built.folder, given["push"], **target, progress=cli.TerminalProgress(cli.show))
            )
        )


if __name__ == "__main__":
    sys.exit(main())
