"""How the clients are made to talk to this Hub, and to nothing else."""

import os
import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch


def make_environment(url: str, home: Path, xet: bool = False) -> dict[str, str]:
    """Returns the variables of a process of its own; both libraries read them at import."""
    own = {
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "0" if xet else "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_OFFLINE": "0",
        "HF_DATASETS_OFFLINE": "0",
    }
    gone = {"HF_TOKEN", "HF_XET_CACHE", "HF_HUB_CACHE", "HF_DATASETS_CACHE"}
    return {name: value for name, value in os.environ.items() if name not in gone} | own


@contextmanager
def reach(url: str, xet: bool = False, waits: bool = False) -> Generator[None]:
    """Lets huggingface_hub in this process reach the server.

    Args:
        url: the endpoint.
        xet: whether uploads take the Xet lane; its cache is then that of the process.
        waits: whether the client sleeps between tries (a second and more each).
    """
    from huggingface_hub import close_session, constants
    from huggingface_hub.utils import _http

    settings = {
        "ENDPOINT": url,
        "HUGGINGFACE_CO_URL_TEMPLATE": url + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_HUB_OFFLINE": False,
        "HF_HUB_DISABLE_TELEMETRY": True,
        "HF_HUB_DISABLE_XET": not xet,
    }
    clock = time if waits else SimpleNamespace(sleep=lambda seconds: None)
    with (
        patch.multiple(constants, **settings),
        patch.object(_http, "time", clock),
        warnings.catch_warnings(),
    ):
        # The client's own LFS lane gives `data=` to httpx2, which deprecates it.
        warnings.filterwarnings("ignore", "Use 'content=", DeprecationWarning)
        try:
            yield
        finally:
            close_session()
