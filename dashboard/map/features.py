"""The live layer as GeoJSON features: everything on the map that an event can change.

One feature a place, depot, closure, convoy and home place of volunteers. A feature's id is stable
and its content depends on the picture and the time only, so two snapshots can be compared by id.
"""

from __future__ import annotations

import functools
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from dashboard.map.layers import DECIMALS, ROAD_TOLERANCE_M, simplified
from dashboard.map.text import NOTE_LIMIT, clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dashboard.operations.picture import Picture

Feature = dict[str, Any]

EVIDENCE_STATES = ("damage_seen", "no_visible_damage", "not_assessed")
#: People affected at which a place moves up one step of the legend.
NEED_STEPS = (1.0, 100.0, 500.0)


def live_features(
    picture: Picture,
    *,
    at: datetime,
    crs: str,
    item_name: Callable[[str], str] = str,
    ways: str = "",
) -> dict[str, Feature]:
    """Give the live features of a picture by id.

    Parameters
    ----------
    picture
        What `operations` says of the situation.
    at
        Now: closures that have run out by then are left out.
    crs
        The projected working CRS.
    item_name
        What a person calls an item, from its id.
    ways
        Path of the layer file with the ways of the plan's convoys (`dashboard.map.ways`).
    """
    features: dict[str, Feature] = {}
    # A few items, asked for in thousands of places.
    item_name = functools.cache(item_name)
    for part in (
        _places(picture, item_name),
        _depots(picture, item_name),
        _volunteers(picture),
        _closures(picture, at, crs),
        _convoys(picture, ways),
    ):
        features.update((feature["id"], feature) for feature in part)
    return features


def next_expiry(picture: Picture, *, at: datetime) -> datetime | None:
    """When the next closure begins or runs out by itself, without an event; None if none does."""
    moments = [
        moment
        for closure in picture.closures
        for moment in (closure.since, closure.until)
        if moment is not None and moment > at
    ]
    return min(moments, default=None)


def _places(picture: Picture, item_name: Callable[[str], str]) -> Iterator[Feature]:
    frame = picture.places
    lon, lat = frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy()
    affected = frame["people_affected"].to_numpy(dtype=float)
    people = frame["people"].to_numpy(dtype=float)
    # Names are written in the order of what a reader looks for first.
    weight = np.nan_to_num(affected) * 10 + np.nan_to_num(people)
    rows = frame.drop(columns="geometry").to_dict("records")
    for i, row in enumerate(rows):
        state = row["evidence_state"]
        yield _feature(
            row["place_id"],
            {"type": "Point", "coordinates": _position(lon[i], lat[i])},
            kind="place",
            name=clean(row["name"]) or clean(row.get("name_ar")) or row["place_id"],
            name_ar=clean(row.get("name_ar")),
            name_zgh=clean(row.get("name_zgh")),
            name_local=clean(row.get("name_ar")) or clean(row.get("name_zgh")),
            commune=clean(row.get("commune")),
            people=_count(people[i]),
            affected=_count(affected[i]),
            evidence=state if state in EVIDENCE_STATES else "not_assessed",
            destroyed=_count(row["destroyed"]),
            damaged=_count(row["damaged"]),
            possibly_damaged=_count(row["possibly_damaged"]),
            need_level=need_level(affected[i]),
            needs=[
                {"item": item_name(item), "quantity": round(float(quantity), 1)}
                for item, quantity in sorted((row["needs"] or {}).items())
                if quantity
            ],
            reach=clean(row.get("reach_status")),
            reach_reason=clean(row.get("reach_reason"), NOTE_LIMIT),
            travel_time_s=_count(row.get("travel_time_s")),
            sources=clean(row.get("sources"), NOTE_LIMIT)
            if isinstance(row.get("sources"), str)
            else "",
            label_rank=round(float(weight[i]), 1),
        )


def need_level(affected: float) -> int:
    """Step of the legend for so many people affected; -1 where nobody knows (NaN)."""
    if math.isnan(affected):
        return -1
    return sum(bool(affected >= step) for step in NEED_STEPS)


def _depots(picture: Picture, item_name: Callable[[str], str]) -> Iterator[Feature]:
    for depot in picture.depots:
        yield _feature(
            depot.depot_id,
            {"type": "Point", "coordinates": _position(depot.lon, depot.lat)},
            kind="depot",
            name=clean(depot.name),
            active=depot.active,
            stock=[
                {"item": item_name(line.item_id), "quantity": round(float(line.quantity), 1)}
                for line in picture.stock
                if line.depot_id == depot.depot_id
            ],
        )


