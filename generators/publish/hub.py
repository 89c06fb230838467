"""Requests to the Hugging Face Hub, one method each, and what can go wrong with them.

A request that only reads, or that may safely run twice, is repeated while the Hub is busy. A commit
or a tag is not: whether it was made must be checked first, and `Unsure` says so to the caller.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# tqdm, which some signatures name, has no types there.

import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from json import JSONDecodeError
from math import ceil
from pathlib import Path
from time import sleep
from typing import Concatenate, ParamSpec, TypeVar

import httpx2
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    constants,
    get_session,
    get_token,
    logging,
)
from huggingface_hub.errors import (
    HfHubHTTPError,
    LocalEntryNotFoundError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import disable_progress_bars
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from generators.engine.waits import LONGEST_WAIT, read_wait
from generators.errors import HubError, OfflineError
from generators.publish.answers import Busy, RemoteFile, Repository, Stale, Unreached, Unsure

ATTEMPTS = 6
"""Times that a request is sent before it is given up, if not said otherwise."""
BACKOFF = wait_random_exponential(multiplier=1, max=30)
"""Seconds between attempts, where the Hub does not say how long to wait."""
BRANCH = "main"
TOKENS = "https://huggingface.co/settings/tokens"
NOT_SENT: dict[type[Exception], tuple[str, str, str]] = {
    LocalTokenNotFoundError: (
        "no token", "one in HF_TOKEN", f"Create one with write access at {TOKENS}"
    ),
    UnicodeEncodeError: (
        "a token with characters that no token has", "a valid token", "Copy it into HF_TOKEN again"
    ),
    httpx2.UnsupportedProtocol: (
        "HF_ENDPOINT is not a web address", "a URL such as https://huggingface.co", "Correct it"
    ),
}  # fmt: skip
"""What the client raises where it cannot send a request -> what is wrong, wanted, to do."""
ODD = (JSONDecodeError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
"""What the client raises over an answer that is not the Hub's: a page, JSON without what it asks
for, such as a proxy or a server that was written after the documentation gives."""
NOT_REACHED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)
"""What the client raises before a server has taken the request."""
REFUSED = {
    401: ("a valid token", f"Create one at {TOKENS} and set HF_TOKEN to it"),
    403: (
        "a token that may write there", "Give the token in HF_TOKEN write access to this repository"
    ),
    404: (
        "a repository and revision that the token sees",
        "Check their names and the token in HF_TOKEN",
    ),
}  # fmt: skip
"""HTTP status of a request that is refused -> what is wanted, and what to do."""

P = ParamSpec("P")
Result = TypeVar("Result")


def repeated(
    ask: Callable[Concatenate["Hub", str, P], Result],
) -> Callable[Concatenate["Hub", str, P], Result]:
    """Makes a method, whose first argument is a repository, ask again while the Hub is busy.

    Raises:
        HubError: the Hub was busy in all attempts, or repeating the request cannot help.
    """

    @wraps(ask)
    def ask_until_answered(hub: "Hub", name: str, /, *args: P.args, **kwargs: P.kwargs) -> Result:
        def attempt() -> Result:
            with translate(name, writes=False):
                return ask(hub, name, *args, **kwargs)

        try:
            return Retrying(
                retry=retry_if_exception_type(Busy),
                wait=_choose_wait,
                stop=stop_after_attempt(hub.attempts),
                sleep=hub.wait,
                reraise=True,
            )(attempt)
        except Unreached as error:
            raise OfflineError(*give_up(name, str(error)).args) from error
        except Busy as error:
            raise give_up(name, str(error)) from error

    return ask_until_answered


@dataclass
class Hub:
    """The Hub, seen with the token of the environment."""

    endpoint: str | None = None
    """Its address; None for the usual one, or that of `HF_ENDPOINT`."""
    wait: Callable[[float], None] = sleep
    """Waits some seconds."""
    attempts: int = ATTEMPTS
    """Times that a request that changes nothing is sent before it is given up."""

    def __post_init__(self) -> None:
        logging.set_verbosity_error()  # this module reports what the client would log
        warnings.filterwarnings("ignore", module="huggingface_hub")  # such as of a full disk
        if not (sys.stderr and sys.stderr.isatty()):
            disable_progress_bars()
        self._api = HfApi(endpoint=self.endpoint, library_name="contrapose")

    @repeated
    def find_repository(self, name: str) -> Repository | None:
        """Returns a dataset repository; None if there is none, or none that the token sees."""
        try:
            info = self._api.dataset_info(name, revision=BRANCH)
        except RepositoryNotFoundError as error:
            if error.response.status_code == 401 and get_token():
                raise
            return None
        return Repository(str(info.sha), bool(info.private))

    @repeated
    def create_repository(self, name: str) -> None:
        """Creates a private repository if there is none."""
        try:
            self._api.create_repo(
                name, repo_type="dataset", visibility="private", exist_ok=True, token=True
            )
        except (*ODD, ValueError):  # the client wants the address in the answer; a 409 may lack it
            self._api.dataset_info(name)

    @repeated
    def make_public(self, name: str) -> None:
        """Makes a repository public."""
        self._api.update_repo_settings(name, repo_type="dataset", visibility="public")

    @repeated
    def list_files(self, name: str, commit: str) -> dict[str, RemoteFile]:
        """Returns the files of a commit by their names."""
        tree = self._api.list_repo_tree(name, recursive=True, revision=commit, repo_type="dataset")
        return {
            each.path: RemoteFile(each.size, each.lfs.sha256 if each.lfs else None, each.blob_id)
            for each in tree
            if isinstance(each, RepoFile)
        }

    @repeated
    def list_tags(self, name: str) -> dict[str, str]:
        """Returns tag -> its commit."""
        refs = self._api.list_repo_refs(name, repo_type="dataset")
        return {each.name: each.target_commit for each in refs.tags}

    @repeated
    def list_commits(self, name: str, revision: str = BRANCH) -> list[str]:
        """Returns the commits of a revision, the main branch if none is given, the latest first."""
        commits = self._api.list_repo_commits(name, repo_type="dataset", revision=revision)
        return [commit.commit_id for commit in commits]

    @repeated
    def list_refs(self, name: str) -> dict[str, str]:
        """Returns ref -> its commit, of all that a reader may ask for: pull requests as well."""
        refs = self._api.list_repo_refs(name, repo_type="dataset", include_pull_requests=True)
        kinds = (refs.branches, refs.tags, refs.converts, refs.pull_requests or [])
        return {each.ref: each.target_commit for kind in kinds for each in kind}

    @repeated
    def list_stored(self, name: str) -> dict[str, str]:
        """Returns sha256 -> a name, of each file in the large store, of whatever commit or none.

        Nothing where the server keeps no such list.
        """
        try:
            stored = [*self._api.list_lfs_files(name, repo_type="dataset")]
        except HfHubHTTPError as error:
            if error.response.status_code == 404:
                return {}
            raise
        return {each.file_oid: each.filename for each in stored}

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
        """Gives a commit a tag.

        Raises:
            Stale: there is such a tag already.
            Unsure: there was no answer.
        """
        with translate(name, writes=True):
            self._api.create_tag(name, tag=tag, revision=commit, repo_type="dataset", token=True)

    @repeated
    def read_file(self, name: str, commit: str, path: str) -> bytes:
        """Returns the content of a file of a commit, as the Hub serves it."""
        with tempfile.TemporaryDirectory() as fresh:
            found = self._api.hf_hub_download(
                name, path, repo_type="dataset", revision=commit, cache_dir=fresh
            )
            return Path(found).read_bytes()

    @repeated
    def find_commit(self, name: str, revision: str | None) -> str:
        """Returns the commit of a revision; of the main branch if none is given."""
        return str(self._api.dataset_info(name, revision=revision or BRANCH).sha)

    @repeated
    def download(self, name: str, commit: str, files: list[str]) -> Path:
        """Returns a folder with some files of a commit; it is in the client's cache."""
        return Path(
            self._api.snapshot_download(
                name, repo_type="dataset", revision=commit, allow_patterns=files
            )
        )

    def pause(self, why: Busy | Stale, attempts: int) -> None:
        """Waits before the next attempt: as long as the Hub asks for, or longer each time."""
        asked = why.seconds if isinstance(why, Busy) else None
        self.wait(min(2.0**attempts, 30) if asked is None else asked)


