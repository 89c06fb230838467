"""Config `minimal_pairs`: a slot template with either concept of a contrast.

All pairs of a sentence are made at one time, as columns: a concept set of a hundred concepts and
three hundred templates has a million of them.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from generators.configs import encodings
from generators.configs.base import Alike, Item, Poles, Row, make_item
from generators.configs.contrasts import Contrasts, Reader, code_together, read_sides
from generators.configs.from_concepts import APART, UNALIGNED, ConceptConfig, Part, Run
from generators.parallel import map_ahead
from generators.sources.concepts.pool import ConceptPool, Pair, Sourced
from generators.sources.concepts.slots import Frame, find_difference, inflect, list_frames
from generators.splits import STRICTEST_FIRST
from generators.tokens.alignment import Alignment, align_texts
from generators.tokens.vocabularies import Ids
from schemas.base import CANARY, Split
from schemas.concept import Concept, Form, SlotTemplate
from schemas.minimal_pairs import MinimalPairRow

OVERLAPPING = "words around the slot that another template has, in a stricter split or before"

Alignments = list[list[Alignment]]
"""Tokenizer -> without a leading space, with one."""


@dataclass(frozen=True)
class Rendered:
    """The pairs of one sentence in one form."""

    form: Form
    one: list[str]
    """Pair after pair, what the positive concept puts into the slot."""
    other: list[str]
    """What the negative concept does."""
    alignments: Alignments
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


class Overlap(NamedTuple):
    """What another template puts between the same words around its slot."""

    fits: tuple[str, ...]
    only: object
    forms: tuple[Form, ...]


def view(pool: ConceptPool, run: Run) -> Iterator[Part]:
    """Yields the pairs, the strictest split first, by theme, template, variant and contrast."""

    def render(sentence: Sentence) -> tuple[Sentence, list[Rendered]]:
        return sentence, render_forms(pool, run, sentence)

    for sentence, rendered in map_ahead(render, list_sentences(pool, run)):
        table = tabulate(pool, run, sentence, rendered)
        if table is not None:
            yield Part(sentence.split, table)


def list_sentences(pool: ConceptPool, run: Run) -> Iterator[Sentence]:
    """Yields the sentences that have pairs, in this order."""
    overlaps, concepts = find_overlaps(pool), pool.file.concepts
    for split in STRICTEST_FIRST:
        for template in pool.templates:
            kept = [
                pair
                for pair in pool.contrasts
                if pool.splits[pair[0]] == split
                and template.only in (None, pair)
                and (template.only or concepts[pair[0]].slot in template.value.fits)
            ]
            for frame in list_frames(template.value.text):
                if template.split != split:
                    run.left_out[APART] += len(kept)
                    continue
                same_words = overlaps[template.name, frame.variant]
                here = leave_out_overlaps(pool, kept, frame, same_words)
                run.left_out[OVERLAPPING] += len(kept) - len(here)
                if here:
                    yield Sentence(split, template, frame, here)


def find_overlaps(pool: ConceptPool) -> dict[tuple[str, str], list[Overlap]]:
    """Returns template and variant -> the earlier templates that have the same words.

    Those of the concept file come before a model's, and a stricter split before others.
    """
    order = sorted(
        pool.templates,
        key=lambda each: (each.origin == "generated", STRICTEST_FIRST.index(each.split)),
    )
    earlier: defaultdict[tuple[str, str], list[Overlap]] = defaultdict(list)
    found: dict[tuple[str, str], list[Overlap]] = {}
    for template in order:
        for frame in list_frames(template.value.text):
            same_words = earlier[frame.prefix, frame.suffix]
            found[template.name, frame.variant] = [*same_words]
            same_words.append(Overlap(template.value.fits, template.only, frame.forms))
    return found


def leave_out_overlaps(
    pool: ConceptPool, pairs: Sequence[Pair], frame: Frame, overlaps: Sequence[Overlap]
) -> list[Pair]:
    """Returns the contrasts that no earlier template puts between the same words."""
    if not overlaps:
        return [*pairs]
    concepts = pool.file.concepts
    return [
        pair
        for pair in pairs
        if not any(
            concepts[pair[0]].slot in each.fits
            and each.only in (None, pair)
            and set(each.forms) & set(frame.forms)
            for each in overlaps
        )
    ]


def tabulate(
    pool: ConceptPool, run: Run, sentence: Sentence, rendered: Sequence[Rendered]
) -> pa.Table | None:
    """Returns a row for each pair, in the first form that all tokenizers align, else the first.

    None where none is to be kept.
    """
    _, template, frame, pairs = sentence
    aligned = np.stack([each.aligned for each in rendered])
    chosen: Ids = aligned.argmax(axis=0)
    kept = np.flatnonzero(aligned.any(axis=0)) if run.aligned_only else np.arange(len(pairs))
    run.left_out[UNALIGNED] += len(pairs) - len(kept)
    if not len(kept):
        return None
    alignments = encodings.choose([each.alignments for each in rendered], chosen, kept)
    for vocabulary, both in zip(run.vocabularies, alignments, strict=True):
        run.aligned[vocabulary.name] += int(np.all([each.aligned for each in both], axis=0).sum())
    places: list[tuple[int, int]] = np.stack([kept, chosen[kept]], axis=-1).tolist()
    sides = [
        Sides(pairs[at], rendered[form].form, rendered[form].one[at], rendered[form].other[at])
        for at, form in places
    ]
    tokens = encodings.pair_tokens([each.name for each in run.vocabularies], alignments)
    texts = _write_texts(template.name, frame, sides)
    columns = {**texts, **_describe(pool, template, frame, texts["concept"])}
    return encodings.make_pairs(columns, tokens)


def render_forms(pool: ConceptPool, run: Run, sentence: Sentence) -> list[Rendered]:
    """Returns the pairs in each form of the slot, the one that is preferred first."""
    frame, pairs = sentence.frame, sentence.pairs
    places = {name: place for place, name in enumerate(dict.fromkeys(chain(*pairs)))}
    concepts = [pool.file.concepts[name] for name in places]
    positive = [places[pair[0]] for pair in pairs]
    negative = [places[pair[1]] for pair in pairs]
    found: list[Rendered] = []
    for form in frame.forms:
        fillers = [_fill(concept, form, frame.capital) for concept in concepts]
        texts = [f"{frame.prefix}{filler}{frame.suffix}" for filler in fillers]
        alignments = [
            align_texts(each, texts, np.array(positive), np.array(negative))
            for each in run.vocabularies
        ]
        found.append(
            Rendered(
                form,
                [fillers[place] for place in positive],
                [fillers[place] for place in negative],
                alignments,
                np.all([each.aligned for both in alignments for each in both], axis=0),
            )
        )
    return found


def _fill(concept: Concept, form: Form, capital: bool) -> str:
    text = inflect(concept, form, capital=capital)
    assert text is not None  # the concept file was checked for it
    return text


_find_difference = cache(find_difference)
"""The same words meet in many sentences."""


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


def _list_spans(start: int, words: Sequence[str], shared: Sequence[tuple[int, int]]) -> Ids:
    """Returns the characters of words that follow a prefix, without what both sides share."""
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    lead, trail = np.array(shared, np.int64).reshape(-1, 2).T
    return np.stack([start + lead, start + lengths - trail], axis=-1)


def _describe(
    pool: ConceptPool, template: Sourced[SlotTemplate], frame: Frame, concepts: Sequence[str]
) -> dict[str, Any]:
    """Returns the columns that are no text; those that are the same in all rows as one value."""
    return {
        "group": [pool.groups[name] for name in concepts],
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


POLES = Poles("contrast", marked=True)


def show(row: Row, _: Row | None = None) -> Item:
    """Returns both sentences, the concepts marked."""
    other = row["contrast"].removeprefix(f"{row['concept']}/")
    facts = {name: row[name] for name in ("contrast", "variant", "form", "template")}
    claim = f"is about {row['concept']}, not {other}"
    return make_item("minimal_pairs", row, POLES.show(row), claim=claim, **facts)


def read_contrasts(table: pa.Table) -> Contrasts:
    """Returns a row as an item; a contrast in a template counts once."""
    units = code_together(table, ("contrast", "template"))
    return read_sides(table, table["positive"], table["negative"], units)


def is_alike(row: Row) -> bool:
    """Returns whether prefix and suffix are all that stands outside the spans."""
    return POLES.find_outside(row) == {(row["prefix"], row["suffix"])}


CONFIG = ConceptConfig(
    name="minimal_pairs",
    row=MinimalPairRow,
    description="two sentences that differ in one concept, with spans and tokens",
    notes=(
        "`positive` shows `concept`, `negative` the other side of `contrast`; both are "
        "`prefix`, then what differs (`positive_span`, `negative_span`, in characters), then "
        "`suffix`. Variant `critical_last` ends with what differs: read the last token there. "
        "`shared_suffix` continues with the same words on both sides: read the last token for "
        "what the rest of the sentence makes of the concept, or patch at the span. Neither side "
        "of a contrast is the good one by rule. `template` names the sentence, `form` the form "
        "in its slot."
    ),
    view=view,
    texts=POLES.list_texts,
    text_columns=POLES.text_columns,
    show=show,
    contrasts=Reader(
        ("id", "group", "contrast", "template", "positive", "negative"),
        read_contrasts,
        repeated=("group", "contrast", "template", "positive", "negative"),
    ),
    sides=POLES.export("variant"),
    alike=Alike((*POLES.spanned, "prefix", "suffix"), is_alike),
    minimal=True,
    counted=("theme", "variant", "form"),
)
