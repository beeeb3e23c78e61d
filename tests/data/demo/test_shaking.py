"""The drill's shaking: strongest at the epicentre, weaker with distance."""

import numpy as np
import pandas as pd
import pytest
import shapely

from data.demo.build import Drill
from data.demo.shaking import drill_intensity
from data.demo.tables import Tables
from geo.crs import to_working
from geo.shaking import intensity_at

EPICENTRE = (-8.389, 31.055)


def test_at_the_epicentre_it_is_the_attenuation_by_hand_and_the_event_term(
    tables: Tables,
) -> None:
    # M 6.8, depth 19 km: RM = -0.209 + 2.042 e^1.8 = 12.144; sqrt(19² + 12.144²) = 22.549;
    # 2.085 + 1.428 * 6.8 - 1.402 ln 22.549 = 7.427; + 0.9 = 8.33, between VIII and IX.
    here = drill_intensity(tables, [EPICENTRE[0]], [EPICENTRE[1]])
    assert here == pytest.approx([8.327], abs=0.005)


def test_intensity_falls_with_distance_and_the_event_term_ends(tables: Tables) -> None:
    lat = EPICENTRE[1] + np.linspace(0, 1.2, 60)
    mmi = drill_intensity(tables, np.full(60, EPICENTRE[0]), lat)
    assert (np.diff(mmi) < 0).all()
    # 100 km away only the median is left: 2.085 + 9.7104 - 1.402 ln 102.5 + 0.078 ln 2.036 = 5.36.
    far = drill_intensity(tables, [EPICENTRE[0]], [EPICENTRE[1] + 100 / 110.87])
    assert far == pytest.approx([5.36], abs=0.02)


def test_the_bands_are_rings_of_half_a_unit_that_do_not_overlap(drill: Drill) -> None:
    bands = drill.shakemap
    assert list(bands.columns) == ["mmi", "mmi_high", "source", "geometry"]
    assert bands["mmi"].tolist() == np.arange(bands["mmi"].min(), 8.01, 0.5).tolist()
    assert (bands["mmi_high"] - bands["mmi"] == 0.5).all()
    area = to_working(bands, "EPSG:32629").geometry
    together = shapely.union_all(area.to_numpy())
    assert area.area.sum() == pytest.approx(together.area, rel=1e-6)
    assert shapely.box(*drill.bounds).area == pytest.approx(
        shapely.union_all(bands.geometry.to_numpy()).area, rel=1e-3
    )


def test_every_place_lies_in_the_band_of_its_intensity(drill: Drill, tables: Tables) -> None:
    places = drill.places
    mmi = drill_intensity(tables, places.geometry.x, places.geometry.y)
    band = intensity_at(drill.shakemap, places)
    assert band.notna().all()
    # A circle of 128 sides is a little smaller than the circle.
    assert (mmi - band).between(-0.02, 0.52).all()


def test_it_agrees_with_the_usgs_shakemap(real_data, drill: Drill, tables: Tables) -> None:
    from geo.shaking import shakemap_from_vector
    from geo.vectors import read_vector

    path = real_data / "alhaouz" / "shakemap_mmi.geojson"
    if not path.is_file():
        pytest.skip(f"no real data: {path.name} is not there")
    published = shakemap_from_vector(read_vector(path), source="USGS")
    middle = intensity_at(published, drill.places) + 0.1
    ours = drill_intensity(tables, drill.places.geometry.x, drill.places.geometry.y)
    off = pd.Series(ours, index=middle.index) - middle
    assert abs(off.mean()) < 0.15
    assert off.std() < 0.5
