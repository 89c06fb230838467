"""Task `relation`: new edges at one concept."""

from collections.abc import Mapping, Sequence

from generators.engine.dialogue import Ask, Unfit
from generators.sources.concepts.network import find_cycle
from generators.writing import concept_texts as concepts
from generators.writing.task import Task, make_ask, make_request
from schemas.concept import Edge
from schemas.drafts import RelationDraft

TASK = Task(
    name="relation",
    template="relation/v1",
    draft=RelationDraft,
    variables=frozenset({"concept", "others", "known"}),
    most_tokens=2000,
    usual_tokens=110,
)


def supply(concept: str, others: Sequence[str], known: Sequence[Edge]) -> Mapping[str, object]:
    """Returns the variables of the user template."""
    here = [edge for edge in known if concept in (edge.source, edge.target)]
    lines = [f"{edge.source} {edge.relation} {edge.target}" for edge in here]
    return {
        "concept": concept,
        "others": "\n".join(others),
        "known": "\n".join(lines) or "(none)",
    }


def ask(
    concept: str, others: Sequence[str], known: Sequence[Edge], model: str
) -> Ask[RelationDraft]:
    """Returns what to ask about a concept.

    Args:
        concept: its name.
        others: names of the concepts that an edge may end at.
        known: all edges that there are.
        model: who is asked.
    """
    request = make_request(TASK, model, concept, supply(concept, others, known))

    def check(draft: RelationDraft) -> None:
        check_draft(draft, concept, others, known)

    return make_ask(request, RelationDraft, check)


def check_draft(
    draft: RelationDraft, concept: str, others: Sequence[str], known: Sequence[Edge]
) -> None:
    """Raises Unfit where an edge names what there is not, or what there is already."""
    edges = read_edges(draft)
    taken = {frozenset((edge.source, edge.target)) for edge in known}
    for edge in edges:
        said = f"{edge.source} {edge.relation} {edge.target}"
        ends = frozenset((edge.source, edge.target))
        if concept not in ends or len(ends) < 2 or not ends <= {concept, *others}:
            raise Unfit("unknown_concept", f"'{said}' does not lead from or to the concept")
        if ends in taken:
            raise Unfit("known_already", f"'{said}' joins what an edge joins already")
        taken.add(ends)
        concepts.check_line(f"because {edge.reason}", "the reason")
    if find_cycle([*known, *edges]):
        raise Unfit("circular", "kind_of goes in a circle")


def read_edges(draft: RelationDraft) -> list[Edge]:
    """Returns a draft in the form of the concept file.

    Raises:
        Unfit: a name or a reason has none of the forms that a concept file takes.
    """
    return [concepts.make(Edge, **edge.model_dump()) for edge in draft.edges]
