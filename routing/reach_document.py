"""Reach as the JSON of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.chain import Chain, Leg, Roadhead
    from routing.reach import ClassReach, PlaceReach
    from routing.relay_air import Flight


def reach_to_dict(reached: Sequence[PlaceReach]) -> dict[str, Any]:
    """The JSON of the contract; a place that is not reached has None for its time."""
    return {"places": [_place(place) for place in reached]}


def _place(place: PlaceReach) -> dict[str, Any]:
    document = {
        "place_id": place.place_id,
        "name": place.name,
        **_verdict(place.best),
        "by_class": {name: _verdict(v) for name, v in place.by_class.items()},
    }
    if place.relay_asked:
        document["relay"] = None if place.chain is None else _chain(place.chain)
        document["air"] = None if place.flight is None else _flight(place.flight)
    return document


def _verdict(verdict: ClassReach) -> dict[str, Any]:
    return {
        "status": verdict.status,
        "class": verdict.vehicle_class,
        "depot_id": verdict.depot_id or None,
        "travel_time_s": _number(verdict.travel_time_s),
        "walk_m": _number(verdict.walk_m),
        "legs": [_leg(leg) for leg in verdict.legs],
        "reason": verdict.reason,
        "decided_by": list(verdict.decided_by),
        "sensitive": verdict.sensitive,
    }


def _leg(leg: Leg) -> dict[str, Any]:
    document: dict[str, Any] = {
        "class": leg.vehicle_class,
        "from": leg.start,
        "to": leg.end,
        "travel_time_s": _number(leg.travel_time_s),
        "length_m": _number(leg.length_m),
    }
    if leg.handling_s:
        document["handling_s"] = _number(leg.handling_s)
    return document


def _chain(chain: Chain) -> dict[str, Any]:
    return {
        "classes": list(chain.classes),
        "depot_id": chain.depot_id,
        "travel_time_s": _number(chain.travel_time_s),
        "walk_m": _number(chain.walk_m),
        "capacity_kg": chain.capacity_kg,
        "capacity_m3": chain.capacity_m3,
        "legs": [_leg(leg) for leg in chain.legs],
        "roadheads": [_roadhead(one) for one in chain.roadheads],
    }


def _roadhead(roadhead: Roadhead) -> dict[str, Any]:
    return {
        "edge_id": roadhead.edge_id,
        "lon": round(roadhead.lon, 6),
        "lat": round(roadhead.lat, 6),
        "near": roadhead.near or None,
        "near_m": _number(roadhead.near_m),
        "from_class": roadhead.giver,
        "to_class": roadhead.taker,
        "handling_s": _number(roadhead.handling_s),
    }


def _flight(flight: Flight) -> dict[str, Any]:
    return {
        "depot_id": flight.depot_id,
        "from": flight.start,
        "length_m": _number(flight.length_m),
        "travel_time_s": _number(flight.travel_time_s),
        "capacity_kg": flight.capacity_kg,
        "legs": [_leg(leg) for leg in flight.legs],
        "basis": flight.basis,
    }


def _number(value: float) -> float | None:
    return round(value, 1) if np.isfinite(value) else None
