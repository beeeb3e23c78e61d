"""Turn restrictions of OSM extracts: what is understood, and what is counted instead of guessed."""

from pathlib import Path
from typing import Any

import pytest

from data.sources.osm import read_osm
from geo.network import RoadTables
from tests.osm_file import write_osm

# A crossing at node 1: way 10 comes from the west, 11 goes north, 12 east; 13 passes through it.
NODES = (
    (1, -8.0, 31.0, {}),
    (2, -8.01, 31.0, {}),
    (3, -8.0, 31.01, {}),
    (4, -7.99, 31.0, {}),
    (5, -8.01, 30.99, {}),
    (6, -7.99, 31.01, {}),
)
ROAD = {"highway": "primary"}
WAYS = ((10, (2, 1), ROAD), (11, (1, 3), ROAD), (12, (1, 4), ROAD), (13, (5, 1, 6), ROAD))
LEFT = (("way", 10, "from"), ("node", 1, "via"), ("way", 11, "to"))
KIND = {"type": "restriction", "restriction": "no_left_turn"}


def read(tmp_path: Path, *relations: Any, ways: Any = WAYS) -> RoadTables:
    numbered = [(number, members, tags) for number, (members, tags) in enumerate(relations, 1)]
    return read_osm(write_osm(tmp_path / "turns.osm", NODES, ways, numbered)).roads


def turns(tables: RoadTables) -> list[tuple[str, ...]]:
    """All turns; of those at a node without the empty list of ways between."""
    rows = [tuple(row) for row in tables.turns.itertuples(index=False)]
    return [row if row[-1] else row[:-1] for row in rows]


def test_a_restriction_becomes_a_turn_between_edges(tmp_path: Path) -> None:
    tables = read(tmp_path, (LEFT, KIND))
    assert turns(tables) == [("w10:2-1", "1", "w11:1-3", "no", "motor")]
    assert not any("not obeyed" in note for note in tables.notes)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"restriction": "only_straight_on"}, [("only", "motor")]),
        ({"restriction": "no_entry"}, [("no", "motor")]),
        ({"restriction:hgv": "no_left_turn"}, [("no", "hgv")]),
        ({"restriction": "no_left_turn", "except": "psv;bicycle"}, [("no", "motor")]),
        ({"restriction": "no_left_turn", "except": "motor_vehicle"}, []),
        ({"restriction:bus": "no_left_turn"}, []),
    ],
)
def test_kinds_and_whom_they_bind(tmp_path: Path, tags: Any, expected: Any) -> None:
    tables = read(tmp_path, (LEFT, {"type": "restriction", **tags}))
    assert [turn[3:] for turn in turns(tables)] == expected
    assert not any("not obeyed" in note for note in tables.notes)


def test_a_way_that_goes_on_behind_the_node_is_clear_where_it_is_one_way(tmp_path: Path) -> None:
    to_13 = (LEFT[0], LEFT[1], ("way", 13, "to"))
    both_ways = read(tmp_path, (to_13, KIND))
    assert turns(both_ways) == []
    assert any("1 whose roads go on behind the node" in note for note in both_ways.notes)
    one_way = (*WAYS[:3], (13, (5, 1, 6), {**ROAD, "oneway": "yes"}))
    tables = read(tmp_path, (to_13, KIND), ways=one_way)
    assert turns(tables) == [("w10:2-1", "1", "w13:1-6", "no", "motor")]


def test_no_turning_round_holds_for_every_piece_of_the_road(tmp_path: Path) -> None:
    members = (("way", 13, "from"), ("node", 1, "via"), ("way", 13, "to"))
    tables = read(tmp_path, (members, {"type": "restriction", "restriction": "no_u_turn"}))
    assert {(turn[0], turn[2]) for turn in turns(tables)} == {
        ("w13:5-1", "w13:5-1"),
        ("w13:1-6", "w13:1-6"),
    }


@pytest.mark.parametrize(
    ("members", "tags", "said"),
    [
        (LEFT[1:], KIND, "1 without from, via or to"),
        ((LEFT[0], ("way", 99, "via"), LEFT[2]), KIND, "1 whose roads do not meet"),
        ((LEFT[0], ("way", 13, "via"), LEFT[2]), KIND, "1 whose roads do not meet"),
        ((LEFT[0], ("node", 4, "via"), LEFT[2]), KIND, "1 whose roads do not meet"),
        ((LEFT[0], LEFT[1], ("way", 99, "to")), KIND, "1 whose roads do not meet"),
        (LEFT, {"type": "restriction", "restriction": "no_fun"}, "1 of an unknown kind"),
        (
            LEFT,
            {"type": "restriction", "restriction:conditional": "wild @ (Mo-Fr)"},
            "1 of an unknown kind",
        ),
    ],
)
def test_what_cannot_be_obeyed_is_counted_with_its_reason(
    tmp_path: Path, members: Any, tags: Any, said: str
) -> None:
    tables = read(tmp_path, (members, tags))
    assert turns(tables) == []
    assert any(said in note for note in tables.notes)


