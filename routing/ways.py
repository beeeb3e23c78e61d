"""Ways: the arcs of the fastest ways that `routing.travel` found, their lengths and their lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import WGS84
from geo.errors import RuleError
from routing.travel import arrivals, arriving, candidate_of, travel_trees

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.network import RoadTables
    from routing.access import Access
    from routing.graph import Graph
    from routing.travel import Trees


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One way over the network.

    Of the `arcs` in order the first is entered at `from_share` and the last left at `to_share`
    (shares of the arc in its own direction). `time_s` is door to door, `length_m` on the road
    only; `candidate` says which attachment of the destination is used, with its walk in `walk_m`.
    """

    arcs: NDArray[np.intp]
    from_share: float
    to_share: float
    time_s: float
    length_m: float
    walk_m: float
    candidate: int


def lengths_to_nodes(graph: Graph, trees: Trees) -> NDArray[np.float64]:
    """Length in metres of the fastest way to every node, (n_origins, n_nodes), NaN = no way."""
    return _summed_to_root(entering_lengths(graph, trees), trees.parent)


def entering_lengths(graph: Graph, trees: Trees) -> NDArray[np.float64]:
    """Metres of the last arc of the way to every node; of what is driven of it where it is first.

    (n_origins, n_nodes), NaN = no way.
    """
    arc_m = graph.length_m[graph.edge]
    links = trees.links
    link_m = arc_m[links.arc] * (1.0 - links.share)
    value = np.full(trees.parent.shape, np.nan)
    inner, first = trees.parent >= 0, trees.link >= 0
    value[inner] = arc_m[trees.arc[inner]]
    value[first] = link_m[trees.link[first]]
    return value


def arrival_lengths(
    graph: Graph,
    node_length_m: NDArray[np.float64],
    how: NDArray[np.int32],
    origins: Access,
    destinations: Access,
) -> NDArray[np.float64]:
    """Metres on the road of the ways that `arrivals` found, (n_origins, n_destinations)."""
    origin, destination = np.nonzero(how >= 0)
    found = how[origin, destination]
    candidate = candidate_of(found)
    edge = destinations.edge[destination, candidate]
    share = destinations.fraction[destination, candidate]
    stays, arc, tail = arriving(graph, found, edge)
    last_m = graph.length_m[edge] * np.where(graph.along[arc], share, 1.0 - share)
    length_m = np.full(how.shape, np.nan)
    length_m[origin, destination] = node_length_m[origin, tail] + last_m
    for at in np.flatnonzero(stays):
        o, d = origin[at], destination[at]
        begin = _attachment_on(origins, o, int(edge[at]))
        apart = abs(origins.fraction[o, begin] - share[at])
        length_m[o, d] = apart * graph.length_m[edge[at]]
    return length_m


def paths(
    graph: Graph, time_s: NDArray[np.float64], origin: Access, destinations: Access
) -> list[Path | None]:
    """Fastest way from one origin to each destination, None where there is none."""
    if origin.n_points != 1:
        raise RuleError(f"{origin.n_points} origins", "one is needed", "ask once for each")
    trees = travel_trees(graph, time_s, origin, ways=True)
    best_s, how = arrivals(graph, time_s, trees, origin, destinations)
    return [
        path_of(graph, trees, 0, how[0], best_s[0], origin, destinations, row)
        for row in range(destinations.n_points)
    ]


