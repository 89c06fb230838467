"""The options of every command that publishes, and what is done with them."""

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from generators import cli
from generators.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generators.publish.client import Hub
    from generators.publish.push import Published, Target
    from generators.publish.release import Release


def repository(text: str) -> str:
    """Returns the name of a repository, `USER/NAME`."""
    part = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
    wrong = "--" in text or ".." in text or text.endswith(".git")
    if wrong or not re.fullmatch(f"{part}/{part}", text):
        found, wanted = ascii(text)[:80], "USER/NAME, such as ada/choices"
        raise argparse.ArgumentTypeError(f"found {found}; expected {wanted}")
    return text


def tag(text: str) -> str:
    """Returns the name of a version; what loads by it must not load a branch or a commit."""
    other = text in ("main", "HEAD") or re.fullmatch(r"[0-9a-f]{40}", text)
    wrong = other or ".." in text or text.endswith(".lock")
    if wrong or not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,60}[A-Za-z0-9])?", text):
        wanted = "a version such as v1.0.0"
        raise argparse.ArgumentTypeError(f"found {ascii(text)[:80]}; expected {wanted}")
    return text


def check_endpoint() -> None:
    """Raises UsageError where the Hub's address is none: its client would not even be imported."""
    try:
        _ = urlsplit(os.environ.get("HF_ENDPOINT", "")).port
    except ValueError as error:
        wanted = "a URL such as https://huggingface.co"
        raise UsageError("HF_ENDPOINT", "no URL that can be read", wanted, "Mend it") from error


PUSH_OPTIONS: dict[str, dict[str, Any]] = {
    "--push": {
        "type": repository,
        "metavar": "USER/NAME",
        "help": "then publish the folder on the Hugging Face Hub, as `publish` does",
    },
}

PUBLISH_OPTIONS: dict[str, dict[str, Any]] = {
    "--tag": {
        "type": tag,
        "metavar": "VERSION",
        "help": "name the commit, such as v1.0.0; a tag is never moved",
    },
    "--public": {
        "action": "store_true",
        "help": "let everybody read it (default: a private repository)",
    },
    "--text": {
        "choices": ("references", "full"),
        "default": "references",
        "help": "references: story text that is not ours to republish is left out, and can be"
        " filled in again with `hydrate` (default); full: it goes along, into a private repository",
    },
    "--i-have-the-rights": {
        "action": "store_true",
        "help": "you may publish the story text; --text full asks for it",
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
    check_endpoint()
    from generators.publish.client import Hub
    from generators.publish.push import Target, publish
    from generators.publish.references import open_release

    target = Target(name, arguments.tag, public=arguments.public)
    with open_release(folder, withheld=arguments.text == "references") as release:
        check_rights(arguments, release)
        for unlisted in release.unlisted:
            cli.show(f"Not published, for the manifest does not list it: {unlisted}")
        if arguments.dry_run:
            cli.show("\n".join(preview(Hub(), release, target)))
            return
        published = publish(Hub(), release, target, cli.show)
        cli.show("\n".join(tell(release, target, published)))


def check_rights(arguments: argparse.Namespace, release: "Release") -> None:
    """Raises UsageError where story text would be published that must not be."""
    if not release.holds_foreign_text:
        return
    where, remedy = "--text full", "Leave it out: references are the default"
    if arguments.public:
        raise UsageError(where, "--public beside it", "a private repository", remedy)
    if not arguments.i_have_the_rights:
        found = "story text that is not ours to republish"
        raise UsageError(where, found, "--i-have-the-rights beside it", remedy)


def check_push(arguments: argparse.Namespace) -> None:
    """Raises UsageError where an option says how to publish, and nothing is to be published."""
    given = {
        "--tag": arguments.tag is not None,
        "--public": arguments.public,
        "--text": arguments.text != "references",
        "--i-have-the-rights": arguments.i_have_the_rights,
    }
    for option, is_given in given.items():
        if is_given and arguments.push is None:
            raise UsageError(option, "no --push", "--push USER/NAME beside it", "Add it")


def preview(hub: "Hub", release: "Release", target: "Target") -> "Iterator[str]":
    """Yields what publishing would do, file by file."""
    from generators.publish.push import count_files, inspect, show_size
    from generators.publish.release import compare

    if hub.find_repository(target.repository) is None:
        changes = compare(release, {})
        kind = "public" if target.public else "private"
        yield f"{target.repository} does not exist, or the token does not see it: made, {kind}."
    else:
        changes = inspect(hub, release, target).changes
    for name, file in release.files.items():
        yield f"{'send' if name in changes.add else 'same':<7}{show_size(file.size):>12}  {name}"
    for name in changes.delete:
        yield f"{'remove':<7}{'':>12}  {name}"
    doing = count_files(release, changes) if any(changes) else "nothing to send"
    tag = f"; tag {target.tag}" if target.tag else ""
    yield f"{doing}{tag}. Nothing was sent."


def tell(release: "Release", target: "Target", published: "Published") -> list[str]:
    """Returns what was done, and how exactly this version is loaded."""
    name = target.repository
    done = f"Published {name}" if published.made else f"Unchanged: {name} has it already"
    tag = f", tag {target.tag}" if target.tag else ""
    revision = target.tag or published.commit
    return [
        f"{done}, commit {published.commit}{tag}; {len(release.files)} files verified.",
        "Load exactly this version with:",
        "  from datasets import load_dataset",
        f'  load_dataset("{name}", "{release.config}", revision="{revision}")',
    ]
