"""GeoJSON (RFC 7946): one FeatureCollection a convoy, told apart by the property ``kind``.

``leg`` and ``walk`` are lines, ``depot`` and ``stop`` points. Coordinates are lon, lat in EPSG:4326
to seven decimals. The notice is a member of the collection and a property of every feature, because
many programs show only the latter.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from routing.exports.wording import clean, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from routing.exports.wording import Wording
    from routing.itinerary import Itinerary, RoadStop

SUFFIX = ".geojson"


def render(itinerary: Itinerary, wording: Wording) -> bytes:
    """Give `itinerary` as one FeatureCollection."""
    collection = {
        "type": "FeatureCollection",
        "notice": clean(wording.notice),
        "convoy_id": clean(itinerary.convoy.convoy_id),
        "plan_id": clean(itinerary.plan_id),
        "bbox": [round(value, 7) for value in itinerary.bounds],
        "features": list(_features(itinerary, wording)),
    }
    return json.dumps(collection, ensure_ascii=False, allow_nan=False).encode()


def _features(itinerary: Itinerary, wording: Wording) -> Iterable[dict[str, Any]]:
    convoy = itinerary.convoy
    shared = {
        "notice": clean(wording.notice),
        "convoy_id": clean(convoy.convoy_id),
        "vehicle": clean(convoy.vehicle_name) or clean(convoy.vehicle_id),
        "vehicle_class": convoy.vehicle_class,
    }
    yield _point(
        itinerary.start,
        shared
        | {
            "kind": "depot",
            "depot_id": clean(convoy.depot_id),
            "name": wording.name(convoy.depot_id),
            "departs_at": utc(convoy.departs_at),
            "departs_at_local": wording.local(convoy.departs_at),
            "returns_at": utc(convoy.returns_at),
            "load_kg": convoy.load_kg,
            "load_m3": convoy.load_m3,
            "turns": wording.turns(itinerary),
        },
    )
    for stop in itinerary.stops:
        yield _point(stop.position, shared | _stop(stop, wording))
    for leg in itinerary.legs:
        yield _line(
            leg.geometry.coords,
            shared
            | {
                "kind": "leg",
                "from": clean(leg.from_id),
                "to": clean(leg.to_id),
                "name": wording.name(leg.to_id),
                "stop": leg.to_stop or None,
                "from_km": round(leg.from_km, 3),
                "length_m": round(leg.length_m, 1),
                "travel_time_s": round(leg.travel_time_s, 1),
                "roads": [clean(road) for road in leg.roads],
            },
        )
    for stop in itinerary.stops:
        if stop.walk is not None:
            yield _line(
                stop.walk.geometry.coords,
                shared
                | {
                    "kind": "walk",
                    "name": wording.name(stop.place_id),
                    "stop": stop.number,
                    "length_m": round(stop.walk.length_m, 1),
                    "straight_line": True,
                },
            )


def _stop(stop: RoadStop, wording: Wording) -> dict[str, Any]:
    return {
        "kind": "stop",
        "stop": stop.number,
        "place_id": clean(stop.place_id),
        "name": wording.name(stop.place_id),
        "arrives_at": utc(stop.arrives_at),
        "arrives_at_local": wording.local(stop.arrives_at),
        "leaves_at": utc(stop.leaves_at),
        "km": round(stop.km, 3),
        "walk_m": round(stop.walk.length_m, 1) if stop.walk else 0.0,
        "hand_out": wording.hand_out(stop),
        "deliver": {clean(row.item_id): row.quantity for row in stop.hand_out},
    }


def _point(position: Sequence[float], properties: dict[str, Any]) -> dict[str, Any]:
    return _feature("Point", _rounded(position), properties)


def _line(points: Iterable[Sequence[float]], properties: dict[str, Any]) -> dict[str, Any]:
    return _feature("LineString", [_rounded(point) for point in points], properties)


def _feature(kind: str, coordinates: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def _rounded(point: Sequence[float]) -> list[float]:
    # An elevation that is not known is left out, not written as a number.
    return [round(float(value), 7) for value in point if value == value]
