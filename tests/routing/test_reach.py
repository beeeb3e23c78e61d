"""Reach: verdicts, ways and reasons on the four villages, and on a real country."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.sources.osm import read_osm
from geo.crs import working_crs
from geo.errors import RuleError
from geo.model import Closure
from geo.network import RoadTables
from routing.closures import overlay
from routing.graph import build_graph
from routing.reach import ClassReach, PlaceReach, reach, reach_to_dict, time_matrix
from routing.vehicles import vehicle_classes
from tests.factories import (
    FOUR_VILLAGES_NODES,
    WORKING_CRS,
    four_villages,
    make_depot,
    make_places,
    make_roads,
)

CLASSES = vehicle_classes()
NOW = datetime(2023, 9, 9, 12, tzinfo=UTC)


def closure(number: int = 1, edges: tuple[str, ...] = ("main",), **columns: Any) -> Closure:
    return Closure(closure_id=f"closure:{number}", edges=edges, **columns)


def reached(
    *closures: Closure,
    tables: RoadTables | None = None,
    places: Any = None,
    depots: Any = None,
    classes: tuple[Any, ...] = ("truck", "pickup"),
    **options: Any,
) -> list[PlaceReach]:
    tables = four_villages() if tables is None else tables
    return reach(
        build_graph(tables),
        tables,
        classes=[CLASSES[name] for name in classes],
        places=make_places() if places is None else places,
        depots=[make_depot()] if depots is None else depots,
        closures=closures,
        at=NOW,
        crs=WORKING_CRS,
        **options,
    )


def verdict(village: int, class_name: Any, *closures: Closure, **options: Any) -> ClassReach:
    """The verdict for village 1 to 4 of the four villages."""
    return reached(*closures, **options)[village - 1].by_class[class_name]


# --- with all roads open ------------------------------------------------------------------------


def test_a_village_on_the_road_is_reached_in_the_time_worked_out_on_paper() -> None:
    one = verdict(1, "truck")
    assert (one.status, one.depot_id, one.reason) == ("reachable", "depot:valley", "")
    assert one.travel_time_s == pytest.approx(360, abs=1)
    assert one.walk_m == pytest.approx(0, abs=1)
    assert one.decided_by == ()
    assert not one.sensitive
    assert verdict(2, "truck").travel_time_s == pytest.approx(540, abs=1)


def test_the_legs_add_up_and_hang_together() -> None:
    """Village 4 is 0.5 km along a path from village 2: 500 m on the map, 650 m walked."""
    way = verdict(4, "truck")
    drive, walk = way.legs
    assert (drive.vehicle_class, drive.start, walk.end) == ("truck", "depot:valley", "place:4")
    assert (walk.vehicle_class, walk.start) == ("foot", drive.end)
    assert drive.end in {"upper", "bypass"}
    assert drive.travel_time_s + walk.travel_time_s == pytest.approx(way.travel_time_s)
    assert drive.length_m == pytest.approx(9000, abs=60)
    assert walk.length_m == way.walk_m == pytest.approx(499 * 1.3, rel=0.01)


def test_a_pickup_takes_the_track_where_a_truck_stops_and_people_walk() -> None:
    """Village 3 is 1.5 km up a track from the main road."""
    truck, pickup = verdict(3, "truck"), verdict(3, "pickup")
    assert pickup.walk_m == pytest.approx(0, abs=1)
    assert pickup.travel_time_s == pytest.approx(6 / 65 * 3600 + 360, abs=2)
    assert truck.status == "reachable"
    assert truck.walk_m == pytest.approx(1508 * 1.3, rel=0.01)


def test_the_best_verdict_is_that_of_the_class_that_is_there_first() -> None:
    soonest = reached()[2]
    assert soonest.by_class["truck"].status == "reachable"  # with a walk of two kilometres
    assert soonest.best.vehicle_class == "pickup"
    near = reached(max_walk_m=500.0)[2]
    assert (near.status, near.best.vehicle_class) == ("reachable", "pickup")


def test_the_nearest_depot_in_time_is_named() -> None:
    depots = [make_depot(), make_depot(*FOUR_VILLAGES_NODES[2], depot_id="depot:up")]
    assert verdict(1, "truck", depots=depots).depot_id == "depot:up"
    assert verdict(1, "truck", depots=depots).travel_time_s == pytest.approx(180, abs=1)


def test_a_depot_that_is_not_active_does_not_count() -> None:
    depots = [make_depot(active=False)]
    one = verdict(1, "truck", depots=depots)
    assert (one.status, one.reason) == ("cut_off", "there is no active depot")


def test_a_depot_far_from_every_road_reaches_nothing_and_says_so() -> None:
    one = verdict(1, "truck", depots=[make_depot(-8.0, 30.98)])
    assert one.status == "cut_off"
    assert one.reason == "no active depot stands at a road for truck"


def test_no_places_give_no_rows_and_no_class_is_refused() -> None:
    assert reached(places=make_places().iloc[:0]) == []
    with pytest.raises(RuleError, match="no vehicle class"):
        reached(classes=())


# --- closures -----------------------------------------------------------------------------------


def test_a_closed_road_with_a_way_round_says_how_much_longer_it_is() -> None:
    """Over the bypass and back down: 1800 + 180 s instead of 360 s."""
    one = verdict(1, "truck", closure(reason="rockfall"))
    assert one.status == "reachable"
    assert one.travel_time_s == pytest.approx(1980, abs=1)
    assert one.reason == "R203 closed (rockfall): 27 min longer"
    assert one.decided_by == ("closure:1",)


def test_a_village_whose_only_road_is_closed_is_cut_off_and_the_reason_says_where() -> None:
    one = verdict(1, "truck", closure(1, ("main",), reason="rockfall"), closure(2, ("upper",)))
    assert one.status == "cut_off"
    assert one.travel_time_s == np.inf
    assert one.legs == ()
    assert one.reason == (
        "R203 closed (rockfall) 6.0 km before; no other truck road; "
        "3.1 km on foot from the nearest road still reached"
    )
    assert one.decided_by == ("closure:1",)


def test_a_closure_for_trucks_leaves_pickups_and_one_for_pickups_leaves_nobody() -> None:
    def closed_for(name: str) -> list[Closure]:
        return [closure(n, (e,), classes=(name,)) for n, e in enumerate(("main", "upper"))]

    assert verdict(1, "truck", *closed_for("truck")).status == "cut_off"
    assert verdict(1, "pickup", *closed_for("truck")).status == "reachable"
    assert verdict(1, "pickup", *closed_for("pickup")).status == "cut_off"
    assert verdict(1, "truck", *closed_for("pickup")).status == "cut_off"


def test_closed_on_the_way_down_only_does_not_cut_off() -> None:
    closures = closure(1, ("main-",)), closure(2, ("upper",))
    assert verdict(1, "truck", *closures).travel_time_s == pytest.approx(360, abs=1)


def test_several_closures_on_the_way_are_met_in_order() -> None:
    closures = [closure(n, (e,)) for n, e in enumerate(("upper", "bypass", "main"))]
    two = verdict(2, "truck", *closures)
    assert two.decided_by == ("closure:2", "closure:0")
    assert two.reason.startswith(
        "R203 closed 9.0 km before (and 1 more on the way); no other truck road"
    )


def test_a_village_is_not_reached_across_the_ridge_but_told_how_far_the_walk_is() -> None:
    """Village 3 with its track closed lies 1,960 m of walk from the main road."""
    three = verdict(3, "pickup", closure(edges=("track",)))
    assert three.status == "cut_off"
    assert three.reason.endswith("2.0 km on foot from the nearest road still reached")
    allowed = verdict(3, "pickup", closure(edges=("track",)), max_bypass_m=2500.0)
    assert allowed.status == "reachable"
    assert allowed.walk_m == pytest.approx(1508 * 1.3, rel=0.01)


def test_the_road_of_a_depot_does_not_move_when_it_is_closed() -> None:
    """Both roads at the depot are closed: nothing leaves it, however near another road is."""
    closures = closure(1, ("main",)), closure(2, ("bypass",))
    assert {place.by_class["truck"].status for place in reached(*closures)} == {"cut_off"}


def test_beyond_the_time_limit_counts_as_cut_off() -> None:
    far = verdict(2, "truck", max_time_s=500.0)
    assert far.status == "cut_off"
    assert far.reason == "beyond 8 min from every depot: 9 min from Valley depot"
    round_about = verdict(1, "truck", closure(), max_time_s=1000.0)
    assert round_about.reason == ("R203 closed 6.0 km before; it now takes 33 min, beyond 17 min")


def test_a_closure_that_is_over_or_about_foreign_edges_changes_nothing() -> None:
    before = reached()
    assert reached(closure(until=NOW), closure(2, ("w1:2-3",))) == before


# --- off the network ----------------------------------------------------------------------------


def test_a_village_far_from_roads_of_the_class_says_what_is_nearest() -> None:
    """Village 4 is 500 m from the truck's road, on the path itself."""
    four = verdict(4, "truck", max_walk_m=300.0)
    assert four.status == "not_on_network"
    assert np.isnan(four.walk_m)
    assert four.reason == "no road for truck within 300 m of walk: nearest is a path 0 m away"