def path_of(
    graph: Graph,
    trees: Trees,
    origin_row: int,
    how: NDArray[np.int32],
    best_s: NDArray[np.float64],
    origins: Access,
    destinations: Access,
    row: int,
) -> Path | None:
    """The way from one origin of `trees` to destination `row`, from a row of `arrivals`."""
    if how[row] < 0:
        return None
    candidate = int(candidate_of(how[row]))
    edge = int(destinations.edge[row, candidate])
    share = float(destinations.fraction[row, candidate])
    stays, arc, _ = arriving(graph, how[[row]], destinations.edge[[row], candidate])
    if stays[0]:
        begin = _attachment_on(origins, origin_row, edge)
        start = float(origins.fraction[origin_row, begin])
        onward = share >= start
        arcs = np.array([graph.arc_along[edge] if onward else graph.arc_against[edge]])
        shares = (start, share) if onward else (1.0 - start, 1.0 - share)
    else:
        last = int(arc[0])
        arcs, from_share = _arcs_to(trees, origin_row, int(graph.tail[last]))
        arcs = np.append(arcs, last)
        shares = (from_share, share if graph.along[last] else 1.0 - share)
    arc_m = graph.length_m[graph.edge[arcs]]
    length_m = arc_m.sum() - shares[0] * arc_m[0] - (1.0 - shares[1]) * arc_m[-1]
    return Path(
        arcs=arcs,
        from_share=shares[0],
        to_share=shares[1],
        time_s=float(best_s[row]),
        length_m=float(length_m),
        walk_m=float(destinations.walk_m[row, candidate]),
        candidate=candidate,
    )


def path_geometry(graph: Graph, tables: RoadTables, path: Path) -> shapely.LineString:
    """The way as a line in EPSG:4326, in the direction of travel; its two ends are cut exactly."""
    lines = np.asarray(tables.edges.geometry.array, dtype=object)[graph.edge[path.arcs]]
    parts: list[NDArray[np.float64]] = []
    for at, (line, along) in enumerate(zip(lines, graph.along[path.arcs], strict=True)):
        points = shapely.get_coordinates(line)
        points = points if along else points[::-1]
        low = path.from_share if at == 0 else 0.0
        high = path.to_share if at == len(lines) - 1 else 1.0
        parts.append(_cut(points, low, high))
    points = np.concatenate(parts)
    keep = np.ones(len(points), dtype=bool)
    keep[1:] = np.any(points[1:] != points[:-1], axis=1)
    kept = points[keep]
    # A way of no length is still a line: two points at one place.
    return shapely.LineString(kept if len(kept) > 1 else np.repeat(kept, 2, axis=0))


def _attachment_on(origins: Access, origin_row: int, edge: int) -> int:
    """Which attachment of an origin lies on `edge`; an edge is attached once, so there is one."""
    return int(np.flatnonzero(origins.edge[origin_row] == edge)[0])


def _arcs_to(trees: Trees, origin_row: int, node: int) -> tuple[NDArray[np.intp], float]:
    parent, arc = trees.parent[origin_row], trees.arc[origin_row]
    reverse = []
    while parent[node] >= 0:
        reverse.append(int(arc[node]))
        node = int(parent[node])
    link = int(trees.link[origin_row, node])
    reverse.append(int(trees.links.arc[link]))
    return np.array(reverse[::-1], dtype=np.intp), float(trees.links.share[link])


def _summed_to_root(value: NDArray[np.float64], parent: NDArray[np.int32]) -> NDArray[np.float64]:
    """Sum of `value` over the way from the root to every node, by doubling the step."""
    total, jump = value.copy(), parent.copy()
    row = np.broadcast_to(np.arange(len(jump))[:, None], jump.shape)
    while True:
        inner = jump >= 0
        if not inner.any():
            return total
        at_row, above = row[inner], jump[inner]
        total[inner] = total[inner] + total[at_row, above]
        jump[inner] = jump[at_row, above]


def _cut(points: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Vertices of a line between two shares of its geodesic length."""
    if low <= 0.0 and high >= 1.0:
        return points
    _, _, step_m = WGS84.inv(points[:-1, 0], points[:-1, 1], points[1:, 0], points[1:, 1])
    along_m = np.concatenate([[0.0], np.cumsum(step_m)])
    begin_m, end_m = low * along_m[-1], high * along_m[-1]
    inside = points[(along_m > begin_m) & (along_m < end_m)]
    ends = [
        [np.interp(at, along_m, points[:, 0]), np.interp(at, along_m, points[:, 1])]
        for at in (begin_m, end_m)
    ]
    return np.vstack([ends[0], inside, ends[1]])
