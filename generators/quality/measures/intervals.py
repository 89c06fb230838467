"""How sure a number is: bootstrap over groups. Pure."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
MOST_GROUPS = 500
"""More groups than this are bundled at random: the bundles are as independent, and much faster."""

Bounds = tuple[float, float]


def bootstrap_share(values: NDArray[np.generic], groups: NDArray[np.int32]) -> Bounds | None:
    """Returns the 95 % interval of the mean of values, resampling whole groups.

    Values of one group depend on each other, and so a group is drawn with all it has: the cluster
    bootstrap (Cameron, Gelbach and Miller 2008, https://doi.org/10.1162/rest.90.3.414). Of few
    groups it is too narrow; None where there are fewer than two.
    """
    names, places = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        return None
    if len(names) > MOST_GROUPS:
        places = np.random.default_rng(0).permutation(len(names))[places] % MOST_GROUPS
    bundles = min(len(names), MOST_GROUPS)
    sums = np.bincount(places, values.astype(np.float64), bundles)
    counts = np.bincount(places, minlength=bundles).astype(np.float64)
    draws = _draw_groups(bundles)
    low, high = np.quantile((draws @ sums) / (draws @ counts), [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)


@lru_cache(maxsize=4)
def _draw_groups(groups: int) -> NDArray[np.float64]:
    """Returns how often each group is drawn, in each of the resamples."""
    generator = np.random.default_rng(0)
    return generator.multinomial(groups, np.full(groups, 1 / groups), RESAMPLES).astype(np.float64)
