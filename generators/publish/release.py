"""A release: what a dataset folder publishes, and how it gets to the Hub.

One commit on the head that was read, verified, then tagged. No step runs twice unchecked: where no
answer came, or another writer was first, the repository is read again and compared before the next
attempt. A run that was stopped halfway is continued by the next one.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any, NamedTuple, cast

from generators.dataset.card import find_default, is_free
from generators.errors import HubError, SourceError
from generators.folder import CARD, MANIFEST, read_manifest
from generators.plain_files import open_plain
from generators.publish.answers import RemoteFile, Repository, Stale, Unsure
from generators.publish.history import History
from generators.publish.hub import ATTEMPTS, Hub, give_up, refuse
from schemas.manifest import FROM_COUNTERPART, GameManifest

FOREIGN_FILES = frozenset({".gitattributes", ".gitignore", "LICENSE", "LICENSE.md", "README.md"})
"""Files that a repository without a dataset may hold, such as one that was created by hand."""


class LocalFile(NamedTuple):
    """One file to publish."""

    path: Path
    size: int
    """Bytes."""
    sha256: str
    git_blob: str
    """Git's name of its content, by which the Hub knows a file that is not stored with LFS."""


@dataclass(frozen=True)
class Release:
    """The files of a complete dataset folder."""

    name: str
    """Name of the dataset, such as `machiavelli`."""
    manifest: str
    """sha256 of its manifest."""
    files: dict[str, LocalFile]
    """Name in the repository -> file, sorted."""
    config: str
    """The config that is loaded when none is named."""
    holds_foreign_text: bool
    """Whether it holds text that is not ours to republish."""
    unlisted: tuple[str, ...] = ()
    """Files in the folder that its manifest does not list: they are not published."""
    left_out: Mapping[str, int] = field(default_factory=dict[str, int])
    """Config -> rows that references leave out because they hold a counterpart."""


class Changes(NamedTuple):
    """What a commit has to do."""

    add: tuple[str, ...]
    """Files that are missing on the Hub, or differ."""
    delete: tuple[str, ...]
    """Files of an earlier release that this one does not have."""


def read_release(folder: Path) -> Release:
    """Returns what a dataset folder publishes.

    Raises:
        SourceError: it is not one of our dataset folders, or was changed since it was written.
    """
    manifest = read_manifest(folder)
    where, wanted = str(folder), "a dataset folder as it was written"
    remedy = "Build it again, or run `python -m generators.report` on it"
    try:
        names = sorted((*manifest.files, CARD, MANIFEST))
        files = {name: _read_file(folder / name) for name in names}
        card = (folder / CARD).read_bytes()
        paths = [path for path in folder.rglob("*") if path.is_file()]
    except OSError as error:
        found = error.strerror or str(error)
        raise SourceError(str(error.filename or where), found, wanted, remedy) from error
    for name, digest in manifest.files.items():
        if files[name].sha256 != digest:
            raise SourceError(f"{where}/{name}", "changed since", wanted, remedy)
    digest = files[MANIFEST].sha256
    if digest.encode() not in card:
        raise SourceError(f"{where}/{CARD}", "the card of another manifest", wanted, remedy)
    games = manifest if isinstance(manifest, GameManifest) else None
    references = games and games.references
    left_out = {
        name: reasons[FROM_COUNTERPART]
        for name, reasons in manifest.left_out.items()
        if FROM_COUNTERPART in reasons
    }
    return Release(
        name=manifest.name,
        manifest=digest,
        files=files,
        config=find_default(manifest),
        holds_foreign_text=games is not None and not references and not is_free(games),
        unlisted=tuple(sorted({path.relative_to(folder).as_posix() for path in paths} - {*files})),
        left_out=left_out if references else {},
    )


def _read_file(path: Path) -> LocalFile:
    with open_plain(path) as content:
        size = os.fstat(content.fileno()).st_size
        whole, blob = sha256(), sha1(f"blob {size}\0".encode(), usedforsecurity=False)
        while block := content.read(1 << 20):
            whole.update(block)
            blob.update(block)
    return LocalFile(path, size, whole.hexdigest(), blob.hexdigest())


