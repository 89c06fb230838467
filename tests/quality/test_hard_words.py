"""`hard` rows have no cue of their own where there is nothing but noise."""

from random import Random

import numpy as np
import pyarrow as pa

from generators.configs.pairs import read_contrasts as read_plain
from generators.quality.checks.cues import ECHO, measure_words
from generators.quality.evidence import Evidence, Rows, list_evidence
from generators.quality.selection.features import extract_features
from generators.quality.tiers import find_hard
from generators.sources.pairs.pair_files import OwnPair

WORDS = [f"w{number}" for number in range(400)]


def make_noise(count: int) -> Evidence:
    """Returns pairs of two words drawn by lot, with the flag as a build gives it."""
    rng = Random(1)
    sides = [[" ".join(rng.choices(WORDS, k=2)) for _ in range(2)] for _ in range(count)]
    contrasts = read_plain([OwnPair(positive=one, negative=other) for one, other in sides])
    features = extract_features(contrasts.texts)
    flags = {"hard": find_hard(contrasts, features)}
    table = pa.table({"id": contrasts.ids})
    rows = Rows("pairs", table, contrasts, flags, off_schema=np.zeros(count, np.bool_))
    return next(list_evidence(rows, features))


def test_what_a_model_of_noise_ranks_wrong_carries_its_inverse_and_that_is_no_cue() -> None:
    found = measure_words(make_noise(8000))
    assert found is not None
    assert found.figures["fitted on hard rows"] > 0.65, "there is an echo"
    assert abs(found.figures["fitted on hard rows"] - found.figures[ECHO]) < 0.05
    assert found.value == found.figures["fitted on all rows"]
    assert found.value is not None
    assert found.value < 0.3
