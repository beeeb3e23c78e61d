"""Elevation with voids and relief, and rasters as the map asks for them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dashboard.cli import main
from dashboard.operations import loading, uploads
from dashboard.operations.situation import Situation
from dashboard.operations.tiles import raster_layers, raster_tile
from geo.errors import CrsError, UnknownIdError
from tests.dashboard.operations.test_imagery import picture
from tests.geo.raster_files import VOID, write_tif


def hills(path: Path, void: slice | None = None, **more) -> Path:
    rng = np.random.default_rng(2)
    heights = rng.integers(900, 1400, (300, 300)).astype(np.int16)
    if void:
        heights[void, void] = VOID
    return write_tif(path, heights, west=-8.15, north=31.15, cell=0.001, **more)


def test_voids_are_said_and_filled_only_where_asked(
    valley: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = hills(tmp_path / "dem.tif", slice(200, 204))
    words = ["load", "elevation", str(path), "--home", str(valley.home), "--json"]
    assert main(words) == 0
    (layer,) = json.loads(capsys.readouterr().out)["layers"]
    assert layer["notes"] == ["0.02% of it is void; --fill-voids fills small ones"]
    uploads.undo(valley, layer["layer_id"])
    assert main([*words, "--fill-voids"]) == 0
    (layer,) = json.loads(capsys.readouterr().out)["layers"]
    assert "16 of 16 void cells filled from the heights around them" in layer["notes"][0]
    assert layer["void_share"] == 0


def test_tiles_across_an_edge_with_voids_become_one(valley: Situation, tmp_path: Path) -> None:
    left = write_tif(
        tmp_path / "w.tif", np.full((300, 150), 1000, np.int16), west=-8.15, north=31.15, cell=0.001
    )
    heights = np.full((300, 200), 1000, np.int16)
    heights[100:103, 100:103] = VOID
    right = write_tif(tmp_path / "e.tif", heights, west=-8.05, north=31.15, cell=0.001)
    (layer,) = loading.load(valley, "elevation", [left, right], fill_voids=True)["layers"]
    assert layer["rows"] == 300 * 300
    assert "9 of 9 void cells filled" in layer["notes"][-1]


def test_the_map_gets_relief_pictures_and_damage_each_by_its_key(
    valley: Situation, tmp_path: Path
) -> None:
    for layer in valley.store.layers("elevation"):
        uploads.undo(valley, layer.layer_id)
    assert raster_layers(valley) == ()
    loading.load(valley, "elevation", [hills(tmp_path / "dem.tif")])
    loading.load(valley, "imagery", [picture(tmp_path / "a.tif")], role="after", source="drone")
    damage = write_tif(
        tmp_path / "d.tif", np.full((3, 3), 2, np.uint8), west=-8.0, north=31.02, nodata=255
    )
    loading.load(valley, "damage", [damage], classes={2: "destroyed"})
    layers = raster_layers(valley)
    assert [layer.kind for layer in layers] == ["relief", "after", "damage_raster"]
    assert layers[1].name == "drone"
    assert layers[1].native_zoom > layers[0].native_zoom
    for layer in layers:
        assert raster_tile(valley, layer.key, 10, 489, 418).startswith(b"\x89PNG")
    with pytest.raises(UnknownIdError, match="no such raster is served"):
        raster_tile(valley, "0" * 64, 10, 489, 418)
    uploads.undo(valley, valley.store.layers("imagery")[0].layer_id)
    with pytest.raises(UnknownIdError):
        raster_tile(valley, layers[1].key, 10, 489, 418)


@pytest.mark.parametrize("kind", ["elevation", "damage"])
@pytest.mark.parametrize("turn", ["rotated", "upside down"])
def test_a_turned_raster_is_refused(
    valley: Situation, tmp_path: Path, kind: str, turn: str
) -> None:
    from rasterio.transform import Affine

    how = {
        "rotated": Affine(0.001, 0.0002, -8.1, 0.0002, -0.001, 31.1),
        "upside down": Affine(0.001, 0, -8.1, 0, 0.001, 30.9),
    }[turn]
    path = hills(tmp_path / "x.tif", transform=how)
    with pytest.raises(CrsError, match="straighten it first: gdalwarp"):
        loading.load(valley, kind, [path], classes={1: "damaged"} if kind == "damage" else None)
    assert len(valley.store.layers(kind if kind == "elevation" else "damage_raster")) <= 1
