"""The words of texts in the place of activations: what a direction must be better than. Pure."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
# scipy's sparse matrices have few types.

import numpy as np

from generators.activations.directions import Design, Products
from generators.activations.states import Floats
from generators.configs.contrasts import Ints
from generators.quality.selection.classifiers import Vocabulary
from generators.quality.selection.ngrams import Ngrams


def multiply_words(ngrams: Ngrams, sides: tuple[Ints, Ints], design: Design) -> Products:
    """Returns the inner products of the pairs of a design, of their TF-IDF; the same in all layers.

    Args:
        ngrams: of all texts.
        sides: pair -> text of its positive, and of its negative.
        design: what is fitted, and what tested.
    """
    pairs = np.union1d(design.tests, design.fits)
    texts = np.unique(np.concatenate([side[pairs] for side in sides])).astype(np.int32)
    weighted = Vocabulary(ngrams, texts).weighted
    tests, fits = (
        weighted[sides[0][some]] - weighted[sides[1][some]] for some in (design.tests, design.fits)
    )
    found: Floats = ((tests @ fits.T).toarray() * design.sees).astype(np.float32)

    return lambda _: found
