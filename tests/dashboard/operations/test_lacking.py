"""Needs over time: climate and water by choice, deliveries used up, verified reports kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry import Point, box

from dashboard.operations import assessing, lacking, loading
from dashboard.operations.lacking import NeedsPolicy
from dashboard.operations.situation import Situation
from data.events import NeedReported, NeedStatusChanged, StockMoved
from geo.errors import InputError


@pytest.fixture
def ruined(empty: Situation, tmp_path: Path) -> Situation:
    """A village of 100 people in 20 homes, all destroyed, all looked at; no shaking known."""
    gpd.GeoDataFrame(
        {"name": ["Tinmel"], "people": [100.0], "code": ["1"]},
        geometry=[Point(-8.0, 31.0)],
        crs="EPSG:4326",
    ).to_file(tmp_path / "village.geojson", driver="GeoJSON")
    gpd.GeoDataFrame(
        {"damage_gra": ["Destroyed"] * 20},
        geometry=[Point(-8.0 + 0.0004 * n, 31.0) for n in range(-10, 10)],
        crs="EPSG:4326",
    ).to_file(tmp_path / "grading.geojson", driver="GeoJSON")
    gpd.GeoDataFrame(
        {"area": ["AOI"]}, geometry=[box(-8.1, 30.9, -7.9, 31.1)], crs="EPSG:4326"
    ).to_file(tmp_path / "areaOfInterest.geojson", driver="GeoJSON")
    loading.load(empty, "places", [tmp_path / "village.geojson"])
    loading.load(
        empty, "damage", [tmp_path / "grading.geojson", tmp_path / "areaOfInterest.geojson"]
    )
    return empty


def place_id(situation: Situation) -> str:
    return str(situation.places()["place_id"].iloc[0])


def lacks(situation: Situation, *, days_later: float = 0, **policy: Any) -> dict[str, Any]:
    now = situation.now()
    assessment = assessing.compute(situation, now=now)
    rows = lacking.needs_of_places(
        situation,
        assessment,
        now=now + timedelta(days=days_later),
        policy=NeedsPolicy(**policy),
    )
    return {row["item"]: row for row in rows.get(place_id(situation), [])}


def bring(situation: Situation, item: str, quantity: float, unit: str) -> None:
    situation.record(
        [
            StockMoved(
                movement_id=f"movement:{item}-{quantity:g}",
                item_id=item,
                quantity=quantity,  # type: ignore[arg-type]  # a number becomes an exact one
                unit=unit,
                from_account="donor:x",
                to_account=place_id(situation),
            )
        ]
    )


def test_climate_and_water_are_chosen(ruined: Situation) -> None:
    """100 people: 1,500 or 750 l; 20 tents of 5 or 25 of 4; one blanket each or two."""
    usual, cold = lacks(ruined), lacks(ruined, climate="cold", water="survival")
    assert [usual[item]["quantity"] for item in ("water_l", "tent", "blanket")] == [1500, 20, 100]
    assert [cold[item]["quantity"] for item in ("water_l", "tent", "blanket")] == [750, 25, 200]
    assert lacks(ruined, days=8)["food_kit"]["quantity"] == 40


def test_water_that_was_delivered_is_drunk_and_tents_stay(ruined: Situation) -> None:
    """2,500 l and 15 tents: one day later 1,000 l are left and 500 are missing, then all again."""
    bring(ruined, "water_l", 2500, "l")
    bring(ruined, "tent", 15, "tent")
    today, tomorrow, later = (lacks(ruined, days_later=days) for days in (0, 1, 3))
    assert today["water_l"]["missing"] == 0
    assert tomorrow["water_l"]["left"] == pytest.approx(1000, abs=1)
    assert tomorrow["water_l"]["missing"] == pytest.approx(500, abs=1)
    assert later["water_l"]["missing"] == 1500
    assert [day["tent"]["missing"] for day in (today, tomorrow, later)] == [5, 5, 5]
    assert later["water_l"]["delivered"] == 2500
    assert later["water_l"]["last_delivery"] is not None


def test_a_kit_that_is_half_used_up_is_a_whole_kit_to_bring(ruined: Situation) -> None:
    """100 people need 20 kits; of 15 that came, some have been used a day later: no part of one."""
    bring(ruined, "food_kit", 15, "kit")
    food = lacks(ruined, days_later=1)["food_kit"]
    assert food["left"] % 1 != 0
    assert food["missing"] % 1 == 0
    assert food["missing"] >= food["quantity"] - food["left"]


def test_verified_need_is_missing_although_the_standard_is_met(ruined: Situation) -> None:
    """20 tents are there; then somebody verified that 8 are lacking: torn, or for other people."""
    bring(ruined, "tent", 20, "tent")
    need = NeedReported(
        need_id="need:1",
        place_id=place_id(ruined),
        item_id="tent",
        quantity=8,  # type: ignore[arg-type]  # a number becomes an exact one
        unit="tent",
    )
    ruined.record([need])
    assert lacks(ruined)["tent"]["missing"] == 0, "a report that nobody verified"
    ruined.record([NeedStatusChanged(need_id="need:1", status="verified")])
    assert lacks(ruined)["tent"]["missing"] == 8
    bring(ruined, "tent", 3, "tent")
    assert lacks(ruined)["tent"]["missing"] == 5, "what came after the report counts against it"


def test_assessment_keeps_its_policy_and_plans_reckon_by_it(ruined: Situation) -> None:
    document = assessing.assess(ruined, climate="cold", water="survival", days=3)
    assert document["needs_policy"] == {"days": 3, "climate": "cold", "water": "survival"}
    water = next(row for row in document["places"][0]["needs"] if row["item"] == "water_l")
    assert water["quantity"] == 2250
    assert lacking.policy_in_force(ruined) == NeedsPolicy(climate="cold", water="survival")
    # Not said again, it stays as it was.
    assert assessing.assess(ruined)["needs_policy"]["climate"] == "cold"
    assert assessing.assess(ruined, climate="temperate")["needs_policy"]["climate"] == "temperate"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"climate": "tropical"}, r"--climate tropical: one of temperate, cold"),
        ({"water": "plenty"}, r"--water plenty: one of sphere, survival"),
        ({"days": 0}, r"--days 0: 1 to 365 days"),
    ],
)
def test_unknown_policy_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        NeedsPolicy(**wrong)
