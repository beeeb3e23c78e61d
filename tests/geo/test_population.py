"""Population rasters at the door: counts kept, densities converted, everything else refused."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from geo.errors import CoverageError, CrsError, EmptyInputError, InputError, SchemaError
from geo.population import read_population
from geo.raster import read_grid

AREA = (-8.2, 30.8, -8.0, 31.0)


def counts(path: Path, values: Any, *, unit: str = "", **profile: Any) -> Path:
    """Cells of 0.01° (about 1.06 km2), upper left corner at 8.2° W, 31° N."""
    cells = np.asarray(values)
    settings = {
        "crs": "EPSG:4326",
        "transform": from_origin(-8.2, 31.0, 0.01, 0.01),
        "nodata": -1,
    } | profile
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=1,
        height=cells.shape[0],
        width=cells.shape[1],
        dtype=cells.dtype,
        **settings,
    ) as target:
        target.write(cells, 1)
        if unit:
            target.units = (unit,)
    return path


def test_counts_stay_as_they_are(tmp_path: Path) -> None:
    path = counts(tmp_path / "p.tif", np.array([[3.5, -1.0], [0.0, 4.0]]), unit="people per cell")
    found = read_population(path, tmp_path / "out.tif")
    assert (found.path, found.total, found.notes) == (path, 7.5, ())
    assert not (tmp_path / "out.tif").exists()


def test_what_the_file_does_not_say_is_noted(tmp_path: Path) -> None:
    path = counts(tmp_path / "p.tif", np.array([[3.5, 0.0]]), nodata=None)
    notes = read_population(path, tmp_path / "out.tif", area=AREA).notes
    assert [note.split(":")[0] for note in notes] == [
        "no unit is declared",
        "no value is declared for 'nothing'",
        "it covers a part of the situation's area only",
    ]


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("people/km2", 1), ("Persons per square kilometre", 1), ("hab/km²", 1), ("people/ha", 100)],
)
def test_a_declared_density_becomes_people_per_cell(tmp_path: Path, unit: str, factor: int) -> None:
    """A cell of 0.01° at 30.995° N has 0.9544 km x 1.1086 km = 1.0580 km2."""
    path = counts(tmp_path / "p.tif", np.array([[10.0, -1.0]]), unit=unit)
    found = read_population(path, tmp_path / "out.tif")
    assert found.path == tmp_path / "out.tif"
    assert found.total == pytest.approx(10.58 * factor, rel=2e-3)
    grid = read_grid(found.path)
    assert np.ma.getmaskarray(grid.values).tolist() == [[False, True]]
    assert float(grid.values.sum()) == pytest.approx(found.total)


def test_a_density_in_web_mercator_counts_true_areas(tmp_path: Path) -> None:
    """1 km of web Mercator at 31° N is 857 m: 0.735 km2, not 1."""
    place = from_origin(-912_000, 3_632_000, 1000, 1000)
    path = counts(
        tmp_path / "p.tif", np.array([[10.0]]), unit="people/km2", crs="EPSG:3857", transform=place
    )
    found = read_population(path, tmp_path / "out.tif")
    assert found.total == pytest.approx(10 * math.cos(math.radians(31)) ** 2, rel=0.01)


def test_the_whole_earth_has_its_area(tmp_path: Path) -> None:
    path = counts(
        tmp_path / "p.tif",
        np.ones((18, 36)),
        unit="people/km2",
        transform=from_origin(-180, 90, 10, 10),
    )
    found = read_population(path, tmp_path / "out.tif")
    assert found.total == pytest.approx(510.0656e6, rel=1e-6)


# --- what is refused --------------------------------------------------------------------------


def refused(path: Path, kind: type[Exception], match: str, **more: Any) -> None:
    with pytest.raises(kind, match=match) as caught:
        read_population(path, path.with_suffix(".out.tif"), **more)
    assert "\n" not in str(caught.value)


def test_no_crs(tmp_path: Path) -> None:
    refused(counts(tmp_path / "p.tif", np.ones((2, 2)), crs=None), CrsError, "has no CRS")


def test_negative_counts(tmp_path: Path) -> None:
    path = counts(tmp_path / "p.tif", np.array([[3.0, -5.0]]))
    refused(path, SchemaError, "counts down to -5: people per cell are never negative; give")


def test_nodata_that_is_not_declared(tmp_path: Path) -> None:
    path = counts(tmp_path / "p.tif", np.array([[3.0, -99999.0]]), nodata=None)
    refused(path, SchemaError, "declares no value for 'nothing'; .*-a_nodata -99999")


def test_a_height_that_says_its_unit(tmp_path: Path) -> None:
    path = counts(tmp_path / "p.tif", np.ones((2, 2)), unit="m")
    refused(path, SchemaError, "its unit is 'm': .*heights are loaded as elevation")


@pytest.mark.parametrize("cell_deg", [0.01, 1 / 1200, 1 / 3600])
def test_a_height_that_does_not(tmp_path: Path, cell_deg: float) -> None:
    """Mountains of 500 to 3,500 m, in the cells of 30, 3 and 1 arc seconds."""
    slope = np.linspace(500, 3500, 40 * 40).reshape(40, 40).astype("int16")
    path = counts(tmp_path / "p.tif", slope, transform=from_origin(-8.2, 31, cell_deg, cell_deg))
    refused(path, SchemaError, "no population is like that; is it a height")


def test_the_real_heights_of_al_haouz(real_data: Path, tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="is it a height"):
        read_population(real_data / "dem" / "alhaouz_dem_30arcsec.tif", tmp_path / "out.tif")


def test_a_town_of_full_cells_is_no_height(tmp_path: Path) -> None:
    """Marrakech has 5,000 people a km2; round it are fields."""
    town = np.zeros((40, 40))
    town[10:25, 10:25] = 5_300.0
    path = counts(tmp_path / "p.tif", town)
    assert read_population(path, tmp_path / "o.tif").total == pytest.approx(225 * 5_300)


def test_a_raster_elsewhere_or_empty_or_of_several_bands(tmp_path: Path) -> None:
    path = counts(tmp_path / "p.tif", np.ones((2, 2)))
    refused(path, CoverageError, "covers nothing of the situation's area", area=(1, 42, 2, 43))
    refused(counts(tmp_path / "e.tif", np.full((2, 2), -1.0)), EmptyInputError, "no cell of it")
    with rasterio.open(
        tmp_path / "b.tif", "w", driver="GTiff", count=2, width=2, height=2, dtype="uint8",
        crs="EPSG:4326", transform=from_origin(-8, 31, 0.01, 0.01),
    ) as target:  # fmt: skip
        target.write(np.ones((2, 2, 2), dtype="uint8"))
    refused(tmp_path / "b.tif", InputError, "2 bands: one of them is needed")
