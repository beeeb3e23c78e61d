"""Road graphs saved by OSMnx."""

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import shapely

from data.sources.graphml import read_graphml
from geo.errors import CrsError, EmptyInputError, SchemaError, TooLargeError, UnreadableError
from geo.network import RoadTables

A, B, C = (-8.0, 31.0), (-7.99, 31.0), (-7.98, 31.0)


def graph(*edges: tuple[int, int, dict[str, Any]], crs: str | None = "epsg:4326") -> Any:
    made = nx.MultiDiGraph(**({"crs": crs} if crs else {}))
    for number, (x, y) in enumerate((A, B, C), start=1):
        made.add_node(number, x=str(x), y=str(y))
    for u, v, data in edges:
        made.add_edge(u, v, **{"osmid": "10", "highway": "primary", "length": "955.0", **data})
    return made


def read(tmp_path: Path, *edges: tuple[int, int, dict[str, Any]], **kwargs: Any) -> RoadTables:
    path = tmp_path / "roads.graphml"
    nx.write_graphml(graph(*edges, **kwargs), path)
    return read_graphml(path)


def test_the_two_directions_of_a_street_are_one_edge(tmp_path: Path) -> None:
    made = read(tmp_path, (1, 2, {"reversed": "False"}), (2, 1, {"reversed": "True"}))
    assert made.edges["edge_id"].tolist() == ["w10:1-2"]
    assert made.edges[["forward", "backward"]].to_numpy().tolist() == [[True, True]]


def test_the_unreversed_direction_is_the_drawn_one_whatever_comes_first(tmp_path: Path) -> None:
    made = read(tmp_path, (2, 1, {"reversed": "True"}), (1, 2, {"reversed": "False"}))
    assert made.edges["edge_id"].tolist() == ["w10:1-2"]


def test_a_one_way_street_has_one_direction(tmp_path: Path) -> None:
    made = read(tmp_path, (2, 3, {"oneway": "True"}), (1, 2, {"osmid": "11"}))
    edges = made.edges.set_index("edge_id")
    assert edges["backward"].to_dict() == {"w10:2-3": False, "w11:1-2": False}
    assert edges["forward"].all()


def test_parallel_streets_of_other_length_stay_apart(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        (1, 2, {"length": "955.0"}),
        (2, 1, {"length": "955.0", "reversed": "True"}),
        (1, 2, {"length": "1400.0"}),
    )
    assert sorted(made.edges["edge_id"]) == ["w10:1-2", "w10:1-2.2"]
    assert sorted(made.edges["backward"]) == [False, True]


def test_a_loop_keeps_its_two_directions(tmp_path: Path) -> None:
    ring = "LINESTRING (-8 31, -8 31.01, -8.01 31.01, -8 31)"
    made = read(
        tmp_path,
        (1, 1, {"geometry": ring, "reversed": "False"}),
        (1, 1, {"geometry": ring, "reversed": "True"}),
    )
    assert made.edges[["forward", "backward"]].to_numpy().tolist() == [[True, True]]


def test_geometry_is_kept_and_a_missing_one_is_straight(tmp_path: Path) -> None:
    bent = "LINESTRING (-8 31, -7.995 31.002, -7.99 31)"
    made = read(tmp_path, (1, 2, {"geometry": bent}), (2, 3, {}))
    assert made.edges.geometry.iloc[0].equals(shapely.from_wkt(bent))
    assert list(made.edges.geometry.iloc[1].coords) == [B, C]


def test_geometry_drawn_the_other_way_is_turned(tmp_path: Path) -> None:
    made = read(tmp_path, (1, 2, {"geometry": "LINESTRING (-7.99 31, -7.995 31.002, -8 31)"}))
    assert made.edges.geometry.iloc[0].coords[0] == A


def test_geometry_that_is_no_line_is_replaced_and_counted(tmp_path: Path) -> None:
    made = read(tmp_path, (1, 2, {"geometry": "POINT (0 0)"}), (2, 3, {"geometry": "nonsense"}))
    assert [len(line.coords) for line in made.edges.geometry] == [2, 2]
    assert any("geometries that are no lines" in n and ": 2" in n for n in made.notes)


