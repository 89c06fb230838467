"""Builds a dataset folder of minimal pairs, insertions, relations and associations of concepts."""

import sys
from collections.abc import Sequence

from generators.cli import run_build
from generators.concepts.build import BuildOptions, build, plan

EXAMPLES = (
    "",
    "--concepts my_concepts.yaml --out datasets/mine",
    "--pairs my_pairs.jsonl --tokenizer llama=tokenizer.json --aligned-only --out datasets/pairs",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return run_build(("concepts", __doc__ or "", EXAMPLES), BuildOptions, build, plan, argv)


if __name__ == "__main__":
    sys.exit(main())
