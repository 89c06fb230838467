"""What comes of a request to the Hub: the state of a repository, or why there is no answer."""

from typing import NamedTuple


class Busy(Exception):
    """The Hub cannot answer now, and nothing was changed."""

    def __init__(self, found: str, seconds: float | None = None) -> None:
        super().__init__(found)
        self.seconds = seconds


class Unreached(Busy):
    """No server took the request: there is no network, or a wrong address."""


class Unsure(Busy):
    """A request that changes something got no answer: the change may have been made or not."""


class Stale(Exception):
    """The branch has moved since its head was read; nothing was written."""


class Repository(NamedTuple):
    """The state of a repository at one moment."""

    head: str
    """Commit of its main branch."""
    private: bool


class RemoteFile(NamedTuple):
    """One file of a commit on the Hub."""

    size: int
    """Bytes."""
    sha256: str | None
    """Digest that the Hub gives; null for a file that is not stored with LFS."""
    git_blob: str
    """Git's name of its content; for an LFS file, of its pointer."""
