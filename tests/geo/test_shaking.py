"""Intensity from magnitude and place, and from the polygons of a ShakeMap."""

import json
import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, box

from geo.errors import CrsError, EmptyInputError, InputError, SchemaError
from geo.shaking import (
    band_at,
    intensity,
    intensity_at,
    intensity_from_pga,
    intensity_sigma,
    shakemap_from_vector,
)
from geo.vectors import read_vector


def bands(*levels: float, column: str = "PARAMVALUE") -> gpd.GeoDataFrame:
    """Squares about the origin, the stronger the smaller, one inside the other."""
    size = range(len(levels), 0, -1)
    return gpd.GeoDataFrame(
        {column: list(levels)}, geometry=[box(-s, -s, s, s) for s in size], crs="EPSG:4326"
    )


def test_intensity_follows_the_published_relation() -> None:
    """Mw 6.8, depth 15 km, 20 km away: R = 25 km, RM = -0.209 + 2.042 e^1.8 = 12.144 km."""
    near_km = -0.209 + 2.042 * math.exp(1.8)
    by_hand = 2.085 + 1.428 * 6.8 - 1.402 * math.log(math.hypot(25.0, near_km))
    assert intensity(6.8, 15_000, 20_000) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(7.134, abs=1e-3)


def test_far_term_begins_at_fifty_kilometres() -> None:
    near_km = -0.209 + 2.042 * math.exp(1.8)
    by_hand = 2.085 + 1.428 * 6.8 - 1.402 * math.log(math.hypot(100.0, near_km))
    assert intensity(6.8, 0, 100_000) == pytest.approx(by_hand + 0.078 * math.log(2))
    assert intensity(6.8, 0, [49_999, 50_001]) == pytest.approx(
        intensity(6.8, 0, [50_000, 50_000]), abs=1e-3
    )


@given(
    magnitude=st.floats(5, 7.9),
    depth_m=st.floats(0, 60_000),
    distances_m=st.lists(st.floats(0, 300_000), min_size=2, max_size=2),
)
def test_intensity_never_grows_with_distance(
    magnitude: float, depth_m: float, distances_m: list[float]
) -> None:
    near, far = sorted(distances_m)
    strong, weak = intensity(magnitude, depth_m, [near, far])
    assert strong >= weak
    assert 1 <= weak <= strong <= 10


def test_uncertainty_is_about_one_unit_and_unknown_distance_stays_unknown() -> None:
    assert intensity_sigma(0, [0, 22_900]) == pytest.approx([1.19, 1.005])
    assert np.isnan(intensity(6.8, 20_000, [np.nan, 0.0])).tolist() == [True, False]


@pytest.mark.parametrize("magnitude", [4.9, 9.0, float("nan")])
def test_magnitude_outside_the_data_is_refused(magnitude: float) -> None:
    with pytest.raises(InputError, match=r"holds from 5 to 7\.9"):
        intensity(magnitude, 20_000, 0.0)


def test_depth_in_kilometres_above_ground_is_refused() -> None:
    with pytest.raises(InputError, match="depth -20 m"):
        intensity(6.8, -20, 0.0)


def test_negative_distance_is_refused() -> None:
    with pytest.raises(InputError, match="0 m or more"):
        intensity(6.8, 20_000, [-1.0])


@pytest.mark.parametrize("column", ["PARAMVALUE", "mmi", "value", "grid_value"])
def test_bands_get_their_upper_bound_from_the_next(column: str) -> None:
    shakemap = shakemap_from_vector(bands(6.0, 6.2, 6.4, column=column), source="USGS")
    assert shakemap["mmi"].tolist() == [6.0, 6.2, 6.4]
    assert shakemap["mmi_high"].tolist() == pytest.approx([6.2, 6.4, 6.6])
    assert set(shakemap["source"]) == {"USGS"}


def test_strongest_band_that_holds_a_point_speaks_and_outside_is_unknown() -> None:
    shakemap = shakemap_from_vector(bands(7.0, 5.0, 6.0), source="USGS")
    points = gpd.GeoDataFrame(
        {"n": [1, 2, 3, 4]},
        geometry=[Point(0, 0), Point(2.5, 0), Point(9, 9), Point(1, 1)],
        crs="EPSG:4326",
        index=[40, 30, 20, 10],
    )
    mmi = intensity_at(shakemap, points)
    assert mmi.index.tolist() == [40, 30, 20, 10]
    assert mmi.tolist()[:2] == [7.0, 7.0]
    assert np.isnan(mmi.loc[20])
    found = band_at(shakemap, points)
    assert found.loc[10, "mmi_high"] == pytest.approx(8.0)


def test_no_points_and_no_bands_give_nothing() -> None:
    shakemap = shakemap_from_vector(bands(6.0), source="USGS")
    points = gpd.GeoSeries([Point(0, 0)], crs="EPSG:4326")
    assert len(intensity_at(shakemap, points.iloc[:0])) == 0
    assert intensity_at(shakemap.iloc[:0], points).isna().all()


def test_lines_among_polygons_are_refused_with_advice() -> None:
    mixed = gpd.GeoDataFrame(
        {"value": [6.0, 6.2]},
        geometry=[LineString([(0, 0), (1, 1)]), box(0, 0, 1, 1)],
        crs="EPSG:4326",
    )
    with pytest.raises(SchemaError, match=r"lines among the polygons.*mi\.shp"):
        shakemap_from_vector(mixed, source="USGS")


