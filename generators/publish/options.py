"""The options of every command that publishes."""

import argparse
from pathlib import Path
from typing import Any

from generators import cli
from generators.errors import UsageError
from generators.publish import publication
from generators.publish.publication import check_repository, check_tag

PUSH_OPTIONS: dict[str, dict[str, Any]] = {
    "--push": {
        "type": check_repository,
        "metavar": "USER/NAME",
        "help": "then publish the folder on the Hugging Face Hub, as `publish` does",
    },
}

PUBLISH_OPTIONS: dict[str, dict[str, Any]] = {
    "--tag": {
        "type": check_tag,
        "metavar": "VERSION",
        "help": "tag of the commit, such as v1.0.0; a tag is never moved",
    },
    "--public": {
        "action": "store_true",
        "help": "let everybody read it (default: a private repository)",
    },
    "--text": {
        "choices": ("references", "full"),
        "default": "references",
        "help": "references: leave out story text that is not ours to republish; `hydrate` fills it"
        " in again (default); full: publish it, into a private repository",
    },
    "--i-have-the-rights": {
        "action": "store_true",
        "help": "you may publish the story text; needed for --text full",
    },
}


def push(arguments: argparse.Namespace) -> None:
    """Publishes what a generator has written, if that is asked for."""
    if arguments.push is not None:
        publish_folder(arguments, arguments.out, arguments.push)


def publish_folder(arguments: argparse.Namespace, folder: Path, name: str) -> None:
    """Publishes a dataset folder, or shows what that would do.

    Raises:
        GeneratorError: it cannot be published.
    """
    published = publication.push(
        folder,
        name,
        tag=arguments.tag,
        public=arguments.public,
        text=arguments.text,
        i_have_the_rights=arguments.i_have_the_rights,
        dry_run=arguments.dry_run,
        progress=cli.show,
    )
    cli.show(repr(published))


def check_push(arguments: argparse.Namespace) -> None:
    """Raises UsageError where an option of publishing is given without --push."""
    given = {
        "--tag": arguments.tag is not None,
        "--public": arguments.public,
        "--text": arguments.text != "references",
        "--i-have-the-rights": arguments.i_have_the_rights,
    }
    for option, is_given in given.items():
        if is_given and arguments.push is None:
            raise UsageError(option, "no --push", "--push USER/NAME beside it", "Add it")
