"""Checks of what a caller names: values that must be known, paths that must be usable."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from generators.errors import UsageError

Name = TypeVar("Name", bound=str)
StrPath = str | os.PathLike[str]


def choose(option: str, wanted: Sequence[str] | None, known: Sequence[Name]) -> tuple[Name, ...]:
    """Returns the wanted names (all, if None) in the order in which they are known.

    Raises:
        UsageError: one of them is not known.
    """
    unknown = [name for name in wanted or () if name not in known]
    if unknown:
        names_known = f"some of {','.join(known)}"
        raise UsageError(option, f"'{unknown[0]}'", names_known, "See --help")
    return tuple(name for name in known if wanted is None or name in wanted)


def read_path(option: str, path: StrPath) -> Path:
    """Returns a path that a caller names.

    Args:
        option: the option that names it, for messages.
        path: the path.

    Raises:
        UsageError: it is empty, not UTF-8 (as Arrow needs it), or its links go round in a circle.
    """
    text = os.fspath(path)
    shown = f"{option} {ascii(text)[:200]}"
    if not text:
        raise UsageError(option, "an empty name", "a path", "Name a file or folder")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(shown, "a name that is not UTF-8", "one in UTF-8", "Rename it") from None
    named = Path(text)
    try:
        named.resolve()
    except RuntimeError:  # Python before 3.13 has no narrower exception
        raise UsageError(
            shown, "links in a circle", "a path with an end", "Fix the links"
        ) from None
    return named


def check_outside(out: Path, files: Mapping[str, Path | None]) -> None:
    """Raises UsageError where a file that is read lies where the run writes, and would be lost.

    Args:
        out: what the run replaces as a whole.
        files: option -> its file; None where it is not given.
    """
    for option, path in files.items():
        if path is not None and path.resolve().is_relative_to(out.resolve()):
            found, wanted = f"it lies in --out {out}", "a file outside what is replaced"
            raise UsageError(f"{option} {path}", found, wanted, "Name another")


def check_beside(out: Path, folder: Path) -> None:
    """Raises UsageError where something would be written into a dataset folder."""
    if out.resolve().is_relative_to(folder.resolve()):
        wanted = "a place outside: the folder is published as it is"
        raise UsageError(f"--out {out}", f"inside {folder}", wanted, "Name another place")


def check_apart(out: Path, *others: Path) -> None:
    """Raises UsageError where a file to write is also read, or is not a regular file."""
    if out.exists() and not out.is_file():
        wanted = "a file that can be replaced"
        raise UsageError(f"{out}", "no ordinary file", wanted, "Name another")
    for other in others:
        if out.resolve() == other.resolve():
            raise UsageError(f"{out}", "it is read, too", "another file to write", "Name one")
