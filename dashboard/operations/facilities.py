"""Facilities that analysts graded, for each place: the church, the school, the bridge, the tank."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas as gpd

    from dashboard.operations.situation import Situation


def facilities_of_places(
    situation: Situation,
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """Give the facilities near each place, and the counts of all.

    Returns
    -------
    tuple
        By place a list of ``{kind, name, written, grade, grade_written, also_building, disagrees,
        grades_seen, lon, lat, source, sensor, at}``, the worst grade first; and ``{count, by_kind:
        {kind: {grade: n}}, near_no_place}``, the last as such a list.
    """
    from geo.assessment import RADIUS_M
    from geo.facilities import facility_states, place_of_each

    points, roads, places = (
        situation.damage_points(),
        situation.graded_roads(),
        situation.places(),
    )
    crs = situation.crs()
    found: gpd.GeoDataFrame = situation.remember(
        (
            "facilities",
            crs,
            situation.layer_key("damage_points"),
            situation.layer_key("graded_roads"),
        ),
        lambda: facility_states(points, roads, crs=crs),
    )
    owner = place_of_each(found.geometry, places, crs=crs, radius_m=RADIUS_M)
    ids = places["place_id"].to_numpy()
    by_place: dict[str, list[dict[str, Any]]] = {}
    lonely: list[dict[str, Any]] = []
    by_kind: dict[str, Counter[str]] = {}
    for place, row in zip(owner, found.itertuples(index=False), strict=True):
        by_kind.setdefault(row.kind, Counter())[row.grade] += 1
        (lonely if place < 0 else by_place.setdefault(str(ids[place]), [])).append(_facts(row))
    return by_place, {
        "count": len(found),
        "by_kind": {kind: dict(grades) for kind, grades in sorted(by_kind.items())},
        "near_no_place": lonely,
    }


def _facts(row: Any) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "name": row.name,
        "written": row.written,
        "grade": row.grade,
        "grade_written": row.grade_written,
        "also_building": bool(row.is_building),
        "disagrees": bool(row.disagrees),
        "grades_seen": row.grades_seen,
        "lon": round(row.geometry.x, 7),
        "lat": round(row.geometry.y, 7),
        "source": row.source,
        "sensor": row.sensor,
        "at": row.observed_at.isoformat() if row.observed_at == row.observed_at else None,
    }
