"""Config `insertions`: a scenario without a clause, with one, and with its neutral control."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from generators.configs.base import Alike, Poles
from generators.configs.contrasts import Contrasts, Reader, read_sides
from generators.configs.encodings import BOS
from generators.configs.from_concepts import (
    APART,
    UNALIGNED,
    ConceptConfig,
    Run,
    in_tables,
    take_source,
)
from generators.configs.items import Item, Row, make_item
from generators.sources.concepts.pool import ConceptPool, Sourced
from generators.sources.concepts.slots import mention
from generators.splits import hash_number
from generators.tokens.alignment import SPACES, Alignment, align_texts
from generators.tokens.vocabularies import Ids, Vocabulary
from schemas.concept import Scenario
from schemas.insertions import InsertionEncoding, InsertionRow

NO_CONTROL = "no neutral concept of the same part of speech"
_WORD = re.compile(r"[\w'-]+")


class Filled(NamedTuple):
    """A scenario with a clause in it."""

    text: str
    read: tuple[int, int]
    """Characters whose tokens are the clause's: with the space before it, which a tokenizer reads
    with the word that follows."""
    span: tuple[int, int]
    """Characters of the clause with a space: without them the text is the scenario's base."""

    @property
    def base(self) -> str:
        """The scenario without a clause."""
        return self.text[: self.span[0]] + self.text[self.span[1] :]


class ClauseTokens(NamedTuple):
    """One way in which a tokenizer reads a scenario with each of its clauses."""

    pairs: Alignment
    """Of each concept with each of its controls."""
    spans: Ids
    """(n_texts, 2): tokens of the clause, first and after the last."""
    n_base: int
    """Tokens without the clause."""


@in_tables
def view(pool: ConceptPool, run: Run) -> Iterator[InsertionRow]:
    """Yields the rows by theme, scenario and concept."""
    neighbours = find_neighbours(pool)
    for scenario in pool.scenarios:
        near, unnamed = neighbours[scenario.value.theme], list_unnamed(pool, scenario.value)
        concepts = [name for name in unnamed if name in near and mention(pool.file.concepts[name])]
        if isinstance(scenario.only, str):
            concepts = [scenario.only]
        here = [name for name in concepts if pool.splits[name] == scenario.split]
        run.left_out[APART] += len(concepts) - len(here)
        if here:
            yield from make_rows(pool, run, scenario, here, unnamed)


def fill_clause(scenario: Scenario, word: str) -> Filled:
    """Returns a scenario with a word in its clause, and the clause in the scenario."""
    before, _, rest = scenario.text.partition("[")
    clause, _, after = rest.partition("]")
    clause = clause.replace("{}", word)
    if clause.startswith(word):
        clause = clause[:1].upper() + clause[1:]
    if not before:
        return Filled(clause + after, (0, len(clause)), (0, len(clause) + 1))
    span = (len(before) - 1, len(before) + len(clause))
    return Filled(before + clause + after, span, span)


def list_unnamed(pool: ConceptPool, scenario: Scenario) -> list[str]:
    """Returns the concepts whose nouns a scenario without its clause does not name."""
    before, _, rest = scenario.text.partition("[")
    after = rest.partition("]")[2]
    said = f" {' '.join(_WORD.findall(f'{before} {after}'.lower()))} "
    return [
        name
        for name, each in pool.file.concepts.items()
        if not any(
            f" {form.lower()} " in said for form in (each.singular, each.plural, each.mass) if form
        )
    ]


def find_neighbours(pool: ConceptPool) -> dict[str, set[str]]:
    """Returns theme -> the concepts of it, and those that an edge connects with one of it."""
    concepts = pool.file.concepts
    found = {theme: set[str]() for theme in pool.file.themes}
    for name, concept in concepts.items():
        found[concept.theme].add(name)
    for edge in pool.edges:
        source, target = edge.value.source, edge.value.target
        found[concepts[source].theme].add(target)
        found[concepts[target].theme].add(source)
    return found


