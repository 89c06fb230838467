"""Builds a dataset folder of minimal pairs, insertions, relations and associations of concepts."""

from collections.abc import Sequence

from generators import cli
from generators.concepts import build, plan
from generators.options import DryRunOptions
from generators.publish.options import PushOptions

EXAMPLES = (
    "",
    "--concepts my_concepts.yaml --out datasets/mine",
    "--pairs my_pairs.jsonl --tokenizer llama=tokenizer.json --aligned-only --out datasets/pairs",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    parser = cli.Parser(
        "concepts", __doc__ or "", EXAMPLES, BuildOptions, DryRunOptions, PushOptions
    )
    return cli.run(parser, handle, argv)


def handle(given: cli.Given) -> None:
    """Builds the folder, and prints what is in it; or prints what that would ask and cost."""
    cli.build_and_push(given, build, plan)
