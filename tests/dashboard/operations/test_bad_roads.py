"""Bad roads through the front door: what is wrong is named and counted, and travel goes on.

One extract holds every fault at once, as real ones do; what is refused has a file of its own.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dashboard.cli import main
from dashboard.operations import loading, roads
from dashboard.operations.situation import Situation
from geo.errors import CoverageError, InputError, UnknownIdError
from tests.geo.raster_files import write_dem
from tests.osm_file import VALLEY_NODES, VALLEY_WAYS, Node, Way, write_osm

#: West of the depot the road goes on over a pass; 8 and 9 lie on one spot, 99 is not in the file.
NODES: tuple[Node, ...] = (
    *VALLEY_NODES,
    (8, -8.01, 31.00, {}),
    (9, -8.01, 31.00, {}),
    (20, -8.05, 31.00, {}),
)
FAULTS: tuple[Way, ...] = (
    (20, (1, 8, 9, 20), {"highway": "tertiary", "maxspeed": "30 mph", "maxweight": "3,5 t"}),
    (21, (4, 99, 8), {"highway": "track"}),
    (22, (5,), {"highway": "track"}),
    (23, (6, 6), {"highway": "track"}),
    (24, (8, 9), {"highway": "service"}),
    (10, (3, 4), {"highway": "track"}),
    (25, (2, 5), {"highway": "residential", "maxspeed": "lentement", "maxweight": "trop"}),
    (26, (4, 6), {"route": "ferry", "motor_vehicle": "yes"}),
    (27, (4, 7), {"highway": "tertiary", "route": "ferry"}),
    (28, (1, 5), {"highway": "unclassified", "motor_vehicle:conditional": "no @ (Nov-Apr)"}),
)
SAID = (
    "references to nodes that the file lacks: 1 (1 ways cut there)",
    "ways that came twice, of which the first was kept: 1",
    "ways with fewer than two nodes that are there, which give no road: 3",
    "pieces of road without length (their nodes lie on one spot), kept: 2",
    "ferries and car trains, which nobody is sent over: 2",
    "values that were not understood and count as unknown: 2 (maxweight=trop 1, "
    "maxspeed=lentement 1)",
    "which are not applied: 1 (motor_vehicle:conditional 1)",
)


@pytest.fixture
def faulty(empty: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Situation:
    file = write_osm(tmp_path / "faulty.osm", NODES, (*VALLEY_WAYS, *FAULTS))
    assert main(["load", "roads", str(file), "--home", str(empty.home), "--json"]) == 0
    capsys.readouterr()
    loading.load(empty, "places", [file], clip=True)
    sheet = tmp_path / "stock.csv"
    sheet.write_text("depot,lon,lat,item,quantity,unit\nDepot,-8.0,31.0,tent,4,piece\n", "utf-8")
    home = ["--org", "NGO One", "--home", str(empty.home)]
    assert main(["upload", "stock", str(sheet), *home]) == 0
    capsys.readouterr()
    return empty


def edge(situation: Situation, edge_id: str) -> Any:
    frame = situation.roads().edges.set_index("edge_id")
    return frame.loc[edge_id]


def test_every_fault_of_an_extract_is_named_and_counted(
    faulty: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["roads", "--home", str(faulty.home), "--json"]) == 0
    notes = json.loads(capsys.readouterr().out)["notes"]
    for said in SAID:
        assert any(said in note for note in notes), (said, notes)


def test_what_can_be_read_is_read_and_the_rest_is_unknown(faulty: Situation) -> None:
    over = edge(faulty, "w20:9-20")
    assert (over["maxweight_t"], round(over["maxspeed_kmh"], 1)) == (3.5, 48.3)
    slow = edge(faulty, "w25:2-5")
    assert np.isnan([slow["maxspeed_kmh"], slow["maxweight_t"]]).all()
    held = set(faulty.roads().edges["edge_id"])
    assert not {one for one in held if one.startswith(("w21", "w22", "w23", "w26", "w27"))}
    assert (edge(faulty, "w24:8-9")["length_m"], edge(faulty, "w10:1-2")["highway"]) == (
        0.0,
        "primary",
    )


def test_travel_goes_on_over_what_is_left(
    faulty: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reach", "--home", str(faulty.home), "--json"]) == 0
    places = {one["name"]: one for one in json.loads(capsys.readouterr().out)["places"]}
    assert places["Tinmel"]["status"] == "reachable"
    for one in places.values():
        assert one["travel_time_s"] is None or math.isfinite(one["travel_time_s"])


def test_a_closure_outside_the_network_is_refused_and_says_how_far_the_next_road_is(
    faulty: Situation, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    seq, home = faulty.picture_seq(), str(faulty.home)
    assert main(["close", "--near", "-8.03,31.02", "--home", home]) == 2
    near = capsys.readouterr().err
    assert "m away" in near, near
    area = tmp_path / "area.geojson"
    ring = [[2.0, 42.0], [2.1, 42.0], [2.1, 42.1], [2.0, 42.0]]
    area.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), "utf-8")
    assert main(["close", "--area", str(area), "--home", home]) == 2
    assert "Traceback" not in capsys.readouterr().err
    with pytest.raises(CoverageError):
        roads.close_road(faulty, area=area)
    assert (faulty.picture_seq(), faulty.store.closures()) == (seq, [])


def test_an_edge_of_another_extract_is_refused_with_what_to_do(faulty: Situation) -> None:
    seq = faulty.picture_seq()
    with pytest.raises(UnknownIdError, match=r"and 1 more: no such edge .* \(another extract\?\)"):
        roads.close_road(faulty, edges=("w11:3-4", "w777:1-2", "w778:2-3"))
    assert faulty.picture_seq() == seq  # the one that is known is not closed alone


def test_a_disconnected_extract_is_refused_and_its_pieces_are_told_if_it_is_meant(
    empty: Situation, tmp_path: Path
) -> None:
    far: tuple[Node, ...] = ((50, -7.5, 31.0, {}), (51, -7.45, 31.0, {}))
    ways = (*VALLEY_WAYS, (50, (50, 51), {"highway": "primary"}))
    file = write_osm(tmp_path / "pieces.osm", (*VALLEY_NODES, *far), ways)
    with pytest.raises(InputError, match=r"a road network in pieces \(.*near lon -7.5"):
        loading.load(empty, "roads", [file])
    assert empty.store.layers("roads") == []
    loading.load(empty, "roads", [file], in_pieces=True)
    assert any("2 pieces" in note for note in empty.roads().notes)


def test_a_void_of_the_elevation_on_a_pass_is_said_and_the_pass_counts_as_lower(
    faulty: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The road over the pass, w20, climbs 300 m to lon -8.03 and goes down again."""

    def ridge(lon: Any, lat: Any) -> Any:
        return 1000.0 + np.clip(300.0 - np.abs(lon + 8.03) * 15_000.0, 0.0, None)

    def void_on_top(lon: Any, lat: Any) -> Any:
        return np.where(np.abs(lon + 8.03) < 0.005, -9999.0, ridge(lon, lat))

    climbed: dict[str, float] = {}
    for name, surface in (("whole", ridge), ("void", void_on_top)):
        dem = write_dem(tmp_path / f"{name}.tif", surface, (-8.1, 30.9, -7.9, 31.1))
        layer = loading.load(faulty, "elevation", [dem])
        assert layer
        climbed[name] = float(edge(faulty, "w20:9-20")["climb_m"])
    assert climbed["whole"] == pytest.approx(300.0, abs=20.0)
    # Straight between the known heights on either side, which lie 225 m up.
    assert climbed["void"] == pytest.approx(225.0, abs=20.0)
    capsys.readouterr()
    assert main(["roads", "--home", str(faulty.home), "--json"]) == 0
    notes = json.loads(capsys.readouterr().out)["notes"]
    assert any("1 of " in note and "edges cross voids of" in note for note in notes), notes
