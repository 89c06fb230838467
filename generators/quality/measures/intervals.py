"""How sure a number is: bootstrap over groups. Pure."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

RESAMPLES = 1000
MOST_GROUPS = 500
"""More groups than this are bundled at random: the bundles are as independent, and much faster."""

Bounds = tuple[float, float]


def bootstrap_share(values: NDArray[np.generic], groups: NDArray[np.int32]) -> Bounds | None:
    """Returns the 95 % percentile interval of the mean of values, resampling whole groups.

    Values of one group depend on each other, so a group is resampled with all its values: the
    cluster bootstrap (Cameron, Gelbach and Miller 2008, https://doi.org/10.1162/rest.90.3.414).
    With few groups the interval is too narrow; None where there are fewer than two.
    """
    names, places = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        return None
    if len(names) > MOST_GROUPS:
        places = np.random.default_rng(0).permutation(len(names))[places] % MOST_GROUPS
    found: Any = bootstrap(
        (np.bincount(places, values.astype(np.float64)), np.bincount(places)),
        _divide_sums,
        paired=True,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=0,
    )
    bounds = found.confidence_interval
    return round(float(bounds.low), 4), round(float(bounds.high), 4)


def _divide_sums(sums: Any, counts: Any, axis: int) -> Any:
    return sums.sum(axis) / counts.sum(axis)
