"""Conversions between units, each a named function, so that none is done in passing.

Inside, everything is SI: metres, seconds, kilograms, square metres. Speeds are the one exception:
drivers and tags speak km/h, so tables hold `speed_kmh` and `travel_time_s` turns them into seconds.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

# A float, or an array (or Series) of them; the answer has the same shape and index.
Number = TypeVar("Number", float, NDArray[np.float64])

# International foot and mile, exact by definition (NIST SP 811, appendix B.6, 2008).
METRES_PER_FOOT = 0.3048
METRES_PER_MILE = 1609.344
# Avoirdupois pound and short ton, exact by definition (NIST SP 811, appendix B.8, 2008).
KG_PER_POUND = 0.45359237
KG_PER_SHORT_TON = 2000 * KG_PER_POUND


def mps_from_kmh(speed_kmh: Number) -> Number:
    """Metres per second from kilometres per hour."""
    return speed_kmh / 3.6


def kmh_from_mps(speed_mps: Number) -> Number:
    """Kilometres per hour from metres per second."""
    return speed_mps * 3.6


def kmh_from_mph(speed_mph: Number) -> Number:
    """Kilometres per hour from statute miles per hour."""
    return speed_mph * METRES_PER_MILE / 1000.0


def travel_time_s(length_m: Any, speed_kmh: Any) -> Any:
    """Seconds needed for `length_m` metres at `speed_kmh`; inf where the speed is 0 or less.

    Missing lengths or speeds (NaN) give NaN. Arrays are taken element by element.
    """
    length = np.asarray(length_m, dtype=np.float64)
    speed = np.asarray(speed_kmh, dtype=np.float64)
    stands = speed <= 0
    seconds = np.where(stands, np.inf, length / mps_from_kmh(np.where(stands, 1.0, speed)))
    return float(seconds) if seconds.ndim == 0 else seconds


def m_from_km(length_km: Number) -> Number:
    """Metres from kilometres."""
    return length_km * 1000.0


def km_from_m(length_m: Number) -> Number:
    """Kilometres from metres."""
    return length_m / 1000.0


def m_from_ft(length_ft: Number) -> Number:
    """Metres from international feet."""
    return length_ft * METRES_PER_FOOT


def kg_from_t(mass_t: Number) -> Number:
    """Kilograms from metric tonnes."""
    return mass_t * 1000.0


def t_from_kg(mass_kg: Number) -> Number:
    """Metric tonnes from kilograms."""
    return mass_kg / 1000.0


def t_from_short_ton(mass_st: Number) -> Number:
    """Metric tonnes from US short tons (2,000 lb)."""
    return mass_st * KG_PER_SHORT_TON / 1000.0


def km2_from_m2(area_m2: Number) -> Number:
    """Square kilometres from square metres."""
    return area_m2 / 1e6


def s_from_hours(duration_h: Number) -> Number:
    """Seconds from hours."""
    return duration_h * 3600.0


def hours_from_s(duration_s: Number) -> Number:
    """Hours from seconds."""
    return duration_s / 3600.0


def slope_deg_from_share(rise_over_run: Any) -> Any:
    """Slope in degrees from rise over run (0.1 is a grade of 10 %)."""
    return np.degrees(np.arctan(rise_over_run))
