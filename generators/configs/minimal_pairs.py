"""Config `minimal_pairs`: a slot template with either concept of a contrast.

All pairs of a sentence are made at one time, as columns: a concept set of a hundred concepts and
three hundred templates has a million of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from generators.configs import encodings
from generators.configs.from_concepts import APART, UNALIGNED, ConceptSet, Part, Scope
from generators.configs.overlaps import CLAIMED, find_claims, leave_out_claimed
from generators.parallel import map_ahead
from generators.sources.concepts.pool import Material, Pair, Sourced
from generators.sources.concepts.slots import Frame, find_difference, inflect, list_frames
from generators.splits import STRICTEST_FIRST
from generators.tokens.alignment import Alignment, align_texts
from generators.tokens.vocabularies import Ids
from schemas.base import CANARY, Split
from schemas.concept import Concept, Form, SlotTemplate
from schemas.minimal_pairs import MinimalPairRow

Readings = list[list[Alignment]]
"""Tokenizer -> without a leading space, with one."""


@dataclass(frozen=True)
class Rendered:
    """The pairs of one sentence in one form."""

    form: Form
    one: list[str]
    """Pair after pair, what the positive concept puts into the slot."""
    other: list[str]
    """What the negative concept does."""
    readings: Readings
    aligned: npt.NDArray[np.bool_]
    """(n_pairs,): by every tokenizer, in every reading."""


class Sentence(NamedTuple):
    """A template in one variant, with the pairs that are put into it."""

    split: Split
    template: Sourced[SlotTemplate]
    frame: Frame
    pairs: list[Pair]


class Sides(NamedTuple):
    """A pair that is kept, in the form that is chosen for it."""

    pair: Pair
    form: Form
    one: str
    other: str


def list_tables(scope: Scope) -> Iterator[Part]:
    """Yields the pairs, the strictest split first, by theme, template, variant and contrast."""

    def render(sentence: Sentence) -> tuple[Sentence, list[Rendered]]:
        return sentence, render_forms(scope, sentence)

    for sentence, rendered in map_ahead(render, list_sentences(scope)):
        table = tabulate(scope, sentence, rendered)
        if table is not None:
            yield Part(sentence.split, table)


def list_sentences(scope: Scope) -> Iterator[Sentence]:
    """Yields the sentences that have pairs, in this order."""
    material, claims = scope.material, find_claims(scope.material)
    for split in STRICTEST_FIRST:
        for template in material.templates:
            contrasts = find_contrasts(material, template)
            kept = [pair for pair in contrasts if material.splits[pair[0]] == split]
            for frame in list_frames(template.value.text):
                if template.split != split:
                    scope.sieve.left_out[APART] += len(kept)
                    continue
                here = leave_out_claimed(
                    material, kept, frame, claims[template.name, frame.variant]
                )
                scope.sieve.left_out[CLAIMED] += len(kept) - len(here)
                if here:
                    yield Sentence(split, template, frame, here)


def find_contrasts(material: Material, template: Sourced[SlotTemplate]) -> list[Pair]:
    """Returns the contrasts whose concepts fit a template."""
    if template.only is not None:
        return [pair for pair in material.contrasts if pair == template.only]
    fits, concepts = template.value.fits, material.file.concepts
    return [pair for pair in material.contrasts if concepts[pair[0]].slot in fits]


def tabulate(scope: Scope, sentence: Sentence, rendered: Sequence[Rendered]) -> pa.Table | None:
    """Returns a row for each pair, in the first form that all tokenizers align, else the first.

    None where none is to be kept.
    """
    sieve, (_, template, frame, pairs) = scope.sieve, sentence
    aligned = np.stack([each.aligned for each in rendered])
    chosen: Ids = aligned.argmax(axis=0)
    kept = np.flatnonzero(aligned.any(axis=0)) if sieve.aligned_only else np.arange(len(pairs))
    sieve.left_out[UNALIGNED] += len(pairs) - len(kept)
    if not len(kept):
        return None
    readings = encodings.choose([each.readings for each in rendered], chosen, kept)
    for vocabulary, both in zip(sieve.vocabularies, readings, strict=True):
        sieve.aligned[vocabulary.name] += int(np.all([each.aligned for each in both], axis=0).sum())
    sides = [
        Sides(
            pairs[place],
            rendered[form].form,
            rendered[form].one[place],
            rendered[form].other[place],
        )
        for place, form in zip(_as_list(kept), _as_list(chosen[kept]), strict=True)
    ]
    tokens = encodings.pair_tokens([each.name for each in sieve.vocabularies], readings)
    texts = _write_texts(template.name, frame, sides)
    columns = {**texts, **_describe(scope, template, frame, texts["concept"])}
    return encodings.make_pairs(columns, tokens)


def render_forms(scope: Scope, sentence: Sentence) -> list[Rendered]:
    """Returns the pairs in each form of the slot, the one that is preferred first."""
    frame, pairs = sentence.frame, sentence.pairs
    places = {name: place for place, name in enumerate(dict.fromkeys(chain(*pairs)))}
    concepts = [scope.material.file.concepts[name] for name in places]
    positive = [places[pair[0]] for pair in pairs]
    negative = [places[pair[1]] for pair in pairs]
    found: list[Rendered] = []
    for form in frame.forms:
        fillers = [_fill(concept, form, frame.capital) for concept in concepts]
        texts = [f"{frame.prefix}{filler}{frame.suffix}" for filler in fillers]
        readings = [
            align_texts(each, texts, np.array(positive), np.array(negative))
            for each in scope.sieve.vocabularies
        ]
        found.append(
            Rendered(
                form,
                [fillers[place] for place in positive],
                [fillers[place] for place in negative],
                readings,
                np.all([each.aligned for both in readings for each in both], axis=0),
            )
        )
    return found


def _fill(concept: Concept, form: Form, capital: bool) -> str:
    text = inflect(concept, form, capital=capital)
    assert text is not None  # the concept file was checked for it
    return text


@cache
def _find_difference(one: str, other: str) -> tuple[int, int]:
    return find_difference(one, other)


def _write_texts(name: str, frame: Frame, sides: Sequence[Sides]) -> dict[str, Any]:
    """Returns column -> values, for those columns that are text or places in it."""
    before, after, start = frame.prefix, frame.suffix, len(frame.prefix)
    shared = [_find_difference(each.one, each.other) for each in sides]
    both = list(zip(sides, shared, strict=True))
    contrasts = [f"{each.pair[0]}/{each.pair[1]}" for each in sides]
    ids = zip(sides, contrasts, strict=True)
    return {
        "id": [f"{name}/{frame.variant}/{each.form}/{contrast}" for each, contrast in ids],
        "concept": [each.pair[0] for each in sides],
        "contrast": contrasts,
        "form": [each.form for each in sides],
        "positive": [f"{before}{each.one}{after}" for each in sides],
        "negative": [f"{before}{each.other}{after}" for each in sides],
        "positive_span": _list_spans(start, [each.one for each in sides], shared),
        "negative_span": _list_spans(start, [each.other for each in sides], shared),
        "prefix": [before + each.one[:lead] for each, (lead, _) in both],
        "suffix": [each.one[len(each.one) - trail :] + after for each, (_, trail) in both],
    }


def _as_list(places: Ids) -> list[int]:
    return cast(list[int], places.tolist())


def _list_spans(start: int, words: Sequence[str], shared: Sequence[tuple[int, int]]) -> Ids:
    """Returns the characters of words that follow a prefix, without what both sides share."""
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    lead, trail = np.array(shared, np.int64).reshape(-1, 2).T
    return np.stack([start + lead, start + lengths - trail], axis=-1)


def _describe(
    scope: Scope, template: Sourced[SlotTemplate], frame: Frame, concepts: Sequence[str]
) -> dict[str, Any]:
    """Returns the columns that are no text; those that are the same in all rows as one value."""
    return {
        "group": [scope.material.groups[name] for name in concepts],
        "theme": template.value.theme,
        "template": template.name,
        "variant": frame.variant,
        "tier": "full",
        "hard": False,
        "reversed_cue": False,
        "origin": template.origin,
        "split": template.split,
        "text_licence": template.text_licence,
        "canary": CANARY,
        "provenance": template.provenance.__dict__,
    }


SET = ConceptSet("minimal_pairs", MinimalPairRow, list_tables)
