"""Contrasts of anybody's own lines of `{positive, negative}`."""

from collections.abc import Sequence

import pyarrow as pa

from generators.configs.codes import code, code_alike, code_texts, count_up
from generators.configs.contrasts import Contrasts, hash_texts
from generators.sources.pairs.pair_files import OwnPair


def read_plain(pairs: Sequence[OwnPair]) -> Contrasts:
    """Returns a line as an item; one prompt counts once, and is a group where none is named."""
    positives = pa.array([pair.positive for pair in pairs], pa.string())
    negatives = pa.array([pair.negative for pair in pairs], pa.string())
    prompts = pa.array([pair.prompt for pair in pairs], pa.string())
    columns = {"prompt": prompts, "positive": positives, "negative": negatives}
    whole = hash_texts(pa.table(columns), list(columns)).to_numpy()
    texts, positive, negative = code_texts(positives, negatives)
    names = [pair.id or str(place) for place, pair in enumerate(pairs)]
    units = [pair.prompt or name for pair, name in zip(pairs, names, strict=True)]
    return Contrasts(
        texts=texts,
        positive=positive,
        negative=negative,
        item=count_up(len(pairs)),
        ids=pa.array(names, pa.string()),
        row_item=count_up(len(pairs)),
        unit=code(units),
        group=code([pair.group or unit for pair, unit in zip(pairs, units, strict=True)]),
        part=code_alike(len(pairs)),
        whole=whole,
    )
