"""The drill's roads: schematic, but connected, as long as they should be, and closable."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from data.demo.build import Drill
from data.demo.meander import meander
from data.demo.roads import CROSSING_M, Roads, drill_roads
from data.demo.tables import Tables
from geo.crs import WGS84, to_working
from geo.errors import RuleError
from geo.model import Source
from geo.network import components, drape, require_road_tables

CRS = "EPSG:32629"


@pytest.fixture(scope="module")
def roads(tables: Tables) -> Roads:
    return drill_roads(tables, source=Source(name="test"))


@pytest.fixture(scope="module")
def edges(drill: Drill) -> gpd.GeoDataFrame:
    return drill.roads.edges.set_index("edge_id")


def chord_m(drill: Drill) -> np.ndarray:
    nodes, edges = drill.roads.nodes, drill.roads.edges
    u, v = nodes.iloc[edges["u"]], nodes.iloc[edges["v"]]
    return WGS84.inv(u["lon"], u["lat"], v["lon"], v["lat"])[2]


def test_the_network_is_one_piece_and_well_formed(drill: Drill) -> None:
    require_road_tables(drill.roads)
    assert components(drill.roads).max() == 0
    assert "schematic" in " ".join(drill.roads.notes)


def test_every_leg_of_the_tables_is_drawn_once(drill: Drill, tables: Tables) -> None:
    vias = pd.concat([tables.roads["via"], tables.tracks["via"]]).str.split()
    n_legs = int((vias.map(len) - 1).sum())
    n_streets = 4  # the depot of Marrakech stands on a waypoint and needs none
    assert len(drill.roads.edges) == n_legs + 2 * len(tables.bridges) + n_streets


def test_places_and_waypoints_are_nodes_exactly_where_they_are(
    drill: Drill, tables: Tables
) -> None:
    nodes = drill.roads.nodes.set_index("node_id")
    points = tables.points
    assert set(points.index) <= set(nodes.index)
    assert (nodes.loc[points.index, ["lon", "lat"]] == points[["lon", "lat"]]).all(axis=None)


def test_every_place_lies_near_an_edge(drill: Drill) -> None:
    places = to_working(drill.places, CRS).geometry.to_numpy()
    tree = shapely.STRtree(to_working(drill.roads.edges, CRS).geometry.to_numpy())
    _, distance_m = tree.query_nearest(places, return_distance=True, all_matches=False)
    assert distance_m.max() <= 1500


def test_no_edge_is_shorter_than_its_chord_nor_winds_without_end(drill: Drill) -> None:
    sinuosity = drill.roads.edges["length_m"].to_numpy() / chord_m(drill)
    assert sinuosity.min() >= 0.9999
    assert sinuosity.max() <= 2.3


def test_plains_are_straighter_than_mountains_and_hairpins_double_the_way(
    drill: Drill, edges: gpd.GeoDataFrame
) -> None:
    sinuosity = pd.Series(edges["length_m"].to_numpy() / chord_m(drill), index=edges.index)
    assert sinuosity["drill:N8:n8-oued-nfis:tnin-loudaya"] == pytest.approx(1.1, abs=0.02)
    assert sinuosity["drill:R203:imgdal-sud:0410707201009"] == pytest.approx(1.3, abs=0.03)
    assert sinuosity["drill:R203:lacets-tizi-ntest:tizi-ntest"] == pytest.approx(2.0, abs=0.05)
    assert sinuosity["drill:P2030:p2030-haut:drill-oukaimden-01"] == pytest.approx(2.0, abs=0.05)
    assert sinuosity["drill:track-01:tizi-n-tamatert:drill-asni-20"] == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize(
    ("way", "quoted_km"),
    [
        # Lonely Planet Morocco: Asni is 47 km south of Marrakech.
        ([("R203", "drill-mechouar-kasba-01", "drill-asni-01")], 47),
        # marrakech-cityguide.com: Imlil is 64 km from Marrakech, so 17 km from Asni.
        ([("P2005", "drill-asni-01", "drill-asni-02")], 17),
        # morocco-like-a-local.com: Setti Fadma is 65 km from Marrakech.
        ([("P2017", "marrakech-sud", "drill-sti-fadma-08")], 65),
        # tiznit.org, Tizi n'Test: 223 km from Marrakech to Taroudant over the pass.
        (
            [
                ("R203", "drill-mechouar-kasba-01", "carrefour-n10-n7"),
                ("N10", "carrefour-n10-n7", "drill-taroudannt-01"),
            ],
            223,
        ),
    ],
)
def test_roads_are_about_as_long_as_guides_say(
    roads: Roads, way: list[tuple[str, str, str]], quoted_km: float
) -> None:
    length_m = roads.tables.edges.set_index("edge_id")["length_m"]
    length_km = sum(length_m[list(roads.edges_along(*part))].sum() for part in way) / 1000
    assert length_km == pytest.approx(quoted_km, rel=0.12)


def test_a_bridge_is_an_edge_of_its_own_in_the_middle_of_its_leg(
    edges: gpd.GeoDataFrame, tables: Tables
) -> None:
    leg = "drill:R203:0410713203001:0410713202011"
    before, bridge, after = (edges.loc[f"{leg}~{part}"] for part in ("1", "bridge", "2"))
    assert bridge["bridge"] and bridge["layer"] == 1
    assert not before["bridge"] and not after["bridge"]
    assert bridge["name"] == "N'Fis bridge at Talat N'Yaaqoub"
    assert bridge["length_m"] == pytest.approx(CROSSING_M, rel=0.01)
    assert before["length_m"] == pytest.approx(after["length_m"], rel=0.01)
    assert before["v"] == bridge["u"] and bridge["v"] == after["u"]
    kinds = tables.bridges["kind"].value_counts()
    assert edges["bridge"].sum() == kinds["bridge"]
    assert edges["ford"].sum() == kinds["ford"]


def test_made_up_road_names_are_not_shown_as_numbers(edges: gpd.GeoDataFrame) -> None:
    assert set(edges["ref"].str[:1]) == {"N", "R", "P", ""}
    assert not edges["ref"].str.contains("-").any()
    assert (edges.loc[edges["highway"].isin(["track", "path"]), "ref"] == "").all()


def test_classes_surfaces_and_widths_are_those_of_the_tables(edges: gpd.GeoDataFrame) -> None:
    upper = edges.loc["drill:P2036:0410705201022:0410705201021"]
    assert (upper["highway"], upper["surface"], upper["width_m"]) == ("tertiary", "gravel", 4.0)
    assert edges.loc[edges["highway"] == "track", "width_m"].isna().all()
    assert edges["maxspeed_kmh"].isna().all()
    assert edges["forward"].all() and edges["backward"].all()


def test_a_depot_stands_on_a_street_of_its_own_and_not_on_a_closed_road(
    drill: Drill, edges: gpd.GeoDataFrame
) -> None:
    street = edges.loc["drill:street-asni:depot-asni:drill-asni-01"]
    assert street["highway"] == "unclassified"
    assert street["length_m"] < 1000
    assert shapely.get_coordinates(street.geometry)[0].tolist() == [-7.981, 31.253]


def test_roads_on_the_terrain_climb_as_roads_do(drill: Drill) -> None:
    draped = drape(drill.roads, drill.elevation)
    edges = draped.edges[draped.edges["length_m"] > 500]
    assert edges[["climb_m", "descent_m"]].notna().all(axis=None)
    grade = (edges["climb_m"] + edges["descent_m"]) / edges["length_m"]
    motor = ~edges["highway"].isin(["track", "path"])
    assert grade[motor].median() < 0.05
    assert grade[motor].quantile(0.95) < 0.13
    # The terrain is smooth where a road is built into the slope: a few legs climb in vain.
    assert grade[motor].max() < 0.22
    at = draped.nodes.set_index("node_id")["elevation_m"]
    assert at["tizi-ntest"] == pytest.approx(2092, abs=60)
    assert at["drill-mechouar-kasba-01"] == pytest.approx(466, abs=30)


def test_edges_along_a_road_hold_its_bridges_and_nothing_beyond_its_ends(roads: Roads) -> None:
    along = roads.edges_along("R203", "0410707297001", "0410713202011")
    assert set(along) == {
        "drill:R203:0410707297001:0410713203001",
        "drill:R203:0410713203001:0410713202011~1",
        "drill:R203:0410713203001:0410713202011~bridge",
        "drill:R203:0410713203001:0410713202011~2",
    }
    back = roads.edges_along("R203", "0410713202011", "0410707297001")
    assert set(back) == set(along)


# --- meander ------------------------------------------------------------------------------------

metres = st.floats(-50_000, 50_000)


@given(
    east=metres,
    north=metres,
    sinuosity=st.floats(1.0, 2.2),
    wavelength_m=st.floats(300, 6000),
)
def test_a_meander_keeps_its_ends_and_has_the_length_asked_for(
    east: float, north: float, sinuosity: float, wavelength_m: float
) -> None:
    start, end = np.array([0.0, 0.0]), np.array([east, north])
    chord = float(np.hypot(east, north))
    if chord < 50:
        return
    line = meander(start, end, sinuosity=sinuosity, wavelength_m=wavelength_m, name="x")
    assert (line[0] == start).all() and (line[-1] == end).all()
    length = np.hypot(*np.diff(line, axis=0).T).sum()
    assert length == pytest.approx(sinuosity * chord, rel=1e-6)
    assert shapely.LineString(line).is_simple


def test_a_meander_has_the_same_shape_for_the_same_name_only() -> None:
    ends = np.array([0.0, 0.0]), np.array([4000.0, 0.0])
    draw = {"sinuosity": 1.3, "wavelength_m": 800.0}
    one, same = (meander(*ends, **draw, name="a b") for _ in range(2))
    assert (one == same).all()
    assert not np.allclose(one, meander(*ends, **draw, name="b a"))


@pytest.mark.parametrize(("end", "sinuosity"), [([0.0, 0.0], 1.3), ([100.0, 0.0], 0.9)])
def test_a_meander_that_cannot_be_is_refused(end: list[float], sinuosity: float) -> None:
    with pytest.raises(RuleError, match="two different ends and a sinuosity of 1 or more"):
        meander(np.zeros(2), np.array(end), sinuosity=sinuosity, wavelength_m=800.0, name="nowhere")
