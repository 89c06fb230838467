"""Config `minimal_pairs`: a slot template with either concept of a contrast.

All pairs of a sentence are made at one time, as columns: a concept set of a hundred concepts and
three hundred templates has a million of them.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from generators.concept_sets import encodings
from generators.concept_sets.base import APART, REPEATED, UNALIGNED, ConceptSet, Part, Scope
from generators.concept_sets.material import Material, Pair, Sourced
from generators.slots import Frame, find_difference, inflect, list_frames
from generators.splits import STRICTEST_FIRST
from generators.tokens.alignment import Alignment, align_texts
from generators.tokens.vocabularies import Ids
from schemas.base import CANARY
from schemas.concept import Concept, Form, SlotTemplate
from schemas.minimal_pairs import MinimalPairRow

_arrow: Any = pa
"""Its stubs do not know types that are looked up in a schema."""

Readings = list[list[Alignment]]
"""Tokenizer -> without a leading space, with one."""


class Claim(NamedTuple):
    """What a template says with the words around its slot."""

    fits: tuple[str, ...]
    only: object
    forms: tuple[Form, ...]


@dataclass(frozen=True)
class Rendered:
    """One sentence with every concept in its slot, in one form."""

    form: Form
    fillers: list[str]
    """Concept after concept, what stands in the slot."""
    readings: Readings
    aligned: npt.NDArray[np.bool_]
    """(n_pairs,): by every tokenizer, in every reading."""


def list_tables(scope: Scope) -> Iterator[Part]:
    """Yields the pairs, the strictest split first, by theme, template, variant and contrast."""
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
                scope.sieve.left_out[REPEATED] += len(kept) - len(here)
                if here and (table := render_pairs(scope, template, frame, here)) is not None:
                    yield Part(split, table)


def find_claims(material: Material) -> dict[tuple[str, str], list[Claim]]:
    """Returns template and variant -> what other templates say already in the same words.

    Those of the concept file come before a model's, and a stricter split before others.
    """
    order = sorted(
        material.templates,
        key=lambda each: (each.origin == "generated", STRICTEST_FIRST.index(each.split)),
    )
    claimed: defaultdict[tuple[str, str], list[Claim]] = defaultdict(list)
    found: dict[tuple[str, str], list[Claim]] = {}
    for template in order:
        for frame in list_frames(template.value.text):
            same_words = claimed[frame.prefix, frame.suffix]
            found[template.name, frame.variant] = [*same_words]
            same_words.append(Claim(template.value.fits, template.only, frame.forms))
    return found


def leave_out_claimed(
    material: Material, pairs: Sequence[Pair], frame: Frame, claims: Sequence[Claim]
) -> list[Pair]:
    """Returns the contrasts that no other template says in the same words."""
    if not claims:
        return [*pairs]
    concepts = material.file.concepts
    return [
        pair
        for pair in pairs
        if not any(
            concepts[pair[0]].slot in claim.fits
            and claim.only in (None, pair)
            and set(claim.forms) & set(frame.forms)
            for claim in claims
        )
    ]


def find_contrasts(material: Material, template: Sourced[SlotTemplate]) -> list[Pair]:
    """Returns the contrasts whose concepts fit a template."""
    if template.only is not None:
        return [pair for pair in material.contrasts if pair == template.only]
    fits, concepts = template.value.fits, material.file.concepts
    return [pair for pair in material.contrasts if concepts[pair[0]].slot in fits]


def render_pairs(
    scope: Scope, template: Sourced[SlotTemplate], frame: Frame, pairs: Sequence[Pair]
) -> pa.Table | None:
    """Returns a row for each pair, in the first form that all tokenizers align, else the first.

    None where none is to be kept.
    """
    names = {name: place for place, name in enumerate(dict.fromkeys(chain(*pairs)))}
    concepts = [scope.material.file.concepts[name] for name in names]
    positive = np.array([names[pair[0]] for pair in pairs], np.int64)
    negative = np.array([names[pair[1]] for pair in pairs], np.int64)
    rendered = [_render(scope, frame, form, concepts, positive, negative) for form in frame.forms]
    chosen = np.stack([each.aligned for each in rendered]).argmax(axis=0)
    aligned = np.stack([each.aligned for each in rendered]).any(axis=0)
    kept = np.flatnonzero(aligned) if scope.sieve.aligned_only else np.arange(len(pairs))
    scope.sieve.left_out[UNALIGNED] += len(pairs) - len(kept)
    if not len(kept):
        return None
    readings = encodings.choose([each.readings for each in rendered], chosen, kept)
    for vocabulary, both in zip(scope.sieve.vocabularies, readings, strict=True):
        scope.sieve.aligned[vocabulary.name] += int(
            np.all([each.aligned for each in both], axis=0).sum()
        )
    texts = _write_texts(template, frame, pairs, rendered, chosen, kept, positive, negative)
    names_of = [vocabulary.name for vocabulary in scope.sieve.vocabularies]
    columns = {**texts, **_describe(scope, template, frame, texts["concept"])}
    return encodings.make_pairs(columns, encodings.pair_tokens(names_of, readings))


def _render(
    scope: Scope,
    frame: Frame,
    form: Form,
    concepts: Sequence[Concept],
    positive: Ids,
    negative: Ids,
) -> Rendered:
    fillers = [_fill(concept, form, frame.capital) for concept in concepts]
    texts = [f"{frame.prefix}{filler}{frame.suffix}" for filler in fillers]
    readings = [align_texts(each, texts, positive, negative) for each in scope.sieve.vocabularies]
    flat = [reading.aligned for both in readings for reading in both]
    return Rendered(form, fillers, readings, np.all(flat, axis=0))


def _fill(concept: Concept, form: Form, capital: bool) -> str:
    text = inflect(concept, form, capital=capital)
    assert text is not None  # the concept file was checked for it
    return text


@cache
def _find_difference(one: str, other: str) -> tuple[int, int]:
    return find_difference(one, other)


def _write_texts(
    template: Sourced[SlotTemplate],
    frame: Frame,
    pairs: Sequence[Pair],
    rendered: Sequence[Rendered],
    chosen: npt.NDArray[np.int64],
    kept: npt.NDArray[np.int64],
    positive: Ids,
    negative: Ids,
) -> dict[str, list[Any]]:
    """Returns column -> values, for those columns that are text or places in it."""
    here = _as_list(kept)
    forms = [rendered[choice] for choice in _as_list(chosen[kept])]
    one, other = (
        [each.fillers[place] for each, place in zip(forms, _as_list(side[kept]), strict=True)]
        for side in (positive, negative)
    )
    shared = [*map(_find_difference, one, other)]
    concepts = [pairs[place][0] for place in here]
    contrasts = [f"{pairs[place][0]}/{pairs[place][1]}" for place in here]
    before, after, start = frame.prefix, frame.suffix, len(frame.prefix)
    stem = f"{template.name}/{frame.variant}/"
    return {
        "id": [f"{stem}{f.form}/{pair}" for f, pair in zip(forms, contrasts, strict=True)],
        "concept": concepts,
        "contrast": contrasts,
        "form": [each.form for each in forms],
        "positive": [f"{before}{word}{after}" for word in one],
        "negative": [f"{before}{word}{after}" for word in other],
        "positive_span": [
            _span(start, word, *ends) for word, ends in zip(one, shared, strict=True)
        ],
        "negative_span": [
            _span(start, word, *ends) for word, ends in zip(other, shared, strict=True)
        ],
        "prefix": [before + word[:lead] for word, (lead, _) in zip(one, shared, strict=True)],
        "suffix": [
            word[len(word) - trail :] + after for word, (_, trail) in zip(one, shared, strict=True)
        ],
    }


def _as_list(places: Ids) -> list[int]:
    return cast(list[int], places.tolist())


def _span(start: int, word: str, lead: int, trail: int) -> tuple[int, int]:
    return start + lead, start + len(word) - trail


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
        "origin": template.origin,
        "split": template.split,
        "text_licence": template.text_licence,
        "canary": CANARY,
        "provenance": template.provenance.__dict__,
    }


SET = ConceptSet("minimal_pairs", MinimalPairRow, list_tables)