@pytest.mark.parametrize(
    ("tags", "expected", "n_at_all_hours"),
    [
        ({"restriction:conditional": "no_left_turn @ (Mo-Fr 07:00-09:00)"}, [("no", "motor")], 1),
        ({"restriction:hgv:conditional": "no_left_turn @ (22:00-06:00)"}, [("no", "hgv")], 1),
        ({"restriction:conditional": "no_left_turn @ (weight>7.5)"}, [("no", "hgv")], 0),
        ({"restriction:conditional": "no_left_turn @ weight > 2"}, [("no", "motor")], 0),
        (
            {"restriction:conditional": "no_left_turn @ (Sa); only_straight_on @ (Su 08:00-12:00)"},
            [("no", "motor"), ("only", "motor")],
            1,
        ),
        (
            {"restriction:hgv": "no_left_turn", "restriction:conditional": "no_u_turn @ (wet)"},
            [("no", "hgv"), ("no", "motor")],
            1,
        ),
        ({"restriction:bus:conditional": "no_left_turn @ (Mo-Fr)"}, [], 0),
    ],
)
def test_a_turn_forbidden_at_certain_hours_is_obeyed_at_all_and_counted(
    tmp_path: Path, tags: Any, expected: Any, n_at_all_hours: int
) -> None:
    tables = read(tmp_path, (LEFT, {"type": "restriction", **tags}))
    assert [turn[3:5] for turn in turns(tables)] == expected
    said = [note for note in tables.notes if "certain hours only" in note]
    assert [note[-3:] for note in said] == [": 1"] * n_at_all_hours


# Two carriageways and a link between them that a lane crosses in its middle.
#     23 <- 24 <- 25    way 30: 20-21-22 eastward, way 31: 25-24-23 westward
#           | 26        way 32: 21-26-24 the link, way 33: 26-27 the lane
#     20 -> 21 -> 22
SIDES = (
    (20, -8.01, 31.0, {}), (21, -8.0, 31.0, {}), (22, -7.99, 31.0, {}),
    (23, -8.01, 31.002, {}), (24, -8.0, 31.002, {}), (25, -7.99, 31.002, {}),
    (26, -8.0, 31.001, {}), (27, -7.999, 31.001, {}),
)  # fmt: skip
ONE_WAY = {**ROAD, "oneway": "yes"}
SIDE_WAYS = (
    (30, (20, 21, 22), ONE_WAY), (31, (25, 24, 23), ONE_WAY), (32, (21, 26, 24), ROAD),
    (33, (26, 27), ROAD),
)  # fmt: skip


def sides(tmp_path: Path, *members: Any, kind: str = "no_u_turn") -> RoadTables:
    relation = (1, members, {"type": "restriction", "restriction": kind})
    return read_osm(write_osm(tmp_path / "sides.osm", SIDES, SIDE_WAYS, [relation])).roads


FROM, TO = ("way", 30, "from"), ("way", 31, "to")


def test_a_restriction_over_a_way_becomes_the_edges_that_are_driven(tmp_path: Path) -> None:
    tables = sides(tmp_path, FROM, ("way", 32, "via"), TO)
    expected = ("w30:20-21", "21", "w31:24-23", "no", "motor", "w32:21-26 w32:26-24")
    assert turns(tables) == [expected]
    assert not any("not obeyed" in note for note in tables.notes)


def test_the_direction_of_the_way_between_follows_from_the_roads_it_joins(tmp_path: Path) -> None:
    back = sides(tmp_path, ("way", 31, "from"), ("way", 32, "via"), ("way", 30, "to"))
    assert turns(back) == [
        ("w31:25-24", "24", "w30:21-22", "no", "motor", "w32:26-24 w32:21-26"),
    ]
    only = sides(tmp_path, FROM, ("way", 32, "via"), TO, kind="only_u_turn")
    assert turns(only)[0][3:5] == ("only", "motor")


def test_the_turns_of_andorra_are_there(real_data: Path) -> None:
    """Of 66 relations 62 name roads that meet; the file itself breaks three of the others."""
    tables = read_osm(real_data / "roads" / "andorra_2024.osm.pbf", places=False).roads
    assert tables.turns["kind"].value_counts().to_dict() == {"no": 52, "only": 10}
    assert any("not obeyed: 4 (3 without from, via or to" in note for note in tables.notes)
