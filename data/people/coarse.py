"""Positions of people, coarsened for those who need not know exactly."""

from __future__ import annotations

import math

from geo.errors import InputError

#: A cell of this many degrees is about 1.1 km from south to north: a douar, not a house.
CELL_DEG = 0.01


def coarsened(lon: float, lat: float) -> tuple[float, float]:
    """Give the middle of the cell in which a position lies (degrees, EPSG:4326).

    The grid is fixed, so asking again or moving a little tells nothing more.
    """
    return _middle(lon), _middle(lat)


def position_text(lon: float, lat: float) -> str:
    """Write a position as the vault keeps it."""
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise InputError(
            f"a position of {lon:g} {lat:g}", "degrees, lon then lat, are needed", "correct it"
        )
    return f"{lon:.6f} {lat:.6f}"


def parse_position(text: str) -> tuple[float, float]:
    """Read a position as the vault keeps it."""
    lon, _, lat = text.partition(" ")
    return float(lon), float(lat)


def _middle(degrees: float) -> float:
    # Whole cells are counted before they are scaled: -8.0 must not fall into its neighbour.
    return round((math.floor(round(degrees / CELL_DEG, 6)) + 0.5) * CELL_DEG, 6)
