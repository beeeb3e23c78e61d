"""Flights: what a load takes in a straight line from a depot, where nothing on the ground arrives.

Only distance, speed and range are looked at; whether something can land is said elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.crs import WGS84

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.model import Depot
    from routing.relay_rules import Air
    from routing.world import Sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A straight line from a depot to a place; `travel_time_s` includes the loading before it."""

    depot_id: str
    length_m: float
    travel_time_s: float
    handling_s: float
    capacity_kg: float
    basis: str = "straight line; landing, weather and permission not assessed"


def flights(
    air: Air | None, depots: Sequence[Depot], sites: Sites, *, max_time_s: float
) -> list[Flight | None]:
    """The flight to every site from the nearest depot; None where it is out of range."""
    n_sites = len(sites.lon)
    if air is None or not depots or not n_sites:
        return [None] * n_sites
    lon, lat = np.array([d.lon for d in depots]), np.array([d.lat for d in depots])
    shape = (len(depots), n_sites)
    known = np.isfinite(sites.lon) & np.isfinite(sites.lat)
    _, _, far_m = WGS84.inv(
        np.broadcast_to(lon[:, None], shape),
        np.broadcast_to(lat[:, None], shape),
        np.broadcast_to(np.where(known, sites.lon, 0.0), shape),
        np.broadcast_to(np.where(known, sites.lat, 0.0), shape),
    )
    far_m = np.where(known, far_m, np.inf)
    depot = far_m.argmin(axis=0)
    handling_s = air.handling_min * 60.0
    found: list[Flight | None] = []
    for site, row in enumerate(depot.tolist()):
        length_m = float(far_m[row, site])
        time_s = handling_s + length_m * 3.6 / air.speed_kmh
        fits = length_m <= air.range_km * 1000.0 and time_s <= max_time_s
        found.append(
            Flight(
                depot_id=depots[row].depot_id,
                length_m=length_m,
                travel_time_s=time_s,
                handling_s=handling_s,
                capacity_kg=air.capacity_kg,
            )
            if fits
            else None
        )
    return found
