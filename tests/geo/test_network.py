"""Road tables: defaults, checks, pieces, elevation, files."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.errors import (
    CoverageError,
    CrsError,
    EmptyInputError,
    SchemaError,
    UnreadableError,
)
from geo.model import Source
from geo.network import (
    EDGE_COLUMNS,
    RoadTables,
    components,
    drape,
    read_road_tables,
    require_road_tables,
    road_tables,
    write_road_tables,
)
from tests.factories import four_villages, make_roads
from tests.geo.raster_files import write_dem

NODES = pd.DataFrame({"node_id": ["a", "b"], "lon": [-8.0, -7.99], "lat": [31.0, 31.0]})


def edges(**columns: Any) -> gpd.GeoDataFrame:
    line = shapely.LineString([(-8.0, 31.0), (-7.99, 31.0)])
    values = {"edge_id": ["e"], "u": [0], "v": [1], **columns}
    return gpd.GeoDataFrame(values, geometry=[line], crs="EPSG:4326")


def tables(**columns: Any) -> RoadTables:
    return road_tables(NODES, edges(**columns), source=Source(name="test"))


def test_missing_columns_get_their_defaults_and_missing_lengths_are_geodesic() -> None:
    made = tables().edges
    assert list(made.columns) == list(EDGE_COLUMNS)
    assert made["highway"].iloc[0] == "unclassified"
    assert made["forward"].iloc[0]
    assert np.isnan(made["width_m"].iloc[0])
    # 0.01 degrees of longitude at 31° N: a cos(phi) pi / 18000 / sqrt(1 - e² sin² phi) = 955.0 m
    assert made["length_m"].iloc[0] == pytest.approx(955.0, abs=0.5)


def test_a_given_length_is_kept() -> None:
    assert tables(length_m=[1234.5]).edges["length_m"].iloc[0] == 1234.5


def test_edges_in_a_projected_crs_are_stored_in_degrees() -> None:
    projected = edges().to_crs("EPSG:32629")
    made = road_tables(NODES, projected, source=Source(name="test")).edges
    assert made.crs.to_epsg() == 4326
    assert made.geometry.iloc[0].coords[0] == pytest.approx((-8.0, 31.0), abs=1e-8)


def test_edges_without_crs_are_refused() -> None:
    with pytest.raises(CrsError, match="no CRS"):
        road_tables(NODES, edges().set_crs(None, allow_override=True), source=Source(name="x"))


def test_no_edge_is_refused() -> None:
    with pytest.raises(EmptyInputError, match="at least one piece of road"):
        road_tables(NODES, edges().iloc[:0], source=Source(name="empty.osm"))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(SchemaError, match="edge_id"):
        road_tables(NODES, edges().drop(columns="edge_id"), source=Source(name="x"))


@pytest.mark.parametrize(
    ("columns", "column"),
    [
        ({"v": [7]}, "u, v"),
        ({"v": [-1]}, "u, v"),
        ({"edge_id": ["e+"]}, "edge_id"),
        ({"edge_id": [""]}, "edge_id"),
        ({"length_m": [-1.0]}, "length_m"),
        ({"length_m": [np.inf]}, "length_m"),
        ({"width_m": [-2.0]}, "width_m"),
        ({"u": [1], "v": [0]}, "geometry"),
    ],
)
def test_an_impossible_value_is_named_with_its_column(columns: dict[str, Any], column: str) -> None:
    with pytest.raises(SchemaError, match="impossible values") as caught:
        tables(**columns)
    assert column in {problem.column for problem in caught.value.problems}


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(SchemaError) as caught:
        tables(length_m=[-1.0], width_m=[-1.0], edge_id=["e-"])
    assert {p.column for p in caught.value.problems} == {"length_m", "width_m", "edge_id"}


def test_duplicate_ids_and_positions_off_the_globe_are_refused() -> None:
    nodes = NODES.assign(node_id=["a", "a"], lon=[-8.0, 200.0])
    with pytest.raises(SchemaError) as caught:
        road_tables(nodes, edges(), source=Source(name="x"))
    assert {p.column for p in caught.value.problems} >= {"lon, lat", "node_id"}


def test_row_numbers_that_are_text_are_refused() -> None:
    with pytest.raises(SchemaError, match="column u"):
        tables(u=["0"])


def test_pieces_are_numbered_by_size_and_named_in_the_notes() -> None:
    nodes = [(-8.0, 31.0), (-7.99, 31.0), (-7.5, 31.0), (-7.49, 31.0), (-7.48, 31.0)]
    made = make_roads(nodes, [{"u": 0, "v": 1}, {"u": 2, "v": 3}, {"u": 3, "v": 4}])
    assert components(made).tolist() == [1, 0, 0]
    assert any("2 pieces" in note and "66.7%" in note for note in made.notes)


def test_a_network_in_one_piece_has_no_note_about_pieces() -> None:
    assert four_villages().notes == ()
    assert set(components(four_villages())) == {0}


def test_tables_survive_a_file_and_come_back_equal(tmp_path: Path) -> None:
    at = datetime(2023, 9, 8, 22, 11, tzinfo=UTC)
    source = Source(name="OSM", at=at, url="https://example.org", licence="ODbL-1.0")
    made = road_tables(NODES, edges(name=["شارع"]), source=source, notes=["one thing"])
    write_road_tables(made, tmp_path / "roads")
    read = read_road_tables(tmp_path / "roads")
    assert (read.source, read.notes) == (made.source, made.notes)
    pd.testing.assert_frame_equal(read.nodes, made.nodes)
    pd.testing.assert_frame_equal(
        pd.DataFrame(read.edges.drop(columns="geometry")),
        pd.DataFrame(made.edges.drop(columns="geometry")),
    )
    assert read.edges.geometry.geom_equals(made.edges.geometry).all()


def test_a_missing_file_of_the_two_is_named(tmp_path: Path) -> None:
    write_road_tables(tables(), tmp_path)
    (tmp_path / "edges.parquet").unlink()
    with pytest.raises(UnreadableError, match=r"edges\.parquet is missing"):
        read_road_tables(tmp_path)


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    write_road_tables(tables(), tmp_path)
    (tmp_path / "nodes.parquet").write_bytes(b"PK\x03\x04 not parquet")
    with pytest.raises(UnreadableError, match="parquet is needed"):
        read_road_tables(tmp_path)


def test_tables_that_were_tampered_with_are_refused(tmp_path: Path) -> None:
    made = tables()
    broken = made.edges.assign(v=np.array([9], dtype=np.int32))
    write_road_tables(
        RoadTables(nodes=made.nodes, edges=broken, source=made.source), tmp_path / "x"
    )
    with pytest.raises(SchemaError, match="u, v"):
        read_road_tables(tmp_path / "x")


def test_a_frame_in_another_crs_is_refused_as_tables() -> None:
    made = tables()
    wrong = RoadTables(nodes=made.nodes, edges=made.edges.to_crs("EPSG:32629"), source=made.source)
    with pytest.raises(CrsError, match="EPSG:4326"):
        require_road_tables(wrong)


# --- elevation ----------------------------------------------------------------------------------

BOUNDS = (-8.1, 30.9, -7.8, 31.1)


def east_slope(lon: Any, lat: Any) -> Any:
    """100 m more for each hundredth of a degree to the east, 1000 m at lon -8."""
    return 1000.0 + 10_000.0 * (lon + 8.0) + 0.0 * lat


def test_a_road_up_an_even_slope_climbs_it_and_descends_nothing(tmp_path: Path) -> None:
    dem = write_dem(tmp_path / "dem.tif", east_slope, BOUNDS)
    made = drape(tables(), dem)
    assert made.nodes["elevation_m"].tolist() == pytest.approx([1000.0, 1100.0], abs=1.0)
    assert made.edges["climb_m"].iloc[0] == pytest.approx(100.0, abs=1.0)
    assert made.edges["descent_m"].iloc[0] == pytest.approx(0.0, abs=0.5)
    assert "elevation from dem.tif" in made.notes


def test_a_road_over_a_ridge_climbs_and_descends_it(tmp_path: Path) -> None:
    def ridge(lon: Any, lat: Any) -> Any:
        return 1500.0 - 20_000.0 * np.abs(lon + 7.95) + 0.0 * lat

    dem = write_dem(tmp_path / "dem.tif", ridge, BOUNDS)
    made = drape(make_roads([(-8.0, 31.0), (-7.9, 31.0)], [{"u": 0, "v": 1}]), dem)
    assert made.edges["climb_m"].iloc[0] == pytest.approx(1000.0, rel=0.02)
    assert made.edges["descent_m"].iloc[0] == pytest.approx(1000.0, rel=0.02)


@pytest.mark.parametrize("kind", ["bridge", "tunnel"])
def test_bridges_and_tunnels_run_straight_between_their_ends(tmp_path: Path, kind: str) -> None:
    def ravine(lon: Any, lat: Any) -> Any:
        return np.where(np.abs(lon + 7.95) < 0.02, 200.0, 1000.0) + 0.0 * lat

    dem = write_dem(tmp_path / "dem.tif", ravine, BOUNDS)
    # Two spans that meet in the middle of the ravine, and the road on either side.
    nodes = [(-8.0, 31.0), (-7.98, 31.0), (-7.95, 31.0), (-7.92, 31.0), (-7.9, 31.0)]
    spans = [{"u": n, "v": n + 1, kind: n in {1, 2}} for n in range(4)]
    made = drape(make_roads(nodes, spans), dem)
    assert made.nodes["elevation_m"].iloc[2] == pytest.approx(1000.0, abs=1.0)
    assert made.edges["climb_m"].sum() == pytest.approx(0.0, abs=1.0)
    follows_ground = drape(make_roads(nodes, [{"u": n, "v": n + 1} for n in range(4)]), dem)
    assert follows_ground.edges["climb_m"].sum() > 700.0


def test_a_model_that_covers_a_part_leaves_the_rest_unknown_and_says_so(tmp_path: Path) -> None:
    dem = write_dem(tmp_path / "dem.tif", east_slope, (-8.1, 30.9, -7.94, 31.1))
    nodes = [(-8.0, 31.0), (-7.99, 31.0), (-7.95, 31.0), (-7.9, 31.0)]
    made = drape(make_roads(nodes, [{"u": n, "v": n + 1} for n in range(3)]), dem)
    assert np.isfinite(made.edges["climb_m"]).tolist() == [True, True, False]
    assert any("1 of 3 edges have no elevation" in note for note in made.notes)


def test_a_hole_in_the_model_is_bridged_along_the_edge(tmp_path: Path) -> None:
    def holed(lon: Any, lat: Any) -> Any:
        return np.where(np.abs(lon + 7.995) < 0.001, -9999.0, east_slope(lon, lat))

    dem = write_dem(tmp_path / "dem.tif", holed, BOUNDS)
    made = drape(tables(), dem)
    assert made.edges["climb_m"].iloc[0] == pytest.approx(100.0, abs=2.0)
    assert any("1 of 1 edges cross voids of dem.tif" in note for note in made.notes)


def test_a_model_of_another_area_is_refused(tmp_path: Path) -> None:
    dem = write_dem(tmp_path / "dem.tif", east_slope, (1.0, 42.0, 1.2, 42.2))
    with pytest.raises(CoverageError, match="covers 0% of the road nodes"):
        drape(tables(), dem)


def test_draping_does_not_change_what_was_given(tmp_path: Path) -> None:
    made = tables()
    drape(made, write_dem(tmp_path / "dem.tif", east_slope, BOUNDS))
    assert made.nodes["elevation_m"].isna().all()
    assert made.edges["climb_m"].isna().all()
