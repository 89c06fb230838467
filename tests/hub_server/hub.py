"""The server's state, and the questions that every handler asks of it."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote

from hub_server.accounts import Tokens
from hub_server.faults import Faults
from hub_server.messages import Refusal, Request
from hub_server.repositories import Commit, Repository
from hub_server.storage import Storage
from hub_server.xet_store import XetStore


class Entry(NamedTuple):
    """A line of the log: no query and no headers, so no token."""

    endpoint: str
    method: str
    path: str
    status: int
    """0 where the connection was cut."""


class Hub:
    """All that the server knows."""

    def __init__(self, endpoints: Sequence[str], user: str = "u") -> None:
        self.user = user
        self.tokens = Tokens()
        self.accounts = self.tokens.accounts(user)
        self.repositories: dict[str, Repository] = {}
        self.storage = Storage()
        self.xet = XetStore()
        self.faults = Faults(endpoints)
        self.requests: list[Entry] = []
        self.uploaded_bytes: Counter[str] = Counter()
        """`regular` (commit bodies), `lfs` (objects), `xet` (xorbs and shards) -> bytes got."""
        self.page_size = 1000
        """Entries of a tree, or commits, in one answer."""
        self.part_size = 5_000_000_000
        """Larger LFS objects go up in parts."""
        self.port = 0

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def storage_url(self) -> str:
        """Another host name than the endpoint's: the client follows no redirect to it for HEAD."""
        return f"http://localhost:{self.port}"

    def repository(self, request: Request, name: str, write: bool = False) -> Repository:
        """Returns a repository that the asker may see (and change)."""
        repository, account = self.repositories.get(unquote(name)), request.account
        known = repository is not None and account and account.user == repository.namespace
        if repository is None or (repository.private and not known):
            raise Refusal(404 if account else 401, "Repository not found", "RepoNotFound")
        if write and account is None:
            raise Refusal(401, "Invalid username or password.")
        if write and account and not account.may_write(repository.namespace):
            raise Refusal(403, "Forbidden: you must use a write token to upload to a repository")
        return repository

    def commit(self, repository: Repository, revision: str) -> Commit:
        """Returns the commit that a revision names."""
        try:
            return repository.find(unquote(revision))
        except KeyError:
            message = f"Invalid rev id: {unquote(revision)}"
            raise Refusal(404, message, "RevisionNotFound") from None
