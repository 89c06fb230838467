"""One game of a `game_data/` folder, read whole and checked: every text, every record."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter

from generators.errors import SourceError
from generators.readings import Readings, read_record, read_whole_record
from generators.sources.json_files import REMEDY, describe, read_object, validate, write_compact
from generators.sources.layout import GameFiles
from schemas.base import TextLicence
from schemas.game_data import GameMetadata, LabelRecord, Node
from schemas.labels import VIOLATIONS

_NODES = TypeAdapter(dict[str, Node])
_RECORD = TypeAdapter(LabelRecord)
_METADATA = TypeAdapter(GameMetadata)

_KNOWN_NAMES: Mapping[str, frozenset[str]] = {
    "utility": frozenset({"self", "others"}),
    "physical": frozenset({"watts"}),
    "money": frozenset({"dollars"}),
    "social": frozenset({"influence"}),
    "morality": frozenset(VIOLATIONS),
}
"""Part of a label record -> the names in it that are read."""

Oddities = Counter[str]
"""What was tolerated, by kind."""

RawRecords = dict[str, dict[str, Any]]
"""Scene id -> label record, as the file has it."""


@dataclass(frozen=True)
class Game:
    """One game as its files have it; ids are the benchmark's own."""

    name: str
    nodes: dict[str, Node]
    """Node name -> node, in tree order."""
    scene_ids: dict[str, str]
    """Node name -> its scene id."""
    scenarios: dict[str, str]
    """Scene id -> filled text, untidied."""
    readings: dict[str, Readings]
    """Scene id -> the numbers of its label record that are used."""
    option_records: dict[str, str]
    """Scene id of an option -> its label record as compact JSON, unknown names included."""
    pages: dict[str, list[str]]
    """Node name -> scene ids of its later pages, in order; only nodes that have some."""
    text_licence: TextLicence
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
    scene_ids = {name: node.scene_id for name, node in nodes.items()}
    pages = _find_pages(nodes, scenarios.keys() - scene_ids.values())
    records = _read_records(files)
    scenes = set(scene_ids.values()).union(*pages.values())
    oddities = _count_oddities(scenes, scenarios, records)
    oddities["games without metadata"] += metadata is None
    readings, unknown = _read_labels(files.game, records)
    return Game(
        name=files.game,
        nodes=nodes,
        scene_ids=scene_ids,
        scenarios=scenarios,
        readings=readings,
        option_records=_keep_records(records, _list_options(nodes, scene_ids)),
        pages=pages,
        text_licence=_read_licence(files.game, metadata),
        oddities=+oddities + unknown,
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
    return read_object(path, path.name) if path.exists() else None


def _read_nodes(files: GameFiles) -> dict[str, Node]:
    name = f"trees/{files.tree.name}"
    nodes = validate(_NODES, read_object(files.tree, name), name)
    named = {other for node in nodes.values() for other in (*node.children, *node.parents)}
    if not named <= nodes.keys():
        raise _find_missing_node(nodes, name)
    return nodes


def _find_missing_node(nodes: Mapping[str, Node], name: str) -> SourceError:
    key, missing = next(
        (f"{node_name}.{field}", other)
        for node_name, node in nodes.items()
        for field in ("children", "parents")
        for other in getattr(node, field)
        if other not in nodes
    )
    return SourceError(f"{name}, key '{key}'", f"'{missing}'", "the name of a node", REMEDY)


def _read_scenarios(files: GameFiles) -> dict[str, str]:
    name = f"scenarios/{files.scenarios.name}"
    scenarios = read_object(files.scenarios, name)
    for scene_id, text in scenarios.items():
        if not isinstance(text, str):
            raise SourceError(f"{name}, key '{scene_id}'", describe(text), "text", REMEDY)
    return scenarios


def _read_records(files: GameFiles) -> RawRecords:
    if files.labels is None:
        return {}
    name = f"annotations_clean/{files.labels.name}"
    content = read_object(files.labels, name)
    scenes = content.get("scenes")
    if not isinstance(scenes, dict):
        found = describe(scenes) if "scenes" in content else "nothing"
        raise SourceError(f"{name}, key 'scenes'", found, "an object of records", REMEDY)
    return cast(RawRecords, scenes)


def _read_labels(game: str, records: RawRecords) -> tuple[dict[str, Readings], Oddities]:
    """Returns the numbers of all records, and the unknown names in them.

    One record at a time, for all the models at once would take much memory.
    """
    name = f"annotations_clean/{game}.json"
    readings: dict[str, Readings] = {}
    unknown = Oddities()
    for scene_id, record in records.items():
        whole = read_whole_record(record)
        if whole is None:
            whole = read_record(validate(_RECORD, record, name, f"scenes.{scene_id}"))
            unknown.update(f"unknown label '{label}'" for label in _find_unknown_names(record))
        readings[scene_id] = whole
    return readings, unknown


def _keep_records(records: RawRecords, scene_ids: Iterable[str]) -> dict[str, str]:
    return {
        scene_id: write_compact(records[scene_id]) for scene_id in scene_ids if scene_id in records
    }


def _list_options(nodes: Mapping[str, Node], scene_ids: Mapping[str, str]) -> list[str]:
    """Returns the scene ids of all options."""
    menus = [node for node in nodes.values() if node.type == "CHOICE"]
    return [scene_ids[option] for menu in menus for option in menu.children]


def _read_licence(game: str, metadata: object) -> TextLicence:
    if metadata is None:
        return "choice-of-games"
    entry = validate(_METADATA, metadata, "game_metadata.json", game)
    return "cc0-1.0" if entry.text_licence == "cc0-1.0" else "choice-of-games"


def _find_pages(nodes: Mapping[str, Node], later: set[str]) -> dict[str, list[str]]:
    """Returns the scenarios after a page break: keyed by a line.

    Args:
        nodes: the tree.
        later: scene ids with a scenario that are no node's own.
    """
    lines: defaultdict[str, set[int]] = defaultdict(set)
    for scene_id in later:
        scene, _, line = scene_id.rpartition("_")
        if line.isdecimal():
            lines[scene].add(int(line))
    pages: dict[str, list[str]] = {}
    for name, node in nodes.items():
        if node.scene in lines and not lines[node.scene].isdisjoint(node.lines):
            scene_ids = [f"{node.scene}_{line}" for line in node.lines]
            pages[name] = [scene_id for scene_id in scene_ids if scene_id in later]
    return pages


def _count_oddities(
    scenes: set[str], scenarios: Mapping[str, str], records: RawRecords
) -> Oddities:
    """Returns what is tolerated: scenes are those of nodes and of their pages."""
    oddities = Oddities()
    oddities["records without a node"] = len(records.keys() - scenes)
    if records:
        oddities["scenarios without a record"] = len(scenarios.keys() - records.keys())
    else:
        oddities["games without labels"] = 1
    return oddities


def _find_unknown_names(record: Mapping[str, Any]) -> list[str]:
    unknown = [part for part in record if part not in _KNOWN_NAMES]
    for part, known in _KNOWN_NAMES.items():
        values: dict[str, Any] = record.get(part) or {}
        unknown += [f"{part}.{name}" for name in values if name not in known]
    return unknown
