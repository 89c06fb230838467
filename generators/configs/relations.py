"""Config `relations`: premises from a path in the network, and a conclusion to judge."""

from collections.abc import Iterator
from functools import lru_cache

from generators.configs.counterexamples import Twins, find_twins, is_within, name_path
from generators.configs.from_concepts import ConceptSet, Part, Scope, make_tables, take_source
from generators.configs.nonce import SCOPES, NonceScope, Words, deal_words
from generators.sources.concepts.network import Fact, derive, list_facts
from generators.sources.concepts.pool import Material
from generators.splits import deal_split, hash_number
from schemas.relations import RelationRow

NO_WORDS = "no nonce words left that no other row has"


def list_tables(scope: Scope) -> Iterator[Part]:
    """Yields the items by theme of the premises and path; twins stand together."""
    yield from make_tables(_list_rows(scope))


def _list_rows(scope: Scope) -> Iterator[RelationRow]:
    found = find_twins(scope.material, scope.sieve.left_out)
    words_of = deal_words(scope.material.file, found)
    for twins in found:
        if not is_within(scope.material, twins.path):
            continue
        for nonce_scope in SCOPES:
            words = words_of[twins.path, nonce_scope]
            if words is None:
                scope.sieve.left_out[NO_WORDS] += 4
                continue
            for distracted in (False, True):
                for valid in (True, False):
                    yield make_row(scope, twins, words, nonce_scope, distracted, valid)


def make_row(
    scope: Scope,
    twins: Twins,
    words: Words,
    nonce_scope: NonceScope,
    distracted: bool,
    valid: bool,
) -> RelationRow:
    """Returns one item. Whether its conclusion follows is computed from its premises."""
    path, material = twins.path, scope.material
    premises = [*path.edges]
    item = f"{name_path(path)}/{nonce_scope}/{'distractor' if distracted else 'plain'}"
    if distracted:
        premises.insert(_find_place(f"{scope.seed}/{item}", len(premises)), twins.distraction)
    target = path.target if valid else twins.wrong
    follows = (path.source, path.relation, target) in _derive(frozenset(list_facts(premises)))
    assert follows == valid
    theme = material.file.concepts[path.source].theme

    def say(fact: Fact) -> str:
        return _say(material, words, fact)

    return RelationRow(
        id=f"{item}/{'valid' if follows else 'invalid'}",
        theme=theme,
        group=theme,
        split=deal_split(theme),
        premises=tuple(map(say, list_facts(premises))),
        conclusion=say((path.source, path.relation, target)),
        relation=path.relation,
        valid=follows,
        hops=len(path.edges),
        nonce=nonce_scope != "none",
        nonce_scope=nonce_scope,
        distractor=say(list_facts([twins.distraction])[0]) if distracted else "",
        edge_path=path.steps,
        counterpart_id=f"{item}/{'invalid' if follows else 'valid'}",
        **take_source(twins.source),
    )


@lru_cache(maxsize=64)  # the rows of a path differ in words and in order, rarely in premises
def _derive(premises: frozenset[Fact]) -> set[Fact]:
    return derive(premises)


def _find_place(item: str, others: int) -> int:
    """Returns where among other premises a distractor stands: last as often as not.

    So the last premise names the target of a valid conclusion as often as that of an invalid one.
    """
    drawn = hash_number(item)
    return others if drawn % 2 else drawn // 2 % others


def _say(material: Material, words: Words, fact: Fact) -> str:
    source, relation, target = fact
    phrase = material.file.relations[relation]  # pyright: ignore[reportArgumentType]
    said = phrase.replace("{target}", words.name(target, bare=relation == "kind_of"))
    said = said.replace("{source}", words.name(source, bare=False))
    return said[:1].upper() + said[1:]


SET = ConceptSet("relations", RelationRow, list_tables)
