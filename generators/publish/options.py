"""What publishing and hydrating take: of the commands and of Python; it imports nothing heavy."""

import os
import re
from dataclasses import KW_ONLY, dataclass
from typing import Annotated
from urllib.parse import urlsplit

from generators.errors import UsageError
from generators.options import Option, PathLike, name
from generators.options import folder as read_folder
from generators.progress import SILENT, Progress

TEXTS = ("references", "full")
"""What may be published of text that is not ours."""


def check_repository(name: str) -> str:
    """Returns the name of a repository.

    Raises:
        UsageError: it is not of the form USER/NAME that the Hub accepts.
    """
    part = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
    wrong = "--" in name or ".." in name or name.endswith(".git")
    if wrong or not re.fullmatch(f"{part}/{part}", name):
        wanted = "USER/NAME, such as ada/choices"
        raise UsageError("the repository", ascii(name)[:80], wanted, "Correct the name")
    return name


def check_tag(name: str) -> str:
    """Returns the name of a version; loading by it must not load a branch or a commit instead.

    Raises:
        UsageError: it is not a name for a version.
    """
    other = name in ("main", "HEAD") or re.fullmatch(r"[0-9a-f]{40}", name)
    wrong = other or ".." in name or name.endswith(".lock")
    if wrong or not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,60}[A-Za-z0-9])?", name):
        raise UsageError("the tag", ascii(name)[:80], "a version such as v1.0.0", "Correct it")
    return name


def check_endpoint() -> None:
    """Raises UsageError where HF_ENDPOINT is not a URL: the Hub's client fails on its import."""
    try:
        _ = urlsplit(os.environ.get("HF_ENDPOINT", "")).port
    except ValueError as error:
        wanted = "a URL such as https://huggingface.co"
        raise UsageError("HF_ENDPOINT", "not a URL", wanted, "Correct it") from error


@dataclass(frozen=True, kw_only=True)
class TargetOptions:
    """What is published of a folder, and for whom."""

    tag: Annotated[
        str | None,
        Option("tag of the commit, such as v1.0.0; a tag is never moved", "VERSION", check_tag),
    ] = None
    public: Annotated[
        bool, Option("let everybody read it; otherwise the repository is private")
    ] = False
    text: Annotated[
        str,
        Option(
            "references: leave out story text that is not ours to republish; `hydrate` fills it in"
            " again. full: publish it, into a private repository",
            choices=TEXTS,
        ),
    ] = "references"
    i_have_the_rights: Annotated[
        bool, Option("you may publish the story text; needed for --text full")
    ] = False


@dataclass(frozen=True)
class PublishOptions(TargetOptions):
    """What is published, and where."""

    folder: Annotated[PathLike, Option("a dataset folder", "FOLDER", read_folder)]
    repo_id: Annotated[
        str,
        Option(
            "the dataset on the Hub; created, private, if there is none",
            "USER/NAME",
            check_repository,
            flag=True,
        ),
    ]
    _: KW_ONLY
    dry_run: Annotated[
        bool,
        Option(
            "list the files, their sizes and what would change; send nothing. Without a network it"
            " says what was not checked"
        ),
    ] = False
    progress: Progress = SILENT
    """Shows a line about what is being done."""


@dataclass(frozen=True, kw_only=True)
class PushOptions(TargetOptions):
    """Whether a folder is published once it is built."""

    push: Annotated[
        str | None,
        Option(
            "then publish the folder on the Hugging Face Hub, as `publish` does",
            "USER/NAME",
            check_repository,
        ),
    ] = None


@dataclass(frozen=True)
class HydrateOptions:
    """Which references are filled in, from which data."""

    folder_or_repo: Annotated[
        PathLike,
        Option(
            "a folder of references, or USER/NAME of a dataset on the Hugging Face Hub",
            "FOLDER_OR_REPO",
            read_folder,
        ),
    ]
    _: KW_ONLY
    data: Annotated[
        PathLike, Option("the benchmark's game_data/, your own copy", "DIR", read_folder)
    ]
    out: Annotated[
        PathLike, Option("dataset folder to write; replaces what is there", "FOLDER", read_folder)
    ]
    revision: Annotated[
        str | None,
        Option("tag or commit of the dataset on the Hub", "REV", name, default="the latest"),
    ] = None
    skip_changed: Annotated[
        bool, Option("leave out rows that differ from what was published, instead of stopping")
    ] = False
    progress: Progress = SILENT
    """Shows how many games were read."""