def test_of_several_values_the_least_favourable_is_taken_and_said(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        (1, 2, {"osmid": "[11, 9]", "highway": "['primary', 'track']", "maxweight": "['12', '3,5']",
                "surface": "['asphalt', 'gravel']", "access": "['yes', 'no']",
                "name": "[\"Rue de l'Atlas\", 'شارع']"}),
    )  # fmt: skip
    row = made.edges.iloc[0]
    assert (row["highway"], row["maxweight_t"], row["surface"]) == ("track", 3.5, "gravel")
    assert (row["access"], row["name"]) == ("no", "Rue de l'Atlas;شارع")
    assert row["edge_id"] == "w9:1-2"
    assert any("merged from ways with different tags: 1" in note for note in made.notes)


def test_a_list_is_read_as_data_and_never_run(tmp_path: Path) -> None:
    hostile = "[__import__('os').system('true')]"
    made = read(tmp_path, (1, 2, {"name": hostile}), (2, 3, {"ref": "[" * 3000 + "]" * 3000}))
    assert made.edges["name"].iloc[0] == hostile
    assert len(made.edges["ref"].iloc[1]) == 255


def test_a_missing_or_senseless_length_is_measured(tmp_path: Path) -> None:
    made = read(tmp_path, (1, 2, {"length": "nan"}), (2, 3, {"length": "-4"}))
    assert made.edges["length_m"].tolist() == pytest.approx([955.0, 955.0], abs=1.0)
    assert any("measured along the line instead: 2" in note for note in made.notes)


def test_a_length_that_is_not_written_is_measured_without_complaint(tmp_path: Path) -> None:
    made = read(tmp_path, (1, 2, {}), (2, 3, {"length": "960.5"}))
    assert made.edges["length_m"].tolist() == pytest.approx([955.0, 960.5], abs=1.0)
    assert not any("measured" in note for note in made.notes)


def test_a_graph_in_a_projected_crs_comes_back_in_degrees(tmp_path: Path) -> None:
    made = nx.MultiDiGraph(crs="epsg:32629")
    made.add_node(1, x="600000.0", y="3430000.0")
    made.add_node(2, x="601000.0", y="3430000.0")
    made.add_edge(1, 2, osmid="10", highway="track", length="1000.0")
    nx.write_graphml(made, tmp_path / "p.graphml")
    read = read_graphml(tmp_path / "p.graphml")
    assert read.nodes["lon"].iloc[0] == pytest.approx(-7.953, abs=0.01)
    assert read.edges.geometry.iloc[0].coords[0] == pytest.approx(
        tuple(read.nodes[["lon", "lat"]].iloc[0])
    )


def test_an_undirected_graph_has_both_directions(tmp_path: Path) -> None:
    made = nx.MultiGraph(crs="epsg:4326")
    made.add_node(1, x="-8", y="31")
    made.add_node(2, x="-7.99", y="31")
    made.add_edge(1, 2, osmid="10", highway="track", length="955", oneway="False")
    made.add_edge(
        1, 2, osmid="11", highway="track", length="955", oneway="True", **{"from": "2", "to": "1"}
    )
    nx.write_graphml(made, tmp_path / "u.graphml")
    edges = read_graphml(tmp_path / "u.graphml").edges.set_index("edge_id")
    assert edges["backward"].to_dict() == {"w10:1-2": True, "w11:2-1": False}


def test_what_is_no_road_or_has_no_node_is_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "roads.graphml"
    nx.write_graphml(graph((1, 2, {}), (2, 3, {"highway": "construction"})), path)
    dangling = '<edge source="1" target="77" id="9"><data key="{key}">primary</data></edge></graph>'
    text = path.read_text()
    key = text.split('attr.name="highway"')[0].rsplit('id="', 1)[1].split('"')[0]
    path.write_text(text.replace("</graph>", dangling.format(key=key)))
    made = read_graphml(path)
    assert len(made.edges) == 1
    assert made.nodes["node_id"].tolist() == ["1", "2"]
    assert any("no roads (yet): 1 (construction 1)" in note for note in made.notes)
    assert any("a node is missing: 1" in note for note in made.notes)


