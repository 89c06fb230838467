"""The export that stands where one is written: which it is, and what else is there."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from generators.errors import FolderError
from generators.folder import hash_file, read_marker
from generators.jsonl import as_object

EXPORT = "export.json"
KEYS = frozenset({"export", "format", "source", "files", "canary"})
"""Keys by which an export is known."""
BY_THE_WAY = frozenset({"__pycache__", "Thumbs.db", "desktop.ini"})
"""What Python and systems leave in folders that they look at; so do names with a dot in front."""


def read_export(folder: Path) -> dict[str, Any] | None:
    """Returns what an export says about itself; None where there is none, or it is not complete."""
    return read_marker(folder, EXPORT, KEYS)


def is_export(folder: Path) -> bool:
    """Returns whether a folder is an earlier export, and complete."""
    return read_export(folder) is not None


def check_unchanged(folder: Path, earlier: Mapping[str, Any]) -> None:
    """Raises FolderError where an export holds what another export could not give back.

    Args:
        folder: an export.
        earlier: what it says about itself.
    """
    files = as_object(earlier["files"])
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if any(part in BY_THE_WAY or part.startswith(".") for part in name.parts):
            continue
        if path.is_dir() or name.as_posix() == EXPORT:
            continue
        if name.as_posix() not in files:
            found = f"a file that no export wrote, {name.as_posix()}"
        elif path.is_file() and hash_file(path) == files[name.as_posix()]:
            continue
        else:
            found = f"{name.as_posix()}, which was changed since it was exported"
        wanted, remedy = "an export as it was written", "Name another folder, or move that file"
        raise FolderError(f"--out {folder}", found, wanted, remedy)


def describe_other(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Returns what an earlier export was of, where it was of another selection; else nothing.

    That it was made from other rows of the same dataset is no difference.
    """
    old, new = _list_choices(earlier), _list_choices(now)
    different = [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]
    return ", ".join(f"{key.replace('_', ' ')} {_show(key, old.get(key))}" for key in different)


def _list_choices(export: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what was chosen for an export."""
    source = as_object(export.get("source"))
    chosen = {"dataset": source.get("name"), "config": source.get("config")}
    return {**chosen, "format": export.get("format"), **as_object(export.get("options"))}


def _show(key: str, value: Any) -> str:
    """Returns what was chosen, in a word or a few."""
    if value is None or value == {}:
        return "all" if key == "behaviors" else "none"
    if key == "chat_template":
        return str(as_object(value).get("sha256"))[:12]
    if isinstance(value, list | dict):
        return "+".join(map(str, cast("Iterable[Any]", value)))
    return str(value)
