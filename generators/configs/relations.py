"""Config `relations`: premises from a path in the network, and a conclusion to judge."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import pyarrow as pa

from generators.configs.base import ReadSides, Twins
from generators.configs.contrasts import Contrasts, Reader, read_twins
from generators.configs.from_concepts import ConceptConfig, Run, in_tables, take_source
from generators.configs.items import Item, Row, Side, TwoSides, make_item
from generators.sources.concepts.network import Fact, Path, derive, list_facts, list_paths
from generators.sources.concepts.pool import ConceptPool, Sourced, name_edge
from generators.sources.concepts.slots import name_noun
from generators.splits import hash_number, split_by_hash
from schemas.concept import ConceptFile, Edge, NonceWord
from schemas.relations import RelationRow

NO_WORDS = "no nonce words left that no other row has"
NO_TWIN = "no concept of another theme that it does not follow for"
ROWS_A_PATH = 12
"""Real words, nonce subject, nonce words; without a distractor and with one; either validity."""
THEREFORE = "\nTherefore: "
"""Between premises and a conclusion."""

_derive = lru_cache(maxsize=64)(derive)
"""The rows of a path differ in words and in order, rarely in premises."""

NonceScope = Literal["none", "subject", "all"]
SCOPES: tuple[NonceScope, ...] = ("none", "subject", "all")


class Counterexample(NamedTuple):
    """A path, and a premise that names the target of its invalid twin."""

    path: Path
    source: Sourced[Edge]
    """The edge whose origin the rows take: one that a model wrote, where one is."""
    distraction: Edge


@in_tables
def view(pool: ConceptPool, run: Run) -> Iterator[RelationRow]:
    """Yields the items by theme of the premises and path; twins stand together."""
    found = find_counterexamples(pool, run.left_out)
    used: set[tuple[str, ...]] = set()
    words_of = {  # those of the concept file choose before a model's
        (each.path, scope): choose_words(pool.file, each, scope, used)
        for each in sorted(found, key=lambda each: each.source.origin == "generated")
        for scope in SCOPES
    }
    for example in found:
        if not is_within(pool, example.path):
            continue
        for nonce_scope in SCOPES:
            words = words_of[example.path, nonce_scope]
            if words is None:
                run.left_out[NO_WORDS] += 4
                continue
            for distracted in (False, True):
                for valid in (True, False):
                    yield make_row(pool, run.seed, example, words, nonce_scope, distracted, valid)


def make_row(
    pool: ConceptPool,
    seed: int,
    example: Counterexample,
    words: Mapping[str, NonceWord],
    nonce_scope: NonceScope,
    distracted: bool,
    valid: bool,
) -> RelationRow:
    """Returns one item. Whether its conclusion follows is computed from its premises."""
    path = example.path
    premises = [*path.edges]
    item = f"{name_path(path)}/{nonce_scope}/{'distractor' if distracted else 'plain'}"
    if distracted:
        # Last as often as not: so the last premise names the target of a valid conclusion as often
        # as that of an invalid one.
        drawn, others = hash_number(f"{seed}/{item}"), len(premises)
        premises.insert(others if drawn % 2 else drawn // 2 % others, example.distraction)
    target = path.target if valid else example.distraction.target
    follows = (path.source, path.relation, target) in _derive(frozenset(list_facts(premises)))
    assert follows == valid
    concepts = pool.file.concepts
    theme = concepts[path.source].theme

    def name(concept: str, *, bare: bool) -> str:
        known, word = concepts[concept], words.get(concept)
        if word is None:
            text = name_noun(known, bare=bare)
            assert text is not None  # the file was checked: no adjective has an edge
            return text
        with_article = known.singular is not None and not bare
        return f"{word.article} {word.singular}" if with_article else word.singular

    def phrase(fact: Fact) -> str:
        source, relation, target = fact
        sentence = pool.file.relations[relation]  # pyright: ignore[reportArgumentType]
        text = sentence.replace("{target}", name(target, bare=relation == "kind_of"))
        text = text.replace("{source}", name(source, bare=False))
        return text[:1].upper() + text[1:]

    return RelationRow(
        id=f"{item}/{'valid' if follows else 'invalid'}",
        theme=theme,
        group=theme,
        split=split_by_hash(theme),
        premises=tuple(map(phrase, list_facts(premises))),
        conclusion=phrase((path.source, path.relation, target)),
        relation=path.relation,
        valid=follows,
        hops=len(path.edges),
        nonce=nonce_scope != "none",
        nonce_scope=nonce_scope,
        distractor=phrase(list_facts([example.distraction])[0]) if distracted else "",
        edge_path=path.steps,
        counterpart_id=f"{item}/{'invalid' if follows else 'valid'}",
        **take_source(example.source),
    )


def find_counterexamples(pool: ConceptPool, left_out: Counter[str]) -> list[Counterexample]:
    """Returns the paths that have an invalid twin, by theme and name.

    All edges are looked at, whatever the limit: so it changes no row that is there. Those of the
    concept file are looked at alone for its own paths: so a model changes no row but its own.
    """
    sourced = {name_edge(each.value): each for each in pool.every_edge}
    own = [each.value for each in sourced.values() if each.origin == "template"]
    every = [each.value for each in sourced.values()]
    known = derive(list_facts(own))
    known_all = known if len(own) == len(every) else derive(list_facts(every))
    by_relation: defaultdict[str, list[Edge]] = defaultdict(list)
    for edge in own:
        by_relation[edge.relation].append(edge)
    found: list[Counterexample] = []
    themes, concepts = list(pool.file.themes), pool.file.concepts
    for path in sorted(
        list_paths(every, concepts),
        key=lambda path: (themes.index(concepts[path.source].theme), name_path(path)),
    ):
        parts = [sourced[name_edge(edge)] for edge in path.edges]
        written = next((part for part in parts if part.origin == "generated"), None)
        facts = known if written is None else known_all
        distraction = _find_distraction(pool, path, by_relation, facts)
        if distraction is not None:
            found.append(Counterexample(path, written or parts[0], distraction))
        elif is_within(pool, path):
            left_out[NO_TWIN] += ROWS_A_PATH
    return found


def name_path(path: Path) -> str:
    """Returns a path as it is named, such as `bribe-kind_of-payment-related_to-debt`."""
    return "-".join(path.steps)


def is_within(pool: ConceptPool, path: Path) -> bool:
    """Returns whether the limit leaves all edges of a path."""
    return all(name_edge(edge) in pool.edge_names for edge in path.edges)


def _find_distraction(
    pool: ConceptPool, path: Path, by_relation: Mapping[str, Sequence[Edge]], known: set[Fact]
) -> Edge | None:
    """Returns an edge of the path's last relation, of another theme: the twin takes its target.

    One of a theme in the same split is preferred, so that no concept of it stands in two.
    """
    concepts = pool.file.concepts
    theme = concepts[path.source].theme
    found = [
        edge
        for edge in by_relation[path.edges[-1].relation]
        if theme not in (concepts[edge.source].theme, concepts[edge.target].theme)
        and (path.source, path.relation, edge.target) not in known
    ]
    split = split_by_hash(theme)
    near = [edge for edge in found if split_by_hash(concepts[edge.target].theme) == split]
    among = near or found
    return among[hash_number(name_path(path)) % len(among)] if among else None


def choose_words(
    file: ConceptFile, example: Counterexample, scope: NonceScope, used: set[tuple[str, ...]]
) -> dict[str, NonceWord] | None:
    """Returns concept -> its nonce word in a path's rows: no other rows have the same sentences.

    None where there are too few nonce words. What is chosen is added to `used`.
    """
    if scope == "none":
        return {}
    steps, nonce = example.path.steps, file.nonce
    distraction = example.distraction
    every = list(dict.fromkeys([*steps[::2], distraction.source, distraction.target]))
    names = every if scope == "all" else [example.path.source]
    if len(nonce) < len(names):
        return None
    start = hash_number(f"{name_path(example.path)}/{scope}")
    for turn in range(len(nonce) * len(nonce)):
        order = sorted(range(len(nonce)), key=lambda at: hash_number(f"{start + turn}/{at}"))
        words = dict(zip(names, (nonce[at] for at in order), strict=False))
        said = (words[name].singular if name in words else name for name in steps[::2])
        key = (*steps[1::2], *said)
        if key not in used:
            used.add(key)
            return words
    return None


def list_texts(row: Row) -> list[str]:
    """Returns the premises, then the conclusion."""
    return ["\n".join(row["premises"]), row["conclusion"]]


def show(row: Row, twin: Row | None = None) -> Item:
    """Returns the conclusion, and that of the other validity where it is at hand."""
    sides = tuple(
        Side(
            "+" if each["valid"] else "-",
            "valid" if each["valid"] else "invalid",
            each["conclusion"],
        )
        for each in (row, twin)
        if each
    )
    return make_item(
        "relations",
        row,
        sides,
        claim="follows from the premises",
        context="\n".join(row["premises"]),
        **{name: row[name] for name in ("relation", "hops", "nonce_scope")},
        twin=row["counterpart_id"],
    )


def read_two_sides(row: Row, twin: Row | None) -> TwoSides:
    """Returns the premises with the conclusion that follows and with the one that does not."""
    assert twin is not None
    premises = " ".join(row["premises"])
    return TwoSides(row["relation"], row["conclusion"], twin["conclusion"], premises, THEREFORE)


def read_contrasts(table: pa.Table) -> Contrasts:
    """Returns two twins as an item; the same premises, in whatever order, count once."""
    premises: list[Any] = table["premises"].to_pylist()
    units = ["\n".join(sorted(each)) for each in premises]
    valid: list[Any] = table["valid"].to_pylist()
    return read_twins(table, "conclusion", valid, units)


CONFIG = ConceptConfig(
    name="relations",
    row=RelationRow,
    description="premises from a network of concepts, and a conclusion that follows or does not",
    serves="inference over a network, with words that mean nothing as the primary set",
    notes=(
        "Twins (`counterpart_id`) have the same premises; the conclusion of the invalid one "
        "ends at a concept of another theme. `hops` is the number of premises that the "
        "conclusion takes, `edge_path` the path in `concepts.json`. The rules, and no others: "
        "`kind_of` is transitive; `related_to`, `causes` and `associated_with` pass from a kind "
        "to its sub-kinds. Without a distractor the target of an invalid conclusion occurs in "
        "no premise, so word overlap alone separates it; with one (`distractor` is not empty) "
        "both targets occur. With one hop a valid conclusion repeats its premise: the control "
        "for copying; more hops need a step. `nonce_scope`: `subject` replaces the concept that "
        "the conclusion is about, `all` every concept. Half of the rows are valid, in every "
        "cell of relation, hops and nonce."
    ),
    view=view,
    texts=list_texts,
    text_columns=("premises", "conclusion"),
    show=show,
    contrasts=Reader(
        ("id", "group", "premises", "conclusion", "valid", "counterpart_id"), read_contrasts
    ),
    sides=ReadSides(
        ("relation", "premises", "conclusion", "valid", "counterpart_id"), read_two_sides
    ),
    twins=Twins("valid", True),
    counted=("theme", "relation", "hops", "nonce_scope", "valid"),
)
