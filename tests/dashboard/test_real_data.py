"""The main job on real input, through the command line."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks import andorra
from dashboard.cli import main
from dashboard.operations.situation import Situation


class Shell:
    """Runs verbs in one home and gives their JSON."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._capsys = capsys

    def __call__(self, *arguments: str, status: int = 0) -> dict[str, Any]:
        self._capsys.readouterr()
        code = main([*arguments, "--home", str(self.home), "--json"])
        shown = self._capsys.readouterr()
        if code != status:
            raise AssertionError(f"{' '.join(arguments)} gave {code}: {shown.err[-800:]}")
        result: dict[str, Any] = json.loads(shown.out) if shown.out else {}
        return result


@pytest.fixture
def shell(home: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A command line on a fresh home."""
    return Shell(home, capsys)


def test_al_haouz_as_delivered(shell: Shell, real_data: Path) -> None:
    folder = real_data / "alhaouz"
    shell("init", "--name", "Al Haouz", "--timezone", "Africa/Casablanca")
    communes = shell("load", "boundaries", str(folder / "communes.geojson"))["layers"][0]
    assert communes["rows"] == 40
    shell("load", "elevation", str(real_data / "dem" / "alhaouz_dem_30arcsec.tif"))
    places = shell("load", "places", str(folder / "alhaouz_core_douars_points.geojson"))
    assert places["layers"][0]["rows"] == 135
    unosat = shell("load", "damage", str(folder / "damage_unosat.geojson"))["layers"][0]
    shell("load", "damage", str(folder / "damage_copernicus.geojson"))
    areas = sorted((folder / "analysed_areas").glob("*.geojson"))
    loaded = shell("load", "damage", *map(str, areas))["layers"]
    assert {layer["kind"] for layer in loaded} == {"analysed_area"}
    shell("load", "shakemap", str(folder / "shakemap_mmi.geojson"))

    # The same counts made by other means: the standard library alone.
    rows = [
        feature["properties"]
        for feature in json.loads((folder / "damage_unosat.geojson").read_bytes())["features"]
    ]
    graded = Counter(row["Main_Dmg"] for row in rows if row["Main_Dmg"])
    assert sum(graded.values()) == 4804
    assert sum(not row["Main_Dmg"] for row in rows) == 116
    assert unosat["graded"] == 4804
    assert unosat["not_buildings"] == 116
    assert {grade: n for grade, n in unosat["grades"].items() if n} == {
        "damaged": graded["Damage"],
        "possibly_damaged": graded["Possible damage"] + graded["Possible damaged"],
    }

    result = shell("assess")
    totals = result["totals"]
    assert totals["sightings"] == 4804 + 273
    assert totals["not_buildings"] == 116
    assert totals["assigned"] + totals["unassigned"] == totals["graded_merged"]
    # No two sensors looked at one building here: the nearest pair lies over 500 m apart.
    assert totals["graded_merged"] == totals["sightings"]
    counted = sum(sum(place["buildings"].values()) for place in result["places"])
    assert counted == totals["assigned"]
    assert len(result["places"]) == 135
    by_assessed = Counter(place["assessed"] for place in result["places"])
    assert (
        by_assessed[False] > 0
    )  # most of the core douars lie outside the areas analysts looked at
    unseen = [
        place
        for place in result["places"]
        if not place["assessed"] and not any(place["buildings"].values())
    ]
    assert unseen
    assert all(place["people_affected"]["basis"] != "counted" for place in unseen)


def test_communes_are_stamped_on_places(shell: Shell, real_data: Path) -> None:
    folder = real_data / "alhaouz"
    shell("init")
    shell("load", "boundaries", str(folder / "communes.geojson"))
    shell("load", "places", str(folder / "alhaouz_core_douars_points.geojson"))
    with Situation.open(shell.home) as situation:
        frame = situation.places()
    assert (frame["commune_code"] != "").mean() > 0.95
    tinmel = frame[frame["name"] == "Tinmal"].iloc[0]
    assert tinmel["commune_code"] == "07.041.07.13"


@pytest.mark.slow
def test_andorra_from_extract_to_exports(shell: Shell, real_data: Path, tmp_path: Path) -> None:
    roads = str(real_data / "roads" / "andorra_2024.osm.pbf")
    tiles = [str(real_data / "dem" / name) for name in ("N42E001.hgt", "N41E001.hgt")]
    shell("init", "--name", "Andorra", "--timezone", "Europe/Andorra")
    shell("load", "elevation", *tiles)
    network = shell("load", "roads", roads)["layers"][0]
    assert network["rows"] > 6_000
    shell("load", "places", roads, "--clip")
    with Situation.open(shell.home) as situation:
        places = list(situation.places()["place_id"])
    andorra.write_sheets(tmp_path, [(place, "") for place in places])
    for kind in ("stock", "vehicles", "needs"):
        taken = shell("upload", kind, str(tmp_path / f"{kind}.csv"), "--org", "NGO")
        assert taken["rejected"] == 0
    shell("assess")
    reach = shell("reach", "--class", "truck", "--class", "pickup")["places"]
    explained = [one for one in reach if one["status"] == "reachable" or one["reason"]]
    assert len(explained) >= 0.95 * len(reach)
    assert sum(one["status"] == "reachable" for one in reach) >= 0.8 * len(reach)
    assert all(one["legs"] for one in reach if one["status"] == "reachable")
    plan = shell("plan", "--seed", "7", "--iterations", "60")
    again = shell("plan", "--seed", "7", "--iterations", "60")
    for one in (plan, again):
        one.pop("plan_id")
    assert _without_ids(plan) == _without_ids(again)
    assert plan["convoys"]
    assert all(line["reason"] for line in plan["unserved"])
    exported = shell("export", "latest", "--to", str(tmp_path / "out"))
    kinds = Counter(Path(path).suffix for path in exported["files"])
    assert set(kinds) >= {".gpx", ".kml", ".geojson", ".csv", ".txt"}
    assert shell("verify")["ok"]


@pytest.mark.slow
def test_andorra_at_work(shell: Shell, real_data: Path, tmp_path: Path) -> None:
    """Sixty roads of a real country blocked: what is doubtful, what to clear, fly and stage."""
    roads = str(real_data / "roads" / "andorra_2024.osm.pbf")
    tiles = [str(real_data / "dem" / name) for name in ("N42E001.hgt", "N41E001.hgt")]
    shell("init", "--name", "Andorra", "--timezone", "Europe/Andorra")
    shell("load", "elevation", *tiles)
    shell("load", "roads", roads)
    shell("load", "places", roads, "--clip")
    with Situation.open(shell.home) as situation:
        places = list(situation.places()["place_id"])
        edges = situation.roads().edges
        main_roads = edges[edges["highway"].isin(("primary", "secondary", "tertiary"))]
        blocked = main_roads["edge_id"].sample(60, random_state=4).tolist()
    andorra.write_sheets(tmp_path, [(place, "") for place in places])
    for kind in ("stock", "needs"):
        shell("upload", kind, str(tmp_path / f"{kind}.csv"), "--org", "NGO")
    for number, edge in enumerate(blocked):
        confidence = str(1.0 if number % 2 else 0.5)
        shell("close", edge, "--reason", "rockfall", "--confidence", confidence)

    reach = shell("reach", "--class", "truck")["places"]
    beyond = [one for one in reach if one["by_class"]["truck"]["status"] != "reachable"]
    cleared = shell("clear-first", "--crews", "4", "--hours", "48")
    assert 0 < cleared["totals"]["sites"] <= 60
    assert cleared["totals"]["places_not_reached"] == len(beyond)
    assert cleared["totals"]["share_of_bound"] > 0.8
    by_crew: dict[int, list[tuple[str, str]]] = {}
    for job in cleared["schedule"]:
        by_crew.setdefault(job["crew"], []).append((job["leaves_at"], job["ends_at"]))
    for jobs in by_crew.values():
        jobs.sort()
        assert all(one[1] <= then[0] for one, then in itertools.pairwise(jobs))

    risk = shell("risk", "--worlds", "50", "--class", "truck")
    assert risk["deciding"]
    assert risk["deciding"][0]["probability_closed"] == pytest.approx(0.5, abs=0.01)
    airlift = shell("airlift", "--hours", "2")
    assert airlift["refused"] is None
    assert all(one["slope_deg"] <= 7 for one in airlift["sites"])
    assert len(shell("staging")["points"]) > 0


def _without_ids(plan: dict[str, Any]) -> str:
    """Give a plan without the ids that name this run of it."""
    convoys = [
        {key: value for key, value in convoy.items() if key != "convoy_id"}
        for convoy in plan["convoys"]
    ]
    return json.dumps([convoys, plan["unserved"], plan["score"]], sort_keys=True)