def test_a_village_far_from_everything_says_so() -> None:
    far = verdict(1, "truck", places=make_places([(-7.0, 31.0)]))
    assert far.status == "not_on_network"
    assert far.reason == "no road of any kind within 5,000 m of walk"


def test_a_village_on_a_road_that_nothing_joins_is_cut_off() -> None:
    nodes = [*FOUR_VILLAGES_NODES, (-7.80, 31.1), (-7.79, 31.1)]
    apart = four_villages().edges
    edges = [
        {**row, "via": list(line.coords)[1:-1]}
        for row, line in zip(
            apart[["edge_id", "u", "v", "highway", "length_m"]].to_dict("records"),
            apart.geometry,
            strict=True,
        )
    ]
    edges.append({"edge_id": "apart", "u": 5, "v": 6, "highway": "tertiary", "name": "Chemin"})
    tables = make_roads(nodes, edges)
    one = verdict(1, "truck", tables=tables, places=make_places([(-7.795, 31.101)]))
    assert one.status == "cut_off"
    assert one.reason == (
        "no truck road joins it to a depot: the nearest, Chemin 111 m away, is on its own"
    )


def test_a_truck_road_behind_a_track_says_that_a_truck_cannot_get_to_it() -> None:
    nodes = [(-8.00, 31.0), (-7.99, 31.0), (-7.98, 31.0), (-7.97, 31.0)]
    edges = [
        {"edge_id": "main", "u": 0, "v": 1, "highway": "primary"},
        {"edge_id": "between", "u": 1, "v": 2, "highway": "track", "surface": "dirt"},
        {"edge_id": "beyond", "u": 2, "v": 3, "highway": "tertiary", "name": "P2024"},
    ]
    one = verdict(
        1,
        "truck",
        tables=make_roads(nodes, edges),
        depots=[make_depot(-8.00, 31.0)],
        places=make_places([(-7.97, 31.0)]),
        max_walk_m=500.0,
    )
    assert one.status == "cut_off"
    assert one.reason.endswith("P2024 0 m away, is reached only over roads that a truck cannot use")