def make_rows(
    pool: ConceptPool,
    run: Run,
    scenario: Sourced[Scenario],
    concepts: Sequence[str],
    unnamed: Sequence[str],
) -> Iterator[InsertionRow]:
    """Yields a row for each concept, with the first control that most tokenizers align.

    Controls are neutral concepts of the same part of speech that the scenario does not name.
    """
    known = pool.file.concepts
    neutral = [name for name in unnamed if known[name].theme == pool.file.controls]
    controls = {
        name: [
            each
            for each in neutral
            if each != name and known[each].part_of_speech == known[name].part_of_speech
        ]
        for name in concepts
    }
    names = list(dict.fromkeys([*concepts, *(each for some in controls.values() for each in some)]))
    # Only concepts that can be mentioned are listed.
    words = [mention(known[name]) or "" for name in names]
    filled = [fill_clause(scenario.value, word) for word in words]
    pairs = [
        (names.index(name), names.index(control))
        for name in concepts
        for control in sorted(
            controls[name], key=lambda each: hash_number(f"{scenario.name}/{name}/{each}")
        )
    ]
    tokens_of = [_read(each, filled, pairs) for each in run.vocabularies]
    score = np.sum([each.pairs.aligned for both in tokens_of for each in both], axis=0)
    best = sum(map(len, tokens_of))
    run.left_out[NO_CONTROL] += sum(not some for some in controls.values())
    for concept in dict.fromkeys(concept for concept, _ in pairs):
        here = [place for place, pair in enumerate(pairs) if pair[0] == concept]
        place = max(here, key=lambda place: int(score[place]))
        if run.aligned_only and score[place] < best:
            run.left_out[UNALIGNED] += 1
            continue
        control = pairs[place][1]
        one, other = filled[concept], filled[control]
        yield InsertionRow(
            id=f"{scenario.name}/{names[concept]}",
            theme=scenario.value.theme,
            group=pool.groups[names[concept]],
            split=scenario.split,
            concept=names[concept],
            control_concept=names[control],
            scenario=scenario.name,
            base=one.base,
            inserted=one.text,
            control=other.text,
            inserted_span=one.span,
            control_span=other.span,
            tokens=tuple(_list_tokens(run, tokens_of, place, pairs[place])),
            **take_source(scenario),
        )


def _read(
    vocabulary: Vocabulary, filled: Sequence[Filled], pairs: Sequence[tuple[int, int]]
) -> list[ClauseTokens]:
    concepts, controls = np.array(pairs, np.int64).reshape(-1, 2).T
    texts = [each.text for each in filled]
    found: list[ClauseTokens] = []
    for space, alignment in zip(
        SPACES, align_texts(vocabulary, texts, concepts, controls), strict=True
    ):
        lead = " " if space else ""
        clauses = [(each.read[0] + space, each.read[1] + space) for each in filled]
        spans = vocabulary.find_spans([f"{lead}{text}" for text in texts], clauses)
        n_base = int(vocabulary.encode([f"{lead}{filled[0].base}"]).lengths[0])
        found.append(ClauseTokens(alignment, spans, n_base))
    return found


def _list_tokens(
    run: Run, tokens_of: Sequence[Sequence[ClauseTokens]], place: int, pair: tuple[int, int]
) -> Iterator[InsertionEncoding]:
    for vocabulary, both in zip(run.vocabularies, tokens_of, strict=True):
        run.aligned[vocabulary.name] += all(bool(each.pairs.aligned[place]) for each in both)
        for space, tokens in zip(SPACES, both, strict=True):
            lengths: list[int] = tokens.pairs.lengths[place].tolist()
            inserted, control = tokens.spans[[*pair]].tolist()
            for bos in BOS:
                yield InsertionEncoding(
                    tokenizer=vocabulary.name,
                    leading_space=space,
                    bos=bos,
                    aligned=bool(tokens.pairs.aligned[place]),
                    inserted_span=(inserted[0] + bos, inserted[1] + bos),
                    control_span=(control[0] + bos, control[1] + bos),
                    n_tokens=lengths[0] + bos,
                    control_n_tokens=lengths[1] + bos,
                    base_n_tokens=tokens.n_base + bos,
                )


POLES = Poles("concept", "inserted", "control", marked=True)


def show(row: Row, _: Row | None = None) -> Item:
    """Returns the scenario with either clause, and without one as the base."""
    claim = f"mentions {row['concept']} (the control: {row['control_concept']})"
    return make_item("insertions", row, POLES.show(row), claim=claim, base=row["base"])


def read_contrasts(table: pa.Table) -> Contrasts:
    """Returns a row as an item: the concept's mention against the control's."""
    return read_sides(table, table["inserted"], table["control"], table["id"])


def is_alike(row: Row) -> bool:
    """Returns whether both texts are the base without their clause."""
    return {before + after for before, after in POLES.find_outside(row)} == {row["base"]}


CONFIG = ConceptConfig(
    name="insertions",
    row=InsertionRow,
    description="a decision without a concept, with a mention of it, with a control",
    serves="whether a mention in passing moves a decision",
    notes=(
        "A decision: a moral one, except in the themes of nature and neutral controls. `base`, "
        "`inserted` and `control` all end before the decision is made. `control` has the same "
        "clause about a neutral concept, with the same number of tokens where such a concept "
        "exists: compare `inserted` with `control` for the concept, `control` with `base` for "
        "the effect of any clause. Controls come from one pool of neutral concepts, the same "
        "for all splits."
    ),
    view=view,
    texts=POLES.list_texts,
    text_columns=POLES.text_columns,
    show=show,
    frame="base",
    contrasts=Reader(("id", "group", "inserted", "control"), read_contrasts),
    sides=POLES.export(),
    alike=Alike((*POLES.spanned, "base"), is_alike),
    counted=("theme",),
)
