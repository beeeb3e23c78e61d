"""What can be asked: now, at an earlier event, at one moment, and what changed."""

from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from data.events import (
    LayerLoaded,
    LayerRemoved,
    NeedStatusChanged,
    RoadReopened,
    SourceRef,
    UploadUndone,
)
from data.store import Store
from geo.errors import InputError, UnknownIdError
from geo.model import Closure, Depot, Need, StockLine, Vehicle


@pytest.fixture
def busy(store: Store, make: SimpleNamespace, clock: Any) -> Store:
    """A day in five steps of an hour; event numbers stand beside them."""
    steps = [
        [make.depot(), make.vehicle("1"), make.vehicle("2", available=False)],  # 2 3 4
        [make.moved("1", 40, "donor:x", "depot:asni"), make.need("1")],  # 5 6
        [make.closed("1"), make.moved("2", 15, "depot:asni", "place:imlil")],  # 7 8
        [RoadReopened(closure_id="closure:1"), NeedStatusChanged(need_id="need:1", status="met")],
    ]
    for step in steps:
        clock.forward(hours=1)
        store.append([make.new(payload) for payload in step])
    return store


# --- values -----------------------------------------------------------------------------------


def test_values_are_those_of_the_whole_house(busy: Store) -> None:
    assert busy.depots() == [Depot(depot_id="depot:asni", name="Asni", lon=-7.98, lat=31.25)]
    assert busy.vehicles() == [
        Vehicle(
            vehicle_id="vehicle:1",
            vehicle_class="truck",
            depot_id="depot:asni",
            capacity_kg=5000.0,
            capacity_m3=20.0,
        )
    ]
    assert busy.stock() == [StockLine(depot_id="depot:asni", item_id="tent", quantity=25.0)]
    assert all(isinstance(need, Need) for need in busy.needs(open_only=False))
    assert all(isinstance(one, Closure) for one in busy.closures(open_only=False))


def test_vehicles_that_are_not_available_come_on_request(busy: Store) -> None:
    everything = busy.vehicles(available_only=False)
    assert [vehicle.vehicle_id for vehicle in everything] == ["vehicle:1", "vehicle:2"]


def test_a_vehicle_belongs_to_the_organisation_that_says_so(
    busy: Store, make: SimpleNamespace
) -> None:
    busy.append([make.new(make.vehicle("3"), organisation_id="organisation:1")])
    assert busy.vehicles()[-1].organisation_id == "organisation:1"


def test_needs_and_closures_are_open_or_all(busy: Store) -> None:
    assert (busy.needs(), busy.closures()) == ([], [])
    assert [need.status for need in busy.needs(open_only=False)] == ["met"]
    (closure,) = busy.closures(open_only=False)
    assert closure.reopened_at == closure.recorded_at + timedelta(hours=1)


def test_a_closure_comes_back_as_it_was_given(
    store: Store, make: SimpleNamespace, clock: Any
) -> None:
    until = clock.now + timedelta(hours=6)
    store.append(
        [
            make.new(
                make.closed(
                    edges=("w1:2-3+", "w1:3-4"),
                    state="restricted",
                    classes=("truck", "light_truck"),
                    since=clock.now,
                    until=until,
                    confidence=0.7,
                    source="gendarmerie",
                    reason="éboulement",
                )
            )
        ]
    )
    (closure,) = store.closures()
    assert closure.edges == ("w1:2-3+", "w1:3-4")
    assert (closure.state, closure.classes) == ("restricted", ("truck", "light_truck"))
    assert (closure.since, closure.until, closure.confidence) == (clock.now, until, 0.7)
    assert closure.holds_at(clock.now)
    assert not closure.holds_at(until)


def test_the_history_of_one_thing(busy: Store) -> None:
    types = [event.type for event in busy.history("need:1")]
    assert types == ["need.reported", "need.status_changed"]


def test_events_by_type_and_from_a_number(busy: Store) -> None:
    assert [event.seq for event in busy.events(types=["stock.moved"])] == [5, 8]
    assert [event.seq for event in busy.events(since=8)] == [9, 10]
    assert list(busy.events(since=10**30)) == []
    assert list(busy.events(types=[])) == []


def test_events_are_read_in_parts_without_losing_any(store: Store, make: SimpleNamespace) -> None:
    store.append([make.new(make.need(str(number))) for number in range(12_000)])
    assert [event.seq for event in store.events()] == list(range(1, 12_002))


def test_a_reader_of_events_may_write_meanwhile(busy: Store, make: SimpleNamespace) -> None:
    for event in busy.events():
        busy.append([make.new(make.need(f"for-{event.seq}"))])
    assert busy.seq() == 20


def test_client_ids_tell_the_uploads_of_a_row(store: Store, make: SimpleNamespace) -> None:
    for number in (1, 2):
        store.append(
            [
                make.new(make.upload(str(number))),
                make.new(
                    make.need(f"a{number}"), f"upload:{number}", client_id=f"row:aa:{number}:0"
                ),
                make.new(
                    make.need(f"b{number}"), f"upload:{number}", client_id=f"row:aab:{number}:0"
                ),
            ]
        )
    store.append([make.new(UploadUndone(upload_id="upload:1"))])
    assert store.client_ids(["aa", "none", "a"]) == {"aa": ("upload:1", "upload:2")}
    assert store.client_ids([]) == {}


