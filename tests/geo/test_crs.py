"""Two systems, and guards in front of everything that measures."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiLineString, Point

from geo.crs import (
    geodesic_length_m,
    project,
    require_projected,
    require_same_crs,
    require_storage,
    same_crs,
    to_storage,
    to_working,
    transform_points,
    unproject,
    working_crs,
)
from geo.errors import CrsError

ASNI = gpd.GeoDataFrame({"name": ["Asni"]}, geometry=[Point(-7.98, 31.25)], crs="EPSG:4326")


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ((-8.5, 30.9, -7.9, 31.3), "EPSG:32629"),
        ((1.4, 42.4, 1.8, 42.7), "EPSG:32631"),
        ((-71, -33.5, -70, -33), "EPSG:32719"),
        ((179.5, 0, 180, 1), "EPSG:32660"),
        ((-180, 0, -179.5, 1), "EPSG:32601"),
    ],
)
def test_the_working_crs_is_the_utm_zone_of_the_centre(bounds, expected):
    assert working_crs(bounds) == expected


@pytest.mark.parametrize(
    ("bounds", "match"),
    [
        ((0, 85, 10, 88), "UTM zones end"),
        ((31.0, -8.0, 30.0, -7.0), "west below east"),
        ((0, 0, 1, float("nan")), "west, south, east, north"),
        ((-8, 300, -7, 301), "degrees"),
    ],
)
def test_bounds_that_are_none_have_no_working_crs(bounds, match):
    with pytest.raises(CrsError, match=match):
        working_crs(bounds)


def test_measuring_in_degrees_is_an_error():
    with pytest.raises(CrsError, match=r"buffer radius: CRS is EPSG:4326.*to_working"):
        require_projected(ASNI, "buffer radius")


def test_measuring_in_web_mercator_is_an_error():
    with pytest.raises(CrsError, match="web Mercator"):
        require_projected(ASNI.to_crs(3857), "length")


def test_measuring_in_feet_is_an_error():
    with pytest.raises(CrsError, match=r"US survey foot.*in metres"):
        require_projected(ASNI.set_crs(2263, allow_override=True), "length")


def test_a_table_without_crs_cannot_be_reprojected():
    bare = gpd.GeoDataFrame(geometry=[Point(0, 0)])
    with pytest.raises(CrsError, match="has no CRS"):
        to_working(bare, "EPSG:32629")
    with pytest.raises(CrsError, match="has no CRS"):
        to_storage(bare)


def test_an_unknown_crs_is_named():
    with pytest.raises(CrsError, match="EPSG:999999"):
        to_working(ASNI, "EPSG:999999")


def test_there_and_back_is_within_a_millimetre():
    back = to_storage(to_working(ASNI, "EPSG:32629"))
    assert same_crs(back.crs, "EPSG:4326")
    assert geodesic_length_m([LineString([ASNI.geometry[0], back.geometry[0]])])[0] < 1e-3


@given(lon=st.floats(-9, -7), lat=st.floats(29, 33))
def test_projected_points_come_back(lon, lat):
    x, y = project([lon], [lat], "EPSG:32629")
    back_lon, back_lat = unproject(x, y, "EPSG:32629")
    assert np.abs([back_lon[0] - lon, back_lat[0] - lat]).max() < 1e-8


def test_points_are_lon_lat_in_every_geographic_system():
    x, y = transform_points([-8.0], [31.0], source="EPSG:4326", target="EPSG:4258")
    assert (x[0], y[0]) == pytest.approx((-8.0, 31.0))


def test_crs84_and_4326_count_as_one_and_utm_zones_do_not():
    assert same_crs("OGC:CRS84", "EPSG:4326")
    assert not same_crs("EPSG:32629", "EPSG:32630")


def test_two_tables_in_two_systems_are_refused():
    with pytest.raises(CrsError, match="EPSG:4326 and EPSG:32629"):
        require_same_crs(ASNI, to_working(ASNI, "EPSG:32629"), "places and boundaries")
    with pytest.raises(CrsError, match="EPSG:4326 is needed"):
        require_storage(to_working(ASNI, "EPSG:32629"), "places")


def test_a_degree_along_the_equator_is_111319_metres():
    length_m = geodesic_length_m([LineString([(0, 0), (1, 0)]), None, LineString()])
    assert length_m[0] == pytest.approx(111_319.49, abs=0.01)
    assert np.isnan(length_m[1])
    assert length_m[2] == 0


def test_the_gap_in_a_line_of_two_parts_does_not_count():
    parts = [[(0, 0), (0, 1)], [(0, 5), (0, 6)]]
    lines = gpd.GeoSeries([MultiLineString(parts), LineString(parts[0])], crs="EPSG:4326")
    length_m = geodesic_length_m(lines)
    assert length_m[0] == pytest.approx(length_m[1] + geodesic_length_m([LineString(parts[1])])[0])


def test_an_ellipsoid_length_needs_degrees():
    with pytest.raises(CrsError, match="EPSG:4326 is needed"):
        geodesic_length_m(gpd.GeoSeries([LineString([(0, 0), (1, 1)])], crs="EPSG:32629"))


def test_lengths_of_very_many_lines_are_those_of_each() -> None:
    """More lines than are measured at a time, a missing one among them."""
    steps = np.linspace(0.001, 0.002, 200_003)
    ends = np.zeros((len(steps), 2, 2))
    ends[:, 1, 0] = steps
    lines = shapely.linestrings(ends)
    lines[200_001] = None
    found = geodesic_length_m(lines)
    assert np.isnan(found[200_001])
    np.testing.assert_allclose(found[:3], geodesic_length_m(lines[:3]), rtol=0, atol=0)
    assert found[200_002] == geodesic_length_m(lines[200_002:])[0]