def is_same(local: LocalFile, remote: RemoteFile | None) -> bool:
    """Returns whether a file on the Hub has the content of a local one."""
    if remote is None or remote.size != local.size:
        return False
    return local.sha256 == remote.sha256 if remote.sha256 else local.git_blob == remote.git_blob


def compare(
    release: Release, remote: Mapping[str, RemoteFile], earlier: Iterable[str] = ()
) -> Changes:
    """Returns what makes a repository's files those of a release.

    Args:
        release: what the repository should hold.
        remote: what it holds.
        earlier: files of the release that it holds; all other files belong to others, and stay.
    """
    delete = (set(earlier) & remote.keys()) - release.files.keys()
    return Changes(tuple(_list_different(release, remote)), tuple(sorted(delete)))


def _list_different(release: Release, remote: Mapping[str, RemoteFile]) -> list[str]:
    return [name for name, file in release.files.items() if not is_same(file, remote.get(name))]


@dataclass(frozen=True)
class Target:
    """Where a release goes."""

    repository: str
    """`USER/NAME`."""
    tag: str | None = None
    """Tag of the commit; None for none."""
    public: bool = False
    """Whether everybody may read it."""


class State(NamedTuple):
    """A repository at one moment, compared with a release."""

    repository: Repository
    files: dict[str, RemoteFile]
    changes: Changes
    """What makes it the release."""
    tagged: str | None = None
    """The commit that has the wanted tag and all files of the release, if there is one."""


class Sent(NamedTuple):
    """The commit that a release is at."""

    commit: str
    made: bool
    """Whether this run made the commit; otherwise it was there."""


def send(hub: Hub, release: Release, target: Target, show: Callable[[str], None]) -> Sent:
    """Returns the commit of a release, which is then on the Hub, verified, under its tag.

    Args:
        hub: the Hub.
        release: what to publish.
        target: where.
        show: shows a line about what is being done.

    Raises:
        HubError: it cannot be published; the repository is as it was, or holds the whole commit
            without the tag.
    """
    if hub.find_repository(target.repository) is None:
        show(f"Creating {target.repository} (private) ...")
        hub.create_repository(target.repository)
    state = inspect(hub, release, target)
    history = check_history(hub, release, target, state)
    commit = state.tagged or _find_first(hub, release, target, state)
    made = commit is None
    if commit is None:
        show(f"Sending {count_files(release, state.changes)} to {target.repository} ...")
        commit = _commit(hub, release, target, state)
    show(f"Verifying {len(release.files)} files of commit {commit} ...")
    verify(hub, release, target.repository, commit)
    _tag(hub, target, commit)
    if history and state.repository.private:
        history.check()  # of what came meanwhile
        hub.make_public(target.repository)
    return Sent(commit, made)


def inspect(hub: Hub, release: Release, target: Target) -> State:
    """Returns what a repository holds, and what makes it a release.

    Raises:
        HubError: it holds something else, the tag is taken, or it is public and should not be.
    """
    state = read_state(hub, release, target)
    name = target.repository
    if not state.repository.private and not target.public:
        remedy = "Use --public, or make the repository private on the Hub"
        raise refuse(name, "it is public", "a private repository", remedy)
    if MANIFEST not in state.files and not state.files.keys() <= FOREIGN_FILES:
        wanted = "an empty repository, or one with a dataset of ours"
        found = f"'{min(state.files.keys() - FOREIGN_FILES)}' and no {MANIFEST}"
        raise refuse(name, found, wanted, "Choose another name with --repo-id")
    if target.tag:
        at = hub.list_tags(name).get(target.tag)
        if at and _list_different(release, hub.list_files(name, at)):
            raise _refuse_tag(target, at)
        return state._replace(tagged=at)
    return state


def check_history(hub: Hub, release: Release, target: Target, state: State) -> History | None:
    """Returns what the repository holds, where everybody shall read it, or may already.

    Raises:
        HubError: it holds, or held, text that not everybody may read.
    """
    if not target.public:
        return None
    ours = frozenset(file.sha256 for file in release.files.values())
    history = History(hub, target.repository, ours, private=state.repository.private)
    history.check()
    return history


