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
    return [tuple(row) for row in tables.turns.itertuples(index=False)]


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
        ((LEFT[0], ("way", 12, "via"), LEFT[2]), KIND, "1 over a way instead of a node"),
        ((LEFT[0], ("node", 4, "via"), LEFT[2]), KIND, "1 whose roads do not meet"),
        ((LEFT[0], LEFT[1], ("way", 99, "to")), KIND, "1 whose roads do not meet"),
        (LEFT, {"type": "restriction", "restriction": "no_fun"}, "1 of an unknown kind"),
        (
            LEFT,
            {"type": "restriction", "restriction:conditional": "no_left_turn @ (Mo-Fr)"},
            "1 for certain hours only",
        ),
    ],
)
def test_what_cannot_be_obeyed_is_counted_with_its_reason(
    tmp_path: Path, members: Any, tags: Any, said: str
) -> None:
    tables = read(tmp_path, (members, tags))
    assert turns(tables) == []
    assert any(said in note for note in tables.notes)


def test_the_turns_of_andorra_are_there(real_data: Path) -> None:
    """Of 66 relations 62 name roads that meet; the file itself breaks three of the others."""
    tables = read_osm(real_data / "roads" / "andorra_2024.osm.pbf", places=False).roads
    assert tables.turns["kind"].value_counts().to_dict() == {"no": 52, "only": 10}
    assert any("not obeyed: 4 (3 without from, via or to" in note for note in tables.notes)
