"""Walking pace by slope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Away from paths people go at three fifths of the pace (Tobler 1993).
OFF_PATH_FACTOR = 0.6
# A path steeper than 27° winds instead, and a place that seems to stand higher over the road than
# that is mostly an error of its elevation: the slope is capped. Estimate.
MAX_SLOPE = 0.5


def tobler_speed_kmh(slope: NDArray[np.float64]) -> NDArray[np.float64]:
    """Walking speed on a path, in km/h, by slope (rise over run, below 0 downhill).

    An unknown slope (NaN) counts as level: 5.04 km/h.

    References
    ----------
    Tobler, W. (1993), Three presentations on geographical analysis and modeling, NCGIA Technical
    Report 93-1, part 1: ``6 exp(-3.5 |slope + 0.05|)``, fitted to data of Imhof (1950).
    """
    known = np.clip(np.nan_to_num(np.asarray(slope, dtype=np.float64)), -MAX_SLOPE, MAX_SLOPE)
    speed_kmh: NDArray[np.float64] = 6.0 * np.exp(-3.5 * np.abs(known + 0.05))
    return speed_kmh
