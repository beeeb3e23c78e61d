"""Graded roads find their edges: those that run along, in the right layer, and nothing else.

Everything lies near 0 E 9 W in UTM 29N, where a metre east is a metre of the working CRS.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiLineString, Point
from shapely.geometry.base import BaseGeometry

from geo.model import Source
from geo.network import RoadTables, road_tables
from routing.graded_edges import Proposal, grades_of_edges, propose_closures

CRS = "EPSG:32629"
X0, Y0 = 500_000.0, 3_450_000.0


def line(*points: tuple[float, float]) -> LineString:
    return LineString([(X0 + x, Y0 + y) for x, y in points])


def network(*roads: tuple[str, LineString, dict[str, object]]) -> RoadTables:
    """Roads by id, in metres from the origin; each has two nodes of its own."""
    lines = gpd.GeoSeries([road[1] for road in roads], crs=CRS).to_crs("EPSG:4326")
    ends = [point for shape in lines for point in (shape.coords[0], shape.coords[-1])]
    nodes = pd.DataFrame(
        {
            "node_id": [str(n) for n in range(len(ends))],
            "lon": [end[0] for end in ends],
            "lat": [end[1] for end in ends],
        }
    )
    edges = gpd.GeoDataFrame(
        {
            "edge_id": [road[0] for road in roads],
            "u": np.arange(0, len(ends), 2),
            "v": np.arange(1, len(ends), 2),
            "highway": [road[2].get("highway", "secondary") for road in roads],
            "ref": [road[2].get("ref", "") for road in roads],
            "bridge": [bool(road[2].get("bridge", False)) for road in roads],
        },
        geometry=list(lines),
        crs="EPSG:4326",
    )
    return road_tables(nodes, edges, source=Source(name="test"))


def graded(
    shape: BaseGeometry, grade: str = "destroyed", *, name: str = "", thing: str = "AP030 - Road"
) -> gpd.GeoDataFrame:
    table = gpd.GeoDataFrame(
        {"grade": [grade], "name": [name], "object": [thing]}, geometry=[shape], crs=CRS
    )
    return table.to_crs("EPSG:4326")


def one(tables: RoadTables, roads: gpd.GeoDataFrame) -> Proposal:
    (proposal,) = propose_closures(tables, roads, crs=CRS)
    return proposal


ALONG = ("along", line((0, 0), (400, 0)), {"ref": "R203"})
ACROSS = ("across", line((200, -300), (200, 300)), {"bridge": True})
TRACK = ("track", line((0, 12), (400, 12)), {})


def test_the_road_drawn_beside_ours_is_ours_and_the_bridge_above_is_not() -> None:
    found = one(network(ALONG, ACROSS), graded(line((0, 8), (400, 8))))
    assert found.edges == ("along",)
    assert (found.state, found.confidence) == ("closed", 0.8)


def test_a_short_stretch_closes_the_edge_it_lies_on_and_not_the_one_it_crosses() -> None:
    found = one(network(ALONG, ACROSS), graded(line((185, 3), (215, 3))))
    assert found.edges == ("along",)


def test_a_long_graded_road_is_all_edges_under_it() -> None:
    pieces = [(f"p{n}", line((n * 100, 0), (n * 100 + 100, 0)), {}) for n in range(4)]
    found = one(network(*pieces, ACROSS), graded(line((100, 5), (400, 5))))
    assert found.edges == ("p1", "p2", "p3")


def test_the_name_tells_the_road_from_the_track_beside_it() -> None:
    tables = network(ALONG, TRACK)
    shape = line((0, 6), (400, 6))
    assert one(tables, graded(shape)).edges == ("along", "track")
    assert one(tables, graded(shape, name="r203")).edges == ("along",)
    assert one(tables, graded(shape, name="P7")).edges == ("along", "track")  # known to neither


def test_the_footpath_beside_a_road_is_not_graded_with_it_but_a_path_alone_is() -> None:
    path = ("path", line((0, 5), (400, 5)), {"highway": "footway"})
    shape = line((0, 2), (400, 2))
    assert one(network(ALONG, path), graded(shape)).edges == ("along",)
    assert one(network(path), graded(shape)).edges == ("path",)


def test_an_edge_has_the_worst_grade_of_the_lines_along_it_and_none_of_those_across() -> None:
    roads = [
        graded(line((0, 2), (400, 2)), "no_visible_damage"),
        graded(line((0, 4), (400, 4)), "damaged"),
        graded(line((0, 6), (400, 6)), "possibly_damaged"),
    ]
    every = gpd.GeoDataFrame(pd.concat(roads, ignore_index=True), crs="EPSG:4326")
    assert grades_of_edges(network(ALONG, ACROSS), every, crs=CRS) == {"along": "damaged"}
    assert grades_of_edges(network(ACROSS), every, crs=CRS) == {}
    assert grades_of_edges(network(ALONG), every.iloc[:0], crs=CRS) == {}


def test_a_road_that_also_touches_the_strip_in_a_point_is_still_found() -> None:
    # The road leaves the graded strip and comes back to its very edge, where it only touches.
    there_and_back = ("along", line((0, 0), (300, 0), (350, 80), (380, 15), (420, 80)), {})
    assert one(network(there_and_back), graded(line((0, 0), (400, 0)))).edges == ("along",)


def test_a_graded_bridge_is_the_bridge_and_not_the_road_below() -> None:
    point = Point(X0 + 205, Y0 + 2)
    found = one(network(ALONG, ACROSS), graded(point, thing="AQ040 - Bridge"))
    assert found.edges == ("across",)


def test_a_graded_bridge_where_the_network_knows_none_matches_nothing() -> None:
    found = one(network(ALONG), graded(Point(X0 + 205, Y0 + 2), thing="AQ040 - Bridge"))
    assert found.edges == ()
    assert found.nearest_m == pytest.approx(2.0, abs=0.1)


def test_a_road_that_the_network_does_not_hold_says_how_far_the_nearest_is() -> None:
    assert one(network(ALONG), graded(line((0, 60), (400, 60)))).nearest_m == pytest.approx(
        60.0, abs=0.1
    )
    assert one(network(ALONG), graded(line((0, 5_000), (400, 5_000)))).nearest_m == np.inf


@pytest.mark.parametrize(
    ("grade", "state"),
    [("destroyed", "closed"), ("damaged", "restricted"), ("possibly_damaged", "unknown")],
)
def test_what_a_grade_says_of_a_road(grade: str, state: str) -> None:
    assert one(network(ALONG), graded(line((0, 0), (400, 0)), grade)).state == state


@pytest.mark.parametrize("grade", ["no_visible_damage", "not_analysed"])
def test_a_road_without_damage_proposes_nothing(grade: str) -> None:
    assert propose_closures(network(ALONG), graded(line((0, 0), (9, 0)), grade), crs=CRS) == []


def test_a_line_in_two_parts_is_matched_part_by_part() -> None:
    parts = MultiLineString([line((0, 3), (90, 3)), line((310, 3), (400, 3))])
    pieces = [(f"p{n}", line((n * 100, 0), (n * 100 + 100, 0)), {}) for n in range(4)]
    assert one(network(*pieces), graded(parts)).edges == ("p0", "p3")


def test_a_hairpin_is_matched_although_its_ends_lie_together() -> None:
    turns = [(0, 0), (200, 30), (0, 60), (200, 90), (0, 120)]
    found = one(network(("bends", line(*turns), {})), graded(line(*[(x, y + 4) for x, y in turns])))
    assert found.edges == ("bends",)


@given(st.floats(20, 160), st.floats(-400, 400))
def test_a_road_that_crosses_at_an_angle_is_never_taken(degrees: float, shift: float) -> None:
    angle = np.radians(degrees)
    if degrees < 50 or degrees > 130:
        return  # what runs nearly along may be the same road, drawn badly
    dx, dy = 200 * np.cos(angle), 200 * np.sin(angle)
    crossing = ("x", line((200 + shift - dx, -dy), (200 + shift + dx, dy)), {})
    assert "x" not in one(network(ALONG, crossing), graded(line((0, 0), (400, 0)))).edges
