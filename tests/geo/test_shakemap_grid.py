"""The grid of a ShakeMap: read as it is delivered, refused where it is broken or hostile."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from geo.errors import EmptyInputError, SchemaError, TooLargeError, UnreadableError
from geo.shakemap_grid import ShakeMapGrid, ShakeMapInfo, moment_of, read_grid
from geo.shaking import band_at
from geo.shaking_bands import bands_of_contours, bands_of_grid
from tests.shakemap_file import FIELDS, grid_xml

MMI = [[6.0, 6.2, 6.5], [7.1, 7.9, 8.3]]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "grid.xml"
    path.write_text(text, encoding="utf-8")
    return path


def test_grid_is_read_with_its_event(tmp_path: Path) -> None:
    grid = read_grid(written(tmp_path, grid_xml(MMI)))
    assert grid.values["MMI"].tolist() == MMI
    assert grid.lon.tolist() == pytest.approx([-8.4, -8.3, -8.2])
    assert grid.lat.tolist() == pytest.approx([31.1, 31.0])  # north first
    assert grid.units["PGA"] == "%g"
    assert grid.info.event_id == "us7000kufc"
    assert grid.info.version == 3
    assert grid.info.made_at == datetime(2023, 9, 9, 1, 2, 3, tzinfo=UTC)
    assert grid.info.event_at == datetime(2023, 9, 8, 22, 11, 1, tzinfo=UTC)
    assert grid.info.details()["epicentre"] == [-8.385, 31.058]
    assert grid.info.title == "ShakeMap us7000kufc, version 3"


def test_lines_in_any_order_fill_the_same_grid(tmp_path: Path) -> None:
    text = grid_xml(MMI)
    head, _, rest = text.partition("<grid_data>\n")
    data, _, tail = rest.partition("</grid_data>")
    backwards = "\n".join(reversed(data.strip().splitlines()))
    grid = read_grid(written(tmp_path, f"{head}<grid_data>\n{backwards}\n</grid_data>{tail}"))
    assert grid.values["MMI"].tolist() == MMI


def test_bands_hold_the_value_of_the_nearest_node(tmp_path: Path) -> None:
    grid = read_grid(written(tmp_path, grid_xml(MMI)))
    bands = bands_of_grid(grid, source="USGS")
    points = gpd.GeoSeries(
        [Point(-8.41, 31.12), Point(-8.31, 31.01), Point(-8.2, 31.0), Point(-8.6, 31.0)],
        crs="EPSG:4326",
    )
    found = band_at(bands, points)
    assert found["mmi"].tolist()[:3] == pytest.approx([6.0, 7.8, 8.2])
    assert found["mmi_high"].tolist()[:3] == pytest.approx([6.2, 8.0, 8.4])
    assert np.isnan(found["mmi"].iloc[3])  # off the map is not "weak"


@given(st.lists(st.floats(1, 9.99), min_size=4, max_size=4))
def test_every_node_lies_in_the_band_of_its_value(mmi: list[float]) -> None:
    values = np.array(mmi).reshape(2, 2)
    grid = ShakeMapGrid(
        values={"MMI": values}, units={}, lon=np.array([0.0, 1.0]), lat=np.array([1.0, 0.0]),
        info=ShakeMapInfo(),
    )  # fmt: skip
    bands = bands_of_grid(grid, source="x")
    nodes = gpd.GeoSeries([Point(0, 1), Point(1, 1), Point(0, 0), Point(1, 0)], crs="EPSG:4326")
    found = band_at(bands, nodes)
    assert (found["mmi"].to_numpy() <= values.ravel() + 1e-4).all()
    assert (values.ravel() <= found["mmi_high"].to_numpy() + 1e-4).all()
    assert bands.geometry.is_valid.all()


def test_node_without_a_value_is_a_hole(tmp_path: Path) -> None:
    grid = read_grid(written(tmp_path, grid_xml([[6.0, float("nan")], [7.0, 7.0]])))
    bands = bands_of_grid(grid, source="USGS")
    assert np.isnan(band_at(bands, gpd.GeoSeries([Point(-8.3, 31.1)], crs="EPSG:4326"))["mmi"][0])


def test_grid_of_acceleration_alone_is_converted_and_says_so(tmp_path: Path) -> None:
    text = grid_xml(MMI).replace('name="MMI" units="intensity"', 'name="SVEL" units="ms"')
    bands = bands_of_grid(read_grid(written(tmp_path, text)), source="USGS")
    assert bands["mmi"].between(4, 9).all()
    assert "Worden" in bands.attrs["notes"][0]


ENTITY = '<!DOCTYPE x [<!ENTITY e "ha">]>'
CASES = {
    "cut short": (lambda text: text[: len(text) // 2], UnreadableError, "whole XML is needed"),
    "no xml": (lambda _: "PK\x03 no xml", UnreadableError, "whole XML is needed"),
    "other xml": (lambda _: "<kml/>", UnreadableError, r"XML of a ShakeMap grid .* is needed"),
    "entities": (
        lambda text: text.replace("<shakemap_grid", ENTITY + "<shakemap_grid", 1),
        UnreadableError,
        "XML that declares entities is not read",
    ),
    "a line is missing": (
        lambda text: text.replace("-8.4000 31.1000 6 10\n", ""),
        SchemaError,
        r"20 values of 4 fields: 3 × 2 nodes are announced",
    ),
    "a word": (lambda text: text.replace(" 10\n", " ten\n", 1), SchemaError, "numbers only"),
    "a node twice": (
        lambda text: text.replace("-8.4000 31.1000", "-8.3000 31.1000", 1),
        SchemaError,
        "two lines for one node",
    ),
    "off the grid": (
        lambda text: text.replace("-8.3000 31.1000", "-8.3400 31.1000", 1),
        SchemaError,
        "a regular grid is needed",
    ),
    "metres": (
        lambda text: text.replace("31.1000", "3447000"), SchemaError, "within -90 to 90",
    ),
    "absurd size": (
        lambda text: text.replace('nlon="3"', 'nlon="99999999999"'),
        SchemaError,
        "grid_specification with nlon",
    ),
    "one index twice": (
        lambda text: text.replace('index="4"', 'index="3"'), SchemaError, "an index of its own",
    ),
    "no longitude": (
        lambda text: text.replace('"LON"', '"X"'), SchemaError, "LON, LAT and an intensity",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_broken_grid_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    breaking, error, message = CASES[case]
    with pytest.raises(error, match=message) as caught:
        read_grid(written(tmp_path, breaking(grid_xml(MMI))))
    assert "grid.xml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_large_grid_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(TooLargeError, match=r"at most 0 MB are read"):
        read_grid(written(tmp_path, grid_xml(MMI)), max_bytes=100)


@pytest.mark.parametrize("value", [-3.0, 40.0])
def test_values_that_are_no_intensities_are_refused(value: float, tmp_path: Path) -> None:
    grid = read_grid(written(tmp_path, grid_xml([[value, 6.0], [7.0, 7.0]])))
    with pytest.raises(SchemaError, match="intensities of 1 to 12"):
        bands_of_grid(grid, source="x")


def test_fields_without_shaking_are_refused(tmp_path: Path) -> None:
    text = grid_xml(MMI).replace('"MMI"', '"SVEL"').replace('"PGA"', '"PGV"')
    with pytest.raises(SchemaError, match="MMI, or PGA in %g, is needed"):
        bands_of_grid(read_grid(written(tmp_path, text)), source="x")
    assert len(FIELDS) == 4


def test_times_are_read_as_shakemaps_write_them() -> None:
    at = datetime(2015, 4, 25, 6, 11, 25, tzinfo=UTC)
    for text in ("2015-04-25T06:11:25UTC", "2015-04-25T06:11:25Z", "2015-04-25 06:11:25"):
        assert moment_of(text) == at
    assert moment_of("2012-08-07T01:55:12WIB") is None  # a zone we do not know
    assert moment_of(None) is None


# --- contour lines ----------------------------------------------------------------------------


def rings(*levels: float, value: str = "value") -> gpd.GeoDataFrame:
    """Circles about the origin, 0.5 degrees for the strongest, half a degree more for the next."""
    circles = [
        Point(0, 0).buffer(0.5 * (len(levels) - n), quad_segs=32).exterior
        for n in range(len(levels))
    ]
    return gpd.GeoDataFrame(
        {value: list(levels), "units": "mmi"}, geometry=circles, crs="EPSG:4326"
    )


def test_contour_lines_are_filled_in_between() -> None:
    bands = bands_of_contours(rings(5.0, 6.0, 7.0), source="USGS")
    points = gpd.GeoSeries(
        [Point(0, 0), Point(0.75, 0), Point(0, 1.25), Point(1.2, 1.2)], crs="EPSG:4326"
    )
    found = band_at(bands, points)
    # Inside the innermost line: that line's value, up to one step more.
    assert found.iloc[0].tolist() == pytest.approx([7.0, 8.0])
    # Half-way between 6 and 7, and between 5 and 6.
    assert found["mmi"].iloc[1] == pytest.approx(6.4, abs=0.21)
    assert found["mmi"].iloc[2] == pytest.approx(5.4, abs=0.21)
    assert np.isnan(found["mmi"].iloc[3])  # outside of them all
    assert "lines 1 apart" in bands.attrs["notes"][0]


def test_contours_of_acceleration_are_known_by_their_units() -> None:
    lines = rings(10.0, 20.0)
    lines["units"] = "pctg"
    bands = bands_of_contours(lines, source="USGS")
    # 0.1 g and 0.2 g by Worden et al. (2012): 5.77 and 6.88.
    assert bands["mmi"].min() == pytest.approx(5.6)
    assert bands["mmi"].max() == pytest.approx(6.8)


def test_contours_without_a_value_are_refused() -> None:
    with pytest.raises(SchemaError, match="columns colour, units, geometry: one of paramvalue"):
        bands_of_contours(rings(5.0, 6.0, value="colour"), source="x")


def test_one_contour_does_not_say_which_side_is_stronger() -> None:
    with pytest.raises(SchemaError, match="contour lines of one value, 6"):
        bands_of_contours(rings(6.0), source="x")


def test_contours_on_one_line_are_refused() -> None:
    flat = gpd.GeoDataFrame(
        {"value": [5.0, 6.0]},
        geometry=[LineString([(0, 0), (1, 0)]), LineString([(2, 0), (3, 0)])],
        crs="EPSG:4326",
    )
    with pytest.raises(SchemaError, match="enclose nothing"):
        bands_of_contours(flat, source="x")


def test_no_contour_at_all_is_refused() -> None:
    points = gpd.GeoDataFrame({"value": [5.0]}, geometry=[Point(0, 0)], crs="EPSG:4326")
    with pytest.raises(EmptyInputError, match="no contour line"):
        bands_of_contours(points, source="x")
