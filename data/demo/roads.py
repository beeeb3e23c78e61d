"""The drill's road network: the numbered roads and tracks of the tables as nodes and edges.

A leg is the road between two neighbouring points of a table's `via`. It becomes one edge, or three
where a bridge, ford or tunnel of the tables lies on it: that one is an edge of its own, so that it
can be closed and so that fords and weights can be told apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree
from shapely.ops import substring

from data.demo.meander import meander
from data.demo.terrain import CRS
from geo.crs import STORAGE_CRS, project, unproject
from geo.network import RoadTables, road_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from data.demo.tables import Tables
    from geo.model import Source

# What stands on a road sign. Tracks, and roads whose number we do not know (``P-Kik``), have none.
NUMBER = re.compile(r"[NRP]\d+")
CROSSING_M = 60.0
STREET_WIDTH_M, AT_THE_POINT_M = 6.0, 50.0
# Length of a road over the length of its legs. The plain and the general value bring the drill's
# roads to within about 10 % of the distances commonly quoted for them (docs/demo.md).
PLAIN_SINUOSITY, SINUOSITY, HAIRPIN_SINUOSITY, MOST_SINUOSITY = 1.1, 1.3, 2.0, 2.2
PLAIN_HIGHWAYS = ("trunk", "primary", "secondary")
PLAIN_BELOW_M, PLAIN_GRADE = 1100.0, 0.02
HAIRPIN_POINTS = frozenset(
    {"lacets-tizi-ntest", "lacets-sud", "tizi-n-tamatert", "p2030-mi", "p2030-haut"}
)
# Roads are laid out not to climb more than this for long; a leg that is steeper winds. Usual values
# of mountain roads, of agricultural tracks and of mule paths.
DESIGN_GRADE = {"track": 0.12, "path": 0.18}
ROAD_DESIGN_GRADE = 0.08
# Length of a pair of bends, in metres.
PLAIN_WAVE_M, WAVE_M, HAIRPIN_WAVE_M = 5000.0, 800.0, 350.0
DECIMALS = 6  # a tenth of a metre


@dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """The network, and which edges each leg became.

    `edges_of_leg` is keyed by the two points of the leg in either order.
    """

    tables: RoadTables
    legs: pd.DataFrame
    edges_of_leg: dict[frozenset[str], tuple[str, ...]]

    def edges_along(self, ref: str, start: str, end: str) -> tuple[str, ...]:
        """Edge ids of all legs of the road `ref` between its points `start` and `end`."""
        graph = nx.Graph()
        for leg in self.legs.itertuples():
            if ref in leg.ref.split(";"):
                graph.add_edge(leg.start, leg.end)
        points = nx.shortest_path(graph, start, end)
        pairs = pairwise(points)
        return tuple(edge for pair in pairs for edge in self.edges_of_leg[frozenset(pair)])


def drill_roads(tables: Tables, *, source: Source) -> Roads:
    """Draw every road and track of the tables.

    Edge ids are ``drill:<ref>:<from>:<to>``; the parts of a leg with a crossing have ``~1``,
    ``~bridge`` (or ``~ford``, ``~tunnel``) and ``~2`` behind it. Heights are left to
    `geo.network.drape`.
    """
    streets, depots = _streets(tables)
    legs = _legs(tables, streets)
    points = pd.concat([tables.points, depots])
    lines = [_line(leg, points) for leg in legs.itertuples()]
    pieces = list(_pieces(legs, lines, _crossings(tables)))
    edges = pd.DataFrame(pieces)
    node_ids = pd.Index(pd.unique(edges[["start", "end"]].to_numpy().ravel()))
    edges = edges.assign(
        u=node_ids.get_indexer(edges["start"]), v=node_ids.get_indexer(edges["end"])
    )
    geometry = _to_storage(edges, points)
    frame = gpd.GeoDataFrame(
        edges.drop(columns=["start", "end", "line", "leg"]), geometry=geometry, crs=STORAGE_CRS
    )
    made = road_tables(
        _nodes(node_ids, edges, geometry),
        frame,
        source=source,
        notes=("roads are schematic: real roads, drawn lines (the drill)",),
    )
    return Roads(
        tables=made,
        legs=legs,
        edges_of_leg={
            leg: tuple(group["edge_id"]) for leg, group in edges.groupby("leg", sort=False)
        },
    )


def _streets(tables: Tables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A street from each depot to the nearest point of the network, and the depots as points.

    A depot beside a junction would otherwise stand on whichever road swings nearest to it, and be
    cut off where that one is closed.
    """
    points, depots = tables.points, tables.depots
    at, there = (np.column_stack(project(t["lon"], t["lat"], CRS)) for t in (depots, points))
    distance_m, nearest = cKDTree(there).query(at)
    code = "depot-" + depots["depot"]
    streets = pd.DataFrame(
        {
            "key": "street-" + depots["depot"],
            "name": "",
            "via": code + " " + points.index[nearest].to_series(index=depots.index),
            "highway": "unclassified",
            "surface": "asphalt",
            "width_m": STREET_WIDTH_M,
        }
    )
    nodes = depots[["lon", "lat"]].assign(elevation_m=points["elevation_m"].to_numpy()[nearest])
    apart = distance_m > AT_THE_POINT_M
    return streets[apart], nodes.set_index(code)[apart]


