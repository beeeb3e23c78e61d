"""The road under a finger: what a click on the map means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from dashboard.operations.vector_layers import LARGE_NETWORK, MAIN_HIGHWAYS, MINOR_ZOOM
from geo.crs import project
from geo.errors import UnknownIdError
from geo.model import require_lon_lat
from routing.edge_index import edge_index

if TYPE_CHECKING:
    from geo.network import RoadTables

#: A click that is farther from every road than this means none, however far away the map is.
MOST_REACH_M = 20_000.0


def road_near(
    tables: RoadTables, lon: float, lat: float, *, crs: str, reach_m: float, zoom: float
) -> dict[str, Any] | None:
    """Give the nearest of the roads that a map draws at this zoom, or None where none is near.

    Parameters
    ----------
    crs
        Projected working CRS.
    reach_m
        A road further from the point is not meant, in metres; at most `MOST_REACH_M`.

    Returns
    -------
    dict
        As `road_piece`.

    Raises
    ------
    RuleError
        The point is not on the earth.
    """
    require_lon_lat("point on the map", lon, lat)
    x_m, y_m = project([lon], [lat], crs)
    point = shapely.points(x_m[0], y_m[0])
    reach_m = min(reach_m, MOST_REACH_M)
    index = edge_index(tables, crs)
    _, rows = index.within(np.array([point]), reach_m)
    if len(tables.edges) > LARGE_NETWORK and zoom < MINOR_ZOOM:
        kinds = tables.edges["highway"].iloc[rows].str.removesuffix("_link")
        rows = rows[kinds.isin(MAIN_HIGHWAYS).to_numpy()]
    if len(rows) == 0:
        return None
    far_m = shapely.distance(index.lines(rows), point)
    return _piece(tables, int(rows[np.lexsort((rows, far_m))[0]]))


def road_piece(tables: RoadTables, edge_id: str) -> dict[str, Any]:
    """Give a piece of road as the map draws it: ``edge_id`` and ``line`` in [lon, lat].

    Raises
    ------
    UnknownIdError
        The network has no such edge.
    """
    rows = np.flatnonzero((tables.edges["edge_id"] == edge_id).to_numpy())
    if len(rows) == 0:
        raise UnknownIdError(
            f"edge {edge_id[:60]}", "no such edge in this road network", "reload the map"
        )
    return _piece(tables, int(rows[0]))


def _piece(tables: RoadTables, row: int) -> dict[str, Any]:
    edge = tables.edges.iloc[row]
    line = shapely.get_coordinates(edge["geometry"]).round(6)
    return {"edge_id": str(edge["edge_id"]), "line": line.tolist()}
