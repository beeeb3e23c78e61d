"""Loading: the same twice is once, a later list erases nothing, what lies elsewhere is refused."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_bounds
from shapely.geometry import Point, box

from dashboard.operations import assessing, loading, uploads
from dashboard.operations.situation import Situation
from geo.errors import CoverageError, EmptyInputError, InputError


def _places(path: Path, **columns: object) -> Path:
    frame = gpd.GeoDataFrame(
        {"code": ["0410713202020"], **{name: [value] for name, value in columns.items()}},
        geometry=[Point(-7.975, 31.001)],
        crs="EPSG:4326",
    )
    frame.to_file(path)
    return path


def _damage(path: Path, lon: float = -7.97) -> Path:
    points = [Point(lon + step * 0.0003, 31.0005) for step in range(4)]
    gpd.GeoDataFrame(
        {"damage_gra": ["Destroyed", "Destroyed", "Damaged", "Possibly damaged"]},
        geometry=points,
        crs="EPSG:4326",
    ).to_file(path)
    return path


def test_the_same_damage_file_twice_is_refused_and_counts_once(
    valley: Situation, tmp_path: Path
) -> None:
    path = _damage(tmp_path / "grading.geojson")
    layer = loading.load(valley, "damage", [path])["layers"][0]
    with pytest.raises(InputError, match=f"loaded already as {layer['layer_id']}"):
        loading.load(valley, "damage", [path])
    assert assessing.assess(valley)["totals"]["graded_merged"] == 4
    uploads.undo(valley, layer["layer_id"])
    loading.load(valley, "damage", [path])  # after an undo it may come again
    assert assessing.assess(valley)["totals"]["graded_merged"] == 4


@pytest.mark.parametrize("people_first", [True, False])
def test_a_later_list_of_places_erases_nothing_that_an_earlier_one_knew(
    valley: Situation, tmp_path: Path, people_first: bool
) -> None:
    counted = _places(tmp_path / "counted.geojson", name="Tinmal", name_ar="تينمل", people=340)
    located = _places(tmp_path / "located.geojson", name="Tinmal")
    order = [counted, located] if people_first else [located, counted]
    for path in order:
        loading.load(valley, "places", [path])
    frame = valley.places().set_index("place_id")
    place = frame.loc["place:MA-0410713202020"]
    assert (place["people"], place["name_ar"]) == (340, "تينمل")
    assert frame.index.is_unique
    assert len(frame) == 4
    assert place["other_ids"] == "place:osm-n102"  # Tinmel of the extract is the same place


def test_every_kind_of_layer_elsewhere_is_refused(valley: Situation, tmp_path: Path) -> None:
    seq = valley.seq()
    far = tmp_path / "far.tif"
    bounds = (20.0, 50.0, 20.1, 50.1)
    with rasterio.open(
        far, "w", driver="GTiff", width=10, height=10, count=1, dtype="float32",
        crs="EPSG:4326", transform=from_bounds(*bounds, 10, 10), nodata=-1,
    ) as out:  # fmt: skip
        out.write(np.full((1, 10, 10), 0.5, dtype="float32"))
    area = tmp_path / "area.geojson"
    gpd.GeoDataFrame({"name": ["aoi"]}, geometry=[box(*bounds)], crs="EPSG:4326").to_file(area)
    for kind, path in (
        ("damage", far),
        ("elevation", far),
        ("damage", area),
        ("damage", _damage(tmp_path / "far.geojson", lon=20.0)),
    ):
        with pytest.raises(CoverageError, match="cover"):
            loading.load(valley, kind, [path])
    assert valley.seq() == seq


def test_a_raster_of_nothing_but_void_is_refused(valley: Situation, tmp_path: Path) -> None:
    seq = valley.seq()
    void = tmp_path / "void.tif"
    with rasterio.open(
        void, "w", driver="GTiff", width=10, height=10, count=1, dtype="float32",
        crs="EPSG:4326", transform=from_bounds(-8.1, 30.9, -7.9, 31.1, 10, 10), nodata=-1,
    ) as out:  # fmt: skip
        out.write(np.full((1, 10, 10), -1, dtype="float32"))
    with pytest.raises(EmptyInputError, match="every cell of this one is void"):
        loading.load(valley, "damage", [void])
    assert valley.seq() == seq


def test_points_and_a_list_of_the_same_places_are_joined(empty: Situation, real_data: Path) -> None:
    folder = real_data / "alhaouz"
    files = [folder / "alhaouz_core_douars_points.geojson", folder / "alhaouz_core_douars.csv"]
    loading.load(empty, "places", files)
    frame = empty.places()
    assert len(frame) == 135
    assert frame["people"].notna().sum() == 95
    listed = {row["code"] for row in _rows(files[1])}
    known = set(frame.loc[frame["people"].notna(), "place_id"].str.removeprefix("place:MA-"))
    assert known <= listed


def _rows(path: Path) -> list[dict[str, str]]:
    import csv

    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_what_was_loaded_can_be_written_as_json(valley: Situation, tmp_path: Path) -> None:
    result = loading.load(valley, "damage", [_damage(tmp_path / "grading.geojson")])
    assert json.loads(json.dumps(result))["layers"][0]["grades"]["destroyed"] == 2


def test_a_second_process_opens_the_graph_that_the_first_one_built(
    valley: Situation, caplog: pytest.LogCaptureFixture
) -> None:
    built = valley.graph()
    kept = valley.home / "cache" / f"graph-{valley.roads_key()}"
    assert (kept / "header.json").is_file()
    with Situation.open(valley.home) as again:
        opened = again.graph()
    assert opened.edge_ids.tolist() == built.edge_ids.tolist()
    assert opened.head.tolist() == built.head.tolist()
    (kept / "head.npy").write_bytes(b"nonsense")
    with Situation.open(valley.home) as third:
        assert third.graph().head.tolist() == built.head.tolist()
    assert "head cannot be read" in caplog.text
    with Situation.open(valley.home) as fourth:
        assert fourth.graph().n_arcs == built.n_arcs
