"""Pairs in a shuffled order, with labels that say which side is which.

representation-engineering (https://github.com/andyzoujm/representation-engineering,
`RepReadingPipeline.get_directions(train_inputs=data, train_labels=labels)`): a flat list of
texts, two after two, and for every two a pair of booleans. Its PCA is centred, and finds nothing
where the positive side always comes first.
"""

from collections.abc import Iterator

from generators.export.formats.base import Entry, Format, LeftOut, Record, Scope
from generators.export.formats.sides import Pair, take_sides


def convert(pairs: Iterator[Pair | LeftOut], scope: Scope) -> Iterator[Entry]:
    """Yields pairs, of every two one turned round; the seed says which."""
    number, turned = 0, False
    for pair in pairs:
        if isinstance(pair, LeftOut):
            yield pair
            continue
        turned = not turned if number % 2 else bool(scope.draw(pair.row["id"], 2))
        number += 1
        texts = pair.sides.texts[::-1] if turned else pair.sides.texts
        columns = {
            "data": list(texts),
            "labels": [[not turned, turned]],
            "ids": [pair.row["id"]],
        }
        yield Record(f"{scope.split}.json", columns)


FORMAT = Format("repe", "representation-engineering", take_sides(convert), json="columns")
