"""What a dataset folder publishes, and how that differs from what a repository holds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha1, sha256
from pathlib import Path
from typing import NamedTuple

from generators.dataset.card import find_default, is_free
from generators.dataset.manifest import read_manifest
from generators.errors import SourceError
from generators.folder import CARD, MANIFEST
from schemas.manifest import GameManifest


class LocalFile(NamedTuple):
    """One file to publish."""

    path: Path
    size: int
    """Bytes."""
    sha256: str
    git_blob: str
    """What git names its content: by this the Hub names a file that is no LFS file."""


class RemoteFile(NamedTuple):
    """One file of a commit on the Hub."""

    size: int
    """Bytes."""
    sha256: str | None
    """As the Hub knows it; null for a file that is no LFS file."""
    git_blob: str
    """Name of its content to git; for an LFS file that of its pointer."""


@dataclass(frozen=True)
class Release:
    """A folder that is whole."""

    name: str
    """What it holds, such as `machiavelli`."""
    manifest: str
    """sha256 of its manifest."""
    files: dict[str, LocalFile]
    """Name in the repository -> file, sorted."""
    config: str
    """The config that is loaded when none is named."""
    holds_foreign_text: bool
    """Whether there is text in it that is not ours to republish."""
    unlisted: tuple[str, ...] = ()
    """Files that lie there and are not of the dataset: they are not published."""


class Changes(NamedTuple):
    """What a commit would have to do."""

    add: tuple[str, ...]
    """Files that are not there, or differ."""
    delete: tuple[str, ...]
    """Files of an earlier release that this one does not have."""

    @property
    def touched(self) -> frozenset[str]:
        """All that the commit would write or remove."""
        return frozenset((*self.add, *self.delete))


def read_release(folder: Path) -> Release:
    """Returns what a dataset folder publishes.

    Raises:
        SourceError: it is no dataset folder of ours, or was changed since it was written.
    """
    manifest = read_manifest(folder)
    where, wanted = str(folder), "a dataset folder as it was written"
    remedy = "Build it, or run `python -m generators.report` on it, again"
    names = sorted((*manifest.files, CARD, MANIFEST))
    try:
        files = {name: _read_file(folder / name) for name in names}
        card = (folder / CARD).read_bytes()
        present = {path.relative_to(folder).as_posix() for path in _list_files(folder)}
    except OSError as error:
        found = error.strerror or str(error)
        raise SourceError(str(error.filename or where), found, wanted, remedy) from error
    for name, digest in manifest.files.items():
        if files[name].sha256 != digest:
            raise SourceError(f"{where}/{name}", "changed since", wanted, remedy)
    digest = files[MANIFEST].sha256
    if digest.encode() not in card:
        raise SourceError(f"{where}/{CARD}", "the card of another manifest", wanted, remedy)
    unlisted = tuple(sorted(present - files.keys()))
    return Release(
        name=manifest.name,
        manifest=digest,
        files=files,
        config=find_default(manifest),
        holds_foreign_text=isinstance(manifest, GameManifest)
        and manifest.references is None
        and not is_free(manifest),
        unlisted=unlisted,
    )


def _list_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _read_file(path: Path) -> LocalFile:
    size = path.stat().st_size
    whole, blob = sha256(), sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as content:
        while block := content.read(1 << 20):
            whole.update(block)
            blob.update(block)
    return LocalFile(path, size, whole.hexdigest(), blob.hexdigest())


def is_same(local: LocalFile, remote: RemoteFile | None) -> bool:
    """Returns whether a file on the Hub has the content of one here."""
    if remote is None or remote.size != local.size:
        return False
    return local.sha256 == remote.sha256 if remote.sha256 else local.git_blob == remote.git_blob


def compare(
    release: Release, remote: Mapping[str, RemoteFile], earlier: Iterable[str] = ()
) -> Changes:
    """Returns what makes a repository's files those of a release.

    Args:
        release: what is to be there.
        remote: what is there.
        earlier: files of the release that is there; other files are somebody else's, and stay.
    """
    add = [name for name, file in release.files.items() if not is_same(file, remote.get(name))]
    delete = (set(earlier) & remote.keys()) - release.files.keys()
    return Changes(tuple(add), tuple(sorted(delete)))


def find_moved(
    before: Mapping[str, RemoteFile], after: Mapping[str, RemoteFile], names: Iterable[str]
) -> list[str]:
    """Returns which of some files differ between two commits."""
    return sorted(name for name in names if before.get(name) != after.get(name))
