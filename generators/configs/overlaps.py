"""Which template says what with the words around its slot, where two have the same. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from generators.sources.concepts.pool import Material, Pair
from generators.sources.concepts.slots import Frame, list_frames
from generators.splits import STRICTEST_FIRST
from schemas.concept import Form

CLAIMED = "words around the slot that another template has, in a stricter split or before"


class Claim(NamedTuple):
    """What a template says with the words around its slot."""

    fits: tuple[str, ...]
    only: object
    forms: tuple[Form, ...]


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
