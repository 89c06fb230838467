"""Writes a folder as a whole or not at all.

A folder `D` is built beside its place, as `.D.new`, and swapped in with two renames when it is
complete (`D` -> `.D.old`, `.D.new` -> `D`). The next run finishes or undoes what a kill left
half-made. A lock keeps two runs apart.
"""

import errno
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import ValidationError

from generators.errors import FolderError, SourceError
from generators.jsonl import as_object
from generators.plain_files import MOST_MANIFEST, open_plain, read_plain
from schemas.manifest import ConceptManifest, GameManifest

MANIFEST = "manifest.json"
CARD = "README.md"


OURS = frozenset({"format", "name", "config", "files", "canary"})
"""Keys by which a manifest is known to be ours."""


MOST_PARTS = 4
"""Behaviors or themes that a name has; of more it has none."""
AnyManifest = GameManifest | ConceptManifest


def read_manifest(folder: Path) -> AnyManifest:
    """Returns the manifest of a dataset folder.

    Raises:
        SourceError: there is none, or it is not ours, or of another version.
    """
    path = folder / MANIFEST
    wanted, remedy = "a dataset folder of ours", "Build it with this version"
    try:
        text = read_plain(path, MOST_MANIFEST).decode()
    except (OSError, ValueError) as error:
        found = getattr(error, "strerror", None) or "no text"
        raise SourceError(str(path), found, wanted, remedy) from error
    kind = ConceptManifest if '"source_sha256"' in text else GameManifest
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        found = f"{'.'.join(map(str, first['loc'])) or 'not JSON'}: {first['msg']}"
        raise SourceError(str(path), found, wanted, remedy) from error


def name_content(manifest: AnyManifest) -> str:
    """Returns what a folder holds, such as `7 bundled stories: deception`.

    Taken from what was read, never from the folder's own name: the same rows have the same files,
    whatever their folder is called.
    """
    if isinstance(manifest, ConceptManifest):
        if manifest.source == "pairs":
            return f"{manifest.counts['pairs']:,} own pairs"
        tallies = (rows for key, rows in manifest.tally.items() if key.endswith(".theme"))
        themes = {theme for rows in tallies for theme in rows}
        origin = "bundled" if manifest.source == "bundled" else "own"
        return _name_few(f"{origin} concepts", sorted(themes))
    games = sum(game.menus > 0 for game in manifest.games.values())
    plural, singular = ("bundled stories", "bundled story")
    if manifest.source == "game_data":
        plural, singular = ("MACHIAVELLI games", "MACHIAVELLI game")
    named = f"{games:,} {singular if games == 1 else plural}"
    return _name_few(named, manifest.config.behaviors)


def _name_few(whole: str, parts: Sequence[str]) -> str:
    """Returns a name with the parts that it has, where they are few."""
    return f"{whole}: {', '.join(parts)}" if 0 < len(parts) <= MOST_PARTS else whole


def is_ours(folder: Path) -> bool:
    """Returns whether a folder is a dataset folder that this package wrote, and whole."""
    return has_marker(folder, MANIFEST, OURS)


def has_marker(folder: Path, name: str, keys: frozenset[str]) -> bool:
    """Returns whether a folder has a file that marks it as ours, as `read_marker` reads it."""
    return read_marker(folder, name, keys) is not None


def read_marker(folder: Path, name: str, keys: frozenset[str]) -> dict[str, Any] | None:
    """Returns the content of a file that marks a folder as ours, None without; it is written last.

    Args:
        folder: the folder.
        name: name of the file.
        keys: what the JSON object in it has at least.
    """
    try:
        content = as_object(json.loads(read_plain(folder / name)))
    except (OSError, ValueError, RecursionError):
        return None
    return content if keys <= content.keys() else None


Recognize = Callable[[Path], bool]
"""Tells whether a folder is one of ours, and whole."""


@contextmanager
def replace_folder(out: Path, recognize: Recognize = is_ours) -> Generator[Path]:
    """Gives an empty folder to fill; on a clean exit it stands at `out`, else nothing changes.

    Args:
        out: where the folder is to stand.
        recognize: which folders may be replaced; dataset folders if not given.

    Raises:
        FolderError: `out` is not ours to replace, is being written by another run, or the disk is
            full or not writable.
    """
    try:
        out = out.resolve()
        check_replaceable(out, recognize)
        out.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(out.parent / f".{out.name}.lock", timeout=0)
        with lock:
            recover(out, recognize)
            check_replaceable(out, recognize)
            yield from _stage(out)
    except Timeout as error:
        check_writable(out)
        found = "another run is writing it"
        raise FolderError(f"--out {out}", found, "one at a time", "Wait for it") from error
    except OSError as error:
        raise explain(error, out) from error


def _stage(out: Path) -> Generator[Path]:
    new = _beside(out, "new")
    try:
        new.mkdir()
        yield new
        swap(new, out)
    finally:
        # What is left is removed by the next run; the new folder may be in place already.
        shutil.rmtree(new, ignore_errors=True)


def recover(out: Path, recognize: Recognize = is_ours) -> None:
    """Finishes or undoes a swap that was cut off, and removes what was half built."""
    new, old = _beside(out, "new"), _beside(out, "old")
    if old.exists() and not out.exists():
        (new if new.exists() and recognize(new) else old).rename(out)
    _remove(new)
    _remove(old)


def check_replaceable(out: Path, recognize: Recognize = is_ours) -> None:
    """Raises FolderError where `out` holds anything but a folder of ours, of this kind."""
    where, wanted = f"--out {out}", "a new folder, an empty one, or one that this command wrote"
    if out.exists() and not out.is_dir():
        raise FolderError(where, "a file", wanted, "Name a folder")
    if Path.cwd().is_relative_to(out):
        raise FolderError(where, "the folder you are in", wanted, "Name a folder below it")
    if out.is_dir() and any(out.iterdir()) and not recognize(out):
        raise FolderError(where, "a folder with other files", wanted, "Name another folder")


def check_writable(out: Path) -> None:
    """Raises FolderError where no file can be written beside `out`, and so no lock either."""
    try:
        with tempfile.TemporaryFile(dir=out.parent):
            pass
    except OSError as error:
        raise explain(error, out) from error


def swap(new: Path, out: Path) -> None:
    """Puts a complete folder in the place of the one that is there, if one is."""
    if not out.exists():
        new.rename(out)
        return
    old = _beside(out, "old")
    out.rename(old)
    new.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def hash_files(folder: Path) -> dict[str, str]:
    """Returns the sha256 of every file but manifest and card, by path with forward slashes."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in found}
    return {name: hash_file(path) for name, path in named.items() if name not in (MANIFEST, CARD)}


def hash_file(path: Path) -> str:
    """Returns the sha256 of a file."""
    with open_plain(path) as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def explain(error: OSError, out: Path) -> FolderError:
    """Returns a one-line error for what the file system refused."""
    full = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
    if error.errno in full or "No space left" in str(error):
        found, wanted, remedy = "the disk is full", "room for the folder", "Free some space"
    else:
        found, wanted = f"{error.strerror or error}", "a folder that can be written"
        remedy = "Check its permissions, or name another folder"
    return FolderError(f"--out {out}", found, wanted, f"{remedy}; nothing was changed")


def _beside(out: Path, what: str) -> Path:
    return out.parent / f".{out.name}.{what}"


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
