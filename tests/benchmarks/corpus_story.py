"""Story graphs of the synthetic corpus: scenes, menus, options, branches, merges and loops."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from corpus_prose import option_line, option_text, passage

OPTION_COUNTS = (1, 2, 3, 4, 5, 6)
OPTION_WEIGHTS = (4, 33, 34, 18, 7, 4)
# What follows an option; "menu" is an option that opens a menu at once, without a node between.
OPTION_KINDS = ("plain", "condition", "page", "sequel", "later menu", "menu", "no text")
OPTION_KIND_WEIGHTS = (865, 60, 27, 20, 15, 8, 5)
NODE_KINDS = {"condition": "COND", "menu": "CHOICE"}
DEEPEST = 2
# Scenes that one menu brings with it on the average: its own, the options, what hangs on them.
SCENES_PER_MENU = 4.66


@dataclass(slots=True)
class Node:
    """A node of a game's tree with its text; `pages` are texts keyed by a later line of it."""

    scene: str
    name: str
    start: int
    end: int
    kind: str
    text: str
    children: list[str] = field(default_factory=list[str])
    parents: list[str] = field(default_factory=list[str])
    pages: dict[int, str] = field(default_factory=dict[int, str])

    @property
    def scene_id(self) -> str:
        """The key of the node's own text and record."""
        return f"{self.scene}_{self.start}"


def follow(before: Iterable[Node], node: Node) -> None:
    """Link the nodes `before` to the node; parents are set in the last walk."""
    for parent in before:
        if node.name not in parent.children:
            parent.children.append(node.name)


