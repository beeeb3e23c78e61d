"""The drill's events: who is there, what is closed, what is asked for."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest
import shapely

from data.catalogue import items
from data.demo.build import Drill
from data.demo.closures import drill_closures
from data.demo.roads import drill_roads
from data.demo.tables import Tables
from data.events import (
    DepotRegistered,
    NeedReported,
    OrganisationRegistered,
    RoadClosed,
    StockMoved,
    VehicleRegistered,
    VolunteerRegistered,
)
from geo.model import Source


def payloads(drill: Drill, kind: type) -> list:
    return [event.payload for event in drill.events if isinstance(event.payload, kind)]


@pytest.fixture(scope="module")
def needs(drill: Drill) -> pd.DataFrame:
    events = [event for event in drill.events if isinstance(event.payload, NeedReported)]
    return pd.DataFrame(
        [
            {
                **event.payload.model_dump(),
                "organisation": event.organisation_id,
                "at": event.reported_at,
                "file": event.provenance.file,
                "row": event.provenance.row,
            }
            for event in events
        ]
    )


# --- who and what is there ----------------------------------------------------------------------


def test_all_rows_of_the_roster_become_events(drill: Drill, tables: Tables) -> None:
    counts = Counter(type(event.payload).__name__ for event in drill.events)
    assert counts["OrganisationRegistered"] == len(tables.organisations)
    assert counts["DepotRegistered"] == len(tables.depots) == 5
    assert counts["VehicleRegistered"] == len(tables.vehicles)
    assert counts["VolunteerRegistered"] == len(tables.volunteers)
    assert counts["StockMoved"] == len(tables.stock)


def test_what_is_referred_to_was_registered_before(drill: Drill) -> None:
    organisations = {o.organisation_id for o in payloads(drill, OrganisationRegistered)}
    depots = {d.depot_id for d in payloads(drill, DepotRegistered)}
    places = set(drill.places["place_id"])
    vehicles = payloads(drill, VehicleRegistered)
    assert {v.depot_id for v in vehicles} == depots
    assert {v.organisation_id for v in vehicles} <= organisations
    assert {v.vehicle_class for v in vehicles} == {"truck", "pickup", "mule"}
    volunteers = payloads(drill, VolunteerRegistered)
    assert {v.home_place_id for v in volunteers} <= places
    assert {v.organisation_id for v in volunteers} <= organisations
    order = [type(event.payload) for event in drill.events]
    assert order.index(StockMoved) > order.index(DepotRegistered)


def test_stock_comes_from_donors_and_the_totals_are_those_of_the_table(
    drill: Drill, tables: Tables
) -> None:
    moved = payloads(drill, StockMoved)
    assert all(m.from_account.startswith("donor:") for m in moved)
    assert all(m.to_account.startswith("depot:") for m in moved)
    tents = sum((m.quantity for m in moved if m.item_id == "tent"), Decimal(0))
    assert tents == 1100 + 320 + 260 + 240 + 420
    assert len({m.movement_id for m in moved}) == len(tables.stock)
    assert all(m.unit == items()[m.item_id].unit for m in moved)


# --- closures -----------------------------------------------------------------------------------


def test_closures_are_those_in_force_when_the_drill_plays(drill: Drill) -> None:
    closures = payloads(drill, RoadClosed)
    numbers = {int(c.closure_id.removeprefix("closure:drill-")) for c in closures}
    # The others were reopened before 06:00 on 13 September, or 8 and 10 are reported later.
    assert numbers == {6, 7, 9, 11, 12, 15, 20, 21, 23}
    for closure in closures:
        assert closure.since <= drill.plays_at
        assert closure.until is None or closure.until > drill.plays_at
    without_end = {c.closure_id for c in closures if c.until is None}
    assert without_end == {"closure:drill-20", "closure:drill-21"}


def test_closures_name_edges_that_exist_in_both_directions(drill: Drill) -> None:
    known = set(drill.roads.edges["edge_id"])
    for closure in payloads(drill, RoadClosed):
        assert set(closure.edges) <= known
        assert closure.source and closure.reason
        assert set(closure.classes) <= {"truck", "pickup"}


def test_a_closure_holds_the_whole_road_between_its_ends(tables: Tables) -> None:
    roads = drill_roads(tables, source=Source(name="test"))
    at = datetime(2023, 9, 10, 6, tzinfo=UTC)
    closures = {
        event.payload.closure_id: event.payload
        for event in drill_closures(tables, roads, at=at)
        if isinstance(event.payload, RoadClosed)
    }
    assert closures["closure:drill-16"].edges == (
        "drill:P2024:gorge-moulay-brahim:drill-moulay-brahim-01",
        "drill:P2024:drill-moulay-brahim-01:drill-asni-01",
    )
    assert closures["closure:drill-13"].state == "restricted"
    assert closures["closure:drill-13"].classes == ("truck",)


def test_at_another_hour_other_closures_hold(tables: Tables) -> None:
    roads = drill_roads(tables, source=Source(name="test"))

    def at(day: int, hour: int) -> set[str]:
        when = datetime(2023, 9, day, hour, tzinfo=UTC)
        return {e.payload.subject_id for e in drill_closures(tables, roads, at=when)}

    assert at(8, 23) == set()
    assert "closure:drill-01" in at(9, 11)
    assert "closure:drill-01" not in at(9, 12)
    assert "closure:drill-08" in at(14, 0)


# --- needs --------------------------------------------------------------------------------------


def test_there_is_a_day_of_reports_from_three_ngos(needs: pd.DataFrame) -> None:
    assert 120 <= len(needs) <= 160
    assert needs["place_id"].nunique() == 90
    assert needs["organisation"].nunique() == 3
    assert needs["at"].min() >= datetime(2023, 9, 12, 6, tzinfo=UTC)
    assert needs["at"].max() <= datetime(2023, 9, 13, 5, 30, tzinfo=UTC)
    assert needs["at"].is_monotonic_increasing
    assert needs["need_id"].tolist() == [f"need:drill-{n + 1:04d}" for n in range(len(needs))]
    assert (needs["expires_at"] - needs["at"] == timedelta(hours=48)).all()


def test_needs_refer_to_known_places_and_to_items_in_stock(
    needs: pd.DataFrame, drill: Drill, tables: Tables
) -> None:
    places = set(drill.places["place_id"])
    assert set(needs["place_id"]) <= places
    assert set(needs["reported_from"].dropna()) <= places
    assert needs["reported_from"].notna().sum() >= 10
    assert (needs["reported_from"] != needs["place_id"]).all()
    assert set(needs["item_id"]) == set(tables.stock["item"])
    units = {item_id: item.unit for item_id, item in items().items()}
    assert (needs["unit"] == needs["item_id"].map(units)).all()
    assert set(needs["weight"]) == {1.0, 2.0, 3.0}
    assert (needs["quantity"] > 0).all()


def test_each_ngo_sends_one_file_whose_rows_are_numbered_below_the_header(
    needs: pd.DataFrame,
) -> None:
    assert needs.groupby("organisation")["file"].unique().map(list).to_dict() == {
        "organisation:toit-atlas": ["drill-ngo-1.csv"],
        "organisation:eau-dir": ["drill-ngo-2.csv"],
        "organisation:main-tendue": ["drill-ngo-3.csv"],
    }
    for _, rows in needs.groupby("file"):
        assert rows["row"].tolist() == list(range(2, len(rows) + 2))


def test_six_needs_are_reported_by_two_ngos_with_about_the_same_quantity(
    needs: pd.DataFrame,
) -> None:
    groups = needs.groupby(["place_id", "item_id"])
    twice = groups.filter(lambda rows: len(rows) > 1).groupby(["place_id", "item_id"])
    assert twice.ngroups == 6
    for _, rows in twice:
        assert len(rows) == 2
        assert rows["organisation"].nunique() == 2
        low, high = sorted(rows["quantity"].astype(float))
        assert high <= 1.12 * low + 100


def test_three_reports_are_about_places_that_nobody_looked_at(
    needs: pd.DataFrame, drill: Drill
) -> None:
    areas = shapely.union_all(drill.analysed_areas.geometry.to_numpy())
    points = drill.places.set_index("place_id").loc[needs["place_id"]].geometry.to_numpy()
    assert (~shapely.covers(areas, points)).sum() == 3


def test_quantities_follow_from_the_people_named_in_the_note(needs: pd.DataFrame) -> None:
    people = needs["note"].str.extract(r"about (\d+) people")[0].astype(float)
    quantity = needs["quantity"].astype(float)
    water = needs["item_id"] == "water_l"
    assert (abs(quantity - 30 * people)[water] <= 66).all()
    tent = needs["item_id"] == "tent"
    assert (abs(quantity - people / 5)[tent] <= 1).all()
    assert needs["note"].str.contains("simulated").all()