def _legs(tables: Tables, streets: pd.DataFrame) -> pd.DataFrame:
    """One row a leg; a leg that two roads share is one, with both numbers (``N9;R203``)."""
    roads = tables.roads.rename(columns={"ref": "key"})
    tracks = tables.tracks.rename(columns={"track": "key"}).assign(name="", width_m=np.nan)
    ways = pd.concat([roads, tracks, streets], ignore_index=True)
    points = ways["via"].str.split()
    legs = pd.DataFrame(
        [(row, start, end) for row, via in points.items() for start, end in pairwise(via)],
        columns=["row", "start", "end"],
    ).join(ways.drop(columns=["via", "source"]), on="row")
    pair = [frozenset(ends) for ends in zip(legs["start"], legs["end"], strict=True)]
    shared = legs.groupby(pair, sort=False)["key"].agg(lambda keys: ";".join(dict.fromkeys(keys)))
    legs = legs.assign(pair=pair).drop_duplicates("pair").assign(ref=shared.to_numpy())
    return legs.drop(columns=["row", "key"]).reset_index(drop=True)


def _crossings(tables: Tables) -> dict[frozenset[str], tuple[str, str]]:
    """Kind and name of the crossing on a leg, by the two points of the leg."""
    rows = tables.bridges.itertuples(index=False, name=None)
    return {frozenset((start, end)): (kind, name) for name, start, end, kind, _ in rows}


# --- lines --------------------------------------------------------------------------------------


def _line(leg: Any, points: pd.DataFrame) -> NDArray[np.float64]:
    """The leg's line in metres of the terrain's CRS, (n, 2)."""
    ends = points.loc[[leg.start, leg.end]]
    x_m, y_m = project(ends["lon"], ends["lat"], CRS)
    chord_m = float(np.hypot(np.diff(x_m), np.diff(y_m))[0])
    climb_m = float(ends["elevation_m"].diff().abs().iloc[-1])
    sinuosity, wavelength_m = _shape(leg, climb_m / chord_m, float(ends["elevation_m"].max()))
    return meander(
        np.array([x_m[0], y_m[0]]),
        np.array([x_m[1], y_m[1]]),
        sinuosity=sinuosity,
        wavelength_m=wavelength_m,
        name=f"{leg.start} {leg.end}",
    )


