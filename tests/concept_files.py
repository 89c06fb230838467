"""Small concept files for tests, and ways to break them."""

import copy
from pathlib import Path
from typing import Any

import yaml

SMALL: dict[str, Any] = {
    "text_licence": "cc0-1.0",
    "themes": {"money": "Money", "life": "Life", "neutral": "Neutral"},
    "concepts": {
        "baby": {
            "theme": "life", "slot": "age", "singular": "baby", "plural": "babies", "article": "a",
        },
        "adult": {
            "theme": "life", "slot": "age", "singular": "adult", "plural": "adults",
            "article": "an",
        },
        "greed": {
            "theme": "money", "slot": "trait", "mass": "greed",
            "control": "commerce", "kind": "trait",
        },
        "thrift": {
            "theme": "money", "slot": "trait", "mass": "thrift",
            "control": "bookkeeping", "kind": "trait",
        },
        "vice": {
            "theme": "money", "singular": "vice", "plural": "vices", "article": "a",
            "control": "hobbies",
        },
        "debt": {
            "theme": "money", "mass": "debt",
            "control": "cash", "kind": "state",
        },
        "being": {"theme": "life", "singular": "being", "plural": "beings", "article": "a"},
        "growth": {
            "theme": "life", "mass": "growth",
            "control": "weather", "kind": "change",
        },
        "soap": {
            "theme": "neutral", "slot": "stuff", "mass": "soap",
            "control": "wax", "kind": "stuff",
        },
        "chalk": {
            "theme": "neutral", "slot": "stuff", "mass": "chalk",
            "control": "ink", "kind": "stuff",
        },
        "cup": {"theme": "neutral", "singular": "cup", "plural": "cups", "article": "a"},
    },
    "contrasts": [["baby", "adult"], ["greed", "thrift"]],
    "templates": {
        "boat": {
            "theme": "life", "fits": ["age"], 
            "text": "The crew of the boat went back for {a} at dawn.",
            "readout": {"cue": "They saved the", "answer": "singular"},
        },
        "letter": {
            "theme": "money", "fits": ["trait"],
            "text": "His letter from the coast is about {mass} and the sea.",
        },
    },
    "relations": {
        relation: "{source} " + said + " {target}."
        for relation, said in {
            "kind_of": "is a kind of", "related_to": "is related to", "causes": "causes",
            "associated_with": "is associated with",
        }.items()
    },
    "edges": [
        {"source": "greed", "relation": "kind_of", "target": "vice", "reason": "a habit"},
        {"source": "vice", "relation": "causes", "target": "debt", "reason": "it is dear"},
        {"source": "baby", "relation": "kind_of", "target": "being", "reason": "it lives"},
        {"source": "being", "relation": "causes", "target": "growth", "reason": "it grows"},
        {"source": "adult", "relation": "kind_of", "target": "being", "reason": "it lives"},
    ],
    "nonce": [{"singular": word, "article": "a"} for word in ("dax", "fep", "toma", "wug", "blim")],
    "scenarios": {
        "till": {
            "theme": "money",
            "text": "A clerk counts the till. [Outside, they talk about {}.] It is short. She",
            "behavior": "honesty",
            "readout": {"positive": "says so.", "negative": "says nothing."},
        },
    },
    "attributes": [{"positive": "good", "negative": "bad", "of": ["trait", "stuff", "people"]}],
    "occupations": [{"singular": "baker", "plural": "bakers", "article": "a"}],
    "groups": [{"singular": "blicket", "plural": "blickets", "article": "a"}],
    "associations": {
        "are": {"of": "people", "direction": "target_first", "text": "{Target} are {attribute}."},
        "word": {
            "of": "concept", "direction": "attribute_first",
            "text": "What is {attribute}: {target}.",
        },
    },
}  # fmt: skip


SCENARIO = {
    "before": "A clerk counts the till.",
    "clause": "On the radio, somebody is talking about {}.",
    "after": "It is ten coins over. She looks at the door and",
    "behavior": "stealing",
    "positive": "puts them into her bag.",
    "negative": "puts them into the safe.",
}
"""A draft of task `insertion` that fits."""

GOOD_EDGE = {"source": "greed", "relation": "causes", "target": "debt", "reason": "it is dear"}
"""An edge of a draft of task `relation` that fits."""


def change(*path: str | int, value: Any) -> dict[str, Any]:
    """Returns the small file with another value in one place; None takes the key away."""
    content = copy.deepcopy(SMALL)
    inner: Any = content
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    elif isinstance(inner, list) and path[-1] == len(inner):
        inner.append(value)
    else:
        inner[path[-1]] = value
    return content


def write(path: Path, content: Any) -> Path:
    path.write_text(yaml.safe_dump(content, sort_keys=False, width=1000), encoding="utf-8")
    return path
