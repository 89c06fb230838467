"""A Hub server on loopback that speaks what huggingface_hub 2.4 and datasets 5.2 call.

    with HubServer() as hub, reach(hub.url):
        api = HfApi(endpoint=hub.url, token=hub.tokens.write)
        hub.faults.add("commit", "lost_after")
        ...
        hub.repositories["u/n"].commits, .tags, .files("v1.0.0"), hub.requests, hub.uploaded_bytes

What the wire looks like follows the clients' source and huggingface.co/docs/xet; nothing here has
met the real Hub. Downloads go over plain HTTP, uploads over LFS or Xet, as the client likes.
"""

from hub_server.clients import make_environment, reach
from hub_server.faults import KINDS, Fault, Faults
from hub_server.repositories import Commit, File, Repository
from hub_server.server import HubServer

__all__ = [
    "KINDS",
    "Commit",
    "Fault",
    "Faults",
    "File",
    "HubServer",
    "Repository",
    "make_environment",
    "reach",
]
