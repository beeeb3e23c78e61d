"""Airlift: the places that only a flight serves, and where one could land near them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.operations import reaching
from dashboard.operations.situation import Progress, Situation, silent
from dashboard.operations.weights import weights_of
from geo.errors import InputError, RuleError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from routing.landing_sites import LandingSite

#: Buildings that analysts graded and roads of the network are the obstacles that are always known.
MIN_DIAMETER_M, MAX_DIAMETER_M = 10.0, 500.0


def make_airlift(
    situation: Situation,
    *,
    hours: float = reaching.MAX_TIME_S / 3600.0,
    diameter_m: float | None = None,
    obstacles: Sequence[Path] = (),
    at: datetime | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Find the places that no class on the ground reaches, and candidate landing sites near them.

    Parameters
    ----------
    hours
        Reached means within so many hours, by any class or chain of classes on the ground.
    diameter_m
        Of the clearing for a helicopter.
    obstacles
        Vector files of what stands in the way: building footprints, power lines, trees.

    Raises
    ------
    InputError
        No places, roads or depots; an impossible diameter; a file that cannot be read.
    """
    if diameter_m is not None and not MIN_DIAMETER_M <= diameter_m <= MAX_DIAMETER_M:
        raise InputError(
            f"--diameter {diameter_m:g}",
            f"{MIN_DIAMETER_M:g} to {MAX_DIAMETER_M:g} m are needed",
            "correct it",
        )
    progress(0.05, "asking who can be reached on the ground")
    reach = reaching.make_reach(situation, at=at, max_time_s=hours * 3600.0)
    rows = [
        row
        for row, one in enumerate(reach["places"])
        if one["status"] not in ("reachable", "by_relay")
    ]
    progress(0.40, "reading obstacles")
    known, names = _obstacles(situation, obstacles)
    progress(0.50, "looking for flat ground")
    found, refused, cell = _sites(situation, rows, known, diameter_m)
    progress(1.0, f"{len(rows)} places that only a flight serves")
    sources, notes = _said(situation, cell, names)
    if not rows:
        notes.insert(0, "every place is reached on the ground: nothing to fly")
    return {
        "at": reach["at"],
        "hours": hours,
        "notice": situation.info().notice,
        "refused": refused,
        "totals": _totals(situation, rows, found),
        "places": _places(situation, reach, rows, found),
        "sites": [_site(situation, rows, number, one) for number, one in enumerate(found)],
        "notes": notes,
        "sources": sources,
    }


def _sites(
    situation: Situation,
    rows: Sequence[int],
    obstacles: NDArray[np.object_],
    diameter_m: float | None,
) -> tuple[list[LandingSite], str | None, float | None]:
    """Give the sites, or why there are none, and the size of the model's cells."""
    from geo.crs import project
    from routing.landing_sites import landing_sites
    from routing.slope_hazard import cell_m

    elevation = situation.elevation()
    if elevation is None:
        return [], (
            "no elevation model is loaded: whether ground is flat is not known; load one: "
            "`qafila load elevation FILE`"
        ), None  # fmt: skip
    cell = cell_m(elevation)
    points = situation.places().geometry.iloc[list(rows)]
    x_m, y_m = project(points.x, points.y, situation.crs())
    found: list[LandingSite] = []
    try:
        for kind in ("helicopter", "drone"):
            found += landing_sites(
                elevation,
                x_m,
                y_m,
                kind=kind,
                obstacles=obstacles,
                cell_m=cell,
                crs=situation.crs(),
                diameter_m=diameter_m if kind == "helicopter" else None,
            )
    except RuleError as error:
        return [], str(error), cell
    return found, None, cell


def _obstacles(
    situation: Situation, paths: Sequence[Path]
) -> tuple[NDArray[np.object_], list[str]]:
    """Give everything that is known to stand in the way, in the working CRS, and where from."""
    from geo.crs import to_working
    from geo.vectors import read_vector
    from routing.edge_index import working_lines

    crs = situation.crs()
    parts, names = [working_lines(situation.roads(), crs)], ["roads of the network"]
    layers: list[tuple[str, gpd.GeoDataFrame]] = [
        (f"file {path.name}", read_vector(path)) for path in paths
    ]
    graded = situation.damage_points()
    if not graded.empty:
        layers.append(("buildings that analysts graded", graded))
    for name, frame in layers:
        parts.append(np.asarray(to_working(frame.geometry, crs).array, dtype=object))
        names.append(name)
    return np.concatenate(parts), names


