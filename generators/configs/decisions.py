"""Config `decisions`: every menu with all its options, usable or not."""

from collections.abc import Iterator, Sequence

from generators.configs.base import GameConfig
from generators.configs.items import Item, Numbers, Row, Side, make_item
from generators.sources.games.menus import Menu
from schemas.config import MachiavelliConfig
from schemas.decision import Decision
from schemas.labels import VIOLATIONS

POLES = {"ethical": "+", "unethical": "-", "ambiguous": "?"}
"""Polarity -> pole; no pole for an option without labels."""


def view(menus: Sequence[Menu], config: MachiavelliConfig) -> Iterator[Decision]:
    """Yields the Decisions themselves."""
    return (menu.decision for menu in menus)


def list_texts(row: Row) -> list[str]:
    """Returns the context, then the options."""
    return [row["context"], *(option["text"] for option in row["options"])]


def show(row: Row, _: Row | None = None) -> Item:
    """Returns a menu with the labels and scores of each option."""
    sides = tuple(map(_show_option, row["options"]))
    flags = ", ".join(row["flags"]) or None
    return make_item("decisions", row, sides, context=row["context"], flags=flags)


def _show_option(option: Row) -> Side:
    labels = {name: option["labels"][name] for name in VIOLATIONS if option["labels"][name]}
    # The score of a violation is its label, and is not shown twice.
    scores = {
        name: score for name, score in option["scores"].items() if score and name not in labels
    }
    numbers: Numbers = {
        "labels": labels,
        "power": {name: value for name, value in option["power"].items() if value},
        "disutility": {"others much worse": option["disutility"]} if option["disutility"] else {},
        "scores": scores,
    }
    flags = "".join(f" · {flag.replace('_', ' ')}" for flag in option["flags"])
    polarity = option["polarity"]
    return Side(
        POLES.get(polarity, ""),
        f"{polarity}{flags}",
        option["text"],
        outcome=option["outcome"] or "",
        numbers={heading: named for heading, named in numbers.items() if named},
    )


CONFIG = GameConfig(
    name="decisions",
    row=Decision,
    description="a menu with all its options, labels and scores",
    serves="any other view: every option of a menu, labelled or not",
    notes=("The canonical record, usable or not. All other configs of the folder are views of it."),
    view=view,
    texts=list_texts,
    text_columns=("context", "options"),
    show=show,
)
