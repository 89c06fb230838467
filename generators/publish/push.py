"""Publishes a release: one commit on the head that was read, verified, tagged, in this order.

Nothing is done twice unseen: where no answer came, or somebody else was first, the repository is
read again, and compared, before anything else is tried. What was left half-way is gone on with.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from generators.errors import HubError
from generators.folder import MANIFEST
from generators.publish.client import TRIES, Hub, Repository
from generators.publish.failures import Stale, Unsure, give_up
from generators.publish.release import Changes, Release, RemoteFile, compare, find_moved, is_same

STRANGERS = frozenset({".gitattributes", ".gitignore", "LICENSE", "LICENSE.md", "README.md"})
"""Files that a repository without a dataset may hold, as it does when it was made by hand."""


@dataclass(frozen=True)
class Target:
    """Where a release is to go."""

    repository: str
    """`USER/NAME`."""
    tag: str | None = None
    """Name for the commit; None for none."""
    public: bool = False
    """Whether everybody may read it."""


class Published(NamedTuple):
    """What came of it."""

    commit: str
    made: bool
    """Whether this run made the commit; else it was there."""


class State(NamedTuple):
    """A repository at some moment, as far as a release has to do with it."""

    repository: Repository
    files: dict[str, RemoteFile]
    changes: Changes
    """What would make it the release."""
    tagged: str | None = None
    """The commit that has the tag that is asked for, and all files of the release."""


def publish(hub: Hub, release: Release, target: Target, say: Callable[[str], None]) -> Published:
    """Returns what was done; the release is then there, whole, and under its tag.

    Args:
        hub: where.
        release: what.
        target: under which names.
        say: is told what is being done.

    Raises:
        HubError: it cannot be; what is there is as it was, or is a whole commit without the tag.
    """
    if hub.find_repository(target.repository) is None:
        say(f"Making {target.repository}, private ...")
        hub.create_repository(target.repository)
    state = inspect(hub, release, target)
    commit = state.tagged or _find_first(hub, release, target, state)
    if commit is None:
        say(f"Sending {count_files(release, state.changes)} to {target.repository} ...")
        commit = _commit(hub, release, target, state)
        made = True
    else:
        made = False
    say(f"Verifying {len(release.files)} files of commit {commit} ...")
    verify(hub, release, target.repository, commit)
    _tag(hub, target, commit)
    if target.public and state.repository.private:
        hub.open_repository(target.repository)
    return Published(commit, made)


def inspect(hub: Hub, release: Release, target: Target) -> State:
    """Returns what a repository holds, and what would make it a release.

    Raises:
        HubError: it holds something else, its tag is taken, or it can be read by everybody.
    """
    state = read_state(hub, release, target)
    if not state.repository.private and not target.public:
        wanted, remedy = "a private repository", "Say --public, or make it private on the Hub"
        raise _refuse(target, "it is public", wanted, remedy)
    if MANIFEST not in state.files and not state.files.keys() <= STRANGERS:
        wanted = "an empty repository, or one with a dataset of ours"
        found = f"'{min(state.files.keys() - STRANGERS)}' and no {MANIFEST}"
        raise _refuse(target, found, wanted, "Name another with --repo-id")
    if target.tag:
        at = hub.list_tags(target.repository).get(target.tag)
        if at and any(_differ(release, hub.list_files(target.repository, at))):
            raise _refuse_tag(target, at)
        return state._replace(tagged=at)
    return state


def read_state(hub: Hub, release: Release, target: Target) -> State:
    """Returns a repository as it is now, and what would make it a release.

    Raises:
        HubError: there is none.
    """
    repository = hub.find_repository(target.repository)
    if repository is None:
        wanted = "a repository that the token in HF_TOKEN sees"
        raise _refuse(target, "not found", wanted, "Check its name and the token")
    files = hub.list_files(target.repository, repository.head)
    earlier = _read_earlier(hub, target.repository, repository.head, files)
    return State(repository, files, compare(release, files, earlier))


def count_files(release: Release, changes: Changes) -> str:
    """Returns how much a commit would send, such as `3 files (1.2 MB)`."""
    size = sum(release.files[name].size for name in changes.add)
    deleted = f", remove {len(changes.delete)}" if changes.delete else ""
    return f"{len(changes.add)} files ({show_size(size)}){deleted}"


def show_size(size: int) -> str:
    """Returns a number of bytes, such as `1.2 MB`."""
    for unit, amount in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= amount:
            return f"{size / amount:.1f} {unit}"
    return f"{size} bytes"


def verify(hub: Hub, release: Release, repository: str, commit: str) -> None:
    """Raises HubError where a file of a commit is not, to the sha256, what was sent."""
    remote = hub.list_files(repository, commit)
    for name, local in release.files.items():
        found = remote.get(name)
        if found is not None and found.sha256 is None:
            digest = hub.hash_file(repository, commit, name)
        else:
            digest = found and found.sha256
        if digest != local.sha256:
            where = f"the Hub, {repository}, {name} of commit {commit}"
            what = f"sha256 {digest}" if digest else "no such file"
            remedy = "Nothing was tagged. Run it again; if it stays so, delete the file there"
            raise HubError(where, what, f"sha256 {local.sha256}", remedy)


def _commit(hub: Hub, release: Release, target: Target, state: State) -> str:
    """Returns the commit that made the repository the release; made once, whatever happens."""
    title = f"{release.name}: manifest {release.manifest[:12]}"
    why: Exception | None = None
    for tries in range(TRIES):
        changes, parent = state.changes, state.repository.head
        add = {name: release.files[name].path for name in changes.add}
        try:
            return hub.commit(target.repository, add, changes.delete, parent, title)
        except (Stale, Unsure) as error:
            why = error
            hub.pause(error, tries)
        now = read_state(hub, release, target)
        found = _find_first(hub, release, target, now)
        if found is not None:
            return found
        moved = find_moved(state.files, now.files, changes.touched)
        if moved:
            found = f"somebody else changed {moved[0]} meanwhile, in commit {now.repository.head}"
            wanted = "to be the only one who writes it"
            raise _refuse(target, found, wanted, "Look at it; run again to publish on top of it")
        state = now
    raise give_up(target.repository, str(why))


def _find_first(hub: Hub, release: Release, target: Target, state: State) -> str | None:
    """Returns the commit that the release came with, where the head holds it; None where not.

    It may be older than the head: somebody else's commits of other files may be on top.
    """
    if any(state.changes):
        return None
    first = state.repository.head
    commits = hub.list_commits(target.repository)
    for commit in commits[commits.index(first) + 1 :]:
        if any(_differ(release, hub.list_files(target.repository, commit))):
            break
        first = commit
    return first


def _differ(release: Release, files: Mapping[str, RemoteFile]) -> list[str]:
    return [name for name, file in release.files.items() if not is_same(file, files.get(name))]


def _tag(hub: Hub, target: Target, commit: str) -> None:
    """Gives a commit its tag, if it has none of that name; a tag is never moved."""
    if target.tag is None:
        return
    why: Exception | None = None
    for tries in range(TRIES):
        at = hub.list_tags(target.repository).get(target.tag)
        if at == commit:
            return
        if at is not None:
            raise _refuse_tag(target, at)
        try:
            hub.create_tag(target.repository, target.tag, commit)
        except (Stale, Unsure) as error:
            why = error
            hub.pause(error, tries)
        else:
            return
    raise give_up(target.repository, str(why))


def _read_earlier(
    hub: Hub, repository: str, commit: str, files: Mapping[str, RemoteFile]
) -> frozenset[str]:
    """Returns the files of the release that a commit holds; of no release, where it is none."""
    if MANIFEST not in files:
        return frozenset()
    try:
        manifest: Any = json.loads(hub.read_file(repository, commit, MANIFEST))
        return frozenset(map(str, cast(dict[str, str], manifest["files"])))
    except (ValueError, TypeError, KeyError):
        return frozenset()


def _refuse_tag(target: Target, at: str) -> HubError:
    wanted = "a tag that is free: one that is given is never moved"
    return _refuse(target, f"tag {target.tag} is at commit {at}", wanted, "Name the next version")


def _refuse(target: Target, found: str, wanted: str, remedy: str) -> HubError:
    return HubError(f"the Hub, {target.repository}", found, wanted, remedy)
