"""Task `association`: new pairs of opposite attributes for one concept."""

import re
from collections.abc import Iterator, Sequence
from functools import partial

from generators.engine.dialogue import Ask, raise_all
from generators.writing import copies, wording
from generators.writing.task import Task, make
from schemas.concept import AttributePair, Concept
from schemas.drafts import AssociationDraft
from schemas.exchange import Fault

TASK = Task("association/v1", AssociationDraft, most_tokens=1000, usual_tokens=50)
_ADJECTIVE = re.compile(r"[a-z]+(?:-[a-z]+)?")


def ask(
    item: str, concept: Concept, known: Sequence[AttributePair], model: str
) -> Ask[AssociationDraft]:
    """Returns what to ask about a concept."""
    lines = [f"{pair.positive} / {pair.negative}" for pair in known]
    variables = {"concept": wording.name_concept(concept), "known": "\n".join(lines) or "(none)"}
    check = partial(check_draft, concept=concept, known=known, sent=TASK.system)
    return TASK.ask(model, item, variables, check)


def check_draft(
    draft: AssociationDraft, concept: Concept, known: Sequence[AttributePair], sent: str = ""
) -> None:
    """Raises Unfit where an attribute is no adjective, is not new, or names the concept."""
    _check_words(draft, concept, known, sent)
    read_pairs(draft, concept)


@raise_all
def _check_words(
    draft: AssociationDraft, concept: Concept, known: Sequence[AttributePair], sent: str
) -> Iterator[Fault]:
    shown = {*copies.list_words(sent)}
    taken = {word for pair in known for word in (pair.positive, pair.negative)}
    for pair in draft.attributes:
        if shown.issuperset((pair.positive, pair.negative)):
            detail = f"'{pair.positive[:40]}' and '{pair.negative[:40]}' stand in what it was shown"
            yield Fault(reason="copied_scene", detail=detail)
        for word in (pair.positive, pair.negative):
            if not _ADJECTIVE.fullmatch(word):
                detail = f"'{word[:40]}' is not one word in lower case"
                yield Fault(reason="schema", detail=detail)
            if word in taken:
                detail = f"'{word[:40]}' is among the attributes already"
                yield Fault(reason="known_already", detail=detail)
            taken.add(word)
            yield from wording.check_unnamed(word, [concept], "an attribute")


def read_pairs(draft: AssociationDraft, concept: Concept) -> list[AttributePair]:
    """Returns a draft in the form of the concept file, said of what a concept is."""
    kinds = (str(concept.kind),)
    return [make(AttributePair, **pair.model_dump(), of=kinds) for pair in draft.attributes]
