"""Isochrones: the ground within some minutes of the depots, with the people in it, as polygons."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from dashboard.operations.source_counts import counted_sources
from geo.errors import InputError
from geo.written_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    import geopandas as gpd

    from dashboard.operations.situation import Situation
    from geo.model import VehicleClassName
    from routing.isochrone import Isochrone

DEFAULT_MINUTES = (30.0, 60.0, 120.0)


def make_isochrones(
    situation: Situation,
    vehicle_class: VehicleClassName = "truck",
    minutes: Sequence[float] = DEFAULT_MINUTES,
    *,
    at: datetime | None = None,
    to: Path | None = None,
    with_shapes: bool = False,
    progress: Callable[[float, str], None] = lambda share, text: None,
) -> dict[str, Any]:
    """Draw what one class reaches within some minutes, as the roads are and as if all were open.

    Parameters
    ----------
    to
        Write the polygons there as GeoJSON (EPSG:4326), whole or not at all.
    with_shapes
        Give them as `shapes` in the result.

    Returns
    -------
    dict
        ``{class, at, depots, isochrones, lost}``. An isochrone has `minutes`, `roads` (``now`` with
        the closures, ``open`` without, left out where no closure holds for the class),
        `area_km2`, `road_km`, `people`, `places`, `places_uncounted` and `people_sources`; `lost`
        names for each limit the places that lie outside only because of closures.

    Raises
    ------
    InputError
        No roads or depots are there yet, a class without a table, or limits that are none.
    """
    from routing.closures import overlay
    from routing.isochrone import isochrones

    known = situation.vehicle_classes()
    if vehicle_class not in known:
        raise InputError(
            f"vehicle class {vehicle_class}",
            f"travel is known for {', '.join(sorted(known))}",
            "ask for one of these",
        )
    limits = sorted(set(minutes))
    if not limits or not all(0 < one <= 24 * 60 for one in limits):
        raise InputError(
            f"--minutes {','.join(map(str, minutes))}",
            "numbers above 0, at most 1440, are needed",
            "correct them",
        )
    depots = situation.store.depots(active_only=True)
    if not depots:
        raise InputError(
            "isochrones", "a depot is needed", "upload stock with depots: `qafila upload stock`"
        )
    moment = at or situation.now()
    engine, tables, crs = situation.engine(), situation.roads(), situation.crs()
    closures = [one for one in situation.store.closures() if one.holds_at(moment)]
    state = overlay(engine.graph, closures, at=moment)
    states = {"now": state, "open": None}
    if not (state.factor(known[vehicle_class]) > 1.0).any():
        del states["open"]
    drawn: list[tuple[str, Isochrone]] = []
    for number, (name, one) in enumerate(states.items()):
        progress(number / len(states), f"drawing what is reached, roads {name}")
        found = isochrones(
            engine, tables, known[vehicle_class], depots,
            overlay=one, limits_s=[m * 60.0 for m in limits], crs=crs,
        )  # fmt: skip
        drawn += [(name, isochrone) for isochrone in found]
    rows = [_row(situation, name, one) for name, one in drawn]
    result: dict[str, Any] = {
        "class": vehicle_class,
        "at": moment.isoformat(),
        "depots": [one.depot_id for one in depots],
        "isochrones": rows,
        "lost": _lost(situation, drawn) if "open" in states else [],
        "notice": situation.info().notice,
    }
    if to is not None or with_shapes:
        polygons = [_to_storage(one.polygon, crs) for _, one in drawn]
        shapes = collection(vehicle_class, rows, polygons)
        if to is not None:
            _write(to, shapes)
            result["file"] = str(to)
        if with_shapes:
            result["shapes"] = shapes
    progress(1.0, "isochrones drawn")
    return result


def _row(situation: Situation, roads: str, one: Isochrone) -> dict[str, Any]:
    here = _inside(situation, one)
    uncounted = here["people"].isna()
    return {
        "minutes": one.limit_s / 60.0,
        "roads": roads,
        "area_km2": round(float(one.polygon.area) / 1e6, 3),
        "road_km": round(one.road_m / 1000.0, 3),
        "people": round(float(here["people"].sum())),
        "places": len(here),
        "places_uncounted": int(uncounted.sum()),
        "people_sources": counted_sources(here["source"][~uncounted]),
    }


def _inside(situation: Situation, one: Isochrone) -> gpd.GeoDataFrame:
    from geo.crs import to_working

    places = situation.places()
    points = np.asarray(to_working(places.geometry, situation.crs()).array, dtype=object)
    shapely.prepare(one.polygon)
    return places[shapely.covers(one.polygon, points)]


def _lost(situation: Situation, drawn: Sequence[tuple[str, Isochrone]]) -> list[dict[str, Any]]:
    """The places that lie inside only if all roads are open, limit by limit."""
    result = []
    now = {one.limit_s: one for name, one in drawn if name == "now"}
    for name, one in drawn:
        if name != "open":
            continue
        before, after = _inside(situation, one), _inside(situation, now[one.limit_s])
        gone = before[~before["place_id"].isin(after["place_id"])]
        result.append(
            {
                "minutes": one.limit_s / 60.0,
                "people": round(float(gone["people"].sum())),
                "places_uncounted": int(gone["people"].isna().sum()),
                "places": [
                    {"place_id": str(place_id), "name": str(place)}
                    for place_id, place in zip(gone["place_id"], gone["name"], strict=True)
                ],
            }
        )
    return result


def _to_storage(polygon: shapely.Geometry, crs: str) -> shapely.Geometry:
    import geopandas as gpd

    from geo.crs import to_storage

    return to_storage(gpd.GeoDataFrame(geometry=[polygon], crs=crs)).geometry.iloc[0]


def collection(
    vehicle_class: str, rows: Sequence[dict[str, Any]], polygons: Sequence[shapely.Geometry]
) -> dict[str, Any]:
    """Give a FeatureCollection (RFC 7946), the largest polygon first so that all can be seen."""
    features = [
        {
            "type": "Feature",
            "properties": {"class": vehicle_class, **row},
            "geometry": json.loads(shapely.to_geojson(shapely.set_precision(polygon, 1e-6))),
        }
        for row, polygon in sorted(
            zip(rows, polygons, strict=True), key=lambda pair: -float(pair[0]["area_km2"])
        )
    ]
    return {"type": "FeatureCollection", "features": features}


def _write(path: Path, features: dict[str, Any]) -> None:
    write_whole(path, (json.dumps(features, ensure_ascii=False) + "\n").encode())