# --- sensitive ----------------------------------------------------------------------------------

CUT = (closure(1, ("main",)), closure(2, ("upper",)))


def test_a_doubtful_closure_that_decides_makes_the_verdict_sensitive() -> None:
    assert not verdict(1, "truck", *CUT).sensitive
    doubtful = replace(CUT[0], confidence=0.6)
    assert verdict(1, "truck", doubtful, CUT[1]).sensitive
    assert not verdict(2, "truck", doubtful, CUT[1]).sensitive  # the bypass reaches it


def test_a_contradicted_closure_that_decides_makes_the_verdict_sensitive() -> None:
    assert verdict(1, "truck", *CUT, closure(3, ("main",), state="open")).sensitive


def test_a_road_of_unknown_state_on_which_all_hangs_makes_the_verdict_sensitive() -> None:
    one = verdict(1, "truck", CUT[1], closure(3, ("main",), state="unknown"))
    assert one.status == "reachable"
    assert one.sensitive


def test_a_walk_close_to_the_cap_makes_the_verdict_sensitive() -> None:
    """Village 3 is 1,960 m of walk from the truck's road."""
    assert verdict(3, "truck", max_walk_m=2200.0).sensitive
    assert not verdict(3, "truck", max_walk_m=3000.0).sensitive
    just_off = verdict(3, "truck", max_walk_m=1800.0)
    assert (just_off.status, just_off.sensitive) == ("not_on_network", True)
    assert not verdict(3, "truck", max_walk_m=1000.0).sensitive


