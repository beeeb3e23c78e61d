"""Road tables as a networkx graph of the kind that OSMnx makes, for people who want to work on.

One directed edge for each direction in which motor vehicles may go; where none may, both, with
``motor_vehicle=no``. `osmnx` understands the graph and the GraphML file that is written from it;
`data.sources.graphml` reads both back. Turn restrictions have no place in that form.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.written_file import whole_file

if TYPE_CHECKING:
    from pathlib import Path

    import networkx as nx

    from geo.network import RoadTables

_WAY = re.compile(r"^w(\d+):")
_TEXT = ("name", "ref", "highway", "surface", "tracktype", "smoothness", "access", "motor_vehicle")
_FLAGS = ("bridge", "tunnel", "ford")
_LIMITS = {
    "width_m": "width",
    "maxweight_t": "maxweight",
    "maxheight_m": "maxheight",
    "maxspeed_kmh": "maxspeed",
}
_HEIGHTS = ("climb_m", "descent_m")


def as_networkx(tables: RoadTables) -> nx.MultiDiGraph:
    """A graph with the attributes that OSMnx gives (`x`, `y`, `osmid`, `length`, `geometry` …).

    Nodes keep their OSM ids where all have one, else they are numbered and `node_id` says who they
    are; `edge_id` ends in ``+`` along and ``-`` against the drawing. Limits are in t, m and km/h;
    what is unknown is left out.
    """
    import networkx as nx

    made = nx.MultiDiGraph(crs="epsg:4326", created_with="qafila", simplified=True)
    nodes, edges = tables.nodes, tables.edges
    ids = nodes["node_id"].tolist()
    numbers = [int(one) for one in ids] if all(map(_is_number, ids)) else list(range(len(ids)))
    for number, node_id, lon, lat, height_m in zip(
        numbers, ids, nodes["lon"], nodes["lat"], nodes["elevation_m"], strict=True
    ):
        height = {} if math.isnan(height_m) else {"elevation": float(height_m)}
        made.add_node(number, x=float(lon), y=float(lat), node_id=node_id, **height)
    lines = np.asarray(edges.geometry.array, dtype=object)
    turned = shapely.reverse(lines)
    for row, edge in enumerate(edges.drop(columns="geometry").to_dict("records")):
        forward, backward = bool(edge["forward"]), bool(edge["backward"])
        said = _attributes(edge, row)
        if not (forward or backward):
            forward = backward = True
            said["motor_vehicle"] = "no"
        oneway = forward != backward
        u, v = numbers[int(edge["u"])], numbers[int(edge["v"])]
        if forward:
            made.add_edge(
                u, v, **said, oneway=oneway, reversed=False, geometry=lines[row],
                edge_id=f"{edge['edge_id']}+", **_climbs(edge, back=False),
            )  # fmt: skip
        if backward:
            made.add_edge(
                v, u, **said, oneway=oneway, reversed=True, geometry=turned[row],
                edge_id=f"{edge['edge_id']}-", **_climbs(edge, back=True),
            )  # fmt: skip
    return made


def write_graphml(tables: RoadTables, path: Path) -> None:
    """Write the graph as GraphML that `osmnx.load_graphml` reads; the whole file or none.

    Raises `InputError` where it cannot be written.
    """
    import networkx as nx

    made = as_networkx(tables)
    for _, data in made.nodes(data=True):
        data.update({key: str(value) for key, value in data.items()})
    for *_, data in made.edges(data=True):
        data["geometry"] = shapely.to_wkt(data["geometry"], rounding_precision=7)
        data.update({key: _legal(str(value)) for key, value in data.items()})
    made.graph = {key: str(value) for key, value in made.graph.items()}
    with whole_file(path) as draft:
        nx.write_graphml(made, draft)


def _attributes(edge: dict[str, Any], row: int) -> dict[str, Any]:
    way = _WAY.match(edge["edge_id"])
    said: dict[str, Any] = {
        "osmid": int(way[1]) if way else row + 1,
        "length": float(edge["length_m"]),
    }
    said |= {name: edge[name] for name in _TEXT if edge[name]}
    said |= {name: "yes" for name in _FLAGS if edge[name]}
    said |= {
        theirs: f"{edge[ours]:g}" for ours, theirs in _LIMITS.items() if not math.isnan(edge[ours])
    }
    if edge["layer"]:
        said["layer"] = str(int(edge["layer"]))
    return said


def _climbs(edge: dict[str, Any], *, back: bool) -> dict[str, float]:
    climb_m, descent_m = (float(edge[name]) for name in (_HEIGHTS[::-1] if back else _HEIGHTS))
    if math.isnan(climb_m) or math.isnan(descent_m):
        return {}
    return {"climb_m": climb_m, "descent_m": descent_m}


def _is_number(written: str) -> bool:
    return re.fullmatch(r"-?\d{1,18}", written) is not None


def _legal(text: str) -> str:
    """Without the control characters that XML has no way to write."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)
