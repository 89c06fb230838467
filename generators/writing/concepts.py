"""What a model adds to a concept file: sentences, scenarios, edges and attributes.

contrast, or concept -> request -> answer -> draft -> part of the pool, or rejected, and why.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from generators.engine.dialogue import Accepted, Ask, Missing, Rejected
from generators.engine.engine import Engine
from generators.sources.concepts.concept_file import WRITTEN
from generators.sources.concepts.network import find_cycle
from generators.sources.concepts.pool import Additions, ConceptPool, Sourced, name_edge
from generators.sources.concepts.slots import mention, name_noun
from generators.splits import deal_split
from generators.writing import CONCEPT_TASKS, association, insertion, minimal_pair, relation
from generators.writing.totals import check_answered, count_reasons, reject, report_tasks
from schemas.base import Provenance, Split
from schemas.concept import AttributePair
from schemas.exchange import Rejection
from schemas.generation import ConceptGenerationReport

EXAMPLES = 3
"""Sentences that a model is shown."""


@dataclass(frozen=True)
class Generated:
    """All that a model added, and what became of the rest."""

    additions: Additions
    report: ConceptGenerationReport
    rejections: list[Rejection]


def generate(pool: ConceptPool, kinds: Sequence[str], model: str, engine: Engine) -> Generated:
    """Returns all that a model adds.

    Raises:
        GeneratorError: the model cannot be asked; what was answered is kept.
    """
    additions = Additions()
    rejections: list[Rejection] = []

    def asks() -> Iterator[Ask[Any]]:
        return list_asks(pool, kinds, model)

    for step in engine.run(asks, "writing", sum(1 for _ in asks())):
        if isinstance(step, Missing):
            continue
        if isinstance(step, Rejected):
            rejections.append(reject(step, step.request.item))
        elif (rejection := _add(pool, additions, step)) is not None:
            rejections.append(rejection)
    check_answered(rejections, engine)
    rejections.sort(key=lambda rejection: (rejection.id, rejection.task))
    report = ConceptGenerationReport(
        writer=model,
        prices_as_of=engine.prices_as_of,
        tasks=report_tasks(engine, dict.fromkeys(CONCEPT_TASKS, model)),
        rejected=count_reasons(rejections),
        added={name: len(parts) for name, parts in vars(additions).items()},
    )
    return Generated(additions, report, rejections)


def list_asks(pool: ConceptPool, kinds: Sequence[str], model: str) -> Iterator[Ask[Any]]:
    """Yields what is asked, for those kinds that are to be built, each in the order of the file."""
    for kind, listed in _ASKS.items():
        if kind in kinds:
            yield from listed(pool, model)


def _ask_pairs(pool: ConceptPool, model: str) -> Iterator[Ask[Any]]:
    file = pool.file
    known = [template.text for template in file.templates.values()]
    for positive, negative in pool.contrasts:
        sides = (file.concepts[positive], file.concepts[negative])
        fitting = [each.text for each in file.templates.values() if sides[0].slot in each.fits]
        item, theme = f"{positive}/{negative}", file.themes[sides[0].theme]
        yield minimal_pair.ask(item, theme, sides, known, fitting[:EXAMPLES], model)


def _ask_scenarios(pool: ConceptPool, model: str) -> Iterator[Ask[Any]]:
    concepts = pool.file.concepts
    named = [(each.theme, name) for name, each in concepts.items() if mention(each)]
    for name in pool.cut(named):
        theme = pool.file.themes[concepts[name].theme]
        yield insertion.ask(name, theme, concepts[name], model)


def _ask_edges(pool: ConceptPool, model: str) -> Iterator[Ask[Any]]:
    file = pool.file
    nouns = [(each.theme, name) for name, each in file.concepts.items() if name_noun(each)]
    for name in pool.cut(nouns):
        theme = file.concepts[name].theme
        others = [other for at, other in nouns if at == theme and other != name]
        if others:
            yield relation.ask(name, others, file.edges, model)


def _ask_attributes(pool: ConceptPool, model: str) -> Iterator[Ask[Any]]:
    file = pool.file
    known = [pair for pair in file.attributes if "concept" in pair.of]
    targets = [(at.theme, name) for name, at in file.concepts.items() if at.mass and at.target]
    for name in pool.cut(targets):
        yield association.ask(name, file.concepts[name], known, model)


_ASKS = {
    "minimal_pairs": _ask_pairs,
    "insertions": _ask_scenarios,
    "relations": _ask_edges,
    "associations": _ask_attributes,
}
"""Config -> what is asked for it."""


def _add(pool: ConceptPool, additions: Additions, step: Accepted[Any]) -> Rejection | None:
    """Adds what an answer holds; returns why not, where it clashes with an earlier answer."""
    return _ADDERS[step.request.task.partition("/")[0]](pool, additions, step)


def _add_sentences(pool: ConceptPool, additions: Additions, step: Accepted[Any]) -> None:
    positive, _, negative = step.request.item.partition("/")
    concept = pool.file.concepts[positive]
    for number, value in enumerate(minimal_pair.read_templates(step.value, concept), start=1):
        name, split = f"{WRITTEN}{positive}-{negative}-{number}", pool.splits[positive]
        additions.templates.append(_source(name, value, split, step, (positive, negative)))


def _add_scenario(pool: ConceptPool, additions: Additions, step: Accepted[Any]) -> None:
    item = step.request.item
    value = insertion.read_scenario(step.value, pool.file.concepts[item].theme)
    name, split = f"{WRITTEN}{item}", pool.splits[item]
    additions.scenarios.append(_source(name, value, split, step, item))


def _add_attributes(pool: ConceptPool, additions: Additions, step: Accepted[Any]) -> None:
    item = step.request.item
    for value in association.read_pairs(step.value):
        name, split = f"{value.positive}-{value.negative}", pool.splits[item]
        additions.attributes.append(_source(name, value, split, step, item))


def _add_edges(pool: ConceptPool, additions: Additions, step: Accepted[Any]) -> Rejection | None:
    edges = relation.read_edges(step.value)
    known = [*pool.file.edges, *(each.value for each in additions.edges)]
    joined = {frozenset((edge.source, edge.target)) for edge in known}
    if any(frozenset((edge.source, edge.target)) in joined for edge in edges):
        return _clash(step, "known_already", "an earlier answer joins the same concepts")
    if find_cycle([*known, *edges]):
        return _clash(step, "circular", "with an earlier answer kind_of goes in a circle")
    for edge in edges:
        split = deal_split(pool.file.concepts[edge.source].theme)
        additions.edges.append(_source(name_edge(edge), edge, split, step))
    return None


_ADDERS: dict[str, Callable[[ConceptPool, Additions, Accepted[Any]], Rejection | None]] = {
    minimal_pair.TASK.name: _add_sentences,
    insertion.TASK.name: _add_scenario,
    relation.TASK.name: _add_edges,
    association.TASK.name: _add_attributes,
}
"""Task -> what adds its drafts to the pool."""


def _clash(step: Accepted[Any], reason: Any, detail: str) -> Rejection:
    answer: str = step.value.model_dump_json()
    return reject(Rejected(reason, detail, step.request, answer), step.request.item)


def _source(
    name: str, value: Any, split: Split, step: Accepted[Any], only: Any = None
) -> Sourced[Any]:
    request = step.request
    provenance = Provenance(
        template=request.task,
        model=request.model,
        request_key=request.key,
        label_source="model" if isinstance(value, AttributePair) else None,
    )
    return Sourced(name, value, split, "generated", "generated", provenance, only)
