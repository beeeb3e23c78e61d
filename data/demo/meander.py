"""Schematic lines of roads: a gentle meander between two points, as long as the road should be.

A straight leg is shorter than the road it stands for. The line swings about the chord, with zero
swing at both ends, as far as its length asks for. Being a swing across the chord it never crosses
itself. It says how long a road is, not where its bends are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from data.demo.chance import generator
from geo.errors import RuleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Parts of the swing: how often each swings compared with the main one, and how far.
FREQUENCIES = np.array([1.0, 0.55, 1.7])
WEIGHTS = np.array([1.0, 0.6, 0.25])
POINTS_PER_WAVE = 10
MIN_POINTS, MAX_POINTS = 9, 1000
# Halving the amplitude's interval 40 times leaves less than a micrometre of it.
BISECTIONS = 40


def meander(
    start_m: NDArray[np.float64],
    end_m: NDArray[np.float64],
    *,
    sinuosity: float,
    wavelength_m: float,
    name: str,
) -> NDArray[np.float64]:
    """Line from `start_m` to `end_m` that is `sinuosity` times as long as its chord.

    Parameters
    ----------
    start_m, end_m
        (2,) metres east and north in a projected CRS.
    sinuosity
        Length of the line over length of its chord, 1 or more.
    wavelength_m
        Length along the chord of one bend to the left and one to the right.
    name
        Decides the shape: the same name has the same shape always.

    Returns
    -------
    numpy.ndarray
        (n, 2) metres; the first and last point are `start_m` and `end_m` exactly.

    Raises
    ------
    RuleError
        Both ends are one point, or the line would have to be shorter than its chord.
    """
    chord = end_m - start_m
    chord_m = float(np.hypot(*chord))
    if chord_m == 0 or sinuosity < 1:
        raise RuleError(
            f"road {name}: {chord_m:.0f} m from end to end, sinuosity {sinuosity:g}",
            "two different ends and a sinuosity of 1 or more are needed",
            "correct the table",
        )
    half_waves = 2 * chord_m / wavelength_m
    n_points = int(np.clip(half_waves * POINTS_PER_WAVE, MIN_POINTS, MAX_POINTS))
    along = np.linspace(0.0, 1.0, n_points)
    across = _swing(along, half_waves, name)
    amplitude_m = _amplitude(along * chord_m, across, sinuosity * chord_m)
    left = np.array([-chord[1], chord[0]]) / chord_m
    line: NDArray[np.float64] = (
        start_m + along[:, np.newaxis] * chord + amplitude_m * across[:, np.newaxis] * left
    )
    line[0], line[-1] = start_m, end_m
    return line


def _swing(along: NDArray[np.float64], half_waves: float, name: str) -> NDArray[np.float64]:
    chance = generator(f"meander {name}")
    # Whole numbers of half waves, so that every part is zero at both ends.
    number = np.maximum(np.rint(half_waves * FREQUENCIES), 1.0)
    weight = WEIGHTS * chance.choice([-1.0, 1.0], size=3) * chance.uniform(0.7, 1.3, size=3)
    swing: NDArray[np.float64] = np.sin(np.pi * np.outer(along, number)) @ weight
    return swing


def _amplitude(along_m: NDArray[np.float64], across: NDArray[np.float64], length_m: float) -> float:
    """Metres by which `across` has to be multiplied for the line to be `length_m` long."""
    step_m, swing = np.diff(along_m), np.diff(across)
    low, high = 0.0, length_m / float(np.abs(swing).sum())
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if float(np.hypot(step_m, middle * swing).sum()) < length_m:
            low = middle
        else:
            high = middle
    return low
