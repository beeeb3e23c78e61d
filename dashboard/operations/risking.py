"""Risk: how likely each place is reached in time, given what is not known of the roads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.operations import roadwork
from dashboard.operations.situation import Progress, Situation, silent
from dashboard.operations.weights import Weights, weights_of
from geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from numpy.typing import NDArray

    from geo.model import VehicleClassName
    from routing.closure_odds import Odds
    from routing.risk import Deciding, PlaceRisk
    from routing.vehicles import VehicleClass

DEFAULT_CLASSES: tuple[VehicleClassName, ...] = ("truck", "pickup")
DEFAULT_WORLDS, DEFAULT_HOURS = 200, 12.0
MAX_WORLDS = 20_000
#: Roads that are closed at least so likely part the network into pockets; of each the roads nearest
#: to a place are kept.
MAYBE_CLOSED = 0.05
# A place reached in fewer than this share of the worlds, and in more than the rest, is uncertain.
_UNCERTAIN = 0.05


def make_risk(
    situation: Situation,
    classes: Sequence[VehicleClassName] = DEFAULT_CLASSES,
    *,
    n_worlds: int = DEFAULT_WORLDS,
    hours: float = DEFAULT_HOURS,
    seed: int = 1,
    landslides: Path | None = None,
    at: datetime | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Sample worlds and say per place and class how likely it is reached, and what decides it.

    Parameters
    ----------
    hours
        Reached means within so many hours of the nearest depot, the walk included.
    landslides
        Polygons of landslides that somebody drew; hints, not closures.

    Raises
    ------
    InputError
        No places, roads or depots, or a number that is impossible.
    """
    if not 1 <= n_worlds <= MAX_WORLDS:
        raise InputError(
            f"--worlds {n_worlds}", f"a number from 1 to {MAX_WORLDS} is needed", "correct it"
        )
    if seed < 0:
        raise InputError(f"--seed {seed}", "0 or more is needed", "correct it")
    moment = at or situation.now()
    roadwork.make_ready(progress)
    progress(0.05, "gathering what is known of the roads")
    for name in classes:
        roadwork.stands(situation, name)
    weights = weights_of(situation)
    known = _Known(situation, landslides, moment)
    by_class: dict[str, dict[str, Any]] = {}
    for number, name in enumerate(classes):
        share, begin = 0.8 / len(classes), 0.15 + 0.8 * number / len(classes)

        def show(done: float, begin: float = begin, share: float = share) -> None:
            progress(begin + share * done, "sampling worlds")

        by_class[name] = _one_class(
            situation, known, weights, name, n_worlds=n_worlds, hours=hours, seed=seed, show=show
        )
    progress(1.0, f"{n_worlds} worlds sampled")
    return {
        "worlds": n_worlds,
        "hours": hours,
        "seed": seed,
        "at": moment.isoformat(),
        "notice": situation.info().notice,
        "totals": {name: one["totals"] for name, one in by_class.items()},
        "deciding": [
            {"class": name, **stretch}
            for name, one in by_class.items()
            for stretch in one["deciding"]
        ],
        "places": _places(situation, weights, by_class),
        "sensitivity": {name: one["sensitivity"] for name, one in by_class.items()},
        "evidence": {name: one["evidence"] for name, one in by_class.items()},
        "weights": weights.summary(),
        "notes": known.notes,
        "sources": known.sources,
    }


