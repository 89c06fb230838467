"""Config `insertions`: a scenario without a clause, with one, and with its neutral control."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from generators.configs.encodings import BOS
from generators.configs.from_concepts import (
    APART,
    UNALIGNED,
    ConceptSet,
    Part,
    Scope,
    Sieve,
    make_tables,
    take_source,
)
from generators.configs.telling import Telling, find_words, is_named, tell
from generators.sources.concepts.pool import Material, Sourced
from generators.sources.concepts.slots import mention
from generators.splits import hash_number
from generators.tokens.alignment import SPACES, Alignment, align_texts
from generators.tokens.vocabularies import Ids, Vocabulary
from schemas.concept import Scenario
from schemas.insertions import InsertionEncoding, InsertionRow

NO_CONTROL = "no neutral concept of the same part of speech"


class Reading(NamedTuple):
    """One way in which a tokenizer reads the tellings of a scenario."""

    pairs: Alignment
    """Of each concept with each of its controls."""
    spans: Ids
    """(n_tellings, 2): tokens of the clause, first and after the last."""
    n_base: int
    """Tokens without the clause."""


class Choice(NamedTuple):
    """A concept with the control it is compared with, as places among the tellings."""

    concept: int
    control: int


def list_tables(scope: Scope) -> Iterator[Part]:
    """Yields the rows by theme, scenario and concept."""
    yield from make_tables(_list_rows(scope))


def _list_rows(scope: Scope) -> Iterator[InsertionRow]:
    material = scope.material
    neighbours = find_neighbours(material)
    for scenario in material.scenarios:
        concepts = list_concepts(material, scenario, neighbours)
        here = [name for name in concepts if material.splits[name] == scenario.split]
        scope.sieve.left_out[APART] += len(concepts) - len(here)
        if here:
            yield from make_rows(scope, scenario, here)


def find_neighbours(material: Material) -> dict[str, set[str]]:
    """Returns theme -> the concepts of it, and those that an edge connects with one of it."""
    concepts = material.file.concepts
    found = {theme: set[str]() for theme in material.file.themes}
    for name, concept in concepts.items():
        found[concept.theme].add(name)
    for edge in material.edges:
        source, target = edge.value.source, edge.value.target
        found[concepts[source].theme].add(target)
        found[concepts[target].theme].add(source)
    return found


def list_concepts(
    material: Material, scenario: Sourced[Scenario], neighbours: dict[str, set[str]]
) -> list[str]:
    """Returns the concepts that a scenario is to mention, in the order of the file."""
    if isinstance(scenario.only, str):
        return [scenario.only]
    near, said = neighbours[scenario.value.theme], find_words(scenario.value)
    return [
        name
        for name, each in material.file.concepts.items()
        if name in near and mention(each) and not is_named(each, said)
    ]


def list_controls(material: Material, concept: str, scenario: Scenario) -> list[str]:
    """Returns the neutral concepts of the same part of speech that the scenario does not name."""
    concepts, part = material.file.concepts, material.file.concepts[concept].part_of_speech
    said = find_words(scenario)
    return [
        name
        for name, each in concepts.items()
        if each.theme == material.file.controls
        and each.part_of_speech == part
        and name != concept
        and not is_named(each, said)
    ]


def make_rows(
    scope: Scope, scenario: Sourced[Scenario], concepts: Sequence[str]
) -> Iterator[InsertionRow]:
    """Yields a row for each concept, with the first control that most tokenizers align."""
    controls = {name: list_controls(scope.material, name, scenario.value) for name in concepts}
    names = list(dict.fromkeys([*concepts, *(each for some in controls.values() for each in some)]))
    tellings = [tell(scenario.value, _mention(scope.material, name)) for name in names]
    pairs = [
        Choice(names.index(name), names.index(control))
        for name in concepts
        for control in sorted(controls[name], key=lambda each: _rank(scenario.name, name, each))
    ]
    readings = [_read(each, tellings, pairs) for each in scope.sieve.vocabularies]
    score = np.sum([each.pairs.aligned for both in readings for each in both], axis=0)
    best = sum(map(len, readings))
    scope.sieve.left_out[NO_CONTROL] += sum(not some for some in controls.values())
    for concept in dict.fromkeys(pair.concept for pair in pairs):
        here = [place for place, pair in enumerate(pairs) if pair.concept == concept]
        place = max(here, key=lambda place: int(score[place]))
        if scope.sieve.aligned_only and score[place] < best:
            scope.sieve.left_out[UNALIGNED] += 1
            continue
        one, other = tellings[pairs[place].concept], tellings[pairs[place].control]
        tokens = list(_list_tokens(scope.sieve, readings, place, pairs[place]))
        named = (names[pairs[place].concept], names[pairs[place].control])
        yield _make_row(scope, scenario, named, one, other, tokens)


def _mention(material: Material, name: str) -> str:
    word = mention(material.file.concepts[name])
    assert word is not None  # only concepts that can be mentioned are listed
    return word


def _rank(*names: str) -> int:
    return hash_number("/".join(names))


def _read(
    vocabulary: Vocabulary, tellings: Sequence[Telling], pairs: Sequence[Choice]
) -> list[Reading]:
    concepts: Ids = np.array([pair.concept for pair in pairs], np.int64)
    controls: Ids = np.array([pair.control for pair in pairs], np.int64)
    texts = [each.text for each in tellings]
    base = texts[0][: tellings[0].span[0]] + texts[0][tellings[0].span[1] :]
    found: list[Reading] = []
    for space, alignment in zip(
        SPACES, align_texts(vocabulary, texts, concepts, controls), strict=True
    ):
        lead = " " if space else ""
        clauses = [(each.read[0] + space, each.read[1] + space) for each in tellings]
        spans = vocabulary.find_spans([f"{lead}{text}" for text in texts], clauses)
        n_base = int(vocabulary.encode([f"{lead}{base}"]).lengths[0])
        found.append(Reading(alignment, spans, n_base))
    return found


def _list_tokens(
    sieve: Sieve, readings: Sequence[Sequence[Reading]], place: int, pair: Choice
) -> Iterator[InsertionEncoding]:
    for vocabulary, both in zip(sieve.vocabularies, readings, strict=True):
        sieve.aligned[vocabulary.name] += all(bool(each.pairs.aligned[place]) for each in both)
        for space, reading in zip(SPACES, both, strict=True):
            spans = reading.spans
            lengths: list[int] = [int(number) for number in reading.pairs.lengths[place]]
            for bos in BOS:
                yield InsertionEncoding(
                    tokenizer=vocabulary.name,
                    leading_space=space,
                    bos=bos,
                    aligned=bool(reading.pairs.aligned[place]),
                    inserted_span=_move(spans, pair.concept, bos),
                    control_span=_move(spans, pair.control, bos),
                    n_tokens=lengths[0] + bos,
                    control_n_tokens=lengths[1] + bos,
                    base_n_tokens=reading.n_base + bos,
                )


def _move(spans: Ids, place: int, by: int) -> tuple[int, int]:
    return int(spans[place, 0]) + by, int(spans[place, 1]) + by


def _make_row(
    scope: Scope,
    scenario: Sourced[Scenario],
    pair: tuple[str, str],
    one: Telling,
    other: Telling,
    tokens: Sequence[InsertionEncoding],
) -> InsertionRow:
    concept, control = pair
    return InsertionRow(
        id=f"{scenario.name}/{concept}",
        theme=scenario.value.theme,
        group=scope.material.groups[concept],
        split=scenario.split,
        concept=concept,
        control_concept=control,
        scenario=scenario.name,
        base=one.text[: one.span[0]] + one.text[one.span[1] :],
        inserted=one.text,
        control=other.text,
        inserted_span=one.span,
        control_span=other.span,
        tokens=tuple(tokens),
        **take_source(scenario),
    )


SET = ConceptSet("insertions", InsertionRow, list_tables)