def test_being_reached_from_another_road_than_the_nearest_is_sensitive() -> None:
    """A village 220 m from a road that is closed and 890 m from one that is open."""
    nodes = [(-8.0, 31.0), (-7.98, 31.0), (-8.0, 31.01), (-7.98, 31.01), (-8.02, 31.0)]
    edges = [
        {"edge_id": "near", "u": 0, "v": 1, "highway": "primary"},
        {"edge_id": "far", "u": 2, "v": 3, "highway": "primary"},
        {"edge_id": "in", "u": 4, "v": 0, "highway": "primary"},
        {"edge_id": "up", "u": 4, "v": 2, "highway": "primary"},
    ]
    options: dict[str, Any] = {
        "tables": make_roads(nodes, edges),
        "places": make_places([(-7.985, 31.002)]),
        "depots": [make_depot(-8.02, 31.0)],
    }
    assert not verdict(1, "truck", **options).sensitive
    other = verdict(1, "truck", closure(edges=("near",)), **options)
    assert (other.status, other.sensitive) == ("reachable", True)
    assert other.walk_m == pytest.approx(887 * 1.3, rel=0.01)


# --- the contract -------------------------------------------------------------------------------


def test_the_json_has_the_fields_of_the_contract_and_no_infinity() -> None:
    document = json.loads(json.dumps(reach_to_dict(reached(*CUT)), allow_nan=False))
    first, second = document["places"][:2]
    for name in ("place_id", "status", "depot_id", "travel_time_s", "walk_m", "legs", "reason",
                 "sensitive"):  # fmt: skip
        assert name in first
    assert (first["status"], first["travel_time_s"], first["depot_id"]) == ("cut_off", None, None)
    assert set(second["legs"][0]) == {"class", "from", "to", "travel_time_s", "length_m"}
    assert set(first["by_class"]) == {"truck", "pickup"}


@given(
    st.lists(st.sampled_from(["main", "upper", "bypass", "track", "path"]), unique=True),
    st.sampled_from(["main", "upper", "bypass", "track"]),
)
def test_one_more_closure_reaches_no_more_and_no_sooner(closed: list[str], more: str) -> None:
    before = reached(closure(1, tuple(closed)))
    after = reached(closure(1, tuple(closed)), closure(2, (more,)))
    for a, b in zip(before, after, strict=True):
        for name in ("truck", "pickup"):
            was, now = a.by_class[name], b.by_class[name]
            assert now.travel_time_s >= was.travel_time_s - 1e-6
            assert (was.status == "not_on_network") == (now.status == "not_on_network")
            assert now.status == "reachable" or now.reason


# --- the matrix for plans -----------------------------------------------------------------------


def matrix(*closures: Closure, points: Any = FOUR_VILLAGES_NODES, **options: Any) -> Any:
    tables = options.pop("tables", None) or four_villages()
    graph = build_graph(tables)
    return time_matrix(
        graph,
        tables,
        vehicle_class=CLASSES[options.pop("class_name", "truck")],
        overlay=overlay(graph, closures, at=NOW),
        lon=[p[0] for p in points],
        lat=[p[1] for p in points],
        crs=WORKING_CRS,
        **options,
    )


def test_the_matrix_has_the_times_and_lengths_worked_out_on_paper() -> None:
    found = matrix(points=FOUR_VILLAGES_NODES[:3])
    expected_s = [[0, 360, 540], [360, 0, 180], [540, 180, 0]]
    np.testing.assert_allclose(found.travel_time_s, expected_s, atol=1)
    np.testing.assert_allclose(
        found.length_m, [[0, 6000, 9000], [6000, 0, 3000], [9000, 3000, 0]], atol=20
    )
    assert found.attached.all()


def test_walks_stand_beside_the_matrix_and_not_in_it() -> None:
    found = matrix()
    assert found.walk_m[4] == pytest.approx(499 * 1.3, rel=0.01)
    assert found.walk_s[4] > 400
    assert found.travel_time_s[0, 4] == pytest.approx(540, abs=5)


def test_a_point_without_road_is_not_attached_and_has_no_way() -> None:
    found = matrix(points=[*FOUR_VILLAGES_NODES[:2], (-7.0, 31.0)])
    assert found.attached.tolist() == [True, True, False]
    assert np.isinf(found.travel_time_s[2, :2]).all()
    assert np.isinf(found.length_m[:2, 2]).all()
    assert (np.diag(found.travel_time_s) == 0).all()


