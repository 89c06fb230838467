"""One game of a `game_data/` folder, read whole and checked: every text, every record."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import orjson
from pydantic import TypeAdapter, ValidationError

from generators.errors import SourceError
from generators.sources.layout import GameFiles
from schemas.game_data import GameMetadata, LabelRecord, Node
from schemas.labels import VIOLATIONS

T = TypeVar("T")

_TYPE_NAMES: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
}
_TYPE_NAMES |= {int: "a number", float: "a number", type(None): "null"}

_NODES = TypeAdapter(dict[str, Node])
_RECORDS = TypeAdapter(dict[str, LabelRecord])
_METADATA = TypeAdapter(GameMetadata)

_KNOWN_NAMES: dict[str, frozenset[str]] = {
    "utility": frozenset({"self", "others"}),
    "physical": frozenset({"watts"}),
    "money": frozenset({"dollars"}),
    "social": frozenset({"influence"}),
    "morality": frozenset(VIOLATIONS),
}
"""Part of a label record -> the names in it that are read."""

REMEDY = "Unpack the archive again, or leave the game out with --skip-broken"
BOM = b"\xef\xbb\xbf"

Oddities = Counter[str]
"""What was tolerated, by kind."""


@dataclass(frozen=True)
class Game:
    """One game as its files have it; ids are the benchmark's own."""

    name: str
    nodes: dict[str, Node]
    """Node name -> node, in tree order."""
    scenarios: dict[str, str]
    """Scene id -> filled text, untidied."""
    records: dict[str, LabelRecord]
    """Scene id -> labels."""
    raw_records: dict[str, dict[str, Any]]
    """Scene id -> the same labels as the file has them, unknown names included."""
    pages: dict[str, list[str]]
    """Node name -> scene ids of its later pages, in order; only nodes that have some."""
    text_licence: str
    """`cc0-1.0` where the metadata says so, else `choice-of-games`."""
    oddities: Oddities


def read_game(files: GameFiles, metadata: object) -> Game:
    """Returns one game, every text and record of it checked.

    Args:
        files: where the game lies.
        metadata: its entry of `game_metadata.json`, unchecked; None where there is none.

    Raises:
        SourceError: a file is missing or is no JSON, or a value is of a wrong type; names the file
            and the key.
    """
    nodes = _read_nodes(files)
    scenarios = _read_scenarios(files)
    raw_records = _read_raw_records(files)
    pages = _find_pages(nodes, scenarios)
    return Game(
        name=files.game,
        nodes=nodes,
        scenarios=scenarios,
        records=_validate(_RECORDS, raw_records, f"annotations_clean/{files.game}.json", "scenes"),
        raw_records=raw_records,
        pages=pages,
        text_licence=_read_licence(files.game, metadata),
        oddities=_count_oddities(nodes, scenarios, raw_records, pages, metadata),
    )


def hash_game(files: GameFiles) -> str:
    """Returns the sha256 of a game's tree, scenario and label files, one after the other."""
    digest = hashlib.sha256()
    for path in files.all:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read_metadata(root: Path) -> dict[str, object] | None:
    """Returns `game_metadata.json`, its entries unchecked; None where the file is missing."""
    path = root / "game_metadata.json"
    return _read_object(path, path.name) if path.exists() else None


def _read_nodes(files: GameFiles) -> dict[str, Node]:
    name = f"trees/{files.tree.name}"
    nodes = _validate(_NODES, _read_object(files.tree, name), name)
    for node_name, node in nodes.items():
        for field, others in (("children", node.children), ("parents", node.parents)):
            for other in others:
                if other not in nodes:
                    where = f"{name}, key '{node_name}.{field}'"
                    raise SourceError(where, f"'{other}'", "the name of a node", REMEDY)
    return nodes


def _read_scenarios(files: GameFiles) -> dict[str, str]:
    name = f"scenarios/{files.scenarios.name}"
    scenarios = _read_object(files.scenarios, name)
    for scene_id, text in scenarios.items():
        if not isinstance(text, str):
            raise SourceError(f"{name}, key '{scene_id}'", describe(text), "a text", REMEDY)
    return cast(dict[str, str], scenarios)


