"""Task `relation`: new edges at one concept."""

from collections.abc import Sequence
from functools import partial

from generators.engine.dialogue import Ask, Unfit
from generators.sources.concepts.network import find_cycle
from generators.writing import wording
from generators.writing.task import Task, make
from schemas.concept import Edge
from schemas.drafts import RelationDraft

TASK = Task("relation/v1", RelationDraft, most_tokens=2000, usual_tokens=110)


def ask(
    concept: str, others: Sequence[str], known: Sequence[Edge], model: str
) -> Ask[RelationDraft]:
    """Returns what to ask about a concept.

    Args:
        concept: its name.
        others: names of the concepts that an edge may end at.
        known: all known edges.
        model: name of the model.
    """
    here = [edge for edge in known if concept in (edge.source, edge.target)]
    lines = [f"{edge.source} {edge.relation} {edge.target}" for edge in here]
    shown, stated = "\n".join(others), "\n".join(lines) or "(none)"
    variables = {"concept": concept, "others": shown, "known": stated}
    check = partial(check_draft, concept=concept, others=others, known=known)
    return TASK.ask(model, concept, variables, check)


def check_draft(
    draft: RelationDraft, concept: str, others: Sequence[str], known: Sequence[Edge]
) -> None:
    """Raises Unfit where an edge names an unknown concept, or is known already."""
    edges = read_edges(draft)
    taken = {frozenset((edge.source, edge.target)) for edge in known}
    for edge in edges:
        stated = f"{edge.source} {edge.relation} {edge.target}"
        ends = frozenset((edge.source, edge.target))
        if concept not in ends or len(ends) < 2 or not ends <= {concept, *others}:
            raise Unfit("unknown_concept", f"'{stated}' does not lead from or to the concept")
        if ends in taken:
            raise Unfit("known_already", f"'{stated}' joins what an edge joins already")
        taken.add(ends)
        wording.check_line(f"because {edge.reason}", "the reason")
    if find_cycle([*known, *edges]):
        raise Unfit("circular", "kind_of goes in a circle")


def read_edges(draft: RelationDraft) -> list[Edge]:
    """Returns a draft in the form of the concept file.

    Raises:
        Unfit: a name or a reason has none of the forms that a concept file takes.
    """
    return [make(Edge, **edge.model_dump()) for edge in draft.edges]
