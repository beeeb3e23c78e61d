"""Who can be reached, as far as it was computed, and what the newest plan brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.indicators.definition import Measured, Part, unknown

if TYPE_CHECKING:
    from data.indicators.facts import Facts

NOT_COMPUTED = "reach was not computed: load roads and add a depot"
NO_PLAN = "there is no plan"


def people_cut_off(facts: Facts) -> Measured:
    """People in places that neither truck nor pickup nor relay reaches from any active depot."""
    places = facts.places
    if places.empty or (places["reach_status"] == "unknown").all():
        return unknown(NOT_COMPUTED)
    cut = places[places["reach_status"] == "cut_off"]
    people = cut["people"].fillna(0.0)
    sums = people.groupby(cut["commune"]).agg(["sum", "size"]).sort_values("sum", ascending=False)
    unknown_people = int(cut["people"].isna().sum())
    return Measured(
        float(people.sum()),
        rows=cut[["place_id", "name", "commune", "people", "reach_status"]],
        parts=tuple(
            Part(str(commune), float(row["sum"]), int(row["size"]))
            for commune, row in sums.iterrows()
        ),
        reason=f"people unknown in {unknown_people} of them" if unknown_people else "",
    )


def places_cut_off(facts: Facts) -> Measured:
    """Count places that are cut off."""
    places = facts.places
    if places.empty or (places["reach_status"] == "unknown").all():
        return unknown(NOT_COMPUTED)
    cut = places[places["reach_status"] == "cut_off"]
    return Measured(float(len(cut)), rows=cut[["place_id", "name", "commune", "people"]])


def plan_served_share(facts: Facts) -> Measured:
    """Share of the value of the open needs that the newest plan brings, as the plan's own score."""
    if facts.plan is None:
        return unknown(NO_PLAN)
    return Measured(float(facts.plan["score"]["served_share"]))


def tonne_km_per_person(facts: Facts) -> Measured:
    """Tonne-kilometres that the newest plan drives for each person in the places it serves."""
    if facts.plan is None:
        return unknown(NO_PLAN)
    convoys = facts.plan["convoys"]
    places = {stop["place_id"] for convoy in convoys for stop in convoy["stops"]}
    people = facts.places.set_index("place_id")["people"].reindex(sorted(places)).sum()
    if not people:
        return unknown("the newest plan serves no place whose people are known")
    driven = sum(
        convoy.get("load_kg", 0.0) / 1_000.0 * convoy["length_m"] / 1_000.0 for convoy in convoys
    )
    return Measured(float(driven / people))
