"""Small instances whose answers can be worked out on paper, for all tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.model import Depot, Source
from geo.network import RoadTables, road_tables
from geo.turns import TURN_COLUMNS

#: The UTM zone of the four villages.
WORKING_CRS = "EPSG:32629"

# Nodes of "four villages", lon and lat: 0 the depot, 1 to 4 a village each.
FOUR_VILLAGES_NODES = (
    (-8.00, 31.00),
    (-7.94, 31.00),
    (-7.91, 31.00),
    (-7.94, 31.0136),
    (-7.91, 30.9955),
)


def make_roads(
    nodes: Sequence[tuple[float, float]],
    edges: Sequence[dict[str, Any]],
    *,
    notes: Sequence[str] = (),
    turns: Sequence[tuple[str, ...]] = (),
) -> RoadTables:
    """Road tables from node positions (lon, lat) and edges with `u`, `v` and any other column.

    A missing `edge_id` becomes ``e0``, ``e1`` …; a missing `via` (points between the ends) a
    straight line. `turns` are rows of `geo.turns.TURN_COLUMNS`, of which the last may be left out.
    """
    table = pd.DataFrame(
        {
            "node_id": [f"n{number}" for number in range(len(nodes))],
            "lon": [lon for lon, _ in nodes],
            "lat": [lat for _, lat in nodes],
        }
    )
    lines = [
        shapely.LineString([nodes[edge["u"]], *edge.get("via", ()), nodes[edge["v"]]])
        for edge in edges
    ]
    rows = [
        {"edge_id": f"e{number}", **{key: value for key, value in edge.items() if key != "via"}}
        for number, edge in enumerate(edges)
    ]
    frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=lines, crs="EPSG:4326")
    return road_tables(
        table,
        frame,
        source=Source(name="drawn for a test"),
        notes=notes,
        turns=pd.DataFrame([(*turn, "")[:6] for turn in turns], columns=list(TURN_COLUMNS)),
    )


def four_villages(**changes: dict[str, Any]) -> RoadTables:
    """A depot (node 0), four villages (nodes 1 to 4), five edges; lengths as round numbers.

    ::

        0 ── main 6 km primary ── 1 ── upper 3 km secondary ── 2
        │                         └ track 1.5 km ── 3          └ path 0.5 km ── 4
        └────────────── bypass 15 km unclassified ─────────────┘

    A truck takes 360 s on main (60 km/h), 180 s on upper (60 km/h), 1800 s on the bypass (30 km/h)
    and goes neither on the track nor on the path; a pickup takes 360 s on the track (15 km/h).
    `changes` are further columns by edge id, for example ``main={"forward": False}``.
    """
    edges: dict[str, dict[str, Any]] = {
        "main": {"u": 0, "v": 1, "highway": "primary", "ref": "R203", "length_m": 6000.0},
        "upper": {"u": 1, "v": 2, "highway": "secondary", "ref": "P2005", "length_m": 3000.0},
        "bypass": {"u": 0, "v": 2, "highway": "unclassified", "length_m": 15000.0,
                   "name": "Old road", "via": [(-7.955, 31.06)]},
        "track": {"u": 1, "v": 3, "highway": "track", "length_m": 1500.0},
        "path": {"u": 2, "v": 4, "highway": "path", "length_m": 500.0},
    }  # fmt: skip
    rows = [{"edge_id": name, **edge, **changes.get(name, {})} for name, edge in edges.items()]
    return make_roads(FOUR_VILLAGES_NODES, rows)


def make_places(
    points: Sequence[tuple[float, float]] = FOUR_VILLAGES_NODES[1:], **columns: Sequence[Any]
) -> gpd.GeoDataFrame:
    """Places ``place:1`` …, by default the four villages on their nodes, 100 people each."""
    n = len(points)
    frame = {
        "place_id": [f"place:{number + 1}" for number in range(n)],
        "name": [f"Village {number + 1}" for number in range(n)],
        "people": np.full(n, 100.0),
        "elevation_m": np.full(n, np.nan),
        **columns,
    }
    return gpd.GeoDataFrame(frame, geometry=shapely.points(list(points)), crs="EPSG:4326")


def make_depot(
    lon: float = FOUR_VILLAGES_NODES[0][0],
    lat: float = FOUR_VILLAGES_NODES[0][1],
    *,
    depot_id: str = "depot:valley",
    active: bool = True,
) -> Depot:
    """A depot, by default on node 0 of the four villages."""
    return Depot(depot_id=depot_id, name="Valley depot", lon=lon, lat=lat, active=active)
