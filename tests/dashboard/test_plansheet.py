"""A plan as people read it, on an instance small enough to check by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard import plansheet
from geo.model import Vehicle

NAMES = {"place:a": "Asni", "place:b": "Imlil"}


def convoy(trip: int, departs: str, arrives: str, returns: str, **more: Any) -> dict[str, Any]:
    return {
        "convoy_id": f"convoy:{trip}",
        "vehicle_id": "vehicle:1",
        "vehicle_name": "Lorry 1",
        "vehicle_class": "truck",
        "depot_id": "depot:1",
        "trip": trip,
        "departs_at": f"2023-09-10T{departs}:00+00:00",
        "returns_at": f"2023-09-10T{returns}:00+00:00",
        "stops": [{"place_id": "place:a", "arrives_at": f"2023-09-10T{arrives}:00+00:00"}],
        "load_kg": 2_000.0,
        "load_m3": 9.0,
        **more,
    }


def plan(*convoys: dict[str, Any], unserved: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"convoys": list(convoys), "unserved": unserved or []}


def test_the_time_line_is_in_full_hours_and_bars_lie_where_the_clock_says() -> None:
    later = convoy(2, "08:00", "09:00", "09:30")
    line = plansheet.time_line(plan(later, convoy(1, "06:30", "07:00", "07:30")), NAMES)
    assert line is not None
    assert line.begins_at == datetime(2023, 9, 10, 6, tzinfo=UTC)
    assert line.ends_at == datetime(2023, 9, 10, 10, tzinfo=UTC)
    (day,) = line.days
    first, second = day.bars
    assert (first.trip, second.trip) == (1, 2)
    assert first.begin_share == pytest.approx(0.5 / 4)
    assert first.end_share == pytest.approx(1.5 / 4)
    assert second.stops == ((pytest.approx(3 / 4), "Asni"),)
    assert [share for share, _at in line.hours] == [0, 0.25, 0.5, 0.75, 1]


def test_vehicles_of_one_depot_stand_together() -> None:
    line = plansheet.time_line(
        plan(
            convoy(1, "06:00", "07:00", "08:00", depot_id="depot:2", vehicle_id="v3"),
            convoy(1, "06:00", "07:00", "08:00", depot_id="depot:1", vehicle_id="v2"),
            convoy(1, "06:00", "07:00", "08:00", depot_id="depot:2", vehicle_id="v1"),
        ),
        NAMES,
    )
    assert line is not None
    assert [(day.depot_id, day.vehicle_id) for day in line.days] == [
        ("depot:1", "v2"),
        ("depot:2", "v1"),
        ("depot:2", "v3"),
    ]


def test_a_plan_without_trips_has_no_time_line() -> None:
    assert plansheet.time_line(plan(), NAMES) is None


def test_a_load_is_a_share_of_its_vehicle_and_unknown_where_the_vehicle_is() -> None:
    lorry = Vehicle(
        vehicle_id="vehicle:1",
        vehicle_class="truck",
        depot_id="depot:1",
        capacity_kg=10_000.0,
        capacity_m3=36.0,
    )
    known, unknown = plansheet.loads(
        plan(
            convoy(1, "06:00", "07:00", "08:00"),
            convoy(2, "09:00", "10:00", "11:00", vehicle_id="vehicle:gone"),
        ),
        [lorry],
        NAMES,
    )
    assert (known.kg_share, known.m3_share) == (0.2, 0.25)
    assert known.stops == ("Asni",)
    assert (unknown.kg_share, unknown.m3_share) == (None, None)


def test_causes_are_counted_the_commonest_first() -> None:
    lines = [
        {"place_id": "place:a", "item": "tent", "quantity": 3, "code": "no_road"},
        {"place_id": "place:b", "item": "tent", "quantity": 4, "code": "stock_ends"},
        {"place_id": "place:a", "item": "tent", "quantity": 5, "code": "stock_ends"},
        {"place_id": "place:a", "item": "water_l", "quantity": 6, "code": "stock_ends"},
    ]
    first, second = plansheet.causes(plan(unserved=lines))
    assert (first.code, first.lines, first.places) == ("stock_ends", 3, 2)
    assert first.by_item == {"tent": 9.0, "water_l": 6.0}
    assert second.code == "no_road"


def test_communes_come_worst_first() -> None:
    shares = {"commune_shares": {"Asni": 0.9, "Ijoukak": 0.1}}
    assert plansheet.commune_shares(plan() | shares) == [("Ijoukak", 0.1), ("Asni", 0.9)]