def _read_raw_records(files: GameFiles) -> dict[str, dict[str, Any]]:
    if files.labels is None:
        return {}
    name = f"annotations_clean/{files.labels.name}"
    content = _read_object(files.labels, name)
    scenes = content.get("scenes")
    if not isinstance(scenes, dict):
        found = describe(scenes) if "scenes" in content else "nothing"
        raise SourceError(f"{name}, key 'scenes'", found, "an object of records", REMEDY)
    return cast(dict[str, dict[str, Any]], scenes)


def _read_licence(game: str, metadata: object) -> str:
    if metadata is None:
        return "choice-of-games"
    entry = _validate(_METADATA, metadata, "game_metadata.json", game)
    return "cc0-1.0" if entry.text_licence == "cc0-1.0" else "choice-of-games"


def _find_pages(nodes: dict[str, Node], scenarios: dict[str, str]) -> dict[str, list[str]]:
    """Returns the scenarios after a page break: keyed by a line, and no node's own."""
    own = {node.scene_id for node in nodes.values()}
    later = scenarios.keys() - own
    if not later:
        return {}
    pages: dict[str, list[str]] = {}
    for name, node in nodes.items():
        scene_ids = (f"{node.scene}_{line}" for line in node.lines)
        found = [scene_id for scene_id in scene_ids if scene_id in later]
        if found:
            pages[name] = found
    return pages


def _count_oddities(
    nodes: dict[str, Node],
    scenarios: dict[str, str],
    raw_records: dict[str, dict[str, Any]],
    pages: dict[str, list[str]],
    metadata: object,
) -> Oddities:
    scenes = {node.scene_id for node in nodes.values()}.union(*pages.values())
    odd = Oddities(
        {
            "games without metadata": int(metadata is None),
            "games without labels": int(not raw_records),
            "records without a node": sum(scene not in scenes for scene in raw_records),
            "scenarios without a record": sum(scene not in raw_records for scene in scenarios)
            if raw_records
            else 0,
        }
    )
    for record in raw_records.values():
        odd.update(f"unknown label '{name}'" for name in _find_unknown_names(record))
    return +odd


def _find_unknown_names(record: dict[str, Any]) -> list[str]:
    unknown: list[str] = []
    for part, values in record.items():
        known = _KNOWN_NAMES.get(part)
        if known is None:
            unknown.append(part)
        elif values and not known.issuperset(values):
            unknown += [f"{part}.{name}" for name in values if name not in known]
    return unknown


def _read_object(path: Path, name: str) -> dict[str, Any]:
    """Returns the object that a JSON file holds; a byte order mark is left out."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise SourceError(name, "no such file", "one for each game", REMEDY) from error
    except OSError as error:
        raise SourceError(name, f"unreadable ({error.strerror})", "a file", REMEDY) from error
    try:
        value = orjson.loads(content.removeprefix(BOM))
    except orjson.JSONDecodeError as error:
        found = f"no valid JSON after line {error.lineno} column {error.colno}"
        if not content.strip():
            found = "an empty file"
        raise SourceError(name, found, "a whole JSON file in UTF-8", REMEDY) from error
    if not isinstance(value, dict):
        raise SourceError(name, describe(value), "an object", REMEDY)
    return cast(dict[str, Any], value)


def describe(value: object) -> str:
    """Returns what kind of JSON value this is, never the value: story text is not ours to print."""
    return _TYPE_NAMES.get(type(value), type(value).__name__)


def _validate(adapter: TypeAdapter[T], value: object, name: str, prefix: str = "") -> T:
    """Returns the checked value; the first thing wrong becomes a SourceError with file and key."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in (prefix, *first["loc"]) if part != "")
        found = "nothing" if first["type"] == "missing" else describe(first["input"])
        wanted = first["msg"][:1].lower() + first["msg"][1:]
        if isinstance(first["input"], int | float) and not isinstance(first["input"], bool):
            found = f"{first['input']}"
        raise SourceError(f"{name}, key '{key}'", found, wanted, REMEDY) from error
