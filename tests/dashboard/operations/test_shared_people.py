"""Commune totals shared among the places that nobody counted, when all places are loaded."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import Point, box

from dashboard.operations import assessing, loading, uploads
from dashboard.operations.situation import Situation
from geo.errors import InputError


@pytest.fixture
def villages(empty: Situation, tmp_path: Path) -> Situation:
    """Three villages of one commune, one of them counted, and one of another commune."""
    frame = gpd.GeoDataFrame(
        {"name": ["Counted", "One", "Other", "Beyond"], "people": [120.0, np.nan, np.nan, np.nan]},
        geometry=[Point(-8.02, 31.0), Point(-7.97, 31.0), Point(-7.95, 31.05), Point(-7.5, 31.0)],
        crs="EPSG:4326",
    )
    path = tmp_path / "villages.geojson"
    frame.to_file(path, driver="GeoJSON")
    loading.load(empty, "places", [path])
    return empty


def communes(path: Path, people: float | None = 500.0) -> Path:
    frame = gpd.GeoDataFrame(
        {"code": ["04.107.01"], "name": ["Asni"], "level": ["commune"], "population": [people]},
        geometry=[box(-8.1, 30.9, -7.9, 31.1)],
        crs="EPSG:4326",
    )
    frame.to_file(path, driver="GeoJSON")
    return path


def people(situation: Situation) -> dict[str, float | None]:
    return {one["name"]: one["people"] for one in assessing.assess(situation)["places"]}


def test_the_total_is_kept_and_counted_places_keep_their_own(
    villages: Situation, tmp_path: Path
) -> None:
    path = communes(tmp_path / "communes.geojson")
    loaded = loading.load(villages, "boundaries", [path], share_people=True)
    found = people(villages)
    assert found["Counted"] == 120
    assert (found["One"] or 0) + (found["Other"] or 0) == 380
    assert found["Beyond"] is None
    document = assessing.assess(villages)
    one = next(place for place in document["places"] if place["name"] == "One")
    assert one["people_range"]["basis"] not in ("census", "unknown")
    uploads.undo(villages, loaded["layers"][0]["layer_id"])
    assert people(villages)["One"] is None


def test_without_the_word_that_all_places_are_there_nothing_is_shared(
    villages: Situation, tmp_path: Path
) -> None:
    loading.load(villages, "boundaries", [communes(tmp_path / "communes.geojson")])
    assert people(villages)["One"] is None


def test_boundaries_without_people_cannot_be_shared(villages: Situation, tmp_path: Path) -> None:
    before = villages.seq()
    with pytest.raises(InputError, match="a number of people are needed"):
        loading.load(
            villages, "boundaries", [communes(tmp_path / "c.geojson", None)], share_people=True
        )
    assert villages.seq() == before
