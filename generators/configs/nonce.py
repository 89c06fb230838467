"""How the concepts of a path are said: by their own words, or by words that mean nothing. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from generators.configs.counterexamples import Twins, name_path
from generators.sources.concepts.network import Path
from generators.sources.concepts.slots import name_kind, name_noun
from generators.splits import hash_number
from schemas.concept import Concept, ConceptFile, NonceWord

NonceScope = Literal["none", "subject", "all"]
SCOPES: tuple[NonceScope, ...] = ("none", "subject", "all")


@dataclass(frozen=True)
class Words:
    """How concepts are said in one row: nonce words for some of them."""

    concepts: Mapping[str, Concept]
    nonce: Mapping[str, NonceWord]

    def name(self, concept: str, *, bare: bool) -> str:
        """Returns a concept as a noun phrase; bare as it stands after "a kind of"."""
        known, word = self.concepts[concept], self.nonce.get(concept)
        if word is not None:
            with_article = known.singular is not None and not bare
            return f"{word.article} {word.singular}" if with_article else word.singular
        text = name_kind(known) if bare else name_noun(known)
        assert text is not None  # the file was checked: no adjective has an edge
        return text


def deal_words(
    file: ConceptFile, found: Sequence[Twins]
) -> dict[tuple[Path, NonceScope], Words | None]:
    """Returns the words of each path; those of the concept file choose before a model's."""
    used: set[tuple[str, ...]] = set()
    own_first = sorted(found, key=lambda twins: twins.source.origin == "generated")
    return {
        (twins.path, scope): choose_words(file, twins, scope, used)
        for twins in own_first
        for scope in SCOPES
    }


def choose_words(
    file: ConceptFile, twins: Twins, scope: NonceScope, used: set[tuple[str, ...]]
) -> Words | None:
    """Returns the words of a path's rows, such that no other rows have the same sentences.

    None where there are too few nonce words. What is chosen is added to `used`.
    """
    if scope == "none":
        return Words(file.concepts, {})
    steps, pool = twins.path.steps, file.nonce
    every = list(dict.fromkeys([*steps[::2], twins.distraction.source, twins.wrong]))
    names = every if scope == "all" else [twins.path.source]
    if len(pool) < len(names):
        return None
    start = hash_number(f"{name_path(twins.path)}/{scope}")
    for turn in range(len(pool) * len(pool)):
        order = sorted(range(len(pool)), key=lambda at: hash_number(f"{start + turn}/{at}"))
        words = dict(zip(names, (pool[at] for at in order), strict=False))
        said = (words[name].singular if name in words else name for name in steps[::2])
        key = (*steps[1::2], *said)
        if key not in used:
            used.add(key)
            return Words(file.concepts, words)
    return None
