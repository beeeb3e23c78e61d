"""Al Haouz end to end: the shaking, what UNOSAT and Copernicus saw, and what is believed then."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.operations import assessing, loading
from dashboard.operations.situation import Situation
from geo.shaking import band_at
from geo.vulnerability import expected_damage


@pytest.fixture
def al_haouz(home: Path, real_data: Path) -> Situation:
    """Communes, douars with their census, both gradings, the analysed areas and the ShakeMap."""
    folder = real_data / "alhaouz"
    situation = Situation.create(home, name="Al Haouz")
    douars = [folder / "alhaouz_core_douars_points.geojson", folder / "alhaouz_core_douars.csv"]
    loading.load(situation, "boundaries", [folder / "communes.geojson"])
    loading.load(situation, "places", douars)
    loading.load(situation, "damage", [folder / "damage_unosat.geojson"])
    loading.load(situation, "damage", [folder / "damage_copernicus.geojson"])
    loading.load(situation, "damage", sorted((folder / "analysed_areas").glob("*.geojson")))
    loading.load(situation, "shakemap", [folder / "shakemap_mmi.geojson"])
    return situation


def test_prior_evidence_and_posterior_of_al_haouz(al_haouz: Situation) -> None:
    with al_haouz as situation:
        made = assessing.compute(situation, now=situation.now())
        document = assessing.assess(situation)
    places = made.places
    assert len(places) == 135
    assert places["mmi"].between(5.5, 8.5).all()
    # Nobody looked at most of them: the posterior is the prior, and they stay not assessed.
    seen = (places["images_looked_at"] > 0) | (places["affected_basis"] == "counted")
    same = places["posterior_hit_value"] == places["prior_hit_value"]
    assert same[~seen & (places[["destroyed", "damaged"]].sum(axis=1) == 0)].all()
    assert (~places["assessed"]).sum() > 100
    # Damage that was seen is never undercut, and people are within the people.
    homes = places["households"].fillna(places["people"] / 5)
    floor = (places[["destroyed", "damaged"]].sum(axis=1) / homes).clip(upper=1)
    assert (places["posterior_hit_value"] >= floor.fillna(0) - 1e-9).all()
    known = places["affected"].notna()
    assert (places["affected_low"] <= places["affected"])[known].all()
    assert (places["affected"] <= places["affected_high"])[known].all()
    assert (places["affected_high"] <= places["people"] + 1e-6)[
        known & places["people"].notna()
    ].all()
    # 16,397 people are counted in these douars: more than half of them are thought to be hit.
    totals = document["totals"]
    assert places["people"].sum() == 16397
    assert 0.4 * 16397 < totals["affected"] < 0.8 * 16397
    assert totals["affected_low"] < 0.6 * totals["affected"]


def test_shaking_alone_gives_the_order_of_what_was_published(al_haouz: Situation) -> None:
    """About 50,000 residential buildings fell wholly or in part, in all provinces (12 Sept. 2023).

    Al Haouz is the hardest hit of them; its 40 communes felt 4.6 to 8.2.
    """
    with al_haouz as situation:
        communes = situation.boundaries()
        bands = band_at(situation.shakemap(), communes.representative_point())
    expected = expected_damage(bands["mmi"], mmi_high=bands["mmi_high"])
    households = communes["households"]
    assert households.sum() == 111_627
    low, value, high = (
        float((expected[name] * households).sum())
        for name in ("affected_low", "affected", "affected_high")
    )
    assert 25_000 < value < 50_000
    assert low < 50_000 < high