def test_a_graph_saved_by_osmnx_is_read(tmp_path: Path) -> None:
    osmnx = pytest.importorskip("osmnx")
    made = nx.MultiDiGraph(crs="epsg:4326")
    made.add_node(1, x=-8.0, y=31.0)
    made.add_node(2, x=-7.99, y=31.0)
    line = shapely.LineString([A, (-7.995, 31.002), B])
    shared = {"osmid": [10, 12], "highway": ["primary", "secondary"], "length": 1050.0}
    made.add_edge(1, 2, **shared, oneway=False, reversed=False, geometry=line, bridge="yes")
    made.add_edge(2, 1, **shared, oneway=False, reversed=True, geometry=line.reverse())
    osmnx.io.save_graphml(made, tmp_path / "o.graphml")
    edges = read_graphml(tmp_path / "o.graphml").edges
    assert len(edges) == 1
    assert edges[["highway", "backward", "bridge"]].iloc[0].tolist() == ["secondary", True, True]
    assert np.array_equal(shapely.get_coordinates(edges.geometry), np.array(line.coords))


# --- bad files ----------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"none\.graphml.*does not exist"):
        read_graphml(tmp_path / "none.graphml")


@pytest.mark.parametrize("text", ["", "not xml", "<graphml><graph>", "<gpx></gpx>"])
def test_what_is_no_graphml_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.graphml").write_text(text)
    with pytest.raises(UnreadableError, match="GraphML is needed"):
        read_graphml(tmp_path / "a.graphml")


def test_xml_entities_are_refused_before_they_grow(tmp_path: Path) -> None:
    path = tmp_path / "a.graphml"
    path.write_text(
        '<!DOCTYPE graphml [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><graphml>&b;</graphml>'
    )
    with pytest.raises(UnreadableError, match="declares entities"):
        read_graphml(path)


def test_a_file_named_by_an_entity_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    path = tmp_path / "a.graphml"
    path.write_text(
        f'<!DOCTYPE g [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><graphml>&x;</graphml>'
    )
    with pytest.raises(UnreadableError, match="declares entities"):
        read_graphml(path)


def test_a_graph_without_crs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CrsError, match="does not say in which CRS"):
        read(tmp_path, (1, 2, {}), crs=None)


def test_a_graph_with_an_unknown_crs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CrsError, match="no known coordinate reference system"):
        read(tmp_path, (1, 2, {}), crs="epsg:999999")


def test_edges_without_highway_are_refused(tmp_path: Path) -> None:
    made = nx.MultiDiGraph(crs="epsg:4326")
    made.add_node(1, x="-8", y="31")
    made.add_edge(1, 1, weight="3")
    nx.write_graphml(made, tmp_path / "a.graphml")
    with pytest.raises(SchemaError, match="highway"):
        read_graphml(tmp_path / "a.graphml")


def test_nodes_without_position_are_refused(tmp_path: Path) -> None:
    made = nx.MultiDiGraph(crs="epsg:4326")
    made.add_edge(1, 2, highway="track")
    nx.write_graphml(made, tmp_path / "a.graphml")
    with pytest.raises(SchemaError, match="x and y"):
        read_graphml(tmp_path / "a.graphml")


def test_a_graph_without_roads_is_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError, match="without roads"):
        read(tmp_path, (1, 2, {"highway": "construction"}))


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    nx.write_graphml(graph((1, 2, {})), tmp_path / "a.graphml")
    with pytest.raises(TooLargeError, match="at most"):
        read_graphml(tmp_path / "a.graphml", max_bytes=10)


def test_a_value_over_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLargeError, match="'name'"):
        read(tmp_path, (1, 2, {"name": "x" * 1_100_000}))