def _choose_wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    seconds = error.seconds if isinstance(error, Busy) else None
    return BACKOFF(state) if seconds is None else seconds


def refuse(name: str, found: str, wanted: str, remedy: str) -> HubError:
    """Returns the error about a repository."""
    return HubError(f"the Hub, {name}", found, wanted, remedy)


def give_up(name: str, found: str) -> HubError:
    """Returns the error for a Hub that did not answer in all attempts."""
    return refuse(name, found, "an answer", "Run the command again later: it continues")


@contextmanager
def translate(name: str, *, writes: bool) -> Generator[None]:
    """Turns the client's exceptions into those of this package; none of them holds the token.

    Args:
        name: the repository, for messages.
        writes: whether the request changes something.

    Raises:
        Busy: nothing was changed, and the request may be repeated.
        Unsure: it is not known whether something was changed.
        Stale: another writer was first.
        HubError: repeating the request cannot help.
    """
    _bound_waits()
    try:
        yield
    except tuple(NOT_SENT) as error:
        raise refuse(name, *NOT_SENT[type(error)]) from error
    except HfHubHTTPError as error:
        raise _explain_status(name, error, writes=writes) from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        if constants.HF_HUB_OFFLINE:
            where, found = f"the Hub, {name}", "HF_HUB_OFFLINE is set"
            raise OfflineError(where, found, "network access", "Unset it") from error
        # The client has no copy, and could not fetch one.
        raise Unreached("no answer (no connection)") from error
    except (httpx2.HTTPError, ConnectionError, TimeoutError) as error:
        found = f"no answer ({type(error).__name__})"
        unanswered = Unreached if isinstance(error, NOT_REACHED) else Busy
        raise (Unsure if writes else unanswered)(found) from error
    except ODD as error:
        found = f"an answer that is not the Hub's ({type(error).__name__})"
        raise (Unsure(found) if writes else Busy(found)) from error
    except (ValueError, RuntimeError) as error:
        # Xet uploads raise these for any network failure, the validator for an invalid card.
        found = _hide_token(str(error).strip().split("\n")[0]).rstrip(".")
        if writes and isinstance(error, RuntimeError):
            raise Unsure(found) from error
        raise refuse(name, found, "what the Hub accepts", "See its message") from error
    except OSError as error:
        found = f"{error.filename or 'a file'}: {error.strerror or error}"
        remedy = "Check the disk and its permissions"
        raise refuse(name, found, "disk space and readable files", remedy) from error


