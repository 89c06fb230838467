"""Publishes a dataset folder: checks what is asked for, sends a release, reports the result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generators.errors import OfflineError, UsageError
from generators.options import read_path, takes
from generators.publish.options import (
    TEXTS,
    PublishOptions,
    check_endpoint,
    check_repository,
    check_tag,
)

if TYPE_CHECKING:
    from generators.publish.hub import Hub
    from generators.publish.release import Changes, Release, Target


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


@takes(PublishOptions)
def push(options: PublishOptions) -> Published:
    """Returns what was published: the commit, and how exactly this version is loaded.

    The token comes from HF_TOKEN. Story text that is not ours to republish is left out, unless
    `text` says otherwise.

    Example: `publish.push("datasets/machiavelli", "ada/choices", tag="v1.0.0")`.

    Raises:
        UsageError: an argument cannot be used, or does not go with another.
        SourceError: the folder is not one of ours, or was changed since it was written.
        HubError: the Hub refuses or does not answer; the repository is as it was, or holds the
            whole commit without its tag.
    """
    source, repository = read_path("FOLDER", options.folder), check_repository(options.repo_id)
    tag = None if options.tag is None else check_tag(options.tag)
    if options.text not in TEXTS:
        raise UsageError("--text", f"'{options.text}'", f"one of {', '.join(TEXTS)}", "Choose one")
    check_endpoint()
    from generators.publish.hub import Hub
    from generators.publish.references import open_release
    from generators.publish.release import Target, send

    # Who plans without a network should not wait for it.
    hub = Hub(attempts=3) if options.dry_run else Hub()
    target = Target(repository, tag, public=options.public)
    with open_release(source, withheld=options.text == "references") as release:
        if release.holds_foreign_text:
            where, remedy = "--text full", "Leave it out: references are the default"
            if options.public:
                raise UsageError(where, "--public beside it", "a private repository", remedy)
            if not options.i_have_the_rights:
                found = "story text that is not ours to republish"
                raise UsageError(where, found, "--i-have-the-rights beside it", remedy)
        plan = _plan(hub, release, target) if options.dry_run else ()
        sent = None if options.dry_run else send(hub, release, target, options.progress.show)
        return Published(
            repository=repository,
            tag=tag,
            config=release.config,
            files={name: file.size for name, file in release.files.items()},
            unlisted=release.unlisted,
            left_out=release.left_out,
            commit=sent and sent.commit,
            made=bool(sent and sent.made),
            plan=plan,
        )


def _plan(hub: "Hub", release: "Release", target: "Target") -> tuple[str, ...]:
    """Returns what publishing would do, file by file; without a network what is known of it."""
    from generators.publish.release import compare, count_files, show_size

    try:
        changes, said = _compare(hub, release, target)
        would = "Would send"
    except OfflineError as error:
        changes, said = compare(release, {}), _list_unknown(target, str(error.args[1]))
        would = "Would send at most"
    lines = [said] if said else []
    for name, file in release.files.items():
        action = "send" if name in changes.add else "same"
        lines.append(f"{action:<7}{show_size(file.size):>12}  {name}")
    lines += [f"{'remove':<7}{'':>12}  {name}" for name in changes.delete]
    would = f"{would} {count_files(release, changes)}" if any(changes) else "Nothing to send"
    tag = f", tag {target.tag}" if target.tag else ""
    return (*lines, f"{would}{tag}. Nothing was sent.")


def _compare(hub: "Hub", release: "Release", target: "Target") -> "tuple[Changes, str]":
    """Returns what would change on the Hub, and what to know of the repository."""
    from generators.publish.release import check_history, compare, inspect

    if hub.find_repository(target.repository) is None:
        kind = "public" if target.public else "private"
        return compare(release, {}), (
            f"{target.repository} does not exist, or the token does not see it:"
            f" it would be created ({kind})."
        )
    state = inspect(hub, release, target)
    check_history(hub, release, target, state)
    return state.changes, ""


def _list_unknown(target: "Target", why: str) -> str:
    """Returns a sentence with what only the Hub knows."""
    unknown = [f"whether {target.repository} exists and may be written", "what it holds"]
    if target.tag:
        unknown.append(f"whether tag {target.tag} is free")
    if target.public:
        unknown.append("whether everybody may read its history")
    return f"Not checked, since the Hub was not reached ({why}): {', '.join(unknown)}."
