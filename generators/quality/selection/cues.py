"""The cues of contrasts: what could tell the poles apart without their content."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from generators.configs.codes import Ints, Mask
from generators.configs.contrasts import Contrasts, Floats
from generators.parallel import count_cores, map_in_order
from generators.quality.measures.surface import FEATURES, REFUSALS, WORDS, measure_texts
from generators.quality.selection.balance import Cue
from generators.quality.selection.classifiers import Vocabulary, list_places
from generators.quality.selection.ngrams import Ngrams

SIGN, SIZE, WEAK, PLACE, TARGET = 0.05, 0.05, 0.08, 0.05, 0.02
"""Tolerances of the mean: of which side has more, of by how much (in standard deviations), of
features that no gate names, of places. All stay well inside the gates, so that these hold on the
whole and not only in each behavior."""
FAMILIES = {
    "characters": "length",
    "commas": "punctuation",
    "full stops": "punctuation",
    "exclamation marks": "punctuation",
    "leading yes": "leading yes or no",
    "leading no": "leading yes or no",
}
"""Cue -> its name for who reads why a row fell: cues of one family move together, and which of them
the balance happens to be priced by says little."""
LARGEST = 3.0
"""Standard deviations at which a difference is cut off."""
MANY, AT_ONCE = 20_000, 4_000
"""So many texts are worth starting processes for, each of which reads so many at once."""


@dataclass(frozen=True)
class Readings:
    """What is measured of texts once, before anything is chosen."""

    ngrams: Ngrams
    """Text -> its n-grams."""
    surface: Floats
    """Text -> the ten features."""
    sentiment: Floats
    """Text -> its sentiment."""
    places: Ints | None = None
    """The texts whose n-grams count; all if None."""

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The texts that count -> those of their n-grams that are not too rare."""
        return Vocabulary(self.ngrams, self.places)


def read_texts(texts: list[str]) -> Readings:
    """Returns what is measured of texts; many are read by several processes."""
    processes = count_cores() if len(texts) >= MANY else 1
    chunks = [texts[start : start + AT_ONCE] for start in range(0, len(texts), AT_ONCE)]
    found = map_in_order(measure_texts, chunks, processes)
    measured = np.vstack([np.zeros((0, len(FEATURES) + 1)), *found])
    return Readings(Ngrams(texts), measured[:, :-1], measured[:, -1])


def narrow(readings: Readings, contrasts: Contrasts) -> Readings:
    """Returns the readings with the n-grams of some contrasts' texts only.

    So what is made of a behavior does not depend on which others there are. The same readings
    where the texts are the same, since they remember what was made of them.
    """
    places = list_places(np.concatenate([contrasts.positive, contrasts.negative]))
    if readings.places is not None and np.array_equal(places, readings.places):
        return readings
    return replace(readings, places=places)


def differ(values: Floats, contrasts: Contrasts) -> Floats:
    """Returns for each pair the positive's value less the negative's."""
    return values[contrasts.positive] - values[contrasts.negative]


def differ_surface(readings: Readings, contrasts: Contrasts) -> Floats:
    """Returns for each pair how much it differs in words, and in each feature that tells anything.

    Features in which no pair differs are left out: of millions of pairs they would take gigabytes.
    """
    columns = (differ(values, contrasts) for values in readings.surface.T)
    return np.column_stack(
        [column for place, column in enumerate(columns) if place == WORDS or column.any()]
    )


def average(values: Floats, item: Ints) -> Floats:
    """Returns the mean of pairs' values for each item; items are numbered from 0 on."""
    return np.bincount(item, values) / np.bincount(item)


def list_cues(contrasts: Contrasts, readings: Readings) -> Iterator[Cue]:
    """Yields the cues that are kept in balance from the start."""
    found = (*_list_surface(contrasts, readings), *_list_places(contrasts))
    yield from (cue for cue in found if cue.name not in contrasts.meant)


def _list_surface(contrasts: Contrasts, readings: Readings) -> Iterator[Cue]:
    for place, name in enumerate(FEATURES):
        values = readings.surface[:, place]
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
    feeling = differ(readings.sentiment, contrasts)
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


def find_refusals(contrasts: Contrasts, readings: Readings) -> Mask:
    """Returns for each item whether either side has the wording of a refusal."""
    refuses = readings.surface[:, REFUSALS] > 0
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
