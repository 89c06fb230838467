"""Paths through a game's tree: what an option leads to, and what leads up to a menu. Pure."""

from collections.abc import Mapping, Set
from hashlib import sha256
from typing import NamedTuple

from schemas.game_data import Node


class Approach(NamedTuple):
    """The way that leads up to a menu."""

    nodes: list[str]
    """From the last option taken (or as far back as it goes) to the menu itself."""
    chosen: bool
    """Whether several ways lead there, and one of them was chosen."""


def find_reach(nodes: Mapping[str, Node], option: str) -> list[str]:
    """Returns the option's node and all that can be reached from it before the next menu."""
    reached = {option: None}
    open_ends = [option]
    while open_ends:
        node = nodes[open_ends.pop()]
        if node.type == "CHOICE":
            continue
        for child in node.children:
            if child not in reached and nodes[child].type != "CHOICE":
                reached[child] = None
                open_ends.append(child)
    return list(reached)


def find_approach(nodes: Mapping[str, Node], game: str, menu: str, *, strict: bool) -> Approach:
    """Returns the nodes from the last option taken to the menu, and whether one path was chosen.

    Where several parents may be followed, the one with the lowest sha256 of
    `<game>/<menu>/<parent>` is (with `strict`, the path stops there). Never followed are nodes
    already on the path, and what this menu's own options lead to.
    """
    after = frozenset[str]().union(*(find_reach(nodes, option) for option in nodes[menu].children))
    path, chosen = [menu], False
    while parents := _find_followable(nodes, path, after):
        if len(parents) > 1:
            if strict:
                break
            chosen = True
        parent = _choose_parent(game, menu, parents)
        if nodes[parent].type == "CHOICE":
            break
        path.append(parent)
    return Approach(path[::-1], chosen)


def _choose_parent(game: str, menu: str, parents: list[str]) -> str:
    if len(parents) == 1:
        return parents[0]
    return min(parents, key=lambda name: sha256(f"{game}/{menu}/{name}".encode()).digest())


def _find_followable(nodes: Mapping[str, Node], path: list[str], after: Set[str]) -> list[str]:
    parents = dict.fromkeys(nodes[path[-1]].parents)
    return [parent for parent in parents if parent not in after and parent not in path]