def read_state(hub: Hub, release: Release, target: Target) -> State:
    """Returns a repository as it is now, and what makes it a release.

    Raises:
        HubError: there is no such repository.
    """
    name = target.repository
    repository = hub.find_repository(name)
    if repository is None:
        wanted = "a repository that the token in HF_TOKEN sees"
        raise refuse(name, "not found", wanted, "Check its name and the token")
    files = hub.list_files(name, repository.head)
    earlier: Iterable[str] = ()
    if MANIFEST in files:
        try:
            manifest: Any = json.loads(hub.read_file(name, repository.head, MANIFEST))
            earlier = map(str, cast(dict[str, str], manifest["files"]))
        except (ValueError, TypeError, KeyError):
            pass  # not a manifest of ours: all other files belong to others
    return State(repository, files, compare(release, files, earlier))


def count_files(release: Release, changes: Changes) -> str:
    """Returns how much a commit sends, such as `3 files (1.2 MB)`."""
    size = sum(release.files[name].size for name in changes.add)
    deleted = f", removing {len(changes.delete)}" if changes.delete else ""
    return f"{len(changes.add)} files ({show_size(size)}){deleted}"


def show_size(size: int) -> str:
    """Returns a number of bytes, such as `1.2 MB`."""
    for unit, amount in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= amount:
            return f"{size / amount:.1f} {unit}"
    return f"{size} bytes"


def verify(hub: Hub, release: Release, repository: str, commit: str) -> None:
    """Raises HubError where the sha256 of a file of a commit is not that of the local file."""
    remote = hub.list_files(repository, commit)
    for name, local in release.files.items():
        found = remote.get(name)
        if found is not None and found.sha256 is None:
            digest = sha256(hub.read_file(repository, commit, name)).hexdigest()
        else:
            digest = found and found.sha256
        if digest != local.sha256:
            where = f"the Hub, {repository}, {name} of commit {commit}"
            what = f"sha256 {digest}" if digest else "no such file"
            remedy = "Nothing was tagged. Run it again; if the error stays, delete the file there"
            raise HubError(where, what, f"sha256 {local.sha256}", remedy)


def _commit(hub: Hub, release: Release, target: Target, state: State) -> str:
    """Returns the commit that made the repository the release; it is never made twice."""
    name, title = target.repository, f"{release.name}: manifest {release.manifest[:12]}"
    why: Exception | None = None
    for attempts in range(ATTEMPTS):
        changes, parent = state.changes, state.repository.head
        add = {file: release.files[file].path for file in changes.add}
        try:
            return hub.commit(name, add, changes.delete, parent, title)
        except (Stale, Unsure) as error:
            why = error
            hub.pause(error, attempts)
        now = read_state(hub, release, target)
        commit = _find_first(hub, release, target, now)
        if commit is not None:
            return commit
        touched = (*changes.add, *changes.delete)
        moved = sorted(file for file in touched if state.files.get(file) != now.files.get(file))
        if moved:
            found = f"another writer changed {moved[0]} meanwhile, in commit {now.repository.head}"
            remedy = "Look at that change; run again to publish on top of it"
            raise refuse(name, found, "no other writer of the same files", remedy)
        state = now
    raise give_up(name, str(why))


def _find_first(hub: Hub, release: Release, target: Target, state: State) -> str | None:
    """Returns the commit that brought the release, if the head holds it; otherwise None.

    It may be older than the head: later commits may have changed other files.
    """
    if any(state.changes):
        return None
    first = state.repository.head
    commits = hub.list_commits(target.repository)
    for commit in commits[commits.index(first) + 1 :]:
        if _list_different(release, hub.list_files(target.repository, commit)):
            break
        first = commit
    return first


def _tag(hub: Hub, target: Target, commit: str) -> None:
    """Gives a commit its tag if there is none of that name; a tag is never moved."""
    if target.tag is None:
        return
    why: Exception | str = "no such tag after it was set"
    for attempts in range(ATTEMPTS):
        at = hub.list_tags(target.repository).get(target.tag)
        if at == commit:
            return
        if at is not None:
            raise _refuse_tag(target, at)
        try:
            hub.create_tag(target.repository, target.tag, commit)  # then looked for: see above
        except (Stale, Unsure) as error:
            why = error
            hub.pause(error, attempts)
    raise give_up(target.repository, str(why))


def _refuse_tag(target: Target, at: str) -> HubError:
    found = f"tag {target.tag} is at commit {at}"
    return refuse(target.repository, found, "a new tag: tags are never moved", "Use the next one")
