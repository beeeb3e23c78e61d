"""The one door between our numbers and a solver's integers.

Integer solvers truncate without a word: 0.9 s becomes 0. Here times and demands are rounded up and
capacities down, so that whatever the solver finds is possible on the road, and what cannot be an
integer is refused. Steps: 1 s, 0.1 kg, 0.01 m³.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Sums of floats may end a hair above a capacity that they were cut to.
HAIR = 1e-9

TIME_STEP_S = 1.0
KG_STEP = 0.1
M3_STEP = 0.01
# The largest matrix element PyVRP takes without warning (pyvrp.constants.MAX_VALUE, 0.14.1).
LARGEST = 1 << 44
# 0.3 / 0.1 is 2.9999999999999996 and 0.1 × 3 is 0.30000000000000004: neither is meant.
SLACK = 1e-6


def to_solver_units(
    values: ArrayLike, *, step: float, up: bool, blocked: int | None = None
) -> NDArray[np.int64]:
    """Whole steps of `step` in `values`.

    Parameters
    ----------
    values
        In SI units, 0 or more; any shape.
    step
        Size of one solver unit in the unit of `values`.
    up
        Round up (times, demands) or down (capacities).
    blocked
        What infinity becomes; None refuses infinity.

    Raises
    ------
    RuleError
        NaN, negative, infinite without `blocked`, or more than 2^44 steps.
    """
    array = np.asarray(values, dtype=np.float64)
    closed = np.isposinf(array)
    if blocked is None and closed.any():
        raise RuleError("solver input: infinity", "a finite number is needed", "see `blocked`")
    steps = np.where(closed, 0.0, array) / step
    if np.isnan(steps).any() or (steps < 0).any():
        raise RuleError("solver input: NaN or negative", "0 or more is needed", "correct the input")
    if (steps > LARGEST).any():
        raise RuleError(
            f"solver input: {steps.max():.3g} steps of {step}",
            "at most 2^44 steps fit",
            "correct the input",
        )
    whole = np.ceil(steps - SLACK) if up else np.floor(steps + SLACK)
    integers = np.maximum(whole, 0).astype(np.int64)
    return integers if blocked is None else np.where(closed, np.int64(blocked), integers)


def whole_seconds(seconds: float) -> int:
    """One duration, rounded up as `to_solver_units` does, for where it is asked a million times.

    Raises
    ------
    RuleError
        NaN, negative, infinite, or more than 2^44 s.
    """
    if not 0.0 <= seconds <= LARGEST:
        return int(to_solver_units(seconds, step=TIME_STEP_S, up=True))
    return max(math.ceil(seconds - SLACK), 0)


def from_solver_units(units: ArrayLike, *, step: float) -> NDArray[np.float64]:
    """SI values of whole steps: the inverse of `to_solver_units`, up to its rounding."""
    return np.asarray(units, dtype=np.float64) * step
