"""Fetching through the command line, from a server on loopback that replays recorded answers."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from dashboard.cli import main
from dashboard.operations.situation import Situation
from tests.osm_file import write_osm
from tests.stand_in import Answer, Asked, Recorded, StandIn, closed_port, stand_in

AREA = "-8.05,30.95,-7.9,31.05"


@pytest.fixture
def addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of this test's own; addresses are set as an operator sets a mirror."""
    monkeypatch.setenv("QAFILA_CACHE", str(tmp_path / "cache"))


def _answers(folder: Path) -> dict[str, Recorded]:
    extract = write_osm(folder / "answer.osm").read_bytes()

    def overpass(asked: Asked) -> Answer:
        # Roads and places are asked for as XML, boundaries as JSON; here there are none of those.
        as_json = "[out:json]" in "".join(asked.form.get("data", []))
        return Answer(body=b'{"version": 0.6, "elements": []}' if as_json else extract)

    heights = np.full((1201, 1201), 1200, dtype=">i2").tobytes()
    return {
        "/api/interpreter": overpass,
        "/skadi/N30/N30W008.hgt.gz": Answer(body=gzip.compress(heights)),
        "/skadi/N30/N30W009.hgt.gz": Answer(body=gzip.compress(heights)),
        "/skadi/N31/N31W008.hgt.gz": Answer(body=gzip.compress(heights)),
        "/skadi/N31/N31W009.hgt.gz": Answer(body=gzip.compress(heights)),
    }


def _point_to(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QAFILA_OVERPASS_URL", f"{server.url}/api")
    monkeypatch.setenv("QAFILA_ELEVATION_URL", f"{server.url}/skadi")


@pytest.mark.usefixtures("addresses")
def test_an_area_is_fetched_loaded_and_kept_for_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stand_in(_answers(tmp_path)) as server:
        _point_to(server, monkeypatch)
        for name in ("one", "two"):
            assert main(["init", "--home", str(tmp_path / name)]) == 0
            capsys.readouterr()
            assert main(["fetch", AREA, "--home", str(tmp_path / name), "--json"]) == 0
            layers = json.loads(capsys.readouterr().out)["layers"]
            assert [layer["kind"] for layer in layers] == ["elevation", "roads", "places"]
        asked = [one for one in server.asked if "[out:xml]" in "".join(one.form.get("data", []))]
    assert len(asked) == 1  # the second time came from the cache
    with Situation.open(tmp_path / "two") as situation:
        assert len(situation.places()) == 4
        assert situation.graph().n_edges == 4


@pytest.mark.usefixtures("addresses")
def test_without_a_network_one_line_says_so_and_nothing_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--home", str(tmp_path / "home")]) == 0
    with Situation.open(tmp_path / "home") as situation:
        seq = situation.seq()
    capsys.readouterr()
    with closed_port() as address:
        monkeypatch.setenv("QAFILA_OVERPASS_URL", f"{address}/api")
        assert main(["fetch", AREA, "--home", str(tmp_path / "home"), "--json"]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("qafila:")]
    assert len(lines) == 1
    with Situation.open(tmp_path / "home") as situation:
        assert situation.seq() == seq
