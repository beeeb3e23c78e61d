"""How likely roads are closed: what each source says, and what they say together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from geo.errors import RuleError
from geo.model import Closure
from routing.closure_odds import (
    HALF_LIFE_H,
    Evidence,
    faded,
    from_grades,
    from_hints,
    from_reports,
    odds,
    stretches,
)
from routing.closures import Overlay, overlay
from routing.graph import build_graph
from routing.road_pieces import road_pieces
from routing.vehicles import vehicle_classes
from tests.factories import four_villages, make_roads

NOON = datetime(2023, 9, 10, 12, tzinfo=UTC)
GRAPH = build_graph(four_villages())
PIECES = road_pieces(GRAPH)


def reported(state: Overlay) -> Evidence:
    return from_reports(state, vehicle_classes()["truck"], at=NOON)


def chance(*closures: Closure, edge: str = "main", prior: float = 0.0) -> float:
    state = overlay(GRAPH, closures, at=NOON)
    made = odds(GRAPH, PIECES, [reported(state)], prior=prior)
    return float(made.probability[GRAPH.arc_along[GRAPH.rows_of([edge])[0]]])


def report(number: int = 1, **more: object) -> Closure:
    return Closure(closure_id=f"closure:{number}", edges=("main",), **more)  # type: ignore[arg-type]


def test_a_sure_report_of_now_is_certain() -> None:
    assert chance(report()) == 1.0
    assert chance(report(state="open"), prior=0.4) == 0.0


def test_a_road_of_which_nobody_speaks_keeps_its_prior() -> None:
    assert chance(report(), edge="bypass", prior=0.07) == pytest.approx(0.07)


def test_doubt_lies_between_the_report_and_the_prior() -> None:
    assert chance(report(confidence=0.6), prior=0.1) == pytest.approx(0.6 + 0.4 * 0.1)


def test_a_report_loses_half_of_its_weight_in_a_half_life() -> None:
    old = report(since=NOON - timedelta(hours=HALF_LIFE_H))
    assert chance(old) == pytest.approx(0.5)
    assert chance(replace(old, since=NOON)) == 1.0
    assert faded(-5.0) == 1.0


def test_two_that_contradict_each_other_meet_in_the_middle() -> None:
    pair = (report(1), report(2, state="open"))
    assert chance(*pair) == pytest.approx(0.5)
    # Of a fresh and an old one the fresh counts more.
    stale = report(1, since=NOON - timedelta(hours=HALF_LIFE_H))
    assert chance(stale, report(2, state="open")) == pytest.approx(1 / 3)


def test_unknown_and_restricted_are_chances_not_closures() -> None:
    assert chance(report(state="unknown")) == 0.5
    assert chance(report(state="restricted")) == 0.2


def test_reports_speak_of_their_classes_and_direction() -> None:
    assert chance(report(classes=("motorbike",))) == 0.0
    assert chance(report(classes=("pickup",))) == 1.0  # what a pickup cannot pass, no lorry can
    state = overlay(GRAPH, [Closure(closure_id="closure:1", edges=("main-",))], at=NOON)
    made = odds(GRAPH, PIECES, [reported(state)])
    row = GRAPH.rows_of(["main"])[0]
    assert made.probability[GRAPH.arc_along[row]] == 0.0
    assert made.probability[GRAPH.arc_against[row]] == 1.0


def test_grades_and_hints_are_joined_with_the_rest() -> None:
    grades = from_grades(GRAPH, {"main": "destroyed", "upper": "not_analysed", "gone": "damaged"})
    assert set(GRAPH.edge[grades.arc].tolist()) == {int(GRAPH.rows_of(["main"])[0])}
    made = odds(GRAPH, PIECES, [grades, from_hints(GRAPH, GRAPH.rows_of(["main"]))])
    arc = GRAPH.arc_along[GRAPH.rows_of(["main"])[0]]
    # Weights 0.7 and 0.5: together 0.85 of certainty, at (0.7 × 0.95 + 0.5 × 0.6) / 1.2.
    assert made.probability[arc] == pytest.approx(0.85 * (0.7 * 0.95 + 0.5 * 0.6) / 1.2)


def test_numbers_that_are_no_probability_are_refused() -> None:
    wrong = Evidence(
        name="a model", arc=np.array([0]), closed=np.array([1.5]), weight=np.array([1.0])
    )
    with pytest.raises(RuleError, match=r"a model: probability from 1.5 to 1.5: numbers from 0"):
        odds(GRAPH, PIECES, [wrong])


def test_stretches_follow_the_road_and_not_its_edges() -> None:
    nodes = [(-8.0 + 0.002 * n, 31.0) for n in range(6)]
    edges = [{"u": n, "v": n + 1, "highway": "track", "length_m": 200.0} for n in range(5)]
    line = build_graph(make_roads(nodes, edges))
    # Edges begin at 0, 200, 400, 600 and 800 m: three on the first 500 m, two on the next.
    assert np.bincount(stretches(road_pieces(line), 500.0)).tolist() == [3, 2]


def test_scaling_keeps_what_is_certain() -> None:
    made = odds(GRAPH, PIECES, [], prior=np.array([0.0, 0.2, 0.4, 0.6, 1.0]))
    half = made.scaled(0.5).probability[GRAPH.arc_along]
    assert half == pytest.approx([0.0, 0.1, 0.2, 0.3, 1.0])
    assert made.scaled(2.0).probability[GRAPH.arc_along] == pytest.approx([0.0, 0.4, 0.8, 1.0, 1.0])
