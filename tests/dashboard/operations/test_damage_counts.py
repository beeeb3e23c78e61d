"""Counts of damage on the ground: uploaded, believed, undone; bad rows come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry import Point, box

from dashboard.operations import assessing, loading, uploads
from dashboard.operations.situation import Situation

HEADER = "place,destroyed,damaged,total,date\n"


@pytest.fixture
def shaken(empty: Situation, tmp_path: Path) -> Situation:
    """Two villages of 100 people in one band of intensity VIII."""
    gpd.GeoDataFrame(
        {"name": ["Tinmel", "Ighil"], "people": [100.0, 100.0]},
        geometry=[Point(-8.0, 31.0), Point(-8.05, 31.0)],
        crs="EPSG:4326",
    ).to_file(tmp_path / "villages.geojson", driver="GeoJSON")
    gpd.GeoDataFrame(
        {"PARAMVALUE": [8.0]}, geometry=[box(-8.1, 30.9, -7.9, 31.1)], crs="EPSG:4326"
    ).to_file(tmp_path / "mi.geojson", driver="GeoJSON")
    loading.load(empty, "places", [tmp_path / "villages.geojson"])
    loading.load(empty, "shakemap", [tmp_path / "mi.geojson"], source="USGS")
    return empty


def send(situation: Situation, folder: Path, *rows: str, header: str = HEADER) -> dict[str, Any]:
    sheet = folder / "counts.csv"
    sheet.write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    return uploads.upload(situation, "damage", sheet, organisation="Red Crescent")


def place(situation: Situation, name: str = "Tinmel") -> dict[str, Any]:
    document = assessing.assess(situation)
    return next(one for one in document["places"] if one["name"] == name)


def test_prior_is_shown_with_what_it_rests_on(shaken: Situation) -> None:
    damage = place(shaken)["damage"]
    assert damage["evidence"] == []
    assert damage["prior"]["mmi"] == 8.0
    assert damage["prior"]["buildings"] == "assumed: rural High Atlas"
    assert damage["posterior"] == {what: damage["prior"][what] for what in ("destroyed", "hit")}
    assert not place(shaken)["assessed"]


def test_count_updates_the_place_and_its_affected(shaken: Situation, tmp_path: Path) -> None:
    result = send(shaken, tmp_path, "Tinmel,4,2,20,2023-09-12")
    assert result["accepted"] == 1
    found = place(shaken)
    assert found["damage"]["posterior"]["destroyed"]["value"] == pytest.approx(0.2)
    assert found["damage"]["posterior"]["hit"]["value"] == pytest.approx(0.3)
    assert found["damage"]["evidence"][0] == {
        "by": "Red Crescent",
        "at": "2023-09-12T00:00:00+00:00",
        "looked_at": 20.0,
        "destroyed": 4.0,
        "damaged": 2.0,
    }
    assert found["people_affected"]["value"] == pytest.approx(30)
    assert found["people_affected"]["basis"] == "updated_by_field"
    assert found["assessed"]
    other = place(shaken, "Ighil")
    assert other["people_affected"]["basis"] == "expected_from_shaking"
    assert not other["assessed"]


def test_undone_upload_leaves_the_prior(shaken: Situation, tmp_path: Path) -> None:
    before = place(shaken)
    upload = send(shaken, tmp_path, "Tinmel,4,2,20,2023-09-12")
    uploads.undo(shaken, upload["upload_id"])
    after = place(shaken)
    assert after["damage"] == before["damage"]
    assert after["people_affected"] == before["people_affected"]


def test_good_rows_go_in_beside_bad_ones_that_say_why(shaken: Situation, tmp_path: Path) -> None:
    result = send(
        shaken,
        tmp_path,
        "Tinmel,0,0,20,",
        "Ighil,15,10,20,",
        "Ighil,-1,0,20,",
        "Ighil,0,0,,",
        "Ighil,,,20,",
        "Ighil,2.5,,20,",
    )
    assert result["accepted"] == 1
    said = [row["problems"][0]["expected"] for row in result["rows"] if row["problems"]]
    assert said == [
        "25 or more: so many are destroyed or damaged",
        "a whole number from 0 to 1000000",
        "of how many houses none is damaged",
        "how many houses are destroyed, or damaged; 0 if none is",
        "a whole number from 0 to 1000000",
    ]
    assert place(shaken)["people_affected"]["value"] == 0


def test_french_and_arabic_headers_are_read(shaken: Situation, tmp_path: Path) -> None:
    for header in ("douar,maisons détruites,maisons endommagées,nombre de maisons,date\n",
                   "place,المنازل المنهارة,المنازل المتضررة,عدد المنازل,date\n"):  # fmt: skip
        result = send(shaken, tmp_path, "Tinmel,4,2,20,", header=header)
        assert result["accepted"] == 1, result


def test_without_shaking_and_evidence_nothing_is_believed(empty: Situation, tmp_path: Path) -> None:
    gpd.GeoDataFrame({"name": ["A"]}, geometry=[Point(-8, 31)], crs="EPSG:4326").to_file(
        tmp_path / "a.geojson", driver="GeoJSON"
    )
    loading.load(empty, "places", [tmp_path / "a.geojson"])
    found = place(empty, "A")
    assert found["damage"] == {"prior": None, "evidence": [], "posterior": None}
    assert found["people_affected"]["value"] is None
