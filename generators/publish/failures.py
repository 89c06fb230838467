"""What can go wrong with the Hub, in the words of this package."""

from collections.abc import Generator
from contextlib import contextmanager

import httpx2
from huggingface_hub import constants, get_token
from huggingface_hub.errors import (
    HfHubHTTPError,
    LocalEntryNotFoundError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
)

from generators.errors import HubError

UNSENT = (
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    UnicodeEncodeError,
    httpx2.UnsupportedProtocol,
)
"""What the client raises where it did not, or could not, ask the Hub."""


class Busy(Exception):
    """The Hub cannot answer now, and nothing was changed."""

    def __init__(self, found: str, seconds: float | None = None) -> None:
        super().__init__(found)
        self.seconds = seconds


class Unsure(Busy):
    """No answer came to a request that changes something: it may have come about, or not."""


class Stale(Exception):
    """The branch has moved on since its head was read; nothing was written."""


def give_up(name: str, found: str) -> HubError:
    """Returns the error for a Hub that does not answer for good."""
    return HubError(f"the Hub, {name}", found, "an answer", "Run it again later; it goes on")


@contextmanager
def translate(name: str, *, writes: bool) -> Generator[None]:
    """Turns what the client raises into what this package says.

    Raises:
        Busy: nothing was changed, and it may be tried again.
        Unsure: it is not known whether something was changed.
        Stale: somebody else was first.
        HubError: no trying again can cure it.
    """
    try:
        yield
    except LocalTokenNotFoundError as error:
        raise _refuse(name, "no token", "one in HF_TOKEN", "Make one with write access") from error
    except HfHubHTTPError as error:
        raise _explain(name, error, writes=writes) from error
    except UNSENT as error:
        raise _explain_unsent(name, error) from error
    except (httpx2.HTTPError, ConnectionError, TimeoutError) as error:
        found = f"no answer ({type(error).__name__})"
        raise (Unsure(found) if writes else Busy(found)) from error
    except (ValueError, RuntimeError) as error:
        # The Xet lane raises these for whatever the network did; the validator for a bad card.
        found = _scrub(str(error).strip().split("\n")[0]).rstrip(".")
        if writes and isinstance(error, RuntimeError):
            raise Unsure(found) from error
        raise _refuse(name, found, "what the Hub takes", "See what it says") from error
    except OSError as error:
        found = f"{error.filename or 'a file'}: {error.strerror or error}"
        raise _refuse(name, found, "room and files to work with", "Mend that") from error


def _explain(name: str, error: HfHubHTTPError, *, writes: bool) -> Exception:
    status = error.response.status_code
    said = _scrub(error.server_message or "").strip().split("\n")[0].rstrip(".")
    found = f"HTTP {status}{f' ({said})' if said else ''}"
    if status == 429 or status >= 500:
        return (Unsure if writes else Busy)(found, _read_wait(error))
    if writes and status in (409, 412):
        return Stale(found)
    if status == 401:
        remedy = "Make a new one at https://huggingface.co/settings/tokens, and put it in HF_TOKEN"
        return _refuse(name, found, "a token that is valid", remedy)
    if status == 403:
        remedy = "Give the token in HF_TOKEN write access to it"
        return _refuse(name, found, "a token that may write there", remedy)
    if status == 404:
        return _refuse(name, found, "a repository or revision that the token sees", "Check both")
    return _refuse(name, found, "what the Hub takes", "See what it says")


def _explain_unsent(name: str, error: Exception) -> Exception:
    if isinstance(error, UnicodeEncodeError):
        found = "a token with characters that no token has"
        return _refuse(name, found, "one that is valid", "Copy it into HF_TOKEN again")
    if isinstance(error, httpx2.UnsupportedProtocol):
        wanted = "a URL such as https://huggingface.co"
        return _refuse(name, "HF_ENDPOINT is no such address", wanted, "Mend it")
    if constants.HF_HUB_OFFLINE:
        return _refuse(name, "HF_HUB_OFFLINE is set", "a network", "Unset it")
    # A file that the client has no copy of, either; only what reads a file says so.
    return Busy("no answer (no connection)")


def _refuse(name: str, found: str, wanted: str, remedy: str) -> HubError:
    return HubError(f"the Hub, {name}", found, wanted, remedy)


def _read_wait(error: HfHubHTTPError) -> float | None:
    """Returns the seconds that the Hub asks to wait, where it says so."""
    try:
        return float(error.response.headers.get("Retry-After", ""))
    except ValueError:
        return None


def _scrub(text: str) -> str:
    """Returns a text without the token, should a server quote it."""
    token = get_token()
    return text.replace(token, "<TOKEN>") if token else text
