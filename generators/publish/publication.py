"""Publishes a dataset folder: checks what is asked for, sends a release, reports the result."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from generators.arguments import StrPath, read_path
from generators.errors import UsageError

if TYPE_CHECKING:
    from generators.publish.hub import Hub
    from generators.publish.release import Release, Target

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


@dataclass(frozen=True, repr=False)
class Published:
    """A dataset on the Hub, or what publishing it would do; it shows itself."""

    repository: str
    """`USER/NAME`."""
    tag: str | None
    """Tag of the commit, if one was asked for."""
    config: str
    """The config that is loaded when none is named."""
    files: Mapping[str, int]
    """Name of each file -> its size in bytes."""
    unlisted: tuple[str, ...]
    """Files in the folder that its manifest does not list: they are not published."""
    left_out: Mapping[str, int]
    """Config -> rows that references leave out because they hold a counterpart."""
    commit: str | None
    """The commit with these files; None for a dry run."""
    made: bool
    """Whether this call made the commit; otherwise it was there."""
    plan: tuple[str, ...] = ()
    """For a dry run: what publishing would do, line by line."""

    def __repr__(self) -> str:
        lines = [f"Not published, not in the manifest: {name}" for name in self.unlisted]
        if self.left_out:
            rows = ", ".join(f"{name} {number:,}" for name, number in self.left_out.items())
            lines.append(f"Not published, since they hold a counterpart: rows of {rows}")
        if self.commit is None:
            return "\n".join([*lines, *self.plan])
        name = self.repository
        done = f"Published {name}" if self.made else f"Unchanged: {name} has this version"
        tag = f", tag {self.tag}" if self.tag else ""
        lines += [
            f"{done}, commit {self.commit}{tag}; {len(self.files)} files verified.",
            "Load exactly this version with:",
            "  from datasets import load_dataset",
            f'  load_dataset("{name}", "{self.config}", revision="{self.tag or self.commit}")',
        ]
        return "\n".join(lines)


def _hide(line: str) -> None:
    """Shows nothing."""


def push(
    folder: StrPath,
    repo_id: str,
    *,
    tag: str | None = None,
    public: bool = False,
    text: Literal["references", "full"] = "references",
    i_have_the_rights: bool = False,
    dry_run: bool = False,
    progress: Callable[[str], None] = _hide,
) -> Published:
    """Returns what was published: the commit, and how exactly this version is loaded.

    The token comes from HF_TOKEN.

    Args:
        folder: a dataset folder.
        repo_id: USER/NAME of a dataset on the Hugging Face Hub; created, private, if there is none.
        tag: name of the commit, such as v1.0.0; a tag is never moved.
        public: let everybody read it.
        text: `references` leaves out story text that is not ours to republish, and `hydrate` fills
            it in again; `full` publishes it, into a private repository.
        i_have_the_rights: you may publish the story text; needed for `full`.
        dry_run: compare with what the repository holds, and send nothing.
        progress: shows a line about what is being done; silent if not given.

    Raises:
        UsageError: an argument cannot be used, or does not go with another.
        SourceError: the folder is not one of ours, or was changed since it was written.
        HubError: the Hub refuses or does not answer; the repository is as it was, or holds the
            whole commit without its tag.
    """
    folder, repo_id = read_path("FOLDER", folder), check_repository(repo_id)
    tag = None if tag is None else check_tag(tag)
    if text not in TEXTS:
        raise UsageError("--text", f"'{text}'", f"one of {', '.join(TEXTS)}", "Choose one")
    check_endpoint()
    from generators.publish.hub import Hub
    from generators.publish.references import open_release
    from generators.publish.release import Target, send

    hub, target = Hub(), Target(repo_id, tag, public=public)
    with open_release(folder, withheld=text == "references") as release:
        if release.holds_foreign_text:
            _check_rights(public=public, i_have_the_rights=i_have_the_rights)
        plan = _plan(hub, release, target) if dry_run else ()
        sent = None if dry_run else send(hub, release, target, progress)
        return Published(
            repository=repo_id,
            tag=tag,
            config=release.config,
            files={name: file.size for name, file in release.files.items()},
            unlisted=release.unlisted,
            left_out=release.left_out,
            commit=sent and sent.commit,
            made=bool(sent and sent.made),
            plan=plan,
        )


def _check_rights(*, public: bool, i_have_the_rights: bool) -> None:
    """Raises UsageError where story text would be published that must not be."""
    where, remedy = "--text full", "Leave it out: references are the default"
    if public:
        raise UsageError(where, "--public beside it", "a private repository", remedy)
    if not i_have_the_rights:
        found = "story text that is not ours to republish"
        raise UsageError(where, found, "--i-have-the-rights beside it", remedy)


def _plan(hub: "Hub", release: "Release", target: "Target") -> tuple[str, ...]:
    """Returns what publishing would do, file by file."""
    from generators.publish.release import compare, count_files, inspect, show_size

    lines: list[str] = []
    if hub.find_repository(target.repository) is None:
        changes = compare(release, {})
        kind = "public" if target.public else "private"
        lines.append(
            f"{target.repository} does not exist, or the token does not see it:"
            f" it would be created ({kind})."
        )
    else:
        changes = inspect(hub, release, target).changes
    for name, file in release.files.items():
        action = "send" if name in changes.add else "same"
        lines.append(f"{action:<7}{show_size(file.size):>12}  {name}")
    lines += [f"{'remove':<7}{'':>12}  {name}" for name in changes.delete]
    would = f"Would send {count_files(release, changes)}" if any(changes) else "Nothing to send"
    tag = f", tag {target.tag}" if target.tag else ""
    return (*lines, f"{would}{tag}. Nothing was sent.")
