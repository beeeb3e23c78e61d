"""Outlines of buildings, and what rasters say at them."""

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, box

from geo.damage_raster import DamageRaster, zone_damage
from geo.errors import EmptyInputError, InputError, SchemaError
from geo.footprints import footprints_from_vector, place_of, raster_evidence
from geo.zonal import zonal_statistics
from tests.geo.raster_files import write_tif

CRS = "EPSG:32629"
# Cells of 0.0001 degrees, about 10 m, from 8° W, 31° N.
CELL = 0.0001
CLASSES = {0: "no_visible_damage", 1: "possibly_damaged", 2: "damaged", 3: "destroyed"}


def house(col: float, row: float, width: float = 1.0, height: float = 1.0):
    """A box in cells of the raster, from its upper left corner."""
    west, north = -8 + col * CELL, 31 - row * CELL
    return box(west, north - height * CELL, west + width * CELL, north)


def frame(*shapes) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=list(shapes), crs="EPSG:4326")


def test_what_is_no_building_is_left_out_and_counted():
    given_frame = frame(
        house(0, 0),
        house(0, 0),
        MultiPolygon([house(3, 3), house(5, 5)]),
        Point(-8, 31),
        LineString([(-8, 31), (-7.9, 31)]),
        house(8, 8, 0.01, 0.01),
        house(0, 0, 100, 100),
    )
    kept = footprints_from_vector(given_frame, crs=CRS)
    assert len(kept) == 3
    assert kept["area_m2"].between(100, 110).all()
    notes = kept.attrs["notes"]
    assert [note.split(" ")[0] for note in notes] == ["2", "1", "2"]
    with pytest.raises(EmptyInputError, match="no outline of a building"):
        footprints_from_vector(frame(Point(-8, 31)), crs=CRS)


def test_an_outline_belongs_to_the_nearest_place_within_a_kilometre():
    places = frame(Point(-8, 31), Point(-7.98, 31))
    shapes = frame(house(3, 3), house(190, 0), house(10_000, 0))
    assert place_of(shapes, places, crs=CRS).tolist() == [0, 1, -1]


def test_the_class_that_holds_most_of_an_outline_is_its_evidence(tmp_path):
    path = write_tif(tmp_path / "c.tif", np.array([[0, 3, 2]], dtype=np.int16), cell=CELL)
    raster = DamageRaster(path=path, source="s", classes=CLASSES)
    shapes = frame(house(0.2, 0, 1, 1), house(0.8, 0, 1, 1), house(1.5, 0, 1, 1), house(2.6, 0))
    found = raster_evidence(shapes, raster)
    # 80/20 of intact and destroyed; 20/80; half and half: the worse; 40 % covered: not judged.
    assert found["grade"].tolist() == [
        "no_visible_damage",
        "destroyed",
        "destroyed",
        "not_analysed",
    ]
    assert found["damage_share"].tolist() == pytest.approx([0.2, 0.8, 1.0, 1.0], abs=1e-3)
    assert found["covered_share"].tolist() == pytest.approx([1, 1, 1, 0.4], abs=1e-3)


@pytest.mark.parametrize(("dtype", "scale"), [("float32", 100), ("uint8", 100), ("uint8", 200)])
def test_a_share_raster_of_another_scale(tmp_path, dtype, scale):
    values = (np.array([[0, 0.25, 0.75]]) * scale).astype(dtype)
    path = write_tif(tmp_path / "p.tif", values, cell=CELL, nodata=255)
    shapes = frame(house(0, 0), house(1, 0), house(2, 0))
    found = raster_evidence(shapes, DamageRaster(path=path, source="s", scale=scale))
    assert found["damage_share"].tolist() == pytest.approx([0, 0.25, 0.75])
    assert found["grade"].tolist() == [
        "no_visible_damage",
        "no_visible_damage",
        "possibly_damaged",
    ]


def test_a_scale_that_does_not_fit_is_refused(tmp_path):
    path = write_tif(tmp_path / "p.tif", np.array([[50.0]], dtype="float32"), cell=CELL)
    with pytest.raises(SchemaError, match=r"values from 50 to 50.*say the scale \(100"):
        zone_damage(path, frame(house(0, 0)))
    with pytest.raises(SchemaError, match="from 0 to the scale 10;"):
        zone_damage(path, frame(house(0, 0)), scale=10)
    with pytest.raises(InputError, match="scale -1"):
        zone_damage(path, frame(house(0, 0)), scale=-1)
    with pytest.raises(InputError, match="classes and a scale"):
        zone_damage(path, frame(house(0, 0)), scale=100, classes=CLASSES)


@given(values=st.lists(st.integers(-1, 3), min_size=36, max_size=36))
@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_zones_that_part_the_raster_sum_to_its_total_and_holes_stay(tmp_path, values):
    cells = np.array(values, dtype=np.int16).reshape(6, 6)
    path = write_tif(tmp_path / "c.tif", cells, cell=CELL, nodata=-1)
    # Nine zones whose borders cut through cells.
    shapes = frame(*(house(col, row, 2.5, 2.5) for row in (-1, 1.5, 4) for col in (-1, 1.5, 4)))
    found = zonal_statistics(path, shapes, statistics=("sum", "count"))
    assert found["sum"].sum() == pytest.approx(cells[cells >= 0].sum(), abs=1e-3)
    assert found["count"].sum() == pytest.approx((cells >= 0).sum(), abs=1e-3)
    singles = frame(*(house(col, row) for row in range(6) for col in range(6)))
    if (cells >= 0).any():
        said = raster_evidence(singles, DamageRaster(path=path, source="s", classes=CLASSES))
        void = (cells < 0).ravel()
        assert (said["grade"].to_numpy() == "not_analysed").tolist() == void.tolist()
        assert said["damage_share"].isna().tolist() == void.tolist()
        assert said.loc[~void, "grade"].tolist() == [CLASSES[v] for v in cells.ravel()[~void]]