@pytest.mark.parametrize(
    ("pga_g", "mmi"),
    [
        (0.1, -1.60 + 3.70 * math.log10(98.1)),  # strong: upper piece
        (0.01, 1.78 + 1.55 * math.log10(9.81)),  # weak: lower piece
        (0.001, 1.71 + 2.08 * math.log10(0.981)),  # hardly felt
        (0.0, 1.0),
    ],
)
def test_acceleration_becomes_intensity_by_the_published_relation(pga_g: float, mmi: float) -> None:
    """Worden et al. (2012): 0.1 g is 98.1 cm/s2, log10 = 1.9917, MMI = 5.769."""
    assert float(intensity_from_pga(pga_g)) == pytest.approx(mmi)


@given(st.lists(st.floats(0, 3), min_size=2, max_size=2))
def test_more_acceleration_is_never_less_intensity(pga_g: list[float]) -> None:
    weak, strong = intensity_from_pga(sorted(pga_g))
    # The published pieces meet within a hundredth of a unit, not exactly.
    assert strong >= weak - 0.1
    assert np.isnan(intensity_from_pga([np.nan]))[0]


def test_acceleration_polygons_are_converted_at_both_bounds() -> None:
    shakemap = shakemap_from_vector(bands(10.0, 20.0), source="USGS", measure="%g")
    assert shakemap["mmi"].tolist() == pytest.approx(intensity_from_pga([0.1, 0.2]))
    assert shakemap["mmi_high"].tolist() == pytest.approx(intensity_from_pga([0.2, 0.3]))
    same = shakemap_from_vector(bands(0.1, 0.2), source="USGS", measure="g")
    assert same["mmi"].tolist() == pytest.approx(shakemap["mmi"].tolist())
    assert "Worden" in shakemap.attrs["notes"][0]


def test_percent_given_as_g_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"10 to 20: peak accelerations of 0 to 4 g"):
        shakemap_from_vector(bands(10.0, 20.0), source="USGS", measure="g")


def test_negative_acceleration_is_refused() -> None:
    with pytest.raises(InputError, match="0 g or more"):
        intensity_from_pga([-0.1])


def test_column_of_another_meaning_is_refused() -> None:
    with pytest.raises(SchemaError, match="columns pop, geometry: one of paramvalue, mmi"):
        shakemap_from_vector(bands(6.0, column="pop"), source="x")


@pytest.mark.parametrize("levels", [(0.1, 0.3), (20.0, 40.0), (float("nan"), 6.0)])
def test_values_that_are_no_intensities_are_refused(levels: tuple[float, float]) -> None:
    with pytest.raises(SchemaError, match="intensities of 1 to 12"):
        shakemap_from_vector(bands(*levels), source="x")


def test_empty_shakemap_is_refused() -> None:
    with pytest.raises(EmptyInputError, match="no rows"):
        shakemap_from_vector(bands(), source="USGS")


def test_shakemap_without_crs_is_refused() -> None:
    frame = gpd.GeoDataFrame({"mmi": [6.0]}, geometry=[box(0, 0, 1, 1)])
    with pytest.raises(CrsError, match="no CRS"):
        shakemap_from_vector(frame, source="USGS")


def test_points_in_another_crs_are_refused() -> None:
    shakemap = shakemap_from_vector(bands(6.0), source="USGS")
    points = gpd.GeoSeries([Point(0, 0)], crs="EPSG:32629")
    with pytest.raises(CrsError, match="EPSG:4326 is needed"):
        intensity_at(shakemap, points)


# --- real layers --------------------------------------------------------------------------------


def test_shakemap_of_al_haouz_has_its_twenty_bands(real_data: Path) -> None:
    path = real_data / "alhaouz" / "shakemap_mmi.geojson"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    levels = sorted(feature["properties"]["PARAMVALUE"] for feature in features)
    shakemap = shakemap_from_vector(read_vector(path), source="USGS")
    assert shakemap["mmi"].tolist() == levels
    assert shakemap["mmi_high"].iloc[-1] == pytest.approx(8.6)
    # Ighil, near the epicentre, and Marrakech, 70 km away.
    points = gpd.GeoSeries([Point(-8.4, 31.05), Point(-7.99, 31.63)], crs="EPSG:4326")
    ighil, marrakech = intensity_at(shakemap, points)
    assert ighil > 7.5 > 7.0 > marrakech


def test_peak_acceleration_of_al_haouz_is_not_taken_for_intensity(real_data: Path) -> None:
    frame = read_vector(real_data / "alhaouz" / "shakemap_pga.geojson")
    with pytest.raises(SchemaError, match="peak acceleration"):
        shakemap_from_vector(frame, source="USGS")


def test_attenuation_is_within_its_uncertainty_of_the_shakemap(real_data: Path) -> None:
    """USGS: Mw 6.8, 31.06° N 8.39° W, depth 19 km; medians of rings around it."""
    shakemap = shakemap_from_vector(
        read_vector(real_data / "alhaouz" / "shakemap_mmi.geojson"), source="USGS"
    )
    for distance_m in (30_000, 60_000):
        angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        ring = gpd.GeoSeries(
            gpd.points_from_xy(
                -8.39 + distance_m / 95_400 * np.cos(angle),
                31.06 + distance_m / 110_900 * np.sin(angle),
            ),
            crs="EPSG:4326",
        )
        mapped = pd.Series(intensity_at(shakemap, ring)).median()
        expected = float(intensity(6.8, 19_000, float(distance_m)))
        assert abs(mapped - expected) < intensity_sigma(19_000, float(distance_m))
