"""Exports one config of a dataset folder as a named tool reads it, with a note on its use."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from generators import cli
from generators.export.formats import FORMATS
from generators.model_options import add_options

OPTIONS: dict[str, dict[str, Any]] = {
    "folder": {"type": cli.folder, "metavar": "FOLDER", "help": "a dataset folder"},
    "--config": {
        "type": cli.name,
        "metavar": "C",
        "required": True,
        "help": "config to export, such as contrastive",
    },
    "--format": {
        "type": cli.name,
        "metavar": "F",
        "required": True,
        "help": f"of {','.join(FORMATS)}",
    },
    "--out": {
        "type": cli.folder,
        "metavar": "PATH",
        "required": True,
        "help": "folder to write, replaced as a whole",
    },
    "--split": {
        "type": cli.names,
        "metavar": "S,...",
        "help": "of train,validation,test (default: all)",
    },
    "--behaviors": {
        "type": cli.names,
        "metavar": "B,...",
        "help": "only these, where rows have a behavior (default: all)",
    },
    "--tier": {
        "choices": ("core", "full"),
        "default": "core",
        "help": "core: the rows on which no surface cue tells the sides apart; full: all (default:"
        " core, where rows have a tier)",
    },
    "--tokenizer": {
        "type": cli.named_file,
        "metavar": "NAME=FILE",
        "action": "append",
        "help": "encode with this tokenizer.json; may be repeated; gpt2 alone names the bundled"
        " one (default: gpt2 where a format needs one)",
    },
    "--seed": {
        "type": cli.any_number,
        "metavar": "N",
        "default": 0,
        "help": "orders, and which options are kept where a tool takes two (default: 0)",
    },
}


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    return cli.run(make_parser(), handle, argv)


def make_parser() -> cli.Parser:
    """Returns the parser of the options."""
    parser = cli.Parser("python -m generators.export", __doc__ or "")
    add_options(parser, OPTIONS)
    return parser


def handle(arguments: argparse.Namespace) -> int:
    """Writes the export, and prints what is in it and what is not."""
    from generators.export.folder import write

    exported = write(
        arguments.folder,
        arguments.config,
        arguments.format,
        out=arguments.out,
        split=arguments.split,
        behaviors=arguments.behaviors,
        tier=arguments.tier,
        tokenizers=arguments.tokenizer,
        seed=arguments.seed,
    )
    cli.show(repr(exported))
    return 0


if __name__ == "__main__":
    sys.exit(main())