def _volunteers(picture: Picture) -> Iterator[Feature]:
    frame = picture.places
    counted = frame[frame["place_id"].isin(picture.volunteers_by_place.keys())]
    for place_id, name, point in zip(
        counted["place_id"], counted["name"], counted.geometry, strict=True
    ):
        yield _feature(
            f"volunteers:{place_id}",
            {"type": "Point", "coordinates": _position(point.x, point.y)},
            kind="volunteers",
            name=clean(name),
            count=int(picture.volunteers_by_place[place_id]),
        )


def _closures(picture: Picture, at: datetime, crs: str) -> Iterator[Feature]:
    held = {closure.closure_id for closure in picture.closures if closure.holds_at(at)}
    frame = picture.closure_lines
    frame = frame[frame["closure_id"].isin(held) & ~frame.geometry.isna()]
    if frame.empty:
        return
    shapes = simplified(frame, crs, ROAD_TOLERANCE_M)
    for row, shape in zip(frame.drop(columns="geometry").to_dict("records"), shapes, strict=True):
        geometry = _lines(shape)
        if geometry is None:
            continue
        yield _feature(
            row["closure_id"],
            geometry,
            kind="closure",
            closure_id=row["closure_id"],
            state=row["state"],
            classes=[str(name) for name in _listed(row["classes"])],
            road=clean(row.get("road")),
            source=clean(row["source"], NOTE_LIMIT),
            reason=clean(row["reason"], NOTE_LIMIT),
            since=_iso(row["since"]),
            until=_iso(row["until"]),
            confidence=round(float(row["confidence"]), 2),
            contradicted_by=[
                clean(one.source) for one in picture.contradicted.get(row["closure_id"], ())
            ],
        )


def _convoys(picture: Picture, ways: str) -> Iterator[Feature]:
    """Convoys without a shape of their own: `ways` names the file that holds all their roads."""
    if picture.plan is None:
        return
    names = dict(zip(picture.places["place_id"], picture.places["name"], strict=True))
    depots = {depot.depot_id: depot.name for depot in picture.depots}
    lines = picture.convoy_lines
    labels = dict(zip(lines["convoy_id"], lines["label"], strict=True))
    for convoy in picture.plan["convoys"]:
        convoy_id = convoy["convoy_id"]
        yield _feature(
            convoy_id,
            None,
            kind="convoy",
            ways=ways,
            label=clean(labels.get(convoy_id)) or convoy_id,
            vehicle_class=convoy["vehicle_class"],
            depot=clean(depots.get(convoy["depot_id"], "")),
            departs_at=convoy["departs_at"],
            stops=[clean(names.get(stop["place_id"], "?")) for stop in convoy["stops"]],
            length_m=_count(convoy.get("length_m")),
            duration_s=_count(convoy.get("duration_s")),
        )


# --- small parts ---


def _feature(feature_id: str, geometry: dict[str, Any] | None, **properties: Any) -> Feature:
    return {"type": "Feature", "id": feature_id, "geometry": geometry, "properties": properties}


def _position(lon: float, lat: float) -> list[float]:
    return [round(float(lon), DECIMALS), round(float(lat), DECIMALS)]


def _lines(shape: Any) -> dict[str, Any] | None:
    """GeoJSON of a line or lines with rounded positions; None for an empty or missing one."""
    if shape is None or shapely.is_missing(shape) or shapely.is_empty(shape):
        return None
    parts = [
        [_position(lon, lat) for lon, lat in shapely.get_coordinates(part)]
        for part in shapely.get_parts(shape)
        if shapely.get_type_id(part) == shapely.GeometryType.LINESTRING
    ]
    if not parts:
        return None
    if len(parts) == 1:
        return {"type": "LineString", "coordinates": parts[0]}
    return {"type": "MultiLineString", "coordinates": parts}


def _count(value: Any) -> int | None:
    """A whole number, or None where nobody knows (NaN, None)."""
    if value is None or not math.isfinite(float(value)):
        return None
    return round(float(value))


def _listed(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) and value else list(value or ())


def _iso(moment: Any) -> str | None:
    """ISO 8601 in UTC, or None; frames hold NaT where a moment is missing."""
    if moment is None or moment != moment:
        return None
    return str(moment.astimezone(UTC).isoformat(timespec="seconds"))
