"""Writes what a named tool reads, from one config of a dataset folder, with a note on its use."""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generators import cli
from generators.errors import UsageError
from generators.model_options import add_options, check_beside

if TYPE_CHECKING:
    from generators.export.folder import Job, Tally
    from generators.export.formats.base import Format
    from generators.export.rows import Filter, Source
    from generators.tokens.vocabularies import Vocabulary

NAMES = (
    "pairs", "caa", "model-written", "mcq", "icl", "aligned", "repe", "cvector", "probe",
    "causalgym", "preference",
)  # fmt: skip
"""The formats; a test holds them to `FORMATS`, which `--help` does not import."""

MOST_FILES = 8
"""Files that are listed one by one."""

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
        "help": f"of {','.join(NAMES)}",
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
        "help": "core: the rows on which no surface cue tells the sides apart, where rows have a"
        " tier; full: all (default: core)",
    },
    "--tokenizer": {
        "type": cli.named_file,
        "metavar": "NAME=FILE",
        "action": "append",
        "help": "read tokens with this tokenizer.json; may be repeated; gpt2 alone names the"
        " bundled one (default: gpt2 where a format needs one)",
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
    from generators.arrow import give_memory_back
    from generators.export.folder import write_export

    give_memory_back()
    job = make_job(arguments)
    tally = write_export(job, arguments.out)
    cli.show("\n".join(describe(job, tally, arguments.out)))
    return 0


def make_job(arguments: argparse.Namespace) -> "Job":
    """Returns what is to be exported.

    Raises:
        UsageError: an option names what is not there, or does not go with another.
        SourceError: the folder is not one of ours.
    """
    from generators.export.folder import Job
    from generators.export.formats import FORMATS
    from generators.export.formats.base import Scope
    from generators.export.rows import read_source

    (name,) = cli.choose("--format", (arguments.format,), tuple(FORMATS))
    source, form = read_source(arguments.folder), FORMATS[name]
    check_config(arguments.config, source, form)
    check_beside(arguments.out, arguments.folder)
    splits = cli.choose("--split", arguments.split, tuple(source.splits[arguments.config]))
    wanted = choose_rows(arguments, source)
    vocabularies = read_vocabularies(arguments.tokenizer, form)
    scope = Scope(source.name, arguments.config, "", arguments.seed, vocabularies)
    return Job(source, form, scope, splits, wanted)


def check_config(config: str, source: "Source", form: "Format") -> None:
    """Raises UsageError where the folder has no such config, or the format does not take it."""
    takes = f"one that {form.name} takes: {', '.join(form.takes)}"
    if config not in form.takes:
        raise UsageError("--config", f"'{config}'", takes, "Name one of them")
    if not source.splits.get(config):
        there = ", ".join(name for name in form.takes if source.splits.get(name)) or "none of them"
        found = f"'{config}', of which {source.folder} has no rows"
        raise UsageError("--config", found, takes, f"The folder has {there}")


def choose_rows(arguments: argparse.Namespace, source: "Source") -> "Filter":
    """Returns which rows are wanted.

    Raises:
        UsageError: a behavior is not known, or rows have none.
    """
    from generators.export.rows import Filter, list_columns
    from schemas.labels import BEHAVIORS

    if arguments.behaviors is None:
        return Filter(arguments.tier)
    if "behavior" not in list_columns(source, arguments.config):
        wanted = f"none for config {arguments.config}, whose rows have no behavior"
        raise UsageError("--behaviors", "some", wanted, "Leave it out")
    return Filter(arguments.tier, cli.choose("--behaviors", arguments.behaviors, BEHAVIORS))


def read_vocabularies(
    named: Sequence[tuple[str, Path | None]] | None, form: "Format"
) -> "list[Vocabulary]":
    """Returns the tokenizers to read with.

    Raises:
        UsageError: the format has no use for one, a name stands twice, or one has no file.
        SourceError: a file is no tokenizer.
    """
    from generators.tokens.vocabularies import read_vocabularies as read_all

    if form.tokenizers == "none" and named:
        wanted = f"none: nothing in {form.name} depends on a tokenizer"
        raise UsageError("--tokenizer", named[0][0], wanted, "Leave it out")
    return read_all(named) if named or form.tokenizers == "default" else []


def describe(job: "Job", tally: "Tally", out: Path) -> list[str]:
    """Returns what was written and what was not, line by line."""
    from generators.export.rows import NOT_CORE

    lines = list_files(tally.records)
    lines += [f"{rows:>9,}  rows left out: {reason}" for reason, rows in tally.left_out.items()]
    lines += [f"{number:>9,}  {what}" for what, number in tally.reduced.items()]
    if tally.left_out[NOT_CORE]:
        lines.append("--tier full takes the rows that are not core as well.")
    lines.append(f"Wrote {out.as_posix()}/: its README.md says how the files are read.")
    return lines


def list_files(records: Mapping[str, int]) -> list[str]:
    """Returns the files with their records; of many, their folders."""
    if len(records) <= MOST_FILES:
        return [f"{number:>9,}  {file}" for file, number in records.items()]
    parts: dict[str, list[int]] = {}
    for file, number in records.items():
        parts.setdefault(re.sub(r"/.*", "/", file), []).append(number)
    return [
        f"{sum(each):>9,}  {name}" + (f" ({len(each)} files)" if name.endswith("/") else "")
        for name, each in parts.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