class _Known:
    """What is known of the roads whatever class asks: pieces, grades, hints, the slopes' prior."""

    def __init__(self, situation: Situation, landslides: Path | None, at: datetime) -> None:
        from routing.closures import overlay
        from routing.road_pieces import road_pieces

        self.at = at
        self.graph = situation.graph()
        self.pieces = road_pieces(self.graph)
        self.state = overlay(self.graph, situation.store.closures(), at=at)
        self.grades = roadwork.grades_of_edges(situation)
        self.notes: list[str] = []
        self.sources: list[dict[str, Any]] = [
            {
                "name": f"{one.state} road reported by {one.source or 'unknown'}",
                "at": one.since.isoformat() if one.since else None,
            }
            for one in self.state.closures
        ]
        self.hints = self._hints(situation, landslides)
        self.prior = self._prior(situation)
        if self.state.unknown_edges:
            self.notes.append(
                f"{len(self.state.unknown_edges)} reported edges are not in this road network and "
                "are left out"
            )

    def _hints(self, situation: Situation, landslides: Path | None) -> NDArray[np.intp]:
        if landslides is None:
            return np.empty(0, dtype=np.intp)
        from geo.vectors import read_vector
        from routing.closures import edges_in_area

        drawn = read_vector(landslides)
        areas = drawn[drawn.geom_type.isin(("Polygon", "MultiPolygon"))]
        if areas.empty:
            raise InputError(landslides.name, "polygons of landslides are needed", "draw areas")
        edges = edges_in_area(situation.roads(), areas.union_all())
        self.sources.append({"name": f"landslide hints: {landslides.name}", "at": None})
        return self.graph.rows_of(edges.edges)

    def _prior(self, situation: Situation) -> NDArray[np.float64]:
        """Landslides that nobody reported: from slope and shaking, where both are loaded."""
        from routing.slope_hazard import COARSE_M, blocked_prior, cell_m

        elevation, shakemap = situation.elevation(), situation.shakemap()
        if elevation is None or shakemap is None:
            lacking = "an elevation model" if elevation is None else "a ShakeMap"
            self.notes.append(
                f"roads without a report count as open: {lacking} is needed to ask how likely a "
                "landslide is there"
            )
            return np.zeros(self.graph.n_edges)
        cell = cell_m(elevation)
        if cell > COARSE_M:
            self.notes.append(
                f"the cells of the elevation model are {cell:,.0f} m wide, which flattens slopes: "
                "landslides are underestimated"
            )
        self.sources.append(
            {
                "name": "landslides on roads without a report: Nowicki Jessee et al. (2018) from "
                "slope and ShakeMap, brought to roads by an estimate, docs/risk.md",
                "at": None,
            }
        )
        key = (
            "blocked prior", situation.roads_key(), situation.crs(),
            tuple(layer.layer_id for layer in situation.store.layers("shakemap")),
        )  # fmt: skip
        return situation.remember(
            key,
            lambda: blocked_prior(situation.roads(), elevation, shakemap, crs=situation.crs()),
        )

    def odds(self, vehicle_class: VehicleClass) -> tuple[Odds, dict[str, int]]:
        """Give the chances of a class, and how many arcs each source spoke of."""
        from routing.closure_odds import from_grades, from_hints, from_reports, odds

        evidence = [
            from_reports(self.state, vehicle_class, at=self.at),
            from_grades(self.graph, self.grades),
            from_hints(self.graph, self.hints),
        ]
        said = {one.name: len(np.unique(self.graph.edge[one.arc])) for one in evidence}
        said["edges with a chance of a landslide"] = int((self.prior > 0).sum())
        return odds(self.graph, self.pieces, evidence, prior=self.prior), said


