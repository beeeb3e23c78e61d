"""How likely each road is closed, from what is known of it: reports, grades, hints, slope, shaking.

Each source says a probability and deserves a weight. A report deserves its confidence, halved with
every `HALF_LIFE_H` of its age: roads are cleared, and fall again. What is said is averaged by
weight, and where little is said the prior of the slope above the road fills the rest::

    W = 1 - product of (1 - w)          how much is said at all
    p = W * (sum of w p / sum of w) + (1 - W) * prior

So two reports that contradict each other give a probability between theirs, and one that is quite
sure and of now gives 0 or 1. All constants here are estimates of this project (``docs/risk.md``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.errors import RuleError
from routing.closures import effect_on

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import ArrayLike, NDArray

    from routing.closures import Overlay
    from routing.graph import Graph
    from routing.road_pieces import Pieces
    from routing.vehicles import VehicleClass

HALF_LIFE_H = 168.0
#: How likely a road is closed if it was said to be so (closed without a doubt, restricted …).
STATE_CLOSED = {"closed": 1.0, "restricted": 0.2, "unknown": 0.5, "open": 0.0}
#: Likewise, if analysts graded it so from above. They see a lost bridge, not a stone on the road.
GRADE_CLOSED = {
    "destroyed": 0.95,
    "damaged": 0.5,
    "possibly_damaged": 0.25,
    "no_visible_damage": 0.05,
}
GRADE_WEIGHT = 0.7
#: A landslide that somebody drew over the road from a picture, unchecked.
HINT_CLOSED, HINT_WEIGHT = 0.6, 0.5
#: Roads close by the hillside, not by the edge: so far along one piece they share their fate.
STRETCH_M = 500.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """What one source says of arcs, (n,) each: `arc`, how likely `closed`, and its `weight`."""

    name: str
    arc: NDArray[np.intp]
    closed: NDArray[np.float64]
    weight: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Odds:
    """How likely each arc is closed, and which arcs share their fate.

    `probability`, (n_arcs,), from 0 to 1; `stretch`, (n_arcs,) int32: one chance decides for all
    arcs of a stretch, so where the likelier is open the unlikelier is, too.
    """

    probability: NDArray[np.float64]
    stretch: NDArray[np.int32]

    def __post_init__(self) -> None:
        p = self.probability
        if p.shape != self.stretch.shape or (p.size and not (p.min() >= 0 and p.max() <= 1)):
            raise RuleError(
                f"probabilities of closure of shape {p.shape}"
                + (f", from {p.min():g} to {p.max():g}" if p.size else ""),
                "one from 0 to 1 for every arc is needed",
                "correct them",
            )

    def scaled(self, factor: float) -> Odds:
        """The same with chances `factor` times as large, at most 1; what is certain stays."""
        p = self.probability
        return Odds(
            probability=np.where(p < 1.0, np.minimum(p * factor, 1.0), 1.0), stretch=self.stretch
        )


def odds(
    graph: Graph,
    pieces: Pieces,
    evidence: Sequence[Evidence],
    *,
    prior: ArrayLike = 0.0,
    stretch_m: float = STRETCH_M,
) -> Odds:
    """Join what several sources say.

    Parameters
    ----------
    prior
        (n_edges,) or a number: how likely an edge is closed of which nobody says anything.
    """
    before = np.broadcast_to(np.asarray(prior, dtype=np.float64), (graph.n_edges,))
    unsaid, said, weight = np.ones(graph.n_arcs), np.zeros(graph.n_arcs), np.zeros(graph.n_arcs)
    for one in evidence:
        _require_shares(one)
        np.multiply.at(unsaid, one.arc, 1.0 - one.weight)
        np.add.at(said, one.arc, one.weight * one.closed)
        np.add.at(weight, one.arc, one.weight)
    mean = np.divide(said, weight, out=np.zeros_like(said), where=weight > 0)
    return Odds(
        probability=np.clip((1.0 - unsaid) * mean + unsaid * before[graph.edge], 0.0, 1.0),
        stretch=stretches(pieces, stretch_m)[graph.edge],
    )


def stretches(pieces: Pieces, stretch_m: float = STRETCH_M) -> NDArray[np.int32]:
    """(n_edges,) number of the stretch on which each edge begins; edges are not divided."""
    part = np.floor(pieces.begin_m / stretch_m).astype(np.int64)
    key = pieces.piece.astype(np.int64) * (int(part.max(initial=0)) + 1) + part
    return np.asarray(np.unique(key, return_inverse=True)[1], dtype=np.int32)


def from_reports(overlay: Overlay, vehicle_class: VehicleClass, *, at: datetime) -> Evidence:
    """What people report, every report for itself; those of unknown age do not lose weight.

    A road that no longer carries the class is closed to it, whatever else is said of it.
    """
    speaks = np.array([one.speaks_of(vehicle_class.name) for one in overlay.closures], dtype=bool)
    closed = np.array(
        [
            1.0 if np.isinf(effect_on(one, vehicle_class)) else STATE_CLOSED[one.state]
            for one in overlay.closures
        ]
    )
    weight = np.array(
        [
            one.confidence * (1.0 if one.since is None else faded((at - one.since).total_seconds()))
            for one in overlay.closures
        ]
    )
    kept = speaks[overlay.closure]
    arc, row = overlay.arc[kept], overlay.closure[kept]
    return Evidence(name="reports", arc=arc, closed=closed[row], weight=weight[row])


def from_grades(graph: Graph, grades: Mapping[str, str]) -> Evidence:
    """What analysts graded, by edge id; roads that were not analysed say nothing."""
    known = {edge: grade for edge, grade in grades.items() if grade in GRADE_CLOSED}
    row = graph.rows_of(known)
    closed = np.array([GRADE_CLOSED[grade] for grade in known.values()])
    return _of_edges(graph, "graded roads", row[row >= 0], closed[row >= 0], GRADE_WEIGHT)


def from_hints(graph: Graph, edges: NDArray[np.intp]) -> Evidence:
    """Landslides that were drawn over edges (rows)."""
    return _of_edges(graph, "landslide hints", edges, np.full(len(edges), HINT_CLOSED), HINT_WEIGHT)


def faded(age_s: float) -> float:
    """What is left of a report's weight at some age; reports of the future keep theirs."""
    return float(0.5 ** (max(age_s, 0.0) / 3600.0 / HALF_LIFE_H))


def _of_edges(
    graph: Graph, name: str, row: NDArray[np.intp], closed: NDArray[np.float64], weight: float
) -> Evidence:
    by_edge = np.full(graph.n_edges, np.nan)
    by_edge[row] = closed
    arc = np.flatnonzero(~np.isnan(by_edge[graph.edge]))
    return Evidence(
        name=name, arc=arc, closed=by_edge[graph.edge[arc]], weight=np.full(len(arc), weight)
    )


def _require_shares(evidence: Evidence) -> None:
    for what, values in (("probability", evidence.closed), ("weight", evidence.weight)):
        if values.size and not (values.min() >= 0 and values.max() <= 1):
            raise RuleError(
                f"{evidence.name}: {what} from {values.min()} to {values.max()}",
                "numbers from 0 to 1 are needed",
                "correct them",
            )
