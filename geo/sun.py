"""When it gets light and dark at a place: the equations of NOAA's solar calculator.

Good to about a minute between 72° north and south for years from 1900 to 2100; mountains around a
valley are not taken into account, where it gets dark earlier.

References
----------
NOAA Global Monitoring Laboratory, "Solar Calculation Details" (gml.noaa.gov/grad/solcalc/
calcdetails.html), after Meeus, J. (1991), *Astronomical Algorithms*.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

# The upper limb on the horizon: refraction 0.833° (NOAA). Civil twilight: the sun 6° below it,
# until which things on the ground can be told apart without lamps.
SUNRISE_DEG = 90.833
CIVIL_DEG = 96.0
_J2000_DAYS = 2_451_545.0
_UNIX_EPOCH_DAYS = 2_440_587.5


@dataclass(frozen=True, slots=True)
class Light:
    """Beginning and end of the light of one day, aware UTC."""

    begins_at: datetime
    ends_at: datetime


def light_of(day: date, *, lon: float, lat: float, zenith_deg: float = CIVIL_DEG) -> Light | None:
    """Give the light of `day` (of the place's own solar day) at `lon`, `lat` in degrees.

    Parameters
    ----------
    zenith_deg
        Angle of the sun from the zenith at which it counts as dark: `CIVIL_DEG` or `SUNRISE_DEG`.

    Returns
    -------
    Light or None
        None where the sun does not pass that angle on that day: all light or all dark.
    """
    noon = datetime.combine(day, time(12), tzinfo=UTC) - timedelta(minutes=4 * lon)
    ends = []
    for sign in (-1, 1):
        moment = noon
        # The sun moves on between noon and dusk: once more with its place at that moment.
        for _ in range(3):
            angle = _hour_angle_deg(moment, lat, zenith_deg)
            if angle is None:
                return None
            equation_min = _declination_and_equation(moment)[1]
            moment = noon + timedelta(minutes=4 * sign * angle - equation_min)
        ends.append(moment.replace(microsecond=0))
    return Light(*ends)


def _hour_angle_deg(moment: datetime, lat: float, zenith_deg: float) -> float | None:
    declination = math.radians(_declination_and_equation(moment)[0])
    phi = math.radians(lat)
    cosine = math.cos(math.radians(zenith_deg)) / (math.cos(phi) * math.cos(declination))
    cosine -= math.tan(phi) * math.tan(declination)
    return math.degrees(math.acos(cosine)) if -1.0 <= cosine <= 1.0 else None


def _declination_and_equation(moment: datetime) -> tuple[float, float]:
    """Declination of the sun (degrees) and equation of time (minutes)."""
    t = (moment.timestamp() / 86_400 + _UNIX_EPOCH_DAYS - _J2000_DAYS) / 36_525
    mean_lon = math.radians((280.46646 + t * (36_000.76983 + 0.0003032 * t)) % 360)
    anomaly = math.radians(357.52911 + t * (35_999.05029 - 0.0001537 * t))
    eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t)
    centre = (
        math.sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t))
        + math.sin(2 * anomaly) * (0.019993 - 0.000101 * t)
        + math.sin(3 * anomaly) * 0.000289
    )
    node = math.radians(125.04 - 1934.136 * t)
    apparent = mean_lon + math.radians(centre - 0.00569 - 0.00478 * math.sin(node))
    seconds = 21.448 - t * (46.815 + t * (0.00059 - 0.001813 * t))
    obliquity = math.radians(23 + (26 + seconds / 60) / 60 + 0.00256 * math.cos(node))
    declination = math.asin(math.sin(obliquity) * math.sin(apparent))
    y = math.tan(obliquity / 2) ** 2
    equation = (
        y * math.sin(2 * mean_lon)
        - 2 * eccentricity * math.sin(anomaly)
        + 4 * eccentricity * y * math.sin(anomaly) * math.cos(2 * mean_lon)
        - 0.5 * y * y * math.sin(4 * mean_lon)
        - 1.25 * eccentricity * eccentricity * math.sin(2 * anomaly)
    )
    return math.degrees(declination), 4 * math.degrees(equation)
