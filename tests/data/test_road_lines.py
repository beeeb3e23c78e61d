"""Roads drawn as lines: columns of many names, joined at ends and not at crossings."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from data.sources.road_lines import read_road_lines
from geo.errors import CrsError, EmptyInputError, SchemaError
from geo.network import RoadTables, components

WEST, MIDDLE, EAST = (-8.0, 31.0), (-7.99, 31.0), (-7.98, 31.0)
NORTH, SOUTH = (-7.99, 31.01), (-7.99, 30.99)


def read(tmp_path: Path, rows: Any, *, name: str = "roads.gpkg", crs: Any = 4326) -> RoadTables:
    """`rows` are (points, columns)."""
    lines = [shapely.LineString(points) for points, _ in rows]
    frame = gpd.GeoDataFrame([{**columns} for _, columns in rows], geometry=lines, crs=crs)
    frame.to_file(tmp_path / name)
    return read_road_lines(tmp_path / name)


def one(tmp_path: Path, **columns: Any) -> Any:
    tables = read(tmp_path, [((WEST, EAST), {"highway": "primary", **columns})])
    return tables.edges.iloc[0]


def test_lines_are_joined_where_one_ends_on_a_vertex_of_another(tmp_path: Path) -> None:
    rows = [((WEST, MIDDLE, EAST), {"highway": "primary"}), ((NORTH, MIDDLE), {"highway": "track"})]
    tables = read(tmp_path, rows)
    assert len(tables.nodes) == 4
    assert tables.edges["highway"].tolist() == ["primary", "primary", "track"]
    assert components(tables).nunique() == 1


def test_lines_that_only_cross_stay_apart(tmp_path: Path) -> None:
    """Both have a vertex at the crossing, and none ends there."""
    rows = [
        ((WEST, MIDDLE, EAST), {"highway": "primary"}),
        ((NORTH, MIDDLE, SOUTH), {"highway": "primary"}),
    ]
    tables = read(tmp_path, rows)
    assert len(tables.edges) == 2
    assert components(tables).nunique() == 2


def test_a_centimetre_is_no_gap_but_a_metre_is(tmp_path: Path) -> None:
    rows = [
        ((WEST, MIDDLE), {"highway": "primary"}),
        (((-7.99 + 1e-9, 31.0), EAST), {"highway": "primary"}),
    ]
    assert components(read(tmp_path, rows)).nunique() == 1
    rows[1] = (((-7.99 + 1e-5, 31.0), EAST), {"highway": "primary"})
    assert components(read(tmp_path, rows, name="apart.gpkg")).nunique() == 2


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"oneway": "F"}, (True, False)),
        ({"oneway": "T"}, (False, True)),
        ({"oneway": "B"}, (True, True)),
        ({"oneway": "yes"}, (True, False)),
        ({"oneway": "-1"}, (False, True)),
        ({"oneway": 1}, (True, False)),
        ({"sens_unique": "oui"}, (True, False)),
        ({"junction": "roundabout"}, (True, False)),
        ({}, (True, True)),
    ],
)
def test_one_way_streets(tmp_path: Path, columns: Any, expected: Any) -> None:
    row = one(tmp_path, **columns)
    assert (row["forward"], row["backward"]) == expected


def test_values_are_understood_as_tags_are(tmp_path: Path) -> None:
    row = one(
        tmp_path, bridge="T", tunnel="F", layer=1, width="3,5 m", maxweight="7.5",
        maxspeed="20 mph", maxheight="0", nom="Tizi n'Test", numero="R203", revetement="Asphalt",
    )  # fmt: skip
    assert (row["bridge"], row["tunnel"], row["layer"]) == (True, False, 1)
    assert (row["width_m"], row["maxweight_t"]) == (3.5, 7.5)
    assert row["maxspeed_kmh"] == pytest.approx(32.18688)
    assert row["maxheight_m"] != row["maxheight_m"]
    assert (row["name"], row["ref"], row["surface"]) == ("Tizi n'Test", "R203", "asphalt")


@pytest.mark.parametrize(
    ("written", "kind", "track"),
    [
        ("primary", "primary", ""),
        ("Route Nationale", "trunk", ""),
        ("piste", "track", ""),
        ("track_grade3", "track", "grade3"),
        ("Living Street", "living_street", ""),
    ],
)
def test_classes_of_roads(tmp_path: Path, written: str, kind: str, track: str) -> None:
    tables = read(tmp_path, [((WEST, EAST), {"fclass": written})])
    assert tables.edges[["highway", "tracktype"]].iloc[0].tolist() == [kind, track]
    assert not any("not understood" in note for note in tables.notes)


def test_what_is_not_understood_is_counted_with_its_value(tmp_path: Path) -> None:
    tables = read(tmp_path, [((WEST, EAST), {"highway": "camino", "maxweight": "heavy"})])
    assert tables.edges["highway"].iloc[0] == "unclassified"
    assert any("count as unclassified: 1 (camino 1)" in note for note in tables.notes)
    assert any("unknown: 1 (maxweight=heavy 1)" in note for note in tables.notes)


def test_lines_drawn_twice_are_one_in_whatever_direction(tmp_path: Path) -> None:
    rows = [((WEST, EAST), {"highway": "primary"}), ((EAST, WEST), {"highway": "track"})]
    tables = read(tmp_path, rows)
    assert tables.edges["highway"].tolist() == ["primary"]
    assert any("lines drawn twice, of which the first was kept: 1" in n for n in tables.notes)


def test_ids_survive_a_new_order_and_new_columns(tmp_path: Path) -> None:
    rows = [((WEST, MIDDLE), {"highway": "primary"}), ((MIDDLE, EAST), {"highway": "track"})]
    first = read(tmp_path, rows)
    again = read(tmp_path, [(p, {**c, "x": 1}) for p, c in rows[::-1]], name="again.gpkg")
    assert set(first.edges["edge_id"]) == set(again.edges["edge_id"])


def test_shapefiles_and_projected_files_are_read(tmp_path: Path) -> None:
    lines = gpd.GeoSeries([shapely.LineString([WEST, EAST])], crs=4326).to_crs(26191)
    frame = gpd.GeoDataFrame({"fclass": ["track"]}, geometry=lines)
    frame.to_file(tmp_path / "roads.shp")
    tables = read_road_lines(tmp_path / "roads.shp")
    assert tables.edges["highway"].tolist() == ["track"]
    assert tables.nodes["lon"].tolist() == pytest.approx([-8.0, -7.98], abs=1e-4)


def test_a_file_without_classes_is_refused_with_its_columns(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"columns x, geometry: a column with the class"):
        read(tmp_path, [((WEST, EAST), {"x": 1})])


def test_a_file_without_lines_is_refused(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"highway": ["primary"]}, geometry=[shapely.Point(WEST)], crs=4326)
    frame.to_file(tmp_path / "points.gpkg")
    with pytest.raises(EmptyInputError, match="there is no line"):
        read_road_lines(tmp_path / "points.gpkg")


def test_a_file_without_crs_is_refused(tmp_path: Path) -> None:
    rows = [(((1e5, 1e5), (2e5, 1e5)), {"highway": "primary"})]
    read(tmp_path, rows, name="roads.shp", crs=26191)
    (tmp_path / "roads.prj").unlink()
    with pytest.raises(CrsError):
        read_road_lines(tmp_path / "roads.shp")