def _one_class(
    situation: Situation,
    known: _Known,
    weights: Weights,
    name: VehicleClassName,
    *,
    n_worlds: int,
    hours: float,
    seed: int,
    show: Any,
) -> dict[str, Any]:
    from routing.risk import deciding, place_risk
    from routing.stands import kept_roads, pockets
    from routing.worlds import arrivals, question_of_graph

    here = roadwork.stands(situation, name)
    chances, evidence = known.odds(here.vehicle_class)
    # A restricted road is slow in every world; whether it is closed is a matter of chance.
    factor = known.state.factor(here.vehicle_class)
    time_s = here.open_s * np.where(np.isfinite(factor), factor, 1.0)
    likely = chances.probability < MAYBE_CLOSED
    pocket = pockets(known.graph, np.isfinite(time_s) & likely)
    question = question_of_graph(
        roadwork.hierarchy(situation),
        known.graph,
        time_s,
        here.depots,
        kept_roads(here.places, pocket),
    )
    limit_s, people = hours * 3600.0, weights.people
    arrived_s = arrivals(
        question,
        chances,
        n_worlds=n_worlds,
        seed=seed,
        progress=lambda done: show(0.6 * done),
    )
    found = deciding(question, chances, arrived_s, people, limit_s=limit_s, seed=seed)
    show(0.9)
    risk = place_risk(arrived_s, limit_s)
    reached = (arrived_s <= limit_s) @ people
    return {
        "risk": risk,
        "totals": _totals(risk, reached, people, chances),
        "deciding": _deciding(situation, known, chances, found, weights),
        "evidence": evidence,
        "sensitivity": {
            f"people_reached_if_chances_were_{words}": round(
                float(
                    (
                        arrivals(
                            question,
                            chances.scaled(factor_),
                            n_worlds=max(1, n_worlds // 4),
                            seed=seed,
                        )
                        <= limit_s
                    ).mean(axis=0)
                    @ people
                ),
                1,
            )
            for words, factor_ in (("half", 0.5), ("double", 2.0))
        },
    }


# --- the answer ---------------------------------------------------------------------------------


def _totals(
    risk: PlaceRisk, reached: NDArray[np.float64], people: NDArray[np.float64], chances: Odds
) -> dict[str, Any]:
    p = risk.probability
    few, many = np.quantile(reached, [0.1, 0.9])
    return {
        "places": len(p),
        "people": round(float(people.sum()), 1),
        "people_reached": round(float(reached.mean()), 1),
        "people_reached_in_9_of_10_worlds": round(float(few), 1),
        "people_reached_in_1_of_10_worlds": round(float(many), 1),
        "places_surely_reached": int((p >= 1.0 - _UNCERTAIN).sum()),
        "places_uncertain": int(((p > _UNCERTAIN) & (p < 1.0 - _UNCERTAIN)).sum()),
        "places_hardly_reached": int((p <= _UNCERTAIN).sum()),
        "closed_arcs_expected": round(float(chances.probability.sum()), 1),
    }


def _places(
    situation: Situation, weights: Weights, by_class: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    frame = situation.places()
    return [
        {
            "place_id": str(place_id),
            "name": str(name),
            "lon": round(float(point.x), 6),
            "lat": round(float(point.y), 6),
            "people": round(float(weights.people[row]), 1),
            "by_class": {one: _risk_of(made["risk"], row) for one, made in by_class.items()},
        }
        for row, (place_id, name, point) in enumerate(
            zip(frame["place_id"], frame["name"], frame.geometry, strict=True)
        )
    ]


def _risk_of(risk: PlaceRisk, row: int) -> dict[str, Any]:
    return {
        "probability": round(float(risk.probability[row]), 4),
        "low": round(float(risk.low[row]), 4),
        "high": round(float(risk.high[row]), 4),
        "expected_time_s": _seconds(risk.mean_s[row]),
        "time_in_half_of_the_worlds_s": _seconds(risk.median_s[row]),
        "time_in_9_of_10_worlds_s": _seconds(risk.slow_s[row]),
    }


def _deciding(
    situation: Situation,
    known: _Known,
    chances: Odds,
    found: Sequence[Deciding],
    weights: Weights,
) -> list[dict[str, Any]]:
    from routing.risk import edges_of_stretch

    graph, frame = known.graph, situation.places()
    rows = [list(edges_of_stretch(chances, graph.edge, one.stretch)) for one in found]
    edges = [[str(graph.edge_ids[row]) for row in group] for group in rows]
    names = roadwork.road_names(situation, edges)
    said = []
    for one, group, ids, name in zip(found, rows, edges, names, strict=True):
        ends = np.array([graph.u[group], graph.v[group]])
        said.append(
            {
                "edges": ids,
                "road": name,
                "label": name or "road",
                "lon": round(float(graph.lon[ends].mean()), 6),
                "lat": round(float(graph.lat[ends].mean()), 6),
                "probability_closed": round(one.probability, 4),
                "people": round(one.people, 1),
                "standard_error": round(one.standard_error, 1),
                "share_of_uncertainty": round(one.variance_share, 3),
                "pairs_of_worlds": one.n_pairs,
                "places": [
                    {
                        "place_id": str(frame["place_id"].iloc[row]),
                        "name": str(frame["name"].iloc[row]),
                        "people": round(float(weights.people[row]), 1),
                    }
                    for row in one.places[:10]
                ],
            }
        )
    return said


def _seconds(value: float) -> float | None:
    return round(float(value), 1) if np.isfinite(value) else None
