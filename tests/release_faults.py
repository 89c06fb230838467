"""A publication of a second release in which something goes wrong, and what must hold then."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from generators.errors import HubError
from generators.publish.hub import Hub
from generators.publish.release import Release, Target, read_release, send
from hub_server import HubServer, reach
from hub_server.faults import Fault
from hub_server.repositories import Repository

NAME = "u/n"
ENDPOINTS = (
    "revision", "tree", "refs", "commits", "validate-yaml", "preupload", "lfs-batch", "lfs-put",
    "commit", "commit", "commit", "tag", "tag", "resolve",
)  # fmt: skip
"""Endpoints that a publication calls; those that change something more often."""
KINDS = ("status", "lost_before", "lost_after", "concurrent", "corrupt")
OURS = "README.md"
"""A file of the release that another writer may change meanwhile."""
RUNS = 4
"""Times that a user runs the command again before giving up."""
TAGS = ("v1.0.0", "v2.0.0")


@dataclass(frozen=True)
class Outcome:
    """What came of one publication."""

    faults: tuple[str, ...]
    """Those that struck, `<endpoint> <kind>`."""
    refusals: tuple[str, ...]
    """Why it was not through before."""
    broken: tuple[str, ...]
    """What should hold, and does not."""


def try_release(folders: Sequence[Path], seed: int) -> Outcome:
    """Returns what came of publishing a second folder over a first one, with faults."""
    random = Random(seed)
    first, second = map(read_release, folders)
    with HubServer() as server, reach(server.url):
        hub = Hub(server.url, wait=lambda seconds: None)
        send(hub, first, Target(NAME, TAGS[0]), ignore)
        repository = server.repositories[NAME]
        tags = dict(repository.tags)
        faults = [draw_fault(server, random) for _ in range(random.randint(1, 3))]
        refusals: list[str] = []
        broken: set[str] = set()
        for _ in range(RUNS):
            struck = [fault.happened for fault in faults]
            refused = try_once(hub, second, refusals)
            broken.update(find_broken(repository, (first, second), tags))
            tags = dict(repository.tags)
            if not refused:
                broken.update(find_unfinished(repository, second))
                broken.update(find_overwritten(faults, struck))
                break
        else:
            broken.add("never came through")
        token = server.tokens.write
        broken.update(f"token in {said}" for said in refusals if token in said)
        seen = tuple(f"{fault.endpoint} {fault.kind}" for fault in faults if fault.happened)
    return Outcome(seen, tuple(refusals), tuple(sorted(broken)))


def try_once(hub: Hub, release: Release, refusals: list[str]) -> bool:
    """Returns whether a publication was refused."""
    try:
        send(hub, release, Target(NAME, TAGS[1]), ignore)
    except HubError as error:
        refusals.append(str(error))
        return True
    return False


def draw_fault(server: HubServer, random: Random) -> Fault:
    """Returns something that goes wrong at the first or second call of an endpoint."""
    endpoint, kind = random.choice(ENDPOINTS), random.choice(KINDS)
    name = random.choice(("theirs-1.txt", "theirs-2.txt", OURS, OURS))
    files = {name: b"---\nlicense: cc0-1.0\n---\n" + random.randbytes(9).hex().encode()}
    status = random.choice((429, 500, 503))
    at = 1 if endpoint in {"commit", "tag", "preupload"} else random.randint(1, 2)
    return server.faults.add(endpoint, kind, at, status=status, files=files)


def ignore(line: str) -> None:
    """Shows nothing."""


def find_broken(
    repository: Repository, releases: Sequence[Release], tags: dict[str, str]
) -> list[str]:
    """Returns what no moment may show: a half release, one twice, a moved tag, a lost commit."""
    wanted = [{name: file.sha256 for name, file in each.files.items()} for each in releases]
    ours = wanted[0].keys() | wanted[1].keys()
    found: list[str] = []
    theirs: set[str] = set()
    before: dict[str, str] = {}
    for commit in repository.commits:
        tree = {name: file.sha256 for name, file in commit.tree.items()}
        release = {name: digest for name, digest in tree.items() if name in ours}
        theirs |= {name for name in tree if name.startswith("theirs")}
        if theirs - tree.keys():
            found.append("another writer's file is gone")
        if ": manifest " in commit.title:
            if release == before:
                found.append("the same content twice")
            if release.keys() not in [each.keys() for each in wanted]:
                found.append("a half release")
        before = release
    oids = [commit.oid for commit in repository.commits]
    parents = [commit.parent for commit in repository.commits]
    found += ["a commit is lost"] if parents[1:] != oids[:-1] else []
    found += ["a tag moved" for name, oid in tags.items() if repository.tags.get(name) != oid]
    return found


def find_overwritten(faults: Sequence[Fault], struck: Sequence[int]) -> list[str]:
    """Returns whether a run went through that met another writer's change of a file of ours."""
    return [
        "another writer's change was overwritten unseen"
        for fault, before in zip(faults, struck, strict=True)
        if fault.endpoint == "commit"
        and fault.kind == "concurrent"
        and OURS in fault.files
        and fault.happened > before
    ]


def find_unfinished(repository: Repository, release: Release) -> list[str]:
    """Returns what a publication that says it is through has left undone."""
    tagged = repository.tags.get(TAGS[1])
    if tagged is None:
        return ["no tag"]
    files = repository.files(tagged)
    wanted = {name: file.path.read_bytes() for name, file in release.files.items()}
    found = ["the tag is not the release"] if wanted.items() - files.items() else []
    in_main = tagged in [commit.oid for commit in repository.log()]
    return [*found, *([] if in_main else ["the tag is not of the main branch"])]
