"""Whether everybody may read all that a repository ever held.

Who opens a repository opens each commit of each branch, tag and pull request, and each file of its
large store, whether or not a commit still names it. So each commit is looked at: its manifest says
what its files are, and whether they hold story text; files that no manifest vouches for could hold
any. What is read is manifests, cards, and JSON that is not in the large store (the Hub gives no
sha256 of it); each content once, however many commits have it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from generators.errors import HubError
from generators.folder import CARD, MANIFEST
from generators.jsonl import as_object, read_json
from generators.publish.answers import RemoteFile
from generators.publish.hub import Hub, refuse

MOST_COMMITS = 1000
"""That are looked at: a request each."""
MOST_BYTES = 64 << 20
"""Of a manifest, or of other JSON, that is read."""
FREE = "cc0-1.0"
FEW = 200
"""Characters that a card without a manifest may have below its header."""
PICTURES = frozenset({".svg", ".png", ".jpg", ".jpeg", ".gif"})
NAMES = frozenset({".gitattributes", ".gitignore", "LICENSE", "LICENSE.txt"})
READ = frozenset({".json", ".jsonl"})
"""Files of ours that hold text and are small enough for git itself."""


class Content(NamedTuple):
    """What was read of one file."""

    sha256: str
    text: str
    """Of a card."""
    value: dict[str, Any]
    """Of a manifest."""


@dataclass
class History:
    """What was found in a repository; it is asked again before the repository is opened."""

    hub: Hub
    name: str
    """`USER/NAME`."""
    ours: frozenset[str]
    """sha256 of the files that are to be published."""
    private: bool = True
    """Whether nobody could read it yet. What is public already is refused for what a manifest says
    of it only: files that others put there are theirs."""
    _clean: set[str] = field(default_factory=set[str])
    """Commits without story text."""
    _known: set[str] = field(default_factory=set[str])
    """sha256 of all files of the large store that a commit's manifest vouches for, or that stand
    in a commit that was found clean."""
    _contents: dict[str, Content] = field(default_factory=dict[str, Content])
    """Git's name of a file's content -> what was read of it."""

    def check(self) -> None:
        """Raises HubError where a commit, or a stored file, holds text that is not for all."""
        for commit in self._list_commits():
            if commit in self._clean:
                continue
            files = self.hub.list_files(self.name, commit)
            if found := self._find_text(commit, files):
                raise self._refuse(f"commit {commit} {found}")
            self._known.update(file.sha256 for file in files.values() if file.sha256)
            self._clean.add(commit)
        if not self.private:
            return
        for digest, name in sorted(self.hub.list_stored(self.name).items()):
            if digest not in self._known | self.ours:
                found = f"its large store keeps a file of no commit, {ascii(name)[:80]}"
                raise self._refuse(f"{found} (sha256 {digest})")

    def _list_commits(self) -> list[str]:
        """Returns each commit that a reader can ask for."""
        seen: dict[str, None] = {}
        for at in dict.fromkeys(self.hub.list_refs(self.name).values()):
            if at in seen:
                continue
            seen |= dict.fromkeys(self.hub.list_commits(self.name, at))
            if len(seen) > MOST_COMMITS:
                raise self._refuse(f"more than {MOST_COMMITS:,} commits")
        return [*seen]

    def _find_text(self, commit: str, files: Mapping[str, RemoteFile]) -> str:
        """Returns what is wrong with a commit; nothing where everybody may read it."""
        content = self._read(commit, MANIFEST, files[MANIFEST]) if MANIFEST in files else None
        manifest = content.value if content else {}
        if "games" in manifest and not _is_free(manifest):
            return "holds story text that is not ours to republish"
        listed = as_object(manifest.get("files"))
        for path, file in files.items() if self.private else ():
            kind = PurePosixPath(path)
            if path == CARD:
                card = self._read(commit, path, file)
                if (content and content.sha256 in card.text) or len(_cut_header(card.text)) <= FEW:
                    continue
            elif path in listed:
                digest = file.sha256
                if digest is None and kind.suffix in READ:
                    digest = self._read(commit, path, file).sha256
                if digest in (None, listed[path]):
                    continue
                return f"holds {ascii(path)[:80]}, which is not what its manifest lists"
            elif kind.suffix.lower() in PICTURES or kind.name in NAMES or file.sha256 in self.ours:
                continue
            if path != MANIFEST or not listed:
                return f"holds {ascii(path)[:80]}, which no manifest vouches for"
        return ""

    def _read(self, commit: str, path: str, file: RemoteFile) -> Content:
        """Returns what a file holds."""
        if file.size > MOST_BYTES:
            raise self._refuse(
                f"commit {commit} holds {ascii(path)[:80]}, too large to be looked at"
            )
        if file.git_blob not in self._contents:
            content = self.hub.read_file(self.name, commit, path)
            text = content.decode("utf-8", "replace") if path == CARD else ""
            try:
                value = as_object(read_json(content)) if path == MANIFEST else {}
            except ValueError:
                value = {}
            self._contents[file.git_blob] = Content(sha256(content).hexdigest(), text, value)
        return self._contents[file.git_blob]

    def _refuse(self, found: str) -> HubError:
        remedy = (
            "Name a new repository with --repo-id. Or delete its other branches and its tags,"
            " remove the text, and drop the history with"
            f" `HfApi().super_squash_history('{self.name}', repo_type='dataset')`, and what the"
            " store still keeps with `permanently_delete_lfs_files`; then run this again"
        )
        wanted = "a history that everybody may read, since --public opens all of it"
        return refuse(self.name, found, wanted, remedy)


def _cut_header(card: str) -> str:
    """Returns a card without its header."""
    return re.sub(r"\A---\n.*?\n---\n", "", card, flags=re.DOTALL).strip()


def _is_free(manifest: Mapping[str, Any]) -> bool:
    """Returns whether a manifest of games is of references, or of stories that are free."""
    if as_object(manifest.get("references")):
        return True
    games = as_object(manifest["games"])
    return bool(games) and all(
        as_object(game).get("text_licence") == FREE for game in games.values()
    )
