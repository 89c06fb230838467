"""Chooses `core`, part by part: the most items in which no surface cue points to a pole.

First goes what is out whatever the balance: refusal wording, and repeated text. Then the
known cues are balanced. Then, round by round, what a search finds in the rest (an n-gram on one
side, a classifier of the ten features fitted afresh) becomes a cue too, until it finds nothing.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from generators.configs.contrasts import Contrasts, Floats, Ints, Mask, Strings
from generators.quality.measures.texts import FEATURES, REFUSALS, WORDS
from generators.quality.selection.balance import Balance, Cue, balance
from generators.quality.selection.classifiers import cross_score, fit_direction, score_features
from generators.quality.selection.features import (
    AT_ONCE,
    TextFeatures,
    average,
    differ,
    differ_surface,
    take_part,
)

SIGN, SIZE, WEAK, PLACE, TARGET = 0.05, 0.05, 0.08, 0.05, 0.02
"""Tolerances of the mean: of which side has more, of by how much (in standard deviations), of
features that no check names, of places. All stay well inside the bounds of the checks, so
that these hold on the whole and not only in each behavior."""
FAMILIES = {
    "characters": "length",
    "commas": "punctuation",
    "full stops": "punctuation",
    "exclamation marks": "punctuation",
    "leading yes": "leading yes or no",
    "leading no": "leading yes or no",
}
"""Cue -> its name for who reads why a row fell: cues of one family move together, and which of them
the balance happens to be priced by means little."""
LARGEST = 3.0
"""Standard deviations at which a difference is cut off."""
ROUNDS = 12
NGRAMS_A_ROUND = 10
NGRAM_LIMIT = 0.12
"""Largest difference between the shares of positives and negatives with an n-gram; the check allows
0.2. In few menus chance makes larger ones: there `NGRAM_NOISE / sqrt(menus)` holds."""
NGRAM_NOISE = 1.5
CLASSIFIER_LIMIT = 0.54
"""Pair accuracy of the ten features above which their direction becomes a cue; likewise."""
CLASSIFIER_NOISE = 0.5
FEWEST_MENUS = 100
"""Below it a classifier is unreliable: chance alone lifts a clean set above 0.6."""
FOUND = 0.02
"""Tolerance of a cue that the search found, below the limit by which it is found."""


@dataclass(frozen=True)
class Choice:
    """What was chosen of a config's items."""

    core: Mask
    """Item -> whether it is core."""
    reasons: list[str]
    """Item -> the cue for which it is not core more than for any other; empty where it is."""


def choose_core(contrasts: Contrasts, features: TextFeatures, used: Mask | None = None) -> Choice:
    """Returns the core of a config.

    Args:
        contrasts: its items.
        features: what is measured of their texts.
        used: items that the choice may see, all if None; the others are judged by what was
            learnt from these, so that what is measured on them is no echo of the choice.
    """
    seen = np.ones(contrasts.items, np.bool_) if used is None else used
    rank = rank_items(contrasts.ids)
    out = {
        "refusal wording": find_refusals(contrasts, features),
        "repeated text": find_repeats(contrasts, rank),
    }
    core, reasons = np.zeros(contrasts.items, np.bool_), np.full(contrasts.items, "", object)
    for name, mask in out.items():
        reasons[mask & (reasons == "")] = name
    for part in range(len(contrasts.part.names)):
        chosen = (contrasts.part.places == part) & (reasons == "")
        if not (chosen & seen).any():
            continue
        kept, why = _choose_part(take_part(contrasts, chosen), features, rank[chosen], seen[chosen])
        core[chosen], reasons[chosen] = kept, why
    return Choice(core, reasons.tolist())


def rank_items(ids: Strings) -> Ints:
    """Returns each item's place in the order of the sha256 of its id: what is kept first."""
    digests = bytearray()
    for start in range(0, len(ids), AT_ONCE):
        names: list[Any] = ids.slice(start, AT_ONCE).to_pylist()
        digests += b"".join(sha256(name.encode()).digest() for name in names)
    keys = np.frombuffer(digests, ">u8").astype(np.uint64).reshape(-1, 4)
    order = np.argsort(keys[:, 0])
    if not np.diff(keys[order, 0]).all():
        order = np.lexsort(keys.T[::-1])
    rank = np.zeros(len(ids), np.int32)
    rank[order] = np.arange(len(ids))
    return rank


def _choose_part(
    contrasts: Contrasts, features: TextFeatures, rank: Ints, used: Mask
) -> tuple[Mask, list[str]]:
    cues = list(list_cues(contrasts, features))
    found = balance(cues, rank, used)
    for _ in range(ROUNDS):
        more = list(_search(contrasts, features, found.kept & used))
        if not more:
            break
        cues += more
        found = balance(cues, rank, used)
    return found.kept, explain(cues, found)


def list_cues(contrasts: Contrasts, features: TextFeatures) -> Iterator[Cue]:
    """Yields the cues that are kept in balance from the start."""
    found = (*_list_surface(contrasts, features), *_list_places(contrasts))
    yield from (cue for cue in found if cue.name not in contrasts.meant)


