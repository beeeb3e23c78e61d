"""The network as a networkx graph and as GraphML, there and back through OSMnx."""

from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from data.sources.graphml import read_graphml
from geo.networkx_view import as_networkx, write_graphml
from tests.factories import four_villages


def test_every_direction_that_may_be_driven_is_an_edge() -> None:
    made = as_networkx(four_villages(main={"backward": False}, upper={"forward": False}))
    assert set(made.edges()) == {(0, 1), (2, 1), (0, 2), (2, 0), (1, 3), (3, 1), (2, 4), (4, 2)}
    assert made.edges[0, 1, 0]["edge_id"] == "main+"
    assert made.edges[2, 1, 0]["edge_id"] == "upper-"
    assert made.edges[2, 1, 0]["reversed"]
    assert made.edges[2, 1, 0]["oneway"]
    assert not made.edges[0, 2, 0]["oneway"]
    assert nx.shortest_path_length(made, 0, 1, weight="length") == 6000


def test_lines_run_in_the_direction_of_travel() -> None:
    made = as_networkx(four_villages())
    for u, v, data in made.edges(data=True):
        first, last = data["geometry"].coords[0], data["geometry"].coords[-1]
        assert first == (made.nodes[u]["x"], made.nodes[u]["y"])
        assert last == (made.nodes[v]["x"], made.nodes[v]["y"])


def test_what_no_motor_may_use_stays_for_walkers_and_says_so() -> None:
    made = as_networkx(four_villages(track={"forward": False, "backward": False}))
    assert made.edges[1, 3, 0]["motor_vehicle"] == "no"
    assert made.has_edge(3, 1)


def test_climbs_turn_with_the_direction() -> None:
    made = as_networkx(four_villages(main={"climb_m": 100.0, "descent_m": 20.0}))
    assert (made.edges[0, 1, 0]["climb_m"], made.edges[0, 1, 0]["descent_m"]) == (100.0, 20.0)
    assert (made.edges[1, 0, 0]["climb_m"], made.edges[1, 0, 0]["descent_m"]) == (20.0, 100.0)


FULL: dict[str, Any] = {
    "surface": "asphalt", "bridge": True, "layer": 1, "width_m": 3.5, "maxweight_t": 7.5,
    "maxheight_m": 4.0, "maxspeed_kmh": 60.0, "access": "private", "name": "طريق تيزي & <test>",
    "backward": False,
}  # fmt: skip


def test_a_file_comes_back_through_our_own_reader(tmp_path: Path) -> None:
    tables = four_villages(main=FULL)
    write_graphml(tables, tmp_path / "roads.graphml")
    again = read_graphml(tmp_path / "roads.graphml")
    assert len(again.edges) == len(tables.edges)
    row = again.edges[again.edges["ref"] == "R203"].iloc[0]
    for name, value in FULL.items():
        assert row[name] == value, name
    assert row["length_m"] == pytest.approx(6000)
    assert sorted(again.edges["length_m"]) == sorted(tables.edges["length_m"])
    assert list(tmp_path.iterdir()) == [tmp_path / "roads.graphml"]


@pytest.mark.slow
def test_a_file_goes_through_osmnx_there_and_back(tmp_path: Path) -> None:
    import osmnx

    tables = four_villages(main=FULL)
    write_graphml(tables, tmp_path / "roads.graphml")
    loaded = osmnx.load_graphml(tmp_path / "roads.graphml")
    assert loaded.graph["crs"] == "epsg:4326"
    assert (loaded.number_of_nodes(), loaded.number_of_edges()) == (5, 9)
    main = loaded.edges[0, 1, 0]
    assert (main["length"], main["oneway"], main["reversed"]) == (6000.0, True, False)
    assert main["geometry"].geom_type == "LineString"
    frames = osmnx.graph_to_gdfs(loaded)
    assert len(frames[1]) == 9
    osmnx.save_graphml(loaded, tmp_path / "again.graphml")
    again = read_graphml(tmp_path / "again.graphml")
    row = again.edges[again.edges["ref"] == "R203"].iloc[0]
    assert (row["maxweight_t"], row["forward"], row["backward"]) == (7.5, True, False)
    assert sorted(again.edges["length_m"]) == sorted(tables.edges["length_m"])


def test_a_real_country_comes_back_edge_by_edge(real_data: Path, tmp_path: Path) -> None:
    from data.sources.osm import read_osm

    tables = read_osm(real_data / "roads" / "andorra_2024.osm.pbf", places=False).roads
    write_graphml(tables, tmp_path / "andorra.graphml")
    again = read_graphml(tmp_path / "andorra.graphml")
    assert len(again.nodes) == len(tables.nodes)
    assert len(again.edges) == pytest.approx(len(tables.edges), abs=20)
    both = set(again.edges["edge_id"]) & set(tables.edges["edge_id"])
    assert len(both) > 0.98 * len(tables.edges)
    assert again.edges["length_m"].sum() == pytest.approx(tables.edges["length_m"].sum(), rel=1e-3)
