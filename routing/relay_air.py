"""Flights: what a load takes in a straight line, where nothing on the ground arrives.

A flight begins at a depot or, where the place is out of range of every depot, at a staging point:
a place that vehicles reach, to which the load is driven first. Only distance, speed and range are
looked at; whether something can land is said elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.crs import WGS84
from routing.chain import Leg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from geo.model import Depot
    from routing.vehicles import AirClass
    from routing.world import Sites

# Distances that are held at a time, at 8 bytes each and several tables of them.
_MAX_ENTRIES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pad:
    """Where a load can be put into the air: a depot, or a place to which it is driven by `legs`."""

    lon: float
    lat: float
    start: str
    depot_id: str
    ready_s: float = 0.0
    legs: tuple[Leg, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A straight line to a place; `travel_time_s` is all of it, from the depot on.

    `legs` are those of the load: to the staging point, if there is one, and the flight, of
    `length_m` and with the loading of `handling_s` before it.
    """

    depot_id: str
    start: str
    length_m: float
    travel_time_s: float
    handling_s: float
    capacity_kg: float
    legs: tuple[Leg, ...]
    basis: str = "straight line; landing, weather and permission not assessed"


def depot_pads(depots: Sequence[Depot]) -> list[Pad]:
    """The depots as places to fly from."""
    return [
        Pad(lon=one.lon, lat=one.lat, start=one.depot_id, depot_id=one.depot_id) for one in depots
    ]


def flights(
    air: AirClass | None,
    pads: Sequence[Pad],
    sites: Sites,
    place_ids: Sequence[str],
    *,
    max_time_s: float,
) -> list[Flight | None]:
    """The flight to every site that arrives first; None where it is out of range of all pads.

    Among those that arrive at the same time the first of `pads` counts.
    """
    n_sites = len(sites.lon)
    if air is None or not pads or not n_sites:
        return [None] * n_sites
    ready_s = np.array([one.ready_s for one in pads])
    size = max(1, _MAX_ENTRIES // len(pads))
    found: list[Flight | None] = []
    for begin in range(0, n_sites, size):
        rows = slice(begin, begin + size)
        far_m = straight_m(
            [one.lon for one in pads], [one.lat for one in pads], sites.lon[rows], sites.lat[rows]
        )
        time_s = ready_s[:, None] + flight_s(air, far_m)
        pad = time_s.argmin(axis=0)
        found += [
            _flight(air, pads[row], float(far_m[row, at]), float(time_s[row, at]), place_id)
            if time_s[row, at] <= max_time_s
            else None
            for at, (row, place_id) in enumerate(zip(pad.tolist(), place_ids[rows], strict=True))
        ]
    return found


def straight_m(
    lon: ArrayLike, lat: ArrayLike, to_lon: ArrayLike, to_lat: ArrayLike
) -> NDArray[np.float64]:
    """Metres between all points and all others, (n_from, n_to); inf where one is unknown."""
    lons, lats = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    to_lons, to_lats = np.asarray(to_lon, dtype=np.float64), np.asarray(to_lat, dtype=np.float64)
    shape = (len(lons), len(to_lons))
    known = np.isfinite(to_lons) & np.isfinite(to_lats)
    _, _, far_m = WGS84.inv(
        np.broadcast_to(lons[:, None], shape),
        np.broadcast_to(lats[:, None], shape),
        np.broadcast_to(np.where(known, to_lons, 0.0), shape),
        np.broadcast_to(np.where(known, to_lats, 0.0), shape),
    )
    return np.where(known, far_m, np.inf)


def flight_s(air: AirClass, far_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds of loading and flying so far in a straight line; inf beyond the range."""
    time_s = air.handling_min * 60.0 + far_m * 3.6 / air.top_speed_kmh
    return np.where(far_m <= air.range_km * 1000.0, time_s, np.inf)


def _flight(air: AirClass, pad: Pad, length_m: float, time_s: float, place_id: str) -> Flight:
    handling_s = air.handling_min * 60.0
    leg = Leg(
        vehicle_class="air",
        start=pad.start,
        end=place_id,
        travel_time_s=time_s - pad.ready_s - handling_s,
        length_m=length_m,
        handling_s=handling_s,
    )
    return Flight(
        depot_id=pad.depot_id,
        start=pad.start,
        length_m=length_m,
        travel_time_s=time_s,
        handling_s=handling_s,
        capacity_kg=air.capacity_kg,
        legs=(*pad.legs, leg),
    )
