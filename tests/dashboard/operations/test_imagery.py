"""Pictures and rasters by address, through the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_bounds

from dashboard.cli import main
from dashboard.operations import loading
from dashboard.operations.situation import Situation
from geo.errors import CoverageError, InputError
from tests.stand_in import ranged, stand_in

BOUNDS = (-7.981, 30.999, -7.979, 31.001)


def picture(path: Path, bounds=BOUNDS, size: int = 400, bands: int = 3, **more) -> Path:
    values = np.random.default_rng(3).integers(1, 250, (bands, size, size)).astype("uint8")
    profile = {
        "driver": "GTiff",
        "width": size,
        "height": size,
        "count": bands,
        "dtype": "uint8",
        "crs": "EPSG:4326",
        "transform": from_bounds(*bounds, size, size),
    }
    with rasterio.open(path, "w", **profile | more) as out:
        out.write(values)
    return path


def test_a_picture_is_kept_as_a_cog_with_its_role(valley: Situation, tmp_path: Path) -> None:
    path = picture(tmp_path / "drone.tif", size=1200)
    (layer,) = loading.load(valley, "imagery", [path], role="after")["layers"]
    assert (layer["kind"], layer["role"], layer["rgb"]) == ("imagery", "after", [1, 2, 3])
    assert layer["resolution_m"] == pytest.approx(0.185, abs=0.01)
    held = valley.store.layers("imagery")[0]
    with (
        rasterio.open(valley.archive.path(held.files["imagery"])) as kept,
        rasterio.open(path) as x,
    ):
        assert kept.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert kept.overviews(1) == [2, 4]
        assert np.array_equal(kept.read(), x.read())


def test_a_cog_is_kept_byte_by_byte(valley: Situation, tmp_path: Path) -> None:
    made = loading.load(valley, "imagery", [picture(tmp_path / "a.tif", size=1200)])["layers"][0]
    held = valley.archive.path(valley.store.layers("imagery")[0].files["imagery"])
    copy = Path(shutil.copyfile(held, tmp_path / "copy.tif"))
    from dashboard.operations import uploads

    uploads.undo(valley, made["layer_id"])
    (again,) = loading.load(valley, "imagery", [copy])["layers"]
    assert valley.archive.path(valley.store.layers("imagery")[0].files["imagery"]) == held
    assert not any("stored anew" in note for note in again["notes"])


def test_the_command_line_loads_a_pair(
    valley: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(valley.home)
    for role, bands in (("before", 3), ("after", 4)):
        path = picture(tmp_path / f"{role}.tif", bands=bands)
        words = ["load", "imagery", str(path), f"--{role}", "--at", "2023-09-10T11:00+01:00"]
        assert main([*words, "--home", home, "--json", "--source", "drone"]) == 0
        (layer,) = json.loads(capsys.readouterr().out)["layers"]
        assert layer["role"] == role
        with pytest.raises(InputError, match="loaded already"):
            loading.load(valley, "imagery", [path])
    assert [one.source.name for one in valley.store.layers("imagery")] == ["drone", "drone"]


@pytest.mark.parametrize(
    ("bounds", "what"),
    [((7.98, 30.99, 7.99, 31.0), "check the file"), ((30.99, -7.98, 31.0, -7.97), "axes are swap")],
)
def test_a_picture_of_elsewhere(
    valley: Situation, tmp_path: Path, bounds: tuple[float, ...], what: str
) -> None:
    with pytest.raises(CoverageError, match=what):
        loading.load(valley, "imagery", [picture(tmp_path / "x.tif", bounds)])
    assert valley.store.layers("imagery") == []


def test_only_the_area_of_a_large_raster_is_read_by_range(
    valley: Situation, tmp_path: Path
) -> None:
    wide = tmp_path / "wide.tif"
    west, south, east, north = valley.info().bounds or BOUNDS
    far = (west - 1, south - 1, east + 1, north + 1)
    picture(wide, far, size=3000, bands=1, tiled=True, blockxsize=256, blockysize=256)
    data = wide.read_bytes()
    with stand_in({"/maps/wide.tif": ranged(data)}) as server:
        url = f"{server.url}/maps/wide.tif?token=1"
        (layer,) = loading.load(valley, "imagery", [url], role="before")["layers"]
        sent = sum(
            int(one.headers["range"].partition("-")[2])
            - int(one.headers["range"][6:].partition("-")[0])
            for one in server.asked
        )
    assert sent < len(data) / 4
    held = valley.store.layers("imagery")[0]
    assert held.source.url == url
    assert layer["name"] == "wide.tif"
    with (
        rasterio.open(valley.archive.path(held.files["imagery"])) as kept,
        rasterio.open(wide) as x,
    ):
        assert kept.width < 800
        window = x.window(*kept.bounds).round_offsets().round_lengths()
        assert np.array_equal(kept.read(), x.read(window=window))
        assert kept.bounds.left < west < east < kept.bounds.right


def test_an_address_for_what_is_no_raster(valley: Situation) -> None:
    with pytest.raises(InputError, match="by address only rasters"):
        loading.load(valley, "places", ["http://127.0.0.1:9/places.geojson"])


def test_an_address_of_another_ground_and_one_that_is_no_raster(
    valley: Situation, tmp_path: Path
) -> None:
    far = picture(tmp_path / "far.tif", (7.98, 30.99, 7.99, 31.0)).read_bytes()
    answers = {"/far.tif": ranged(far), "/text.tif": ranged(b"this is no raster " * 99)}
    with stand_in(answers) as server:
        with pytest.raises(CoverageError, match="check the address"):
            loading.load(valley, "imagery", [f"{server.url}/far.tif"])
        with pytest.raises(InputError, match="cannot be read as GeoTIFF"):
            loading.load(valley, "imagery", [f"{server.url}/text.tif"])
        with pytest.raises(InputError, match="status 404"):
            loading.load(valley, "imagery", [f"{server.url}/none.tif"])
    assert valley.store.layers("imagery") == []


def test_the_real_pairs(empty: Situation, real_data: Path) -> None:
    """One calls itself COG and is stored as strips: it is stored anew."""
    paths = sorted((real_data / "alhaouz" / "imagery").glob("*.tif"))
    layers = loading.load(empty, "imagery", paths)["layers"]
    assert [layer["resolution_m"] < 0.35 for layer in layers] == [True] * 4
    assert all("stored anew in tiles" in layer["notes"][-1] for layer in layers)
    assert [layer["rgb"] for layer in layers] == [[1, 2, 3]] * 4
