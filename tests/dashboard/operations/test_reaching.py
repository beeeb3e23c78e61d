"""Reach through the front door: relays, which classes take part, and which engine answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.cli import main
from dashboard.operations import loading, reaching, roads
from dashboard.operations.situation import Situation
from geo.errors import InputError
from tests.osm_file import write_osm

TRACK = "w12:3-6"
MOTORS = ("truck", "light_truck", "pickup", "motorbike")


def of(name: str, result: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in result["places"] if one["name"] == name)
    return found


def test_a_closed_track_turns_a_village_to_relay_and_reopening_undoes_it(
    valley: Situation,
) -> None:
    before = reaching.make_reach(valley)
    assert of("Ighil", before)["status"] == "reachable"
    closed = roads.close_road(valley, edges=(TRACK,), classes=MOTORS, reason="rockfall")
    ighil = of("Ighil", reaching.make_reach(valley))
    assert (ighil["status"], ighil["relay"]["classes"]) == ("by_relay", ["pickup", "mule"])
    assert ighil["relay"]["roadheads"][0]["lon"] == -7.98
    assert "rockfall" in ighil["reason"]
    assert ighil["decided_by"] == [closed["closure_id"]]
    without = reaching.make_reach(valley, relay=False)
    assert of("Ighil", without)["status"] == "cut_off"
    assert "relay" not in of("Ighil", without)
    roads.reopen_road(valley, closed["closure_id"])
    assert reaching.make_reach(valley)["places"] == before["places"]


def test_only_the_classes_that_are_named_take_part(valley: Situation) -> None:
    roads.close_road(valley, edges=(TRACK,), classes=MOTORS)
    alone = of("Ighil", reaching.make_reach(valley, ["truck", "pickup"]))
    assert (alone["status"], alone["relay"]) == ("cut_off", None)
    flown = of("Ighil", reaching.make_reach(valley, ["truck", "air"]))
    assert (flown["status"], flown["legs"][0]["class"]) == ("by_relay", "air")


def test_the_command_line_takes_relay_and_class(
    valley: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    roads.close_road(valley, edges=(TRACK,), classes=MOTORS)
    home = ["--home", str(valley.home), "--json"]
    for options, status in (([], "by_relay"), (["--no-relay"], "cut_off"),
                            (["--class", "truck", "--class", "mule"], "reachable")):  # fmt: skip
        capsys.readouterr()
        assert main(["reach", *options, *home]) == 0
        assert of("Ighil", json.loads(capsys.readouterr().out))["status"] == status


def test_the_variable_chooses_the_engine_and_the_answers_are_the_same(
    valley: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_default = reaching.make_reach(valley)
    assert valley.engine().name == "scipy"  # five nodes
    monkeypatch.setenv("QAFILA_ENGINE", "hierarchy")
    with Situation.open(valley.home) as again:
        assert again.engine().name == "hierarchy"
        assert reaching.make_reach(again)["places"] == by_default["places"]
    kept = list((Path(valley.home) / "cache" / "hierarchy").iterdir())
    assert len(kept) == 1
    monkeypatch.setenv("QAFILA_ENGINE", "valhalla")
    with Situation.open(valley.home) as wrong, pytest.raises(InputError, match="'valhalla'"):
        wrong.engine()


def test_a_large_network_is_prepared_when_it_is_loaded(
    empty: Situation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("routing.engine.MIN_HIERARCHY_NODES", 3)
    said: list[str] = []
    osm = write_osm(tmp_path / "valley.osm")
    loading.load(empty, "roads", [osm], progress=lambda share, text: said.append(text))
    assert "preparing the road network for fast answers" in said
    assert len(list((Path(empty.home) / "cache" / "hierarchy").iterdir())) == 1
    assert empty.engine().name == "hierarchy"