def test_the_matrix_of_a_cut_network_has_no_way_across_the_cut() -> None:
    found = matrix(closure(1, ("main", "bypass")), points=FOUR_VILLAGES_NODES[:3])
    assert np.isinf(found.travel_time_s[0, 1:]).all()
    assert found.travel_time_s[1, 2] == pytest.approx(180, abs=1)


def test_a_stop_is_served_from_the_network_and_not_from_a_yard_beside_it() -> None:
    """A yard of 40 m that nothing leads to lies 20 m nearer than the main road."""
    nodes = [*FOUR_VILLAGES_NODES[:3], (-7.97, 31.0004), (-7.9696, 31.0004)]
    edges = [
        {"edge_id": "main", "u": 0, "v": 1, "highway": "primary"},
        {"edge_id": "upper", "u": 1, "v": 2, "highway": "primary"},
        {"edge_id": "yard", "u": 3, "v": 4, "highway": "service"},
    ]
    tables = make_roads(nodes, edges)
    points = [(-8.0, 31.0), (-7.9698, 31.0005)]
    found = matrix(tables=tables, points=points, depots=[0])
    assert np.isfinite(found.travel_time_s).all()
    assert found.walk_m[1] == pytest.approx(55.4 * 1.3, rel=0.02)


def test_the_matrix_agrees_with_reach() -> None:
    closures = closure(1, ("main",)), closure(2, ("path",))
    found = matrix(*closures, class_name="pickup")
    for row, place in enumerate(reached(*closures, classes=("pickup",)), start=1):
        drive_s = sum(leg.travel_time_s for leg in place.best.legs if leg.vehicle_class != "foot")
        assert found.travel_time_s[0, row] == pytest.approx(drive_s, abs=2)


def test_longitudes_without_latitudes_are_refused() -> None:
    tables = four_villages()
    with pytest.raises(RuleError, match="2 longitudes and 1 latitudes"):
        time_matrix(
            build_graph(tables), tables, vehicle_class=CLASSES["truck"], overlay=None,
            lon=[-8.0, -7.9], lat=[31.0], crs=WORKING_CRS,
        )  # fmt: skip


# --- a real country -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def andorra(real_data: Path) -> tuple[RoadTables, Any]:
    extract = read_osm(real_data / "roads" / "andorra_2024.osm.pbf")
    inhabited = extract.places["place"].isin(["city", "town", "village", "hamlet"])
    places = extract.places[inhabited].copy()
    places["place_id"] = "place:" + places["osm_id"]
    return extract.roads, places


def andorra_reach(andorra: tuple[RoadTables, Any], *closures: Closure) -> list[PlaceReach]:
    tables, places = andorra
    return reach(
        build_graph(tables),
        tables,
        classes=[CLASSES["truck"], CLASSES["pickup"]],
        places=places,
        depots=[
            make_depot(1.5218, 42.5063, depot_id="depot:la-vella"),
            make_depot(1.5976, 42.5676, depot_id="depot:canillo"),
        ],
        closures=closures,
        at=NOW,
        crs=working_crs(tuple(tables.edges.total_bounds)),
    )


def test_the_places_of_andorra_are_reached_by_truck_or_a_reason_is_given(
    andorra: tuple[RoadTables, Any],
) -> None:
    places = andorra_reach(andorra)
    named = [place for place in places if place.name]
    assert len(named) >= 60
    told = [p for p in named if p.by_class["truck"].status == "reachable" or p.best.reason]
    assert len(told) == len(named)
    by_truck = sum(p.by_class["truck"].status == "reachable" for p in named)
    assert by_truck >= 0.95 * len(named)


def test_closing_the_road_to_arinsal_cuts_off_arinsal_and_not_the_capital(
    andorra: tuple[RoadTables, Any],
) -> None:
    edges = andorra[0].edges
    road = tuple(edges["edge_id"][edges["ref"] == "CG-4"])
    assert road
    places = {p.name: p for p in andorra_reach(andorra, closure(1, road, reason="avalanche"))}
    arinsal = places["Arinsal"].best
    assert arinsal.status == "cut_off"
    assert arinsal.reason.startswith("CG-4 closed (avalanche)")
    assert arinsal.decided_by == ("closure:1",)
    assert places["Andorra la Vella"].status == "reachable"
