"""The road network as people speak of it: a road, and on it the piece between two places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.spatial import KDTree

from dashboard.map.text import clean
from geo.crs import to_working

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One edge of the network; `start` and `end` are the places nearest to its ends, or empty."""

    edge_id: str
    road: str
    highway: str
    surface: str
    length_m: float
    start: str
    end: str


class RoadBook:
    """Roads by what they are called, and their pieces in the order of the network's table."""

    def __init__(self, edges: gpd.GeoDataFrame, places: gpd.GeoDataFrame, *, crs: str) -> None:
        self._edges = edges.set_index("edge_id", drop=False)
        self._titles = _titles(edges)
        self._places = places
        self._crs = crs
        self._rows: dict[str, list[int]] = {}
        for row, title in enumerate(self._titles):
            if title:
                self._rows.setdefault(title, []).append(row)

    def roads(self) -> list[str]:
        """Roads that have a name or a number, numbered ones first."""
        return sorted(self._rows, key=lambda title: (not any(map(str.isdigit, title)), title))

    def pieces(self, road: str) -> list[Piece]:
        """Pieces of one road; empty for a road that is not in the book."""
        return self._describe(np.array(self._rows.get(road, []), dtype=int))

    def piece(self, edge_id: str) -> Piece | None:
        """The piece with this edge id, named or not; None where the network holds no such edge."""
        if edge_id not in self._edges.index:
            return None
        row = self._edges.index.get_loc(edge_id)
        return self._describe(np.array([row]))[0]

    def _describe(self, rows: np.ndarray) -> list[Piece]:
        if len(rows) == 0:
            return []
        part = self._edges.iloc[rows]
        starts, ends = self._end_places(part)
        return [
            Piece(
                edge_id=edge.edge_id,
                road=self._titles[row],
                highway=edge.highway,
                surface=edge.surface,
                length_m=float(edge.length_m),
                start=start,
                end=end,
            )
            for row, edge, start, end in zip(
                rows, part.itertuples(index=False), starts, ends, strict=True
            )
        ]

    def _end_places(self, edges: gpd.GeoDataFrame) -> tuple[list[str], list[str]]:
        if self._places.empty:
            return [""] * len(edges), [""] * len(edges)
        tree, names = self._tree()
        lines = to_working(edges[["geometry"]], self._crs).geometry.to_numpy()
        found = []
        for position in (0, -1):
            points = shapely.get_coordinates(shapely.get_point(lines, position))
            found.append([names[i] for i in tree.query(points)[1]])
        return found[0], found[1]

    def _tree(self) -> tuple[KDTree, list[str]]:
        if not hasattr(self, "_kept_tree"):
            points = to_working(self._places[["geometry"]], self._crs).geometry.to_numpy()
            names = [clean(name) for name in self._places["name"]]
            self._kept_tree = KDTree(shapely.get_coordinates(points)), names
        return self._kept_tree


def _titles(edges: gpd.GeoDataFrame) -> list[str]:
    """What each edge's road is called: number and name, whichever there is; empty for neither."""
    titles = []
    for ref, name in zip(map(clean, edges["ref"]), map(clean, edges["name"]), strict=True):
        parts = (name,) if ref in name else (ref, name)
        titles.append(" · ".join(part for part in parts if part))
    return titles