def _shape(leg: Any, straight_grade: float, top_m: float) -> tuple[float, float]:
    """Sinuosity and length of bends of a leg that would climb at `straight_grade` if straight."""
    if {leg.start, leg.end} & HAIRPIN_POINTS:
        return HAIRPIN_SINUOSITY, HAIRPIN_WAVE_M
    is_plain = straight_grade < PLAIN_GRADE and top_m < PLAIN_BELOW_M
    if is_plain and leg.highway in PLAIN_HIGHWAYS:
        return PLAIN_SINUOSITY, PLAIN_WAVE_M
    winding = straight_grade / DESIGN_GRADE.get(leg.highway, ROAD_DESIGN_GRADE)
    if winding <= SINUOSITY:
        return SINUOSITY, WAVE_M
    return min(winding, MOST_SINUOSITY), HAIRPIN_WAVE_M


def _pieces(
    legs: pd.DataFrame,
    lines: list[NDArray[np.float64]],
    crossings: dict[frozenset[str], tuple[str, str]],
) -> Iterator[dict[str, Any]]:
    for leg, points_m in zip(legs.itertuples(), lines, strict=True):
        edge_id = f"drill:{leg.ref}:{leg.start}:{leg.end}"
        common = {
            "leg": leg.pair,
            "name": leg.name,
            "ref": _numbers(leg.ref),
            "highway": leg.highway,
            "surface": leg.surface,
            "width_m": leg.width_m,
        }
        line = shapely.LineString(points_m)
        if leg.pair not in crossings:
            ends = {"start": leg.start, "end": leg.end}
            yield {**common, **_kind(""), **ends, "edge_id": edge_id, "line": line}
            continue
        kind, name = crossings[leg.pair]
        near, far = f"{leg.start}~{leg.end}~1", f"{leg.start}~{leg.end}~2"
        from_m = (line.length - CROSSING_M) / 2
        stops_m = (0.0, from_m, from_m + CROSSING_M, line.length)
        nodes = (leg.start, near, far, leg.end)
        for part, suffix in enumerate(("~1", f"~{kind}", "~2")):
            crosses = part == 1
            yield {
                **common,
                **_kind(kind if crosses else ""),
                **({"name": name} if crosses else {}),
                "start": nodes[part],
                "end": nodes[part + 1],
                "edge_id": edge_id + suffix,
                "line": substring(line, stops_m[part], stops_m[part + 1]),
            }


def _kind(kind: str) -> dict[str, Any]:
    layer = {"bridge": 1, "tunnel": -1}.get(kind, 0)
    return {name: kind == name for name in ("bridge", "tunnel", "ford")} | {"layer": layer}


def _numbers(ref: str) -> str:
    return ";".join(part for part in ref.split(";") if NUMBER.fullmatch(part))


def _to_storage(edges: pd.DataFrame, points: pd.DataFrame) -> NDArray[np.object_]:
    """Lines in degrees; where they begin or end at a point of the tables, exactly there."""
    at_m, row = shapely.get_coordinates(edges["line"].to_numpy(), return_index=True)
    at = np.round(np.column_stack(unproject(at_m[:, 0], at_m[:, 1], CRS)), DECIMALS)
    first = np.flatnonzero(np.diff(row, prepend=-1) != 0)
    last = np.flatnonzero(np.diff(row, append=-1) != 0)
    for end, index in (("start", first), ("end", last)):
        of_table = edges[end].isin(points.index).to_numpy()
        at[index[of_table]] = points.loc[edges.loc[of_table, end], ["lon", "lat"]].to_numpy()
    lines: NDArray[np.object_] = shapely.linestrings(at, indices=row)
    return lines


def _nodes(node_ids: pd.Index, edges: pd.DataFrame, geometry: NDArray[np.object_]) -> pd.DataFrame:
    ends = np.concatenate([shapely.get_point(geometry, 0), shapely.get_point(geometry, -1)])
    at = shapely.get_coordinates(ends)
    position = np.empty((len(node_ids), 2))
    position[np.concatenate([edges["u"], edges["v"]])] = at
    return pd.DataFrame({"node_id": node_ids, "lon": position[:, 0], "lat": position[:, 1]})
