"""A counterpart's text without its source: places in the source, and what is new. Pure.

A counterpart is the smallest edit of an option, and so mostly story text. What is published of it
is what the model added; whoever has the game has the rest.
"""

from collections.abc import Mapping, Sequence

from generators.errors import SourceError
from schemas.decision import Decision, Option

SHORTEST_COPY = 12
"""Characters that are given by their place rather than spelled: no longer run of the source's is
left in what is spelled."""

Edit = tuple[tuple[int, ...] | str, ...]
"""Places in the source (first character, and after the last), and strings, in their order."""


def write_edit(text: str, source: str) -> Edit:
    """Returns a text as pieces of its source, longest first from the left, and what is new."""
    pieces: list[tuple[int, ...] | str] = []
    place = 0
    while place < len(text):
        start, end = find_copy(text, place, source)
        if end - start >= SHORTEST_COPY:
            pieces.append((start, end))
            place += end - start
        else:
            spelled = pieces.pop() if pieces and isinstance(pieces[-1], str) else ""
            pieces.append(f"{spelled}{text[place]}")
            place += 1
    return tuple(pieces)


def find_copy(text: str, place: int, source: str) -> tuple[int, int]:
    """Returns where the source has the longest run of what a text goes on with."""
    start, length = 0, 0
    found = source.find(text[place : place + SHORTEST_COPY])
    while found >= 0 and place + length < len(text):
        start, length = found, length + 1
        found = source.find(text[place : place + length + 1], start)
    return start, start + length


def apply_edit(edit: Edit, source: str) -> str:
    """Returns the text that an edit makes of its source."""
    return "".join(
        piece if isinstance(piece, str) else source[piece[0] : piece[1]] for piece in edit
    )


def split_options(decision: Decision) -> tuple[Option, Option]:
    """Returns a counterpart's options: the story's, and the one that was written."""
    written = [each for each in decision.options if each.option_id.endswith("/counterpart")]
    told = [each for each in decision.options if each not in written]
    if len(written) != 1 or len(told) != 1:
        wanted = "an option of the story and its counterpart"
        raise SourceError(decision.id, "other options", wanted, "Publish it again")
    return told[0], written[0]


def gather_source(decision: Decision, option: Option) -> str:
    """Returns the text of a menu that an edit is written from, and read with."""
    return "\n".join((option.text, decision.context, decision.menu_text, option.outcome))


def withhold_counterpart(decision: Decision) -> tuple[Decision, Edit]:
    """Returns a counterpart without any text, and its text as an edit of its source."""
    told, written = split_options(decision)
    edit = write_edit(written.text, gather_source(decision, told))
    blank = {"text": "", "outcome": ""}
    options = tuple(option.model_copy(update=blank) for option in decision.options)
    return decision.model_copy(update={"context": "", "menu_text": "", "options": options}), edit


def restore_counterpart(withheld: Decision, edit: Edit, menu: Decision) -> Decision:
    """Returns a counterpart with its text, from the menu that it was written for.

    Args:
        withheld: the counterpart without text.
        edit: its text, as an edit.
        menu: the menu, as models are shown it.
    """
    told, written = split_options(withheld)
    known = {option.option_id: option for option in menu.options}
    if told.option_id not in known:
        return withheld
    told = known[told.option_id]
    text = apply_edit(edit, gather_source(menu, told))
    restored = {
        told.option_id: told,
        written.option_id: written.model_copy(update={"text": text}),
    }
    options = tuple(restored[option.option_id] for option in withheld.options)
    update = {
        "id": withheld.id,
        "origin": withheld.origin,
        "provenance": withheld.provenance,
        "options": options,
    }
    return menu.model_copy(update=update)


def restore_counterparts(
    written: Sequence[Decision], edits: Mapping[str, Edit], menus: Sequence[Decision]
) -> list[Decision]:
    """Returns what was written for some menus, counterparts with their text."""
    by_id = {menu.id: menu for menu in menus}
    restored: list[Decision] = []
    for decision in written:
        menu = by_id.get(decision.id.rpartition("/")[0])
        edit = edits.get(decision.id)
        whole = restore_counterpart(decision, edit, menu) if edit is not None and menu else decision
        restored.append(whole)
    return restored