class Story:
    """A game told menu by menu; `frontier` are the nodes that lead to whatever comes next."""

    def __init__(self, rng: Random, scenes: int, menus: int) -> None:
        """An empty game that is to have so many scenes and menus."""
        self.rng = rng
        self.nodes: dict[str, Node] = {}
        self.frontier: list[Node] = []
        self.earlier: list[Node] = []
        self.scenes_left = scenes
        self.menus_left = menus
        self.chapters = 0
        self.open_chapter("startup")

    def tell(self) -> list[Node]:
        """All nodes in the order of a walk from the root: a start, the menus, an epilogue."""
        for _ in range(4):
            self.merge("")
        while self.menus_left > 0:
            self.segment()
        while self.scenes_left > 0:
            self.merge(self.prose(10, 80))
        return walked(self.nodes)

    def chance(self, share: float) -> bool:
        """True in `share` of the cases."""
        return self.rng.random() < share

    def prose(self, low: int, high: int) -> str:
        """A passage of about `low` to `high` words, since the last sentence is finished."""
        return passage(self.rng, self.rng.randrange(low, high - 10))

    def scenery(self) -> str:
        """The text before a menu: mostly 20 to 150 words, in some cases a page or none."""
        if self.chance(0.03):
            return ""
        return self.prose(200, 380) if self.chance(0.04) else self.prose(20, 150)

    def open_chapter(self, scene: str) -> None:
        """A new file of the game from here on; loops never lead out of one."""
        self.scene, self.line = scene, 0
        self.chapter_end = self.rng.randrange(300, 1500)
        self.earlier = []

    def add(self, kind: str, text: str, lines: int = 0) -> Node:
        """A new node at the next lines of the chapter, not linked yet."""
        start = self.line
        end = start + (lines or self.rng.randrange(2, 6)) - 1
        node = Node(self.scene, f"{self.scene}_{start}", start, end, kind, text)
        self.nodes[node.name] = node
        self.line = end + 1
        self.scenes_left -= bool(text)
        return node

    def merge(self, text: str) -> None:
        """A narrative node where all that is open comes together."""
        node = self.add("OTHER", text)
        follow(self.frontier, node)
        self.frontier = [node]

    def fork(self) -> None:
        """A condition between two menus; sometimes its first branch is a collapsed node."""
        test = self.add("COND", "", 2)
        follow(self.frontier, test)
        self.frontier = self.branches(test, 2 + self.chance(0.3))
        if self.chance(0.4):
            # The condition's own scene id carries the text that the collapsed node prints.
            test.text = self.prose(10, 60)
            self.scenes_left -= 1
            twin = Node(self.scene, f"{test.name}_collapsed", test.start, test.end, "OTHER", "")
            self.nodes[twin.name] = twin
            test.children.insert(0, twin.name)
            self.frontier.insert(0, twin)

    def branches(self, test: Node, count: int) -> list[Node]:
        """The narrative nodes that a condition chooses from."""
        found = [self.add("OTHER", self.prose(10, 80)) for _ in range(count)]
        for node in found:
            follow([test], node)
        return found

    def segment(self) -> None:
        """What lies between two menus, then the next menu."""
        if self.line > self.chapter_end:
            self.chapters += 1
            word = self.rng.choice(("harbour", "market", "long-night", "trial", "road", "feast"))
            self.open_chapter(f"{self.chapters:02d}{self.rng.choice('_-')}{word}")
        spare = self.scenes_left / self.menus_left - SCENES_PER_MENU
        while self.rng.random() < spare:
            if self.chance(0.25):
                self.fork()
                spare -= 2.7
            else:
                self.merge(self.prose(10, 80))
                spare -= 1
        self.frontier = self.menu(self.frontier, depth=0)

    def menu(self, before: list[Node], depth: int) -> list[Node]:
        """The open ends after a menu that follows the nodes `before`."""
        node = self.add("CHOICE", self.scenery(), 3)
        follow(before, node)
        if self.chance(0.03):
            self.page(node)
        self.earlier = [*self.earlier[-20:], node]
        return self.options(node, depth)

    def options(self, menu: Node, depth: int) -> list[Node]:
        """The open ends of a menu's options, of which at least one always goes on."""
        self.menus_left -= 1
        hub = self.chance(0.03)
        count = self.rng.choices(OPTION_COUNTS, OPTION_WEIGHTS)[0]
        lines = [option_line(self.rng) for _ in range(count)]
        if self.chance(0.012):
            lines[-1] = lines[0]
        ends: list[Node] = []
        for place, line in enumerate(lines):
            last = place == count - 1
            reached = self.option(menu, line, depth)
            if hub and not last:
                follow(reached, menu)
            elif not last and self.chance(0.02):
                follow(reached, self.rng.choice(self.earlier))
            elif last or not self.chance(0.006):
                ends.extend(reached)
        return ends

    def option(self, menu: Node, line: str, depth: int) -> list[Node]:
        """The open ends of one option: itself mostly, else its branches, sequel or own menu."""
        kind = self.rng.choices(OPTION_KINDS, OPTION_KIND_WEIGHTS)[0]
        if depth >= DEEPEST and kind in {"menu", "later menu"}:
            kind = "plain"
        node = self.add(NODE_KINDS.get(kind, "OTHER"), self.option_scenario(kind, line))
        follow([menu], node)
        match kind:
            case "condition":
                return self.branches(node, 2)
            case "menu":
                return self.options(node, depth + 1)
            case "later menu":
                return self.menu([node], depth + 1)
            case "sequel":
                return self.branches(node, 1)
            case "page":
                self.page(node)
            case _:
                pass
        return [node]

    def option_scenario(self, kind: str, line: str) -> str:
        """The option's line and outcome; a condition's outcome stands in its branches."""
        if kind in {"condition", "no text"}:
            return line if kind == "condition" else ""
        return option_text(self.rng, line, 10 + int(60 * self.rng.random() ** 1.4))

    def page(self, node: Node) -> None:
        """A page break on the node's second line: a scene id that is no node."""
        node.pages[node.start + 1] = self.prose(10, 80)
        self.scenes_left -= 1


def walked(nodes: dict[str, Node]) -> list[Node]:
    """The nodes in the order of a walk from the first one, with their parents set."""
    root = next(iter(nodes))
    seen, stack, order = {root}, [root], list[Node]()
    while stack:
        node = nodes[stack.pop()]
        order.append(node)
        for child in node.children:
            nodes[child].parents.append(node.name)
            if child not in seen:
                seen.add(child)
                stack.append(child)
    return order
