"""Roads drawn as lines, from the file to a repaired network, and the network as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from dashboard import cli
from dashboard.operations import loading, road_network
from dashboard.operations.situation import Situation
from geo.errors import InputError, UnknownIdError

LAT_M = 1 / 110_860


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """A valley road, and a side road that ends 3 m before it."""
    frame = gpd.GeoDataFrame(
        {"highway": ["primary", "track"], "ref": ["R203", ""]},
        geometry=[
            shapely.LineString([(-8.0, 31.0), (-7.98, 31.0)]),
            shapely.LineString([(-7.99, 31.01), (-7.99, 31.0 + 3 * LAT_M)]),
        ],
        crs=4326,
    )
    frame.to_file(tmp_path / "roads.gpkg")
    return tmp_path / "roads.gpkg"


def test_a_gap_is_offered_and_not_closed(empty: Situation, lines: Path) -> None:
    (layer,) = loading.load(empty, "roads", [lines], in_pieces=True)["layers"]
    (gap,) = layer["gaps"]
    assert gap["distance_m"] == pytest.approx(3.0, abs=0.05)
    assert layer["pieces"] == 2
    assert layer["dead_ends"] == 4
    said = road_network.describe_roads(empty)
    assert said["gaps"] == [gap]
    assert (said["n_pieces"], said["n_gaps"], said["edges"]) == (2, 1, 2)


def test_a_gap_that_is_named_is_joined_and_loading_says_so(empty: Situation, lines: Path) -> None:
    first = loading.load(empty, "roads", [lines], in_pieces=True)["layers"][0]
    gap_id = first["gaps"][0]["gap_id"]
    (layer,) = loading.load(empty, "roads", [lines], repair_gaps=(gap_id,))["layers"]
    assert layer["pieces"] == 1
    assert layer["gaps"] == []
    assert any("gaps joined because it was asked for: 1" in note for note in layer["notes"])
    assert gap_id in set(empty.roads().edges["edge_id"])
    assert empty.graph().rows_of([gap_id])[0] >= 0


def test_all_gaps_are_joined_if_all_are_asked_for(empty: Situation, lines: Path) -> None:
    (layer,) = loading.load(empty, "roads", [lines], repair_gaps=("all",))["layers"]
    assert layer["pieces"] == 1


def test_a_gap_that_is_not_there_is_refused_and_nothing_is_loaded(
    empty: Situation, lines: Path
) -> None:
    with pytest.raises(UnknownIdError, match="no such gap is offered"):
        loading.load(empty, "roads", [lines], repair_gaps=("gap:none",))
    assert not empty.store.layers("roads")


def test_the_network_is_written_for_osmnx_and_read_again(valley: Situation, tmp_path: Path) -> None:
    said = road_network.describe_roads(valley, to=tmp_path / "out" / "valley.graphml")
    other = Situation.create(tmp_path / "other", name="again")
    (layer,) = loading.load(other, "roads", [Path(said["file"])])["layers"]
    assert layer["rows"] == len(valley.roads().edges)
    other.close()


def test_a_file_of_another_kind_and_a_silly_width_are_refused(
    valley: Situation, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"ends in \.graphml"):
        road_network.describe_roads(valley, to=tmp_path / "valley.shp")
    with pytest.raises(InputError, match="metres from 0 to 100"):
        road_network.describe_roads(valley, max_gap_m=0)


def test_from_the_command_line(tmp_path: Path, lines: Path, capsys: Any) -> None:
    home = ["--home", str(tmp_path / "home"), "--json"]
    assert cli.main(["init", "--name", "Valley", *home]) == 0
    capsys.readouterr()
    assert cli.main(["load", "roads", str(lines), "--repair-gaps", "all", *home]) == 0
    loaded = json.loads(capsys.readouterr().out)
    assert loaded["layers"][0]["pieces"] == 1
    to = tmp_path / "roads.graphml"
    assert cli.main(["roads", "--to", str(to), *home]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["length_km_by_highway"] == {"primary": 1.9, "track": 1.1}
    assert to.is_file()


# --- joined by an event, and parted again ---


def test_a_gap_that_a_person_joins_is_joined_until_it_is_undone(
    empty: Situation, lines: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loading.load(empty, "roads", [lines], in_pieces=True)
    home = ["--home", str(empty.home), "--json"]
    assert cli.main(["roads", *home]) == 0
    before = json.loads(capsys.readouterr().out)
    gap_id = before["gaps"][0]["gap_id"]
    assert cli.main(["roads", "--join", gap_id, "--source", "engineer", *home]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["pieces_before"], said["pieces"]) == (2, 1)
    assert cli.main(["roads", *home]) == 0
    joined = json.loads(capsys.readouterr().out)
    assert (joined["n_gaps"], joined["n_pieces"]) == (0, 1)
    assert cli.main(["undo", said["joint_id"], *home]) == 0
    capsys.readouterr()
    assert cli.main(["roads", *home]) == 0
    assert json.loads(capsys.readouterr().out)["gaps"] == before["gaps"]


@pytest.mark.parametrize("wanted", ["gap:none", ","])
def test_a_gap_that_is_not_offered_is_refused(
    empty: Situation, lines: Path, capsys: pytest.CaptureFixture[str], wanted: str
) -> None:
    loading.load(empty, "roads", [lines], in_pieces=True)
    before = empty.seq()
    assert cli.main(["roads", "--join", wanted, "--home", str(empty.home)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert empty.seq() == before


def test_the_next_process_opens_the_tables_and_makes_damaged_ones_anew(
    valley: Situation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = valley.roads()
    (kept,) = (valley.home / "cache").glob("roads-*")

    def refused(*_: object) -> None:
        raise AssertionError("read from parquet again")

    with monkeypatch.context() as patched, Situation.open(valley.home) as second:
        patched.setattr("geo.network.read_road_tables", refused)
        assert second.roads().edges.geometry.geom_equals(before.edges.geometry).all()
        assert second.roads().nodes.equals(before.nodes)
    # Another file in its place: what is mapped stays what it was.
    (kept / "edges.arrow").unlink()
    (kept / "edges.arrow").write_bytes(b"cut off")
    with Situation.open(valley.home) as third:
        assert third.roads().edges["edge_id"].tolist() == before.edges["edge_id"].tolist()
    assert "made anew" in caplog.text
    with Situation.open(valley.home) as fourth:
        assert len(fourth.roads().edges) == len(before.edges)
