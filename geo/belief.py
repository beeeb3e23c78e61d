"""What share of buildings is hit: a belief that begins with the shaking and takes evidence.

A Beta distribution of the share is the prior. Evidence is so many buildings looked at, of which so
many were seen hit, by a method that misses some and invents a few; each piece multiplies the
belief by its likelihood, so their order does not matter. The formulas and constants, and which of
them are estimates, stand in `docs/evidence.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import betainc

from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

# Bounds of a range are the quantiles of 5 % and 95 %: 1.645 standard deviations of a normal one.
LOW, HIGH = 0.05, 0.95
BOUND_SIGMAS = 1.645
#: Least and largest weight of a prior, in buildings looked at (alpha + beta). An estimate: how hard
#: one village was shaken is known to about one unit of intensity, and its houses are alike, so what
#: the shaking lets expect is worth no more than the sight of four of them.
WEIGHT_RANGE = (1.0, 4.0)
CELLS = 256
# Cells of the share, finer near 0 and 1, where towns and villages that are gone lie.
EDGES: NDArray[np.float64] = np.sin(np.linspace(0, np.pi / 2, CELLS + 1)) ** 2
SHARES: NDArray[np.float64] = (EDGES[1:] + EDGES[:-1]) / 2
# So many places are updated at once: 20 MB of cells.
CHUNK = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How well a way of looking tells a building that is hit.

    `sensitivity` is the share of hit buildings that it sees as hit, `specificity` the share of the
    others that it leaves alone. Its buildings count as at most `most_draws` independent ones: one
    picture, one angle and one analyst err alike all over a village.
    """

    name: str
    sensitivity: float
    specificity: float
    most_draws: float

    def __post_init__(self) -> None:
        if not (
            0 < self.sensitivity <= 1
            and 0 < self.specificity <= 1
            and self.sensitivity + self.specificity > 1
            and self.most_draws > 0
        ):
            raise InputError(
                f"method {self.name!r}: sensitivity {self.sensitivity:g}, "
                f"specificity {self.specificity:g}, at most {self.most_draws:g} draws",
                "shares above 0 that sum to more than 1, and some draws, are needed",
                "correct them: a method that sees no better than chance is no evidence",
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Buildings that were looked at, (n,) each: how many in all, how many of them seen hit.

    0 looked at is no evidence. Numbers need not be whole (a raster gives shares).
    """

    method: Method
    looked_at: NDArray[np.float64]
    hit: NDArray[np.float64]


def prior_weights(share: ArrayLike, low: ArrayLike, high: ArrayLike) -> NDArray[np.float64]:
    """Parameters alpha and beta, (n, 2), of the Beta distribution with this mean and range.

    Parameters
    ----------
    share, low, high
        Expected share and its bounds, within 0 and 1; NaN where nothing is expected.

    Notes
    -----
    The bounds are read as the quantiles of 5 % and 95 %: sd = (high - low) / 3.29. With the mean m,
    alpha + beta = m (1 - m) / sd² - 1, kept within `WEIGHT_RANGE`.
    """
    mean = np.clip(np.asarray(share, dtype=np.float64), 1e-6, 1 - 1e-6)
    width = np.asarray(high, dtype=np.float64) - np.asarray(low, dtype=np.float64)
    sd = np.maximum(width, 1e-6) / (2 * BOUND_SIGMAS)
    weight = np.clip(mean * (1 - mean) / sd**2 - 1, *WEIGHT_RANGE)
    weights: NDArray[np.float64] = np.column_stack([mean * weight, (1 - mean) * weight])
    return weights


def update(weights: NDArray[np.float64], evidence: Sequence[Evidence] = ()) -> pd.DataFrame:
    """The belief after all evidence.

    Parameters
    ----------
    weights
        (n, 2) as `prior_weights` gives them; a row with NaN is believed nothing of.
    evidence
        In any order.

    Returns
    -------
    pandas.DataFrame
        `low`, `value`, `high`: quantile of 5 %, mean and quantile of 95 % of the share, (n,); NaN
        where the weights are NaN. Without evidence, the prior.

    Raises
    ------
    InputError
        Fewer looked at than hit, or negative numbers.

    Notes
    -----
    A building that is looked at is seen hit with q = share · sensitivity + (1 - share) ·
    (1 - specificity). The likelihood of `hit` of `looked_at` is (q^hit (1 - q)^(rest))^w, with w =
    min(1, most_draws / looked_at). It grows with the share for each building seen hit and falls for
    each that is not, so more damage seen never lowers the belief.
    """
    for piece in evidence:
        _require(piece)
    parts = [
        _update_chunk(weights[start : start + CHUNK], evidence, slice(start, start + CHUNK))
        for start in range(0, max(len(weights), 1), CHUNK)
    ]
    return pd.DataFrame(np.concatenate(parts), columns=["low", "value", "high"])


def _require(piece: Evidence) -> None:
    looked_at, hit = piece.looked_at, piece.hit
    if (np.isfinite(looked_at) & np.isfinite(hit) & (hit >= 0) & (hit <= looked_at + 1e-9)).all():
        return
    raise InputError(
        f"evidence by {piece.method.name}: more buildings hit than looked at, or below 0",
        "0 ≤ hit ≤ looked at is needed for every place",
        "correct the counts",
    )


def _update_chunk(
    weights: NDArray[np.float64], evidence: Sequence[Evidence], rows: slice
) -> NDArray[np.float64]:
    below = betainc(weights[:, :1], weights[:, 1:], EDGES)
    with np.errstate(divide="ignore"):
        belief = np.log(np.diff(below, axis=1))
    for piece in evidence:
        method = piece.method
        seen = SHARES * method.sensitivity + (1 - SHARES) * (1 - method.specificity)
        looked_at, hit = piece.looked_at[rows], piece.hit[rows]
        scale = method.most_draws / np.maximum(looked_at, method.most_draws)
        hits, rest = (hit * scale)[:, np.newaxis], ((looked_at - hit) * scale)[:, np.newaxis]
        # A perfect method sees all of share 1: no building left over is then 0 · -inf, which is 0.
        belief = belief + hits * np.log(seen) + rest * np.log(np.maximum(1 - seen, 1e-300))
    known = np.isfinite(weights).all(axis=1)
    largest = np.where(known, np.nan_to_num(belief, nan=-np.inf).max(axis=1), 0.0)
    mass = np.exp(belief - largest[:, np.newaxis])
    mass = mass / np.where(known, mass.sum(axis=1), np.nan)[:, np.newaxis]
    below = np.column_stack([np.zeros(len(mass)), np.cumsum(mass, axis=1)])
    return np.column_stack(
        [_quantile(below, mass, LOW), (mass * SHARES).sum(axis=1), _quantile(below, mass, HIGH)]
    )


def _quantile(
    below: NDArray[np.float64], mass: NDArray[np.float64], level: float
) -> NDArray[np.float64]:
    """Share below which `level` of the belief lies, linear within a cell; NaN stays NaN."""
    cell = np.minimum((below[:, 1:] < level).sum(axis=1), CELLS - 1)
    row = np.arange(len(below))
    inside = mass[row, cell]
    part = np.divide(level - below[row, cell], inside, out=np.zeros(len(row)), where=inside > 0)
    quantile: NDArray[np.float64] = EDGES[cell] + np.clip(part, 0, 1) * (
        EDGES[cell + 1] - EDGES[cell]
    )
    return np.where(np.isnan(inside), np.nan, quantile)
