"""Config `minimal_pairs`: a slot template with either concept of a contrast.

All pairs of a sentence are made at one time, as columns: a concept set of a hundred concepts and
three hundred templates has a million of them.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from generators.configs.base import Alike, Poles
from generators.configs.contrasts import Contrasts, Reader, code_together, read_sides
from generators.configs.encodings import TwoTexts, keep_aligned, list_columns, make_pairs
from generators.configs.from_concepts import APART, ConceptConfig, Part, Run
from generators.configs.items import Item, Row, make_item
from generators.parallel import map_ahead
from generators.sources.concepts.pool import ConceptPool, Pair, Sourced
from generators.sources.concepts.slots import Frame, find_difference, inflect, list_frames
from generators.splits import STRICTEST_FIRST
from generators.tokens.alignment import Alignment, align_texts
from schemas.base import Split
from schemas.concept import Form, SlotTemplate
from schemas.minimal_pairs import MinimalPairRow

OVERLAPPING = "words around the slot that another template has, in a stricter split or before"


class Sentence(NamedTuple):
    """A template in one variant, with the pairs that are put into it."""

    split: Split
    template: Sourced[SlotTemplate]
    frame: Frame
    pairs: list[Pair]


class Overlap(NamedTuple):
    """What another template puts between the same words around its slot."""

    fits: tuple[str, ...]
    only: object
    forms: tuple[Form, ...]


def view(pool: ConceptPool, run: Run) -> Iterator[Part]:
    """Yields the pairs, the strictest split first, by theme, template, variant and contrast."""

    def align_forms(sentence: Sentence) -> tuple[Sentence, list[Rendered]]:
        return sentence, [render(pool, run, sentence, form) for form in sentence.frame.forms]

    for sentence, rendered in map_ahead(align_forms, list_sentences(pool, run)):
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
                here = [
                    pair
                    for pair in kept
                    if not any(
                        concepts[pair[0]].slot in each.fits
                        and each.only in (None, pair)
                        and set(each.forms) & set(frame.forms)
                        for each in same_words
                    )
                ]
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


class Rendered(NamedTuple):
    """The pairs of one sentence in one form."""

    one: list[str]
    """Pair after pair, what the positive concept puts into the slot."""
    other: list[str]
    """What the negative concept does."""
    alignments: list[list[Alignment]]


def render(pool: ConceptPool, run: Run, sentence: Sentence, form: Form) -> Rendered:
    """Returns the pairs of a sentence in one form of its slot."""
    frame, pairs = sentence.frame, sentence.pairs
    places = {name: place for place, name in enumerate(dict.fromkeys(chain(*pairs)))}
    # The concept file was checked: every concept that fits has the form.
    fillers = [
        inflect(pool.file.concepts[name], form, capital=frame.capital) or "" for name in places
    ]
    texts = [f"{frame.prefix}{filler}{frame.suffix}" for filler in fillers]
    positive, negative = ([places[pair[side]] for pair in pairs] for side in (0, 1))
    return Rendered(
        [fillers[place] for place in positive],
        [fillers[place] for place in negative],
        [
            align_texts(each, texts, np.array(positive), np.array(negative))
            for each in run.vocabularies
        ],
    )


_find_difference = cache(find_difference)
"""The same words meet in many sentences."""


def tabulate(
    pool: ConceptPool, run: Run, sentence: Sentence, rendered: Sequence[Rendered]
) -> pa.Table | None:
    """Returns a row for each pair that is kept; None where none is."""
    _, template, frame, pairs = sentence
    kept = keep_aligned(run, [each.alignments for each in rendered])
    if kept is None:
        return None
    before, after = frame.prefix, frame.suffix
    sides: list[TwoTexts] = []
    for place, form in zip(kept.places, kept.forms, strict=True):
        one, other = rendered[form].one[place], rendered[form].other[place]
        lead, trail = _find_difference(one, other)
        texts = (f"{before}{one}{after}", f"{before}{other}{after}")
        sides.append(TwoTexts(*texts, len(before) + lead, len(after) + trail))
    chosen = [pairs[place] for place in kept.places]
    forms = [frame.forms[place] for place in kept.forms]
    contrasts = [f"{one}/{other}" for one, other in chosen]
    columns = {
        "id": [
            f"{template.name}/{frame.variant}/{form}/{contrast}"
            for form, contrast in zip(forms, contrasts, strict=True)
        ],
        "concept": [one for one, _ in chosen],
        "contrast": contrasts,
        "form": forms,
        **list_columns(sides),
        "group": [pool.groups[one] for one, _ in chosen],
        "theme": template.value.theme,
        "template": template.name,
        "variant": frame.variant,
        "origin": template.origin,
        "split": template.split,
        "text_licence": template.text_licence,
        "provenance": template.provenance.__dict__,
    }
    return make_pairs(columns, kept.tokens)


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
    serves="patching at aligned tokens, steering by concept",
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
