"""What is asked of the Hub, one call each; the only importer of its client.

What only reads, and what may be done twice, is tried again while the Hub is busy. A commit or a tag
is not: whether it came about must be looked at first, and the caller is told so by `Unsure`.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# tqdm, which some signatures name, has no types there.

import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import sleep
from typing import NamedTuple, TypeVar

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    get_token,
    logging,
)
from huggingface_hub.errors import RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import disable_progress_bars
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from generators.publish.failures import Busy, Stale, give_up, translate
from generators.publish.release import RemoteFile

TRIES = 6
"""Times that one thing is asked for before it is given up."""
BACKOFF = wait_random_exponential(multiplier=1, max=30)
"""Seconds between tries, where the Hub does not say for how long to wait."""
MOST_SECONDS = 300.0
"""Longest wait that the Hub may ask for."""
BRANCH = "main"

Result = TypeVar("Result")


class Repository(NamedTuple):
    """What a repository is at some moment."""

    head: str
    """Commit that its main branch is at."""
    private: bool


@dataclass
class Hub:
    """The Hub, seen with the token of the environment."""

    endpoint: str | None = None
    """Its address; None for the usual one, or that of `HF_ENDPOINT`."""
    wait: Callable[[float], None] = sleep
    """How to let seconds pass."""

    def __post_init__(self) -> None:
        logging.set_verbosity_error()  # what it would say while it tries again is said here
        warnings.filterwarnings("ignore", module="huggingface_hub")  # of a full disk, also
        if not (sys.stderr and sys.stderr.isatty()):
            disable_progress_bars()
        self._api = HfApi(endpoint=self.endpoint, library_name="contrapose")

    def find_repository(self, name: str) -> Repository | None:
        """Returns a dataset repository; None where there is none, or none that the token sees."""

        def ask() -> Repository | None:
            try:
                info = self._api.dataset_info(name, revision=BRANCH)
            except RepositoryNotFoundError as error:
                if error.response.status_code == 401 and get_token():
                    raise
                return None
            return Repository(str(info.sha), bool(info.private))

        return self._ask(name, ask)

    def create_repository(self, name: str) -> None:
        """Makes a private repository, if there is none."""

        def ask() -> None:
            self._api.create_repo(
                name, repo_type="dataset", visibility="private", exist_ok=True, token=True
            )

        self._ask(name, ask)

    def open_repository(self, name: str) -> None:
        """Makes a repository public."""
        ask = self._api.update_repo_settings
        self._ask(name, lambda: ask(name, repo_type="dataset", visibility="public"))

    def list_files(self, name: str, commit: str) -> dict[str, RemoteFile]:
        """Returns the files of a commit by their names."""

        def ask() -> dict[str, RemoteFile]:
            tree = self._api.list_repo_tree(
                name, recursive=True, revision=commit, repo_type="dataset"
            )
            return {
                each.path: RemoteFile(
                    each.size, each.lfs.sha256 if each.lfs else None, each.blob_id
                )
                for each in tree
                if isinstance(each, RepoFile)
            }

        return self._ask(name, ask)

    def list_tags(self, name: str) -> dict[str, str]:
        """Returns tag -> the commit that it is at."""

        def ask() -> dict[str, str]:
            refs = self._api.list_repo_refs(name, repo_type="dataset")
            return {each.name: each.target_commit for each in refs.tags}

        return self._ask(name, ask)

    def list_commits(self, name: str) -> list[str]:
        """Returns the commits of the main branch, the latest first."""
        ask = self._api.list_repo_commits
        commits = self._ask(name, lambda: ask(name, repo_type="dataset", revision=BRANCH))
        return [commit.commit_id for commit in commits]

    def commit(
        self,
        name: str,
        add: Mapping[str, Path],
        delete: Iterable[str],
        parent: str,
        title: str,
    ) -> str:
        """Returns the one commit that writes and removes some files.

        Raises:
            Stale: the branch is no longer at `parent`.
            Unsure: there was no answer.
        """
        operations = [
            *(CommitOperationAdd(path_in_repo=path, path_or_fileobj=add[path]) for path in add),
            *(CommitOperationDelete(path_in_repo=path) for path in delete),
        ]
        with translate(name, writes=True):
            return self._api.create_commit(
                name,
                operations,
                commit_message=title,
                repo_type="dataset",
                parent_commit=parent,
                revision=BRANCH,
                token=True,
            ).oid

    def create_tag(self, name: str, tag: str, commit: str) -> None:
        """Names a commit.

        Raises:
            Stale: there is such a tag already.
            Unsure: there was no answer.
        """
        with translate(name, writes=True):
            self._api.create_tag(name, tag=tag, revision=commit, repo_type="dataset", token=True)

    def read_file(self, name: str, commit: str, path: str) -> bytes:
        """Returns the content of a file of a commit, as the Hub gives it out."""

        def ask() -> bytes:
            with tempfile.TemporaryDirectory() as fresh:
                found = self._api.hf_hub_download(
                    name, path, repo_type="dataset", revision=commit, cache_dir=fresh
                )
                return Path(found).read_bytes()

        return self._ask(name, ask)

    def hash_file(self, name: str, commit: str, path: str) -> str:
        """Returns the sha256 of a file of a commit, as the Hub gives it out."""
        return sha256(self.read_file(name, commit, path)).hexdigest()

    def download(self, name: str, revision: str | None) -> Path:
        """Returns a folder with all files of a revision; it is in the client's cache."""
        ask = self._api.snapshot_download
        return Path(self._ask(name, lambda: ask(name, repo_type="dataset", revision=revision)))

    def pause(self, why: Busy | Stale, tries: int) -> None:
        """Lets some time pass before the next try: what the Hub asks for, or ever more."""
        asked = why.seconds if isinstance(why, Busy) else None
        self.wait(min(2.0**tries, 30) if asked is None else min(asked, MOST_SECONDS))

    def _ask(self, name: str, ask: Callable[[], Result]) -> Result:
        """Returns what the Hub says, asked again while it is busy."""

        def attempt() -> Result:
            with translate(name, writes=False):
                return ask()

        try:
            return Retrying(
                retry=retry_if_exception_type(Busy),
                wait=_wait_as_told,
                stop=stop_after_attempt(TRIES),
                sleep=self.wait,
                reraise=True,
            )(attempt)
        except Busy as error:
            raise give_up(name, str(error)) from error


def _wait_as_told(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    seconds = error.seconds if isinstance(error, Busy) else None
    return BACKOFF(state) if seconds is None else min(seconds, MOST_SECONDS)
