"""Graded roads of a package become closures when a person accepts them, and never twice."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dashboard.cli import main
from dashboard.operations import loading, reaching, roads
from dashboard.operations.graded_closures import close_graded
from dashboard.operations.situation import Situation
from geo.errors import InputError

# The primary road of the valley runs along latitude 31, the track along longitude -7.98.
DESTROYED = [[-7.9795, 31.00004], [-7.9702, 31.00004]]
DAMAGED = [[-7.97996, 31.002], [-7.97996, 31.018]]
ELSEWHERE = [[-7.95, 31.05], [-7.94, 31.05]]


def package(path: Path, **grades: list[list[float]]) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"damage_gra": grade.replace("_", " "), "obj_type": "21-Roads",
                           "src_date": "2023-09-11", "sensor": "Pleiades"},
            "geometry": {"type": "LineString", "coordinates": line},
        }
        for grade, line in grades.items()
    ]  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "EMSR695_AOI01_GRA_PRODUCT_transportationL_v1.geojson",
            json.dumps({"type": "FeatureCollection", "features": features}),
        )
    return path


@pytest.fixture
def graded(valley: Situation, tmp_path: Path) -> Situation:
    """The valley with its main road destroyed beyond the junction and the track damaged."""
    name = "EMSR695_AOI01_GRA_PRODUCT_v1.zip"
    loading.load(
        valley,
        "damage",
        [
            package(
                tmp_path / name, Destroyed=DESTROYED, Damaged=DAMAGED, Possibly_damaged=ELSEWHERE
            )
        ],
    )
    return valley


def statuses(situation: Situation) -> dict[str, str]:
    found = reaching.make_reach(situation)["places"]
    return {one["name"]: one["status"] for one in found}


def test_a_dry_run_shows_what_it_would_close_and_closes_nothing(graded: Situation) -> None:
    before = graded.seq()
    result = close_graded(graded, dry_run=True)
    assert graded.seq() == before
    assert (result["graded"], result["recorded"]) == (3, 0)
    assert [(one["grade"], one["state"]) for one in result["proposals"]] == [
        ("destroyed", "closed"),
        ("damaged", "restricted"),
    ]
    assert result["proposals"][0]["roads"] == ["R203"]
    (lost,) = result["not_in_network"]
    assert lost["grade"] == "possibly_damaged"
    assert lost["nearest_m"] is None  # 3 km away


def test_accepted_they_cut_off_the_village_and_are_undone_like_any_closure(
    graded: Situation,
) -> None:
    before = statuses(graded)
    assert before["Tinmel"] == "reachable"
    result = close_graded(graded)
    assert result["recorded"] == 2
    after = statuses(graded)
    assert after["Tinmel"] != "reachable"
    assert after["Ighil"] == before["Ighil"]  # a restricted road slows, it does not cut off
    closure = {one.closure_id: one for one in graded.store.closures()}
    main_road = closure[result["proposals"][0]["closure_id"]]
    assert main_road.confidence == 0.8
    assert main_road.since is not None and main_road.since.date().isoformat() == "2023-09-11"
    assert "Destroyed" in main_road.reason
    roads.reopen_road(graded, main_road.closure_id, source="field team")
    assert statuses(graded) == before


def test_the_same_picture_does_not_close_again_what_somebody_reopened(graded: Situation) -> None:
    first = close_graded(graded)
    roads.reopen_road(graded, first["proposals"][0]["closure_id"], source="field team")
    again = close_graded(graded)
    assert again["recorded"] == 0
    assert all(one["recorded_before"] for one in again["proposals"])
    assert len(graded.store.closures()) == 1


def test_without_graded_roads_it_says_what_to_load(valley: Situation) -> None:
    with pytest.raises(InputError, match="no such layer is loaded"):
        close_graded(valley)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--graded", "w10:1-3"], "takes no EDGE"),
        (["w10:1-3", "--dry-run"], "goes with --graded"),
    ],
)
def test_the_command_line_refuses_what_does_not_go_together(
    graded: Situation, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["close", *arguments, "--home", str(graded.home)]) == 2
    assert said in capsys.readouterr().err


def test_the_command_line_shows_the_proposals(
    graded: Situation, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(graded.home)
    assert main(["close", "--graded", "--dry-run", "--home", home, "--json"]) == 0
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert shown["dry_run"] is True
    assert len(shown["proposals"]) == 2