def _list_surface(contrasts: Contrasts, features: TextFeatures) -> Iterator[Cue]:
    for place, name in enumerate(FEATURES):
        values = features.surface[:, place]
        surface = differ(values, contrasts)
        if place == REFUSALS or (place != WORDS and not surface.any()):
            continue
        gated = "length" if place == WORDS else name
        sign = average(np.sign(surface), contrasts.item)
        yield Cue(gated, sign, SIGN if place == WORDS else WEAK)
        sides = values[contrasts.positive], values[contrasts.negative]
        spread = np.sqrt((sides[0].var() + sides[1].var()) / 2)
        size = np.clip(surface / max(spread, 1e-9), -LARGEST, LARGEST)
        yield Cue(gated, average(size, contrasts.item), SIZE if place == WORDS else WEAK)
    feeling = differ(features.sentiment, contrasts)
    yield Cue("sentiment", average(np.sign(feeling), contrasts.item), WEAK)
    yield Cue("sentiment", average(feeling, contrasts.item), SIZE)
    if contrasts.earlier is not None:
        yield Cue("place", average(contrasts.earlier.astype(np.float64), contrasts.item), PLACE)


def _list_places(contrasts: Contrasts) -> Iterator[Cue]:
    """Yields one cue for each place and number of options: more often there than by chance."""
    if contrasts.target is None or contrasts.size is None:
        return
    for size in np.unique(contrasts.size):
        scope = contrasts.size == size
        for place in range(size):
            here = (contrasts.target == place) - 1 / size
            yield Cue("place", np.where(scope, here, 0.0), TARGET, scope)


def find_refusals(contrasts: Contrasts, features: TextFeatures) -> Mask:
    """Returns for each item whether either side has the wording of a refusal."""
    refuses = features.surface[:, REFUSALS] > 0
    pairs = refuses[contrasts.positive] | refuses[contrasts.negative]
    found = np.zeros(contrasts.items, np.bool_)
    found[contrasts.item[pairs]] = True
    return found


def find_repeats(contrasts: Contrasts, rank: Ints) -> Mask:
    """Returns for each item whether its text stands in one of lower rank of its part already."""
    part, whole = contrasts.part.places, contrasts.whole
    order = np.lexsort((rank, whole, part))
    ones, others = order[:-1], order[1:]
    found = np.zeros(contrasts.items, np.bool_)
    found[others] = (part[ones] == part[others]) & (whole[ones] == whole[others])
    return found


def _search(contrasts: Contrasts, features: TextFeatures, kept: Mask) -> Iterator[Cue]:
    """Yields what still separates the poles of kept items."""
    pairs = contrasts.pairs_of(kept)
    menus = contrasts.count_units(kept)
    if not menus:
        return
    noise = 1 / np.sqrt(menus)
    words = features.vocabulary
    shares = words.compare(contrasts.positive[pairs], contrasts.negative[pairs])
    limit = max(NGRAM_LIMIT, NGRAM_NOISE * noise)
    worst = np.argsort(-np.abs(shares), kind="stable")[:NGRAMS_A_ROUND]
    for place in worst[np.abs(shares[worst]) > limit]:
        values = words.find(int(place), contrasts.positive, contrasts.negative)
        name = f"n-gram {words.names[place]!r}"
        yield Cue(name, average(values, contrasts.item), max(limit - FOUND, FOUND))
    if menus >= FEWEST_MENUS:
        yield from _search_direction(differ_surface(features, contrasts), contrasts, pairs, noise)


def _search_direction(
    surface: Floats, contrasts: Contrasts, pairs: Mask, noise: float
) -> Iterator[Cue]:
    """Yields the direction in which the ten features separate the poles, if they do."""
    groups = contrasts.group.places[contrasts.item[pairs]]
    scores = np.sign(cross_score(score_features(surface[pairs]), groups))
    if 0.5 + scores.mean() / 2 <= CLASSIFIER_LIMIT + CLASSIFIER_NOISE * noise:
        return
    direction = np.sign((surface @ fit_direction(surface[pairs])).round(6))
    yield Cue("the ten features together", average(direction, contrasts.item), FOUND)


def explain(cues: list[Cue], found: Balance) -> list[str]:
    """Returns for each item that was not kept the family of cues that weighs most against it."""
    named = [FAMILIES.get(cue.name, cue.name) for cue in cues]
    families = list(dict.fromkeys(named))
    places = [families.index(named[cue]) for cue in found.priced]
    reasons = np.full(len(found.kept), "", object)
    out = np.flatnonzero(~found.kept)
    burden = np.zeros((len(families), len(out)), np.float32)
    np.add.at(burden, places, found.burden[:, out])
    reasons[out] = np.array(families, object)[burden.argmax(axis=0)]
    return reasons.tolist()


def count_reasons(reasons: list[str]) -> dict[str, int]:
    """Returns cue -> items that fell for it, the most first."""
    counted = Counter(reason for reason in reasons if reason)
    return dict(sorted(counted.items(), key=lambda entry: (-entry[1], entry[0])))
