"""Isochrones on the four villages, where every cut can be worked out on paper."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import shapely

from geo.crs import to_working
from geo.errors import RuleError
from geo.model import Closure
from routing.closures import overlay
from routing.engine import Engine
from routing.graph import build_graph
from routing.isochrone import Isochrone, cut_lines, isochrones
from routing.vehicles import vehicle_classes
from tests.factories import WORKING_CRS, four_villages, make_depot, make_places

NOW = datetime(2023, 9, 9, 12, tzinfo=UTC)


def found(*limits_s: float, closed: tuple[str, ...] = (), **options: Any) -> list[Isochrone]:
    tables = options.pop("tables", None) or four_villages()
    graph = build_graph(tables)
    closures = [Closure(closure_id="closure:1", edges=closed)] if closed else []
    return isochrones(
        Engine(graph),
        tables,
        vehicle_classes()["truck"],
        options.pop("depots", [make_depot()]),
        overlay=overlay(graph, closures, at=NOW),
        limits_s=limits_s,
        crs=WORKING_CRS,
        **options,
    )


def inside(one: Isochrone) -> list[bool]:
    points = to_working(make_places(), WORKING_CRS).geometry.array
    return [bool(answer) for answer in shapely.covers(one.polygon, np.asarray(points))]


def test_roads_are_cut_where_the_time_runs_out() -> None:
    """After 180 s half of main (360 s) and a tenth of the bypass (1800 s)."""
    (half,) = found(180.0)
    assert half.road_m == pytest.approx(3000 + 1500, rel=2e-3)
    assert inside(half) == [False, False, False, False]
    (there,) = found(360.0, buffer_m=100.0)
    assert there.road_m == pytest.approx(6000 + 3000, rel=2e-3)
    assert inside(there) == [True, False, False, False]


def test_parts_from_both_ends_of_an_edge_that_meet_count_once() -> None:
    """Village 2 after 540 s; the bypass is driven from both ends and met after 1170 s."""
    (one,) = found(1300.0)
    assert one.road_m == pytest.approx(6000 + 3000 + 15000, rel=1e-3)


def test_longer_limits_hold_shorter_ones_and_come_after_them() -> None:
    ten, hour = found(3600.0, 600.0)
    assert (ten.limit_s, hour.limit_s) == (600.0, 3600.0)
    assert shapely.difference(ten.polygon, hour.polygon).area < 1e-3
    assert hour.polygon.is_valid


def test_a_closure_takes_away_what_lies_behind_it() -> None:
    (cut,) = found(600.0, closed=("main",), buffer_m=100.0)
    assert cut.road_m == pytest.approx(5000, rel=2e-3)
    assert inside(cut) == [False, False, False, False]


def test_a_depot_in_the_middle_of_an_edge_goes_both_ways() -> None:
    (one,) = found(60.0, depots=[make_depot(-7.97, 31.0)])
    assert one.road_m == pytest.approx(2000, rel=1e-2)
    (blocked,) = found(60.0, depots=[make_depot(-7.97, 31.0)], closed=("main+",))
    assert blocked.road_m == pytest.approx(1000, rel=1e-2)


def test_without_depots_nothing_is_reached() -> None:
    (none,) = found(600.0, depots=[])
    assert (none.road_m, none.polygon.is_empty) == (0.0, True)


def test_limits_and_buffers_that_are_none_are_refused() -> None:
    for limits_s in ((), (0.0,), (float("nan"),)):
        with pytest.raises(RuleError, match="one or more above 0 s"):
            found(*limits_s)
    with pytest.raises(RuleError, match="more than 0 m"):
        found(60.0, buffer_m=0.0)


def test_cut_lines_are_the_substrings_of_shapely() -> None:
    rng = np.random.default_rng(3)
    lines = np.array([shapely.LineString(rng.uniform(0, 100, (n, 2))) for n in (2, 3, 7, 12)] * 5)
    low = rng.uniform(0.0, 0.5, len(lines))
    high = low + rng.uniform(0.01, 0.5, len(lines))
    for piece, line, a, b in zip(cut_lines(lines, low, high), lines, low, high, strict=True):
        expected = shapely.ops.substring(line, a, b, normalized=True)
        assert shapely.hausdorff_distance(piece, expected) < 1e-9
        assert piece.length == pytest.approx(expected.length)
