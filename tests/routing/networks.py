"""Random small networks with blocked arcs, and their answers by scipy, one opening at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from routing.clearance_network import Blocked, blocked_arcs
from routing.hierarchy import Hierarchy, prepare_arcs


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Arcs sorted by tail; `site` blocks an arc, -1 = none."""

    n_nodes: int
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    time_s: NDArray[np.float64]
    site: NDArray[np.int64]
    depots: NDArray[np.int64]
    places: NDArray[np.int64]
    people: NDArray[np.float64]

    @property
    def n_sites(self) -> int:
        return int(self.site.max(initial=-1)) + 1

    def blocked(self) -> Blocked:
        return blocked_arcs(
            self.n_nodes, self.tail, self.head, self.time_s, self.site,
            depots=self.depots, places=self.places,
        )  # fmt: skip

    def hierarchy(self) -> Hierarchy:
        return prepare_arcs(self.n_nodes, self.tail, self.head)

    def places_s(self, opened: set[int]) -> NDArray[np.float64]:
        """Seconds from the nearest depot with only the sites in `opened` open."""
        goes = (self.site < 0) | np.isin(self.site, list(opened))
        # Parallel entries of a matrix add up, so the fastest of each pair is taken first.
        order = np.lexsort((self.time_s[goes], self.head[goes], self.tail[goes]))
        tail, head = self.tail[goes][order], self.head[goes][order]
        first = np.ones(len(tail), dtype=bool)
        first[1:] = (np.diff(tail) != 0) | (np.diff(head) != 0)
        matrix = sparse.coo_array(
            (self.time_s[goes][order][first], (tail[first], head[first])),
            shape=(self.n_nodes, self.n_nodes),
        ).tocsr()
        found: NDArray[np.float64] = dijkstra(matrix, indices=self.depots).min(axis=0)[self.places]
        return found

    def gain(self, opened: set[int], more: set[int], *, limit_s: float, by_time: bool) -> float:
        """What opening `more` wins when `opened` are open already."""
        before_s, after_s = self.places_s(opened), self.places_s(opened | more)
        if by_time:
            won_s = np.minimum(before_s, limit_s) - np.minimum(after_s, limit_s)
            return float((self.people * won_s).sum())
        return float(self.people[(before_s > limit_s) & (after_s <= limit_s)].sum())


def random_network(seed: int, *, n_nodes: int = 30, n_sites: int = 8) -> Network:
    """Roads of which a tenth have one direction, some blocked: a site has one road or several."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, n_nodes, (2, int(n_nodes * 1.6)))
    a, b = a[a != b], b[a != b]
    n_roads = len(a)
    site = np.full(n_roads, -1)
    closed = rng.choice(n_roads, 2 * n_sites, replace=False)
    site[closed] = np.concatenate([np.arange(n_sites), rng.integers(0, n_sites, n_sites)])
    tail, head = np.concatenate([a, b]), np.concatenate([b, a])
    road = np.tile(np.arange(n_roads), 2)
    kept = (rng.random(len(tail)) < 0.95) | (site[road] >= 0)
    order = np.argsort(tail[kept], kind="stable")
    nodes = rng.permutation(n_nodes)
    n_places = n_nodes // 2
    return Network(
        n_nodes=n_nodes,
        tail=tail[kept][order],
        head=head[kept][order],
        time_s=rng.uniform(1.0, 10.0, len(tail)).round(2)[kept][order],
        site=site[road[kept][order]],
        depots=nodes[:2],
        places=nodes[2 : 2 + n_places],
        people=rng.integers(0, 50, n_places).astype(np.float64),
    )


def line_network(site: list[int], *, people: list[float], seconds: float = 60.0) -> Network:
    """A depot at node 0 and a place at every further node of a line; road i joins i and i + 1."""
    n_roads = len(site)
    a = np.arange(n_roads)
    tail, head = np.concatenate([a, a + 1]), np.concatenate([a + 1, a])
    order = np.argsort(tail, kind="stable")
    return Network(
        n_nodes=n_roads + 1,
        tail=tail[order],
        head=head[order],
        time_s=np.full(2 * n_roads, seconds),
        site=np.tile(np.array(site), 2)[order],
        depots=np.array([0]),
        places=np.arange(1, n_roads + 1),
        people=np.array(people),
    )
