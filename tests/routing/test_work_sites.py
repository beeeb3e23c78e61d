"""Which closed edges are cleared together, and how long that takes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from geo.errors import SchemaError, UnreadableError
from geo.model import Closure
from routing.closures import overlay
from routing.graph import build_graph
from routing.road_pieces import road_pieces
from routing.travel import arc_times
from routing.vehicles import vehicle_classes
from routing.work_sites import (
    WorkSite,
    crew_rates,
    site_of_arc,
    with_crew_hours,
    work_sites,
)
from tests.factories import make_roads

NOON = datetime(2023, 9, 10, 12, tzinfo=UTC)
TRUCK = vehicle_classes()["truck"]
#: 0 ─a 200─ 1 ─b 250─ 2 ─c 100─ 3 ─d 500─ 4, a side road e at 3, and a footpath f apart.
NODES = [(-8.0 + 0.01 * n, 31.0) for n in range(5)] + [(-7.97, 31.01), (-7.9, 31.1), (-7.9, 31.2)]
GRAPH = build_graph(
    make_roads(
        NODES,
        [
            {"edge_id": "a", "u": 0, "v": 1, "highway": "primary", "length_m": 200.0},
            {"edge_id": "b", "u": 2, "v": 1, "highway": "primary", "length_m": 250.0},
            {"edge_id": "c", "u": 2, "v": 3, "highway": "primary", "length_m": 100.0},
            {"edge_id": "d", "u": 3, "v": 4, "highway": "primary", "length_m": 500.0},
            {"edge_id": "e", "u": 3, "v": 5, "highway": "primary", "length_m": 500.0},
            {"edge_id": "f", "u": 6, "v": 7, "highway": "path", "length_m": 500.0},
        ],
    )
)


def sites_of(*closures: Closure, **options: object) -> list[WorkSite]:
    return work_sites(
        GRAPH,
        overlay(GRAPH, closures, at=NOON),
        TRUCK,
        arc_times(GRAPH, TRUCK),
        rates=crew_rates(),
        **options,  # type: ignore[arg-type]
    )


def closed(number: int, *edges: str, **more: object) -> Closure:
    return Closure(closure_id=f"closure:{number}", edges=edges, **more)  # type: ignore[arg-type]


def test_a_piece_runs_from_junction_to_junction_whatever_way_edges_are_drawn() -> None:
    pieces = road_pieces(GRAPH)
    a, b, c, d, e, f = pieces.piece.tolist()
    assert a == b == c
    assert len({a, d, e, f}) == 4
    assert pieces.begin_m[:3].tolist() == [0.0, 200.0, 450.0]


def test_a_ring_without_a_junction_is_one_piece() -> None:
    ring = build_graph(
        make_roads(
            NODES[:3],
            [{"u": n, "v": (n + 1) % 3, "highway": "track", "length_m": 100.0} for n in range(3)],
        )
    )
    pieces = road_pieces(ring)
    assert set(pieces.piece.tolist()) == {0}
    assert sorted(pieces.begin_m.tolist()) == [0.0, 100.0, 200.0]


def test_stretches_within_300_m_along_the_road_are_one_site() -> None:
    (site,) = sites_of(closed(1, "a"), closed(2, "c"))
    assert site.edges == ("a", "c")
    assert site.closure_ids == ("closure:1", "closure:2")
    assert site.length_m == 300.0


def test_stretches_farther_apart_are_two_sites() -> None:
    assert [one.edges for one in sites_of(closed(1, "a"), closed(2, "c"), gap_m=249.0)] == [
        ("a",),
        ("c",),
    ]


def test_a_report_goes_on_over_a_junction_but_two_reports_do_not() -> None:
    assert [one.edges for one in sites_of(closed(1, "c", "d"))] == [("c", "d")]
    assert [one.edges for one in sites_of(closed(1, "c"), closed(2, "d"))] == [("c",), ("d",)]


def test_where_three_closed_roads_meet_each_is_a_site() -> None:
    assert [one.edges for one in sites_of(closed(1, "c", "d", "e"))] == [("c",), ("d",), ("e",)]


def test_direction_class_and_state_decide_what_is_blocked() -> None:
    (one_way,) = sites_of(closed(1, "d+"))
    assert one_way.arcs == (int(GRAPH.arc_along[3]),)
    assert sites_of(closed(1, "d", classes=("motorbike",))) == []
    assert sites_of(closed(1, "d", state="restricted")) == []
    # A truck could not use the path anyway: nobody needs to clear it for a truck.
    assert sites_of(closed(1, "f")) == []


def test_arcs_know_their_site() -> None:
    sites = sites_of(closed(1, "a"), closed(2, "d"))
    site = site_of_arc(sites, GRAPH.n_arcs)
    assert site[GRAPH.arc_along[0]] == site[GRAPH.arc_against[0]] == 0
    assert site[GRAPH.arc_along[3]] == 1
    assert (site >= 0).sum() == 4


def test_hours_follow_from_length_reason_and_grade() -> None:
    rates = crew_rates()
    # Rockfall: 1 h and 30 m/h; 500 m closed are 150 m + 5 % of 350 m covered.
    hours, basis = rates.estimate(500.0, "Éboulement sur la piste")
    assert hours == pytest.approx(1.0 + 167.5 / 30.0, abs=0.01)
    assert basis == "estimate: rockfall, 168 m of 500 m taken as covered"
    twice, basis = rates.estimate(500.0, "rockfall", "destroyed")
    assert twice == pytest.approx(2 * hours, abs=0.01)
    assert "2 times for a road graded destroyed" in basis
    assert rates.estimate(10.0, "pont emporté")[0] > 48
    assert rates.estimate(0.0, "rock")[0] == rates.min_crew_hours
    (site,) = sites_of(closed(1, "d", reason="rockfall"), grades={"d": "destroyed"})
    assert site.crew_hours == twice


def test_given_hours_replace_estimates_by_site_closure_or_edge() -> None:
    sites = sites_of(closed(1, "a"), closed(2, "c"), closed(3, "d"))
    changed = with_crew_hours(sites, {"closure:1": 3.0, "c": 4.0, "site:d": 9.0}, "given by hand")
    assert [one.crew_hours for one in changed] == [7.0, 9.0]
    assert {one.basis for one in changed} == {"given by hand"}
    assert with_crew_hours(sites, {}, "nobody") == sites


def test_rates_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"rates\.toml: readable TOML is needed"):
        crew_rates(tmp_path / "rates.toml")
    own = tmp_path / "rates.toml"
    own.write_text("full_length_m = -1\n", encoding="utf-8")
    with pytest.raises(SchemaError, match=r"rates\.toml: full_length_m: Input should be greater"):
        crew_rates(own)


def test_nothing_closed_is_no_site() -> None:
    assert sites_of() == []
    assert (site_of_arc([], 4) == np.array([-1, -1, -1, -1])).all()
