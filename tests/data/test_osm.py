"""Roads and places of OSM extracts: cutting, tags, bad files, and a real country."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.sources import osm_tags
from data.sources.osm import OsmExtract, read_osm
from geo.errors import EmptyInputError, TooLargeError, UnreadableError
from geo.network import components
from tests.osm_file import write_osm

Tags = dict[str, str]
#: Ten nodes in a row, about 955 m apart, and two beside the third.
ROW = tuple((n, round(-8.0 + 0.01 * n, 4), 31.0, {}) for n in range(1, 11))
BESIDE = ((21, -7.97, 31.01, {}), (22, -7.97, 30.99, {}))


def read(tmp_path: Path, ways: Any, nodes: Any = (*ROW, *BESIDE)) -> OsmExtract:
    return read_osm(write_osm(tmp_path / "test.osm", nodes, ways))


def ids(extract: OsmExtract) -> set[str]:
    return set(extract.roads.edges["edge_id"])


def way(tmp_path: Path, tags: Tags) -> Any:
    """The only edge of a way with these tags."""
    edges = read(tmp_path, [(1, (1, 2), {"highway": "primary", **tags})]).roads.edges
    assert len(edges) == 1
    return edges.iloc[0]


# --- cutting ------------------------------------------------------------------------------------


def test_a_way_is_cut_where_another_meets_it_and_nowhere_else(tmp_path: Path) -> None:
    extract = read(
        tmp_path, [(1, (1, 2, 3, 4), {"highway": "primary"}), (2, (21, 3), {"highway": "track"})]
    )
    assert ids(extract) == {"w1:1-3", "w1:3-4", "w2:21-3"}
    assert set(extract.roads.nodes["node_id"]) == {"1", "3", "4", "21"}


def test_ways_that_cross_without_a_common_node_stay_apart(tmp_path: Path) -> None:
    """A bridge over a road: the lines cross, the networks do not."""
    nodes = (*ROW, (30, -7.985, 31.01, {}), (31, -7.985, 30.99, {}))
    over = {"highway": "primary", "bridge": "yes", "layer": "1"}
    extract = read(tmp_path, [(1, (1, 2), {"highway": "primary"}), (2, (30, 31), over)], nodes)
    assert components(extract.roads).nunique() == 2
    assert extract.roads.edges.set_index("edge_id")["layer"]["w2:30-31"] == 1


def test_a_bridge_in_the_middle_of_a_road_stays_its_own_edge(tmp_path: Path) -> None:
    road = {"highway": "primary", "surface": "asphalt"}
    extract = read(
        tmp_path, [(1, (1, 2), road), (2, (2, 3), {**road, "bridge": "yes"}), (3, (3, 4), road)]
    )
    assert extract.roads.edges["bridge"].tolist() == [False, True, False]


def test_a_way_that_meets_itself_is_cut_there(tmp_path: Path) -> None:
    extract = read(tmp_path, [(1, (1, 2, 21, 22, 2), {"highway": "service"})])
    assert ids(extract) == {"w1:1-2", "w1:2-2"}


def test_a_way_that_passes_the_same_pair_twice_gets_ids_of_its_own(tmp_path: Path) -> None:
    extract = read(tmp_path, [(1, (1, 2, 3, 1, 21, 3), {"highway": "service"})])
    assert "w1:1-3" in ids(extract)
    assert "w1:1-3.2" in ids(extract)


def test_a_node_that_is_missing_cuts_the_way_and_is_counted(tmp_path: Path) -> None:
    extract = read(tmp_path, [(1, (1, 2, 99, 3, 4), {"highway": "primary"})])
    assert ids(extract) == {"w1:1-2", "w1:3-4"}
    assert any("nodes that the file lacks: 1" in note for note in extract.notes)


def test_a_way_of_which_one_node_is_left_gives_no_edge(tmp_path: Path) -> None:
    extract = read(
        tmp_path, [(1, (1, 99), {"highway": "primary"}), (2, (2, 3), {"highway": "primary"})]
    )
    assert ids(extract) == {"w2:2-3"}


def test_a_node_written_twice_in_a_row_is_one(tmp_path: Path) -> None:
    extract = read(tmp_path, [(1, (1, 2, 2, 3), {"highway": "primary"})])
    assert ids(extract) == {"w1:1-3"}
    assert len(extract.roads.edges.geometry.iloc[0].coords) == 3


def test_the_first_of_two_ways_with_one_id_is_kept(tmp_path: Path) -> None:
    extract = read(
        tmp_path, [(1, (1, 2), {"highway": "primary"}), (1, (3, 4), {"highway": "track"})]
    )
    assert ids(extract) == {"w1:1-2"}
    assert any("came twice, of which the first was kept: 1" in note for note in extract.notes)


def test_lines_keep_all_points_and_their_order(tmp_path: Path) -> None:
    nodes = ((1, -8.0, 31.0, {}), (2, -7.99, 31.002, {}), (3, -7.98, 31.0, {}))
    edge = read(tmp_path, [(1, (3, 2, 1), {"highway": "track"})], nodes).roads.edges.iloc[0]
    assert list(edge.geometry.coords) == [(-7.98, 31.0), (-7.99, 31.002), (-8.0, 31.0)]
    assert edge["edge_id"] == "w1:3-1"


def test_ids_are_the_same_whatever_the_order_of_nodes_and_ways(tmp_path: Path) -> None:
    ways = [(1, (1, 2, 3), {"highway": "primary"}), (2, (21, 2), {"highway": "track"})]
    text = write_osm(tmp_path / "a.osm", ROW + BESIDE, ways).read_text()
    start, end = text.index("<node"), text.index("<way")
    turned = text[:start] + text[end : text.index("</osm>")] + text[start:end] + "</osm>"
    (tmp_path / "b.osm").write_text(turned)
    assert ids(read_osm(tmp_path / "a.osm")) == ids(read_osm(tmp_path / "b.osm"))


def test_nodes_need_not_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    """Some servers sort by place: the node ids then go up and down."""
    ways = [(1, (1, 2, 3, 4), {"highway": "primary"}), (2, (21, 3), {"highway": "track"})]
    nodes = [(9_000_000_000_000_000_000, -7.9, 31.2, {}), *reversed((*ROW, *BESIDE))]
    extract = read(tmp_path, ways, nodes)
    assert ids(extract) == {"w1:1-3", "w1:3-4", "w2:21-3"}
    assert not any("lacks" in note for note in extract.notes)


def test_hand_drawn_files_with_negative_ids_are_read(tmp_path: Path) -> None:
    nodes = ((-1, -8.0, 31.0, {"place": "hamlet"}), (-2, -7.99, 31.0, {}))
    extract = read(tmp_path, [(-7, (-1, -2), {"highway": "track"})], nodes)
    assert ids(extract) == {"w-7:-1--2"}
    assert extract.places["osm_id"].tolist() == ["n-1"]


# --- which ways ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "construction"},
        {"highway": "proposed"},
        {"highway": "raceway"},
        {"highway": "via_ferrata"},
        {"highway": "platform"},
        {"highway": "pedestrian", "area": "yes"},
    ],
)
def test_what_is_no_road_is_left_out_and_counted(tmp_path: Path, tags: Tags) -> None:
    extract = read(tmp_path, [(1, (1, 2), {"highway": "primary"}), (2, (2, 3), tags)])
    assert ids(extract) == {"w1:1-2"}
    assert any(note.startswith("ways that are") and ": 1" in note for note in extract.notes)


@pytest.mark.parametrize("kind", ["path", "footway", "steps", "track", "bridleway"])
def test_ways_for_feet_and_mules_are_kept(tmp_path: Path, kind: str) -> None:
    assert way(tmp_path, {"highway": kind})["highway"] == kind


def test_every_kind_that_is_read_has_a_place_in_the_order_of_kinds() -> None:
    from data.sources.graphml import _KINDS_WORST_FIRST

    assert set(_KINDS_WORST_FIRST) == osm_tags.ROAD_KINDS


# --- tags ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, (True, True)),
        ({"oneway": "yes"}, (True, False)),
        ({"oneway": "1"}, (True, False)),
        ({"oneway": "true"}, (True, False)),
        ({"oneway": "-1"}, (False, True)),
        ({"oneway": "reverse"}, (False, True)),
        ({"oneway": "no"}, (True, True)),
        ({"oneway": "reversible"}, (True, True)),
        ({"junction": "roundabout"}, (True, False)),
        ({"junction": "roundabout", "oneway": "no"}, (True, True)),
        ({"highway": "motorway"}, (True, False)),
        ({"highway": "motorway", "oneway": "no"}, (True, True)),
        ({"highway": "motorway_link"}, (True, True)),
    ],
)
def test_directions(tmp_path: Path, tags: Tags, expected: tuple[bool, bool]) -> None:
    edge = way(tmp_path, tags)
    assert (edge["forward"], edge["backward"]) == expected


@pytest.mark.parametrize(
    ("written", "tonnes"),
    [("3.5", 3.5), ("3,5 t", 3.5), ("7.5 st", 6.804), ("3500 kg", 3.5), ("10t", 10.0)],
)
def test_weights(written: str, tonnes: float) -> None:
    assert osm_tags.tonnes(written) == pytest.approx(tonnes, abs=0.001)


@pytest.mark.parametrize(
    ("written", "metres"),
    [
        ("2.5", 2.5),
        ("2,5 m", 2.5),
        ("7'", 2.134),
        ("6'6\"", 1.981),
        ("8 ft", 2.438),
        ("250 cm", 2.5),
    ],
)
def test_widths_and_heights(written: str, metres: float) -> None:
    assert osm_tags.metres(written) == pytest.approx(metres, abs=0.001)


@pytest.mark.parametrize(
    ("written", "kmh"),
    [("50", 50.0), ("30 mph", 48.28), ("MA:urban", 50.0), ("walk", 5.0), ("80 km/h", 80.0)],
)
def test_speed_limits(written: str, kmh: float) -> None:
    assert osm_tags.kilometres_per_hour(written) == pytest.approx(kmh, abs=0.01)


@pytest.mark.parametrize("written", ["none", "default", "signals", ""])
def test_a_limit_that_says_there_is_none_is_unknown_without_complaint(written: str) -> None:
    for parse in (osm_tags.tonnes, osm_tags.metres, osm_tags.kilometres_per_hour):
        value = parse(written)
        assert value is not None
        assert np.isnan(value)


@pytest.mark.parametrize(
    "written", ["narrow", "-3", "0", "1e9", "3.5;7", "50;60", "' or 1=1", "9" * 300]
)
def test_nonsense_is_not_understood(written: str) -> None:
    for parse in (osm_tags.tonnes, osm_tags.metres, osm_tags.kilometres_per_hour):
        assert parse(written) is None


def test_what_is_not_understood_is_unknown_and_counted_with_its_value(tmp_path: Path) -> None:
    extract = read(tmp_path, [(1, (1, 2), {"highway": "track", "width": "narrow"})])
    assert np.isnan(extract.roads.edges["width_m"].iloc[0])
    assert any(
        "not understood and count as unknown: 1" in n and "width=narrow" in n for n in extract.notes
    )


def test_rules_for_certain_hours_are_not_applied_but_counted(tmp_path: Path) -> None:
    tags = {"highway": "primary", "motor_vehicle:conditional": "no @ (Nov-Apr)"}
    roads = read(tmp_path, [(1, (1, 2), tags), (2, (2, 3), {**tags, "oneway:bicycle": "no"})]).roads
    assert (roads.edges["motor_vehicle"] == "").all()
    assert roads.edges["backward"].all()
    said = "which are not applied: 2 (motor_vehicle:conditional 2)"
    assert any(said in note for note in roads.notes)


def test_no_lorries_is_a_weight_limit_unless_one_is_written(tmp_path: Path) -> None:
    assert way(tmp_path, {"hgv": "no"})["maxweight_t"] == 3.5
    assert way(tmp_path, {"hgv": "no", "maxweight": "12"})["maxweight_t"] == 12.0


def test_names_numbers_and_access_are_kept_and_capped(tmp_path: Path) -> None:
    edge = way(
        tmp_path,
        {"name": "طريق تيزي ن تاست", "ref": "R203", "access": "Private", "vehicle": "no",
         "surface": "x" * 999, "tunnel": "avalanche_protector", "ford": "yes"},
    )  # fmt: skip
    assert edge["name"] == "طريق تيزي ن تاست"
    assert (edge["ref"], edge["access"], edge["motor_vehicle"]) == ("R203", "private", "no")
    assert len(edge["surface"]) == 255
    assert edge["tunnel"]
    assert edge["ford"]


# --- nodes on the way ---------------------------------------------------------------------------


def with_node_tags(number: int, tags: Tags) -> Any:
    return [(n, x, y, tags if n == number else t) for n, x, y, t in (*ROW, *BESIDE)]


def test_a_bollard_closes_the_shorter_link_beside_it_to_motors(tmp_path: Path) -> None:
    nodes = [
        (1, -8.0, 31.0, {}),
        (2, -7.99, 31.0, {"barrier": "bollard"}),
        (3, -7.9899, 31.0, {}),
        (4, -7.98, 31.0, {}),
    ]
    edges = read(tmp_path, [(1, (1, 2, 3, 4), {"highway": "residential"})], nodes).roads.edges
    motor = edges.set_index("edge_id")[["forward", "backward"]].any(axis=1)
    assert motor.to_dict() == {"w1:1-2": True, "w1:2-3": False, "w1:3-4": True}


@pytest.mark.parametrize(
    "tags",
    [
        {"barrier": "gate"},
        {"barrier": "gate", "access": "private"},
        {"barrier": "bollard", "motor_vehicle": "yes"},
        {"barrier": "toll_booth"},
        {"barrier": "cattle_grid"},
    ],
)
def test_what_can_be_opened_or_driven_over_closes_nothing(tmp_path: Path, tags: Tags) -> None:
    extract = read(tmp_path, [(1, (1, 2, 3), {"highway": "residential"})], with_node_tags(2, tags))
    assert ids(extract) == {"w1:1-3"}
    assert extract.roads.edges["forward"].all()


def test_a_gate_that_says_no_closes_and_a_private_one_is_mentioned(tmp_path: Path) -> None:
    ways = [(1, (1, 2, 3), {"highway": "residential"})]
    shut = read(tmp_path, ways, with_node_tags(2, {"barrier": "gate", "access": "no"}))
    assert not shut.roads.edges["forward"].all()
    private = read(tmp_path, ways, with_node_tags(2, {"barrier": "gate", "access": "private"}))
    assert any("private gates, which count as passable: 1" in note for note in private.notes)


def test_a_barrier_on_a_junction_closes_none_of_the_roads_and_is_counted(tmp_path: Path) -> None:
    nodes = with_node_tags(3, {"barrier": "bollard"})
    ways = [(1, (2, 3, 4), {"highway": "primary"}), (2, (21, 3), {"highway": "service"})]
    extract = read(tmp_path, ways, nodes)
    assert extract.roads.edges["forward"].all()
    assert any("barriers on a junction" in note for note in extract.notes)


def test_a_ford_on_a_node_wets_the_edge_that_runs_through_it(tmp_path: Path) -> None:
    nodes = with_node_tags(2, {"ford": "yes"})
    ways = [(1, (1, 2, 3), {"highway": "track"}), (2, (3, 4), {"highway": "track"})]
    fords = read(tmp_path, ways, nodes).roads.edges.set_index("edge_id")["ford"]
    assert fords.to_dict() == {"w1:1-3": True, "w2:3-4": False}


def test_places_come_with_their_names_as_written(tmp_path: Path) -> None:
    tags = {
        "place": "hamlet",
        "name": "Ighil",
        "name:ar": "إغيل",
        "name:zgh": "ⵉⵖⵉⵍ",
        "population": "about 130",
    }
    nodes = (*ROW, (50, -7.5, 31.0, tags), (51, -7.4, 31.0, {"name": "no place"}))
    places = read(tmp_path, [(1, (1, 2), {"highway": "track"})], nodes).places
    assert places["osm_id"].tolist() == ["n50"]
    row = places.iloc[0]
    assert (row["name"], row["name:ar"], row["name:zgh"]) == ("Ighil", "إغيل", "ⵉⵖⵉⵍ")
    assert row["population"] == "about 130"
    assert places.crs.to_epsg() == 4326
    assert row.geometry.coords[0] == pytest.approx((-7.5, 31.0))


def test_places_are_left_out_if_not_asked_for(tmp_path: Path) -> None:
    nodes = (*ROW, (50, -7.5, 31.0, {"place": "hamlet"}))
    path = write_osm(tmp_path / "a.osm", nodes, [(1, (1, 2), {"highway": "track"})])
    assert len(read_osm(path, places=False).places) == 0


# --- bad files ----------------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"none\.osm\.pbf.*does not exist"):
        read_osm(tmp_path / "none.osm.pbf")


def test_a_name_that_looks_like_an_address_is_only_a_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="does not exist"):
        read_osm(Path("http://127.0.0.1:9/extract.osm"))
    del tmp_path


def test_a_file_of_another_format_is_refused_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "roads.osm.pbf"
    path.write_bytes(b"%PDF-1.7 and more of it")
    with pytest.raises(UnreadableError, match="OSM data"):
        read_osm(path)


def test_the_format_is_told_by_the_content(tmp_path: Path) -> None:
    text = write_osm(tmp_path / "a.osm", ROW, [(1, (1, 2), {"highway": "track"})]).read_bytes()
    packed = tmp_path / "0123abcd"
    packed.write_bytes(gzip.compress(text))
    assert ids(read_osm(packed)) == {"w1:1-2"}


@pytest.mark.parametrize("text", ["<html><body>404</body></html>", "<osm", "<?xml version='1.0'?>"])
def test_xml_that_is_not_osm_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.osm"
    path.write_text(text)
    with pytest.raises(UnreadableError, match="reading stopped"):
        read_osm(path)


def test_xml_that_ends_in_the_middle_is_refused(tmp_path: Path) -> None:
    text = write_osm(tmp_path / "a.osm", ROW, [(1, (1, 2), {"highway": "track"})]).read_text()
    (tmp_path / "cut.osm").write_text(text[: len(text) * 2 // 3])
    with pytest.raises(UnreadableError, match="reading stopped"):
        read_osm(tmp_path / "cut.osm")


def test_a_gzip_that_ends_in_the_middle_is_refused(tmp_path: Path) -> None:
    ways = [(n, (n, n + 1), {"highway": "track"}) for n in range(1, 10)]
    packed = gzip.compress(write_osm(tmp_path / "a.osm", ROW, ways).read_bytes())
    (tmp_path / "cut.osm.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(UnreadableError, match="reading stopped"):
        read_osm(tmp_path / "cut.osm.gz")


def test_xml_entities_are_an_error_and_not_a_long_wait(tmp_path: Path) -> None:
    doubled = [f'<!ENTITY l{n} "&l{n - 1};&l{n - 1};">' for n in range(1, 40)]
    laughs = '<!ENTITY l0 "haha">' + "".join(doubled)
    path = tmp_path / "laughs.osm"
    path.write_text(
        f'<?xml version="1.0"?><!DOCTYPE osm [{laughs}]><osm version="0.6">'
        '<way id="1"><tag k="highway" v="&l39;"/></way></osm>'
    )
    with pytest.raises(UnreadableError, match="reading stopped"):
        read_osm(path)


def test_a_file_without_roads_is_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError, match="without roads"):
        read(tmp_path, [(1, (1, 2), {"waterway": "river"})])


def test_roads_without_their_nodes_are_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError, match="no road has two nodes"):
        read(tmp_path, [(1, (91, 92), {"highway": "primary"})])


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = write_osm(tmp_path / "a.osm", ROW, [(1, (1, 2), {"highway": "track"})])
    with pytest.raises(TooLargeError, match="at most"):
        read_osm(path, max_bytes=10)


# --- real extracts ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def andorra(real_data: Path) -> OsmExtract:
    return read_osm(real_data / "roads" / "andorra_2024.osm.pbf")


def test_all_roads_of_andorra_are_there(andorra: OsmExtract) -> None:
    """6,466 ways have a highway tag; 12 are no roads, 178 are areas."""
    edges = andorra.roads.edges
    assert edges["edge_id"].str.extract(r"^w(\d+):")[0].nunique() == 6466 - 12 - 178
    assert any(
        note.startswith("ways that are no roads (yet): 12 (raceway 6") for note in andorra.notes
    )
    assert any("areas (area=yes), left out: 178" in note for note in andorra.notes)
    length_m = edges["length_m"].sum()
    piece = components(andorra.roads)
    assert edges["length_m"][piece == 0].sum() / length_m > 0.99
    assert andorra.roads.source.at is not None


def test_every_edge_of_andorra_runs_between_its_nodes(andorra: OsmExtract) -> None:
    edges, nodes = andorra.roads.edges, andorra.roads.nodes[["lon", "lat"]].to_numpy()
    first = np.array([line.coords[0] for line in edges.geometry])
    last = np.array([line.coords[-1] for line in edges.geometry])
    assert np.abs(first - nodes[edges["u"]]).max() < 1e-7
    assert np.abs(last - nodes[edges["v"]]).max() < 1e-7


def test_lengths_of_andorra_agree_with_those_in_the_projected_crs(andorra: OsmExtract) -> None:
    projected = andorra.roads.edges.to_crs("EPSG:32631").length
    # The scale of UTM at Andorra, 120 km off the central meridian, is 0.99978.
    ratio = andorra.roads.edges["length_m"].sum() / projected.sum()
    assert ratio == pytest.approx(1.0, abs=0.0006)


def test_places_of_andorra_are_there(andorra: OsmExtract) -> None:
    counts = andorra.places["place"].value_counts()
    assert (counts["town"], counts["village"], counts["hamlet"]) == (7, 34, 27)
    assert "Andorra la Vella" in set(andorra.places["name"])


@pytest.mark.parametrize(
    ("name", "kind", "ways"),
    [("andorra_2013.osm.gz", "primary", 309), ("north-bayreuth.osm.gz", "track", 900)],
)
def test_older_extracts_in_xml_are_read(real_data: Path, name: str, kind: str, ways: int) -> None:
    edges = read_osm(real_data / "roads" / name).roads.edges
    of_kind = edges[edges["highway"] == kind]["edge_id"].str.extract(r"^w(\d+):")[0]
    assert of_kind.nunique() == ways


def test_a_pbf_that_ends_in_the_middle_is_refused(real_data: Path, tmp_path: Path) -> None:
    whole = (real_data / "roads" / "andorra_2024.osm.pbf").read_bytes()
    (tmp_path / "cut.osm.pbf").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableError, match="reading stopped"):
        read_osm(tmp_path / "cut.osm.pbf")