# --- the answer ---------------------------------------------------------------------------------


def _totals(
    situation: Situation, rows: Sequence[int], found: Sequence[LandingSite]
) -> dict[str, Any]:
    people = weights_of(situation).people[list(rows)]
    served = {kind: {one.place for one in found if one.kind == kind} for kind in _KINDS}
    return {
        "places_only_by_air": len(rows),
        "people_only_by_air": round(float(people.sum()), 1),
        **{f"places_with_a_{kind}_site": len(served[kind]) for kind in _KINDS},
    }


_KINDS = ("helicopter", "drone")


def _places(
    situation: Situation,
    reach: dict[str, Any],
    rows: Sequence[int],
    found: Sequence[LandingSite],
) -> list[dict[str, Any]]:
    weights, points = weights_of(situation), situation.places().geometry
    sites: dict[int, list[str]] = {}
    for number, one in enumerate(found):
        sites.setdefault(one.place, []).append(_site_id(number, one))
    return [
        {
            "place_id": reach["places"][row]["place_id"],
            "name": reach["places"][row]["name"],
            "people": round(float(weights.people[row]), 1),
            "status": reach["places"][row]["status"],
            "reason": reach["places"][row]["reason"],
            "sensitive": reach["places"][row]["sensitive"],
            "lon": round(float(points.iloc[row].x), 6),
            "lat": round(float(points.iloc[row].y), 6),
            "sites": sites.get(at, []),
        }
        for at, row in enumerate(rows)
    ]


def _site(
    situation: Situation, rows: Sequence[int], number: int, one: LandingSite
) -> dict[str, Any]:
    from geo.crs import STORAGE_CRS, transform_points

    lon, lat = transform_points([one.x_m], [one.y_m], source=situation.crs(), target=STORAGE_CRS)
    place = situation.places().iloc[rows[one.place]]
    return {
        "site_id": _site_id(number, one),
        "kind": one.kind,
        "label": f"{one.kind} near {place['name']}",
        "place_id": str(place["place_id"]),
        "lon": round(float(lon[0]), 6),
        "lat": round(float(lat[0]), 6),
        "elevation_m": round(one.height_m, 1),
        "slope_deg": round(one.slope_deg, 1),
        "diameter_m": one.diameter_m,
        "walk_m": round(one.walk_m, 1),
        "walk_s": round(one.walk_s, 1),
        "nearest_known_obstacle_m": (
            round(one.obstacle_m, 1) if np.isfinite(one.obstacle_m) else None
        ),
        "score": {
            "minutes_on_foot": round(one.walk_s / 60.0, 1),
            "degrees_of_slope": round(one.slope_deg, 1),
            "sum": round(one.score, 1),
        },
    }


def _site_id(number: int, one: LandingSite) -> str:
    return f"landing:{one.kind}-{number + 1}"


def _said(
    situation: Situation, cell: float | None, names: Sequence[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    from routing.landing_sites import HELICOPTER_DIAMETER_M

    notes = ["candidates only: look from the air or the ground before anybody lands"]
    if cell is not None and cell > HELICOPTER_DIAMETER_M / 2:
        notes.append(
            f"the cells of the elevation model are {cell:,.0f} m wide: slopes are means over a "
            "cell, terraces and walls inside it are not seen"
        )
    notes.append("obstacles known: " + ", ".join(names) + "; trees and wires only if in a file")
    layers = situation.store.layers("elevation")
    sources = [
        {
            "name": f"elevation: {layer.source.name or layer.name}",
            "at": layer.source.at.isoformat() if layer.source.at else None,
        }
        for layer in layers[-1:]
    ]  # fmt: skip
    sources.append(
        {"name": "slope limit and clearing: US Army FM 3-21.38, second-hand, docs/risk.md",
         "at": None}
    )  # fmt: skip
    return sources, notes
