"""Which road a click means."""

from __future__ import annotations

import pandas as pd
import pytest

from dashboard.operations.road_picking import road_near, road_piece
from geo.errors import RuleError, UnknownIdError
from geo.model import Source
from geo.network import RoadTables
from tests.dashboard.valley import CRS, make_edges, many_edges


@pytest.fixture
def valley() -> RoadTables:
    return RoadTables(nodes=pd.DataFrame(), edges=make_edges(), source=Source(name="valley"))


def near(
    tables: RoadTables, lon: float, lat: float, *, reach_m: float = 300, zoom: float = 14
) -> str:
    found = road_near(tables, lon, lat, crs=CRS, reach_m=reach_m, zoom=zoom)
    return "" if found is None else str(found["edge_id"])


def test_the_nearest_road_within_reach_is_meant(valley: RoadTables) -> None:
    assert near(valley, -8.000, 31.237) == "drill:e1"
    assert near(valley, -7.936, 31.191) == "drill:e4"
    # 0.01 degrees of latitude are 1.1 km.
    assert near(valley, -7.98, 31.26, reach_m=1000) == ""
    assert near(valley, -7.98, 31.26, reach_m=1200) in {"drill:e1", "drill:e4"}


def test_of_two_as_near_the_first_of_the_table_is_meant(valley: RoadTables) -> None:
    # Where e1 and e4 meet.
    assert near(valley, -7.980, 31.250) == "drill:e1"


def test_what_is_not_drawn_at_a_zoom_is_not_meant_there() -> None:
    edges = many_edges(5001)
    tables = RoadTables(nodes=pd.DataFrame(), edges=edges, source=Source(name="fan"))
    lon, lat = edges.geometry.iloc[0].coords[0]
    assert near(tables, lon, lat, zoom=12) != ""
    assert near(tables, lon, lat, zoom=9) == ""


def test_a_piece_has_its_line(valley: RoadTables) -> None:
    assert road_piece(valley, "drill:f1") == {
        "edge_id": "drill:f1",
        "line": [[-7.918, 31.136], [-7.9, 31.1]],
    }
    with pytest.raises(UnknownIdError, match="no such edge"):
        road_piece(valley, "w1:2-3")


def test_a_point_off_the_earth_is_refused(valley: RoadTables) -> None:
    with pytest.raises(RuleError, match="degrees between"):
        near(valley, 200, 31)
