"""Task `association`: new pairs of opposite attributes for one concept."""

import re
from collections.abc import Mapping, Sequence

from generators.engine.dialogue import Ask, Unfit
from generators.writing import concept_texts as concepts
from generators.writing.task import Task, make_ask, make_request
from schemas.concept import AttributePair, Concept
from schemas.drafts import AssociationDraft

TASK = Task(
    name="association",
    template="association/v1",
    draft=AssociationDraft,
    variables=frozenset({"concept", "known"}),
    most_tokens=1000,
    usual_tokens=50,
)
_ADJECTIVE = re.compile(r"[a-z]+(?:-[a-z]+)?")


def supply(concept: Concept, known: Sequence[AttributePair]) -> Mapping[str, object]:
    """Returns the variables of the user template."""
    lines = [f"{pair.positive} / {pair.negative}" for pair in known]
    return {"concept": concepts.say(concept), "known": "\n".join(lines) or "(none)"}


def ask(
    item: str, concept: Concept, known: Sequence[AttributePair], model: str
) -> Ask[AssociationDraft]:
    """Returns what to ask about a concept."""
    request = make_request(TASK, model, item, supply(concept, known))

    def check(draft: AssociationDraft) -> None:
        check_draft(draft, concept, known)

    return make_ask(request, AssociationDraft, check)


def check_draft(draft: AssociationDraft, concept: Concept, known: Sequence[AttributePair]) -> None:
    """Raises Unfit where an attribute is no adjective, is there, or says the concept again."""
    taken = {word for pair in known for word in (pair.positive, pair.negative)}
    for pair in draft.attributes:
        for word in (pair.positive, pair.negative):
            if not _ADJECTIVE.fullmatch(word):
                raise Unfit("schema", f"'{word[:40]}' is not one word in lower case")
            if word in taken:
                raise Unfit("known_already", f"'{word}' is among the attributes already")
            taken.add(word)
            concepts.check_unnamed(word, [concept], "an attribute")
    read_pairs(draft)


def read_pairs(draft: AssociationDraft) -> list[AttributePair]:
    """Returns a draft in the form of the concept file."""
    return [
        concepts.make(AttributePair, **pair.model_dump(), of=("concept",))
        for pair in draft.attributes
    ]