# --- earlier ----------------------------------------------------------------------------------


def test_what_was_known_at_an_event(busy: Store) -> None:
    with busy.as_of(6) as then:
        assert then.seq() == 6
        assert [line.quantity for line in then.stock()] == [40.0]
        assert [need.need_id for need in then.needs()] == ["need:1"]
        assert then.closures() == []
        assert [event.seq for event in then.events()] == [1, 2, 3, 4, 5, 6]
        assert then.head().hash == next(busy.events(since=5)).hash
        assert then.history("need:1")[-1].type == "need.reported"
    assert [line.quantity for line in busy.stock()] == [25.0]


def test_what_was_known_at_a_time(busy: Store, clock: Any) -> None:
    with busy.as_of(clock.now - timedelta(hours=1)) as then:
        assert then.seq() == 8
        assert [closure.closure_id for closure in then.closures()] == ["closure:1"]
    with busy.as_of(clock.now + timedelta(days=1)) as then:
        assert then.seq() == 10


def test_every_earlier_event_can_be_asked(busy: Store) -> None:
    for seq in range(1, busy.seq() + 1):
        with busy.as_of(seq) as then:
            assert then.seq() == then.head().seq == seq
            assert then.changes_since(0).seq == seq


def test_the_past_does_not_move(busy: Store, make: SimpleNamespace, tmp_path: Path) -> None:
    with busy.as_of(6) as then:
        busy.append([make.new(make.need("later"))])
        assert len(then.needs()) == 1
        assert then.seq() == 6
        assert then.export(tmp_path / "then.jsonl") == 6


def test_the_past_of_an_upload_that_was_undone_still_has_it(
    store: Store, make: SimpleNamespace
) -> None:
    store.append([make.new(make.upload()), make.new(make.need(), "upload:1")])
    store.append([make.new(UploadUndone(upload_id="upload:1"))])
    assert store.needs() == []
    with store.as_of(3) as then:
        assert len(then.needs()) == 1
    with store.as_of(4) as then:
        assert then.needs() == []


@pytest.mark.parametrize("seq", [0, -1, 11, 10**30])
def test_an_event_that_is_not_there_cannot_be_asked(busy: Store, seq: int) -> None:
    with pytest.raises(UnknownIdError, match="events 1 to 10"):
        busy.as_of(seq)


def test_a_time_before_the_beginning_or_without_zone_cannot_be_asked(
    busy: Store, clock: Any
) -> None:
    with pytest.raises(InputError, match="after the situation began"):
        busy.as_of(clock.now - timedelta(days=1))
    with pytest.raises(InputError, match="zone"):
        busy.as_of(datetime(2023, 9, 9))  # noqa: DTZ001


# --- one moment, and changes ------------------------------------------------------------------


def test_a_snapshot_stands_still_while_others_write(busy: Store, make: SimpleNamespace) -> None:
    with busy.snapshot() as still:
        busy.append([make.new(make.need("2")), make.new(make.depot("amizmiz"))])
        assert still.seq() == 10
        assert still.needs() == []
        assert len(still.depots()) == 1
        assert still.changes_since(0).seq == 10
    assert busy.seq() == 12
    assert len(busy.depots()) == 2


def test_changes_are_the_rows_that_were_touched(busy: Store) -> None:
    changes = busy.changes_since(8)
    assert (changes.since, changes.seq) == (8, 10)
    assert [need.status for need in changes.needs] == ["met"]
    assert [closure.reopened_at is None for closure in changes.closures] == [False]
    assert (changes.depots, changes.stock, changes.vehicles) == ((), (), ())
    assert changes.removed == {}
    assert busy.changes_since(10).needs == ()


def test_changes_from_the_beginning_are_everything(busy: Store) -> None:
    changes = busy.changes_since(0)
    assert changes.situation == (busy.situation(),)
    assert changes.depots == tuple(busy.depots())
    assert changes.stock == tuple(busy.stock())
    assert len(changes.vehicles) == 2


def test_what_no_longer_counts_is_named_in_the_changes(store: Store, make: SimpleNamespace) -> None:
    layer = LayerLoaded(
        layer_id="layer:1",
        kind="roads",
        name="Roads",
        files={},
        rows=0,
        bounds=(0, 0, 1, 1),
        source=SourceRef(name="x"),
    )
    store.append(
        [
            make.new(make.depot()),
            make.new(make.upload()),
            make.new(make.vehicle("1"), "upload:1"),
            make.new(make.need("1"), "upload:1"),
            make.new(make.closed("1"), "upload:1"),
            make.new(layer),
        ]
    )
    seen = store.seq()
    store.append(
        [make.new(UploadUndone(upload_id="upload:1")), make.new(LayerRemoved(layer_id="layer:1"))]
    )
    changes = store.changes_since(seen)
    assert changes.removed == {
        "layers": ("layer:1",),
        "vehicles": ("vehicle:1",),
        "closures": ("closure:1",),
    }
    assert [need.status for need in changes.needs] == ["withdrawn"]