def _bound_waits() -> None:
    """Lets the client, which repeats some requests itself, wait no longer than we would."""
    hooks = get_session().event_hooks["response"]
    if _bound_wait not in hooks:
        hooks.append(_bound_wait)


def _bound_wait(response: httpx2.Response) -> None:
    """Puts in the place of what a response asks to wait what the client can take."""
    seconds = _read_pause(response.headers)
    for name in ("RateLimit", "Retry-After"):
        response.headers.pop(name, None)
    if seconds is not None:
        response.headers["Retry-After"] = str(ceil(seconds))


def _read_pause(headers: Mapping[str, str]) -> float | None:
    """Returns the seconds that a response asks to wait, in either of the headers the Hub has."""
    reset = re.search(r";\s*t=(\d{1,9})\b", headers.get("RateLimit", ""))
    asked = read_wait(headers, None)
    return min(float(reset[1]), LONGEST_WAIT) if reset and asked is None else asked


def _explain_status(name: str, error: HfHubHTTPError, *, writes: bool) -> Exception:
    status = error.response.status_code
    message = _hide_token(error.server_message or "").strip().split("\n")[0].rstrip(".")
    found = f"HTTP {status}{f' ({message})' if message else ''}"
    if status == 429 or status >= 500:
        return (Unsure if writes else Busy)(found, _read_pause(error.response.headers))
    if writes and status in (409, 412):
        return Stale(found)
    return refuse(name, found, *REFUSED.get(status, ("what the Hub accepts", "See its message")))


def _hide_token(text: str) -> str:
    """Returns a text without the token, in case a server quotes it."""
    token = get_token()
    return text.replace(token, "<TOKEN>") if token else text
