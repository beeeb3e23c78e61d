"""What the store promises: all or nothing, once, in order, and plainly."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from data.events import (
    Event,
    LayerLoaded,
    NeedReported,
    NewEvent,
    Provenance,
    SituationAreaSet,
    SituationCreated,
    SourceRef,
)
from data.store import Store
from data.store.chain import GENESIS
from geo.errors import (
    InputError,
    NoSituationError,
    RuleError,
    SchemaError,
    StoreError,
    TooLargeError,
    UnknownIdError,
)

# --- beginning and opening --------------------------------------------------------------------


def test_a_new_situation_has_one_event_and_knows_itself(store: Store, clock: Any) -> None:
    situation = store.situation()
    assert (situation.situation_id, situation.name) == ("situation:drill", "Al Haouz drill")
    assert situation.bounds == (-9.0, 30.5, -7.5, 31.5)
    assert all(isinstance(degree, float) for degree in situation.bounds)
    assert (situation.drill, situation.notice) == (True, "drill")
    assert situation.created_at == clock.now
    (event,) = store.events()
    assert (event.seq, event.type, event.prev_hash) == (1, "situation.created", GENESIS)
    assert store.seq() == 1


def test_what_was_written_is_there_after_reopening(
    store: Store, place: str, make: SimpleNamespace
) -> None:
    store.append([make.new(make.depot())])
    store.close()
    with Store.open(place) as again:
        assert [depot.depot_id for depot in again.depots()] == ["depot:asni"]
        assert again.verify(projections=True).ok


def test_a_path_with_odd_characters_is_a_path(tmp_path: Path, created: SituationCreated) -> None:
    odd = tmp_path / "قافلة 100% ? #1" / "situation.sqlite"
    with Store.create(f"sqlite:///{odd}", created):
        assert odd.is_file()
    with Store.open(odd) as again:
        assert again.situation().name == created.name


def test_a_situation_is_not_created_over_another(
    store: Store, place: str, created: SituationCreated
) -> None:
    with pytest.raises(StoreError, match="already"):
        Store.create(place, created)
    assert store.verify().ok


def test_opening_where_nothing_is_says_what_to_do_and_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(NoSituationError, match="qafila init"):
        Store.open(tmp_path / "situation.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_no_situation_but_may_become_one(
    tmp_path: Path, created: SituationCreated
) -> None:
    (tmp_path / "s.sqlite").touch()
    with pytest.raises(NoSituationError):
        Store.open(tmp_path / "s.sqlite")
    with Store.create(tmp_path / "s.sqlite", created) as made:
        assert made.seq() == 1


@pytest.mark.parametrize(
    "address", ["mysql://user:secret@host/db", "situation.sqlite", "sqlite://", "", "x://"]
)
def test_other_addresses_are_refused_without_repeating_secrets(address: str) -> None:
    with pytest.raises(StoreError, match="SQLite") as refusal:
        Store.open(address)
    assert "secret" not in str(refusal.value)


def test_a_folder_in_place_of_the_file_is_no_situation(tmp_path: Path) -> None:
    with pytest.raises(NoSituationError):
        Store.open(tmp_path)


def test_a_home_that_cannot_be_made_is_a_plain_message(
    tmp_path: Path, created: SituationCreated
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        Store.create(tmp_path / "file" / "home" / "s.sqlite", created)


def test_the_situation_is_created_once(store: Store, created: SituationCreated) -> None:
    with pytest.raises(RuleError, match="once"):
        store.append([NewEvent(payload=created)])


# --- appending --------------------------------------------------------------------------------


def test_an_event_is_recorded_as_it_was_given(
    store: Store, make: SimpleNamespace, clock: Any
) -> None:
    clock.forward(hours=1)
    said_at = datetime(2023, 9, 9, 1, 0, tzinfo=UTC)
    provenance = Provenance(file="needs.csv", sheet="1", row=12, cell="D12", upload_id="upload:9")
    (event,) = store.append(
        [
            NewEvent(
                payload=make.need(quantity="12.50", written_place="إمليل"),
                organisation_id="organisation:amis",
                actor="person:x",
                reported_at=said_at,
                provenance=provenance,
                client_id="phone:1",
            )
        ]
    )
    assert (event.seq, event.type, event.version) == (2, "need.reported", 1)
    assert (event.recorded_at, event.reported_at) == (clock.now, said_at)
    assert (event.organisation_id, event.actor) == ("organisation:amis", "person:x")
    assert event.provenance == provenance
    assert event.client_id == "phone:1"
    assert not event.clock_held
    assert event.payload["quantity"] == "12.5"
    assert event.payload["written_place"] == "إمليل"
    assert [event] == list(store.events(since=1))


def test_each_event_names_the_hash_of_the_one_before(store: Store, make: SimpleNamespace) -> None:
    store.append([make.new(make.depot()), make.new(make.vehicle())])
    store.append([make.new(make.need())])
    events = list(store.events())
    assert [event.seq for event in events] == [1, 2, 3, 4]
    assert [event.prev_hash for event in events[1:]] == [event.hash for event in events[:-1]]
    assert store.head().hash == events[-1].hash


def test_nothing_is_recorded_of_a_batch_with_one_bad_event(
    store: Store, make: SimpleNamespace
) -> None:
    before = store.head()
    with pytest.raises(UnknownIdError, match="depot:nowhere"):
        store.append(
            [
                make.new(make.depot()),
                make.new(make.need()),
                make.new(make.vehicle(depot_id="depot:nowhere")),
            ]
        )
    assert store.head() == before
    assert store.depots() == []
    assert store.needs() == []
    assert store.verify(projections=True).ok


def test_appending_nothing_is_nothing(store: Store) -> None:
    assert store.append([]) == []
    assert store.seq() == 1


def test_the_same_client_id_is_recorded_once(store: Store, make: SimpleNamespace) -> None:
    (first,) = store.append([make.new(make.need("1"), client_id="phone-1")])
    (again,) = store.append([make.new(make.need("2"), client_id="phone-1")])
    assert again == first
    assert store.seq() == 2
    assert [need.need_id for need in store.needs()] == ["need:1"]


def test_a_client_id_twice_in_one_batch_is_recorded_once(
    store: Store, make: SimpleNamespace
) -> None:
    answers = store.append(
        [
            make.new(make.need("1"), client_id="a"),
            make.new(make.need("2")),
            make.new(make.need("3"), client_id="a"),
            make.new(make.need("4"), client_id="b"),
        ]
    )
    assert [answer.payload["need_id"] for answer in answers] == [
        "need:1",
        "need:2",
        "need:1",
        "need:4",
    ]
    assert store.seq() == 4


def test_a_client_id_does_not_stand_for_two_kinds_of_things(
    store: Store, make: SimpleNamespace
) -> None:
    store.append([make.new(make.need(), client_id="a")])
    with pytest.raises(RuleError, match="new client id"):
        store.append([make.new(make.depot(), client_id="a")])


def test_a_clock_that_jumps_back_does_not_turn_time_around(
    store: Store, make: SimpleNamespace, clock: Any
) -> None:
    began = clock.now
    clock.forward(hours=-5)
    (held,) = store.append([make.new(make.need("1"))])
    assert (held.recorded_at, held.clock_held) == (began, True)
    clock.forward(hours=6)
    (later,) = store.append([make.new(make.need("2"))])
    assert (later.recorded_at, later.clock_held) == (began + timedelta(hours=1), False)
    assert store.verify().ok


def test_a_payload_over_the_limit_is_refused(store: Store, make: SimpleNamespace) -> None:
    edges = tuple(f"{'e' * 290}{number}" for number in range(20_000))
    with pytest.raises(TooLargeError, match="at most"):
        store.append([make.new(make.closed(edges=edges))])
    assert store.seq() == 1


def test_a_payload_that_was_never_validated_is_refused(store: Store) -> None:
    unchecked = NeedReported.model_construct(
        need_id="need:1", place_id="nowhere", item_id="Tent!", quantity=Decimal(1), unit="piece"
    )
    with pytest.raises(SchemaError, match="place_id") as refusal:
        store.append([NewEvent(payload=unchecked)])
    assert {problem.column for problem in refusal.value.problems} == {"place_id", "item_id"}


def test_a_payload_of_an_unregistered_type_is_refused(store: Store) -> None:
    class Rumour(Event):
        type = "rumour.heard"

    with pytest.raises(InputError, match=r"data\.events"):
        store.append([NewEvent(payload=Rumour())])


@pytest.mark.parametrize("value", [2**60, "\ud800", object()])
def test_details_that_json_cannot_hold_are_refused(store: Store, value: Any) -> None:
    layer = _layer(details={"a": value})
    with pytest.raises(InputError):
        store.append([NewEvent(payload=layer)])
    assert store.seq() == 1


def test_a_row_number_beyond_a_double_is_refused() -> None:
    with pytest.raises(ValueError, match="row"):
        Provenance(row=2**53)


def test_check_says_what_append_would_refuse_and_records_nothing(
    store: Store, make: SimpleNamespace
) -> None:
    answers = store.check(
        [
            make.new(make.depot()),
            make.new(make.vehicle("1")),
            make.new(make.vehicle("2", depot_id="depot:nowhere")),
            make.new(make.moved("1", 5, "donor:x", "depot:asni")),
            make.new(make.moved("2", 6, "depot:asni", "place:imlil")),
            make.new(make.moved("3", 5, "depot:asni", "place:imlil")),
        ]
    )
    assert [type(answer) for answer in answers] == [
        type(None),
        type(None),
        UnknownIdError,
        type(None),
        RuleError,
        type(None),
    ]
    assert store.seq() == 1
    assert store.depots() == []


def test_check_sees_an_upload_and_its_undoing_in_one_batch(
    store: Store, make: SimpleNamespace
) -> None:
    from data.events import UploadUndone

    answers = store.check(
        [
            make.new(make.depot()),
            make.new(make.upload()),
            make.new(make.moved("1", 5, "donor:x", "depot:asni"), upload_id="upload:1"),
            make.new(UploadUndone(upload_id="upload:1")),
            make.new(make.moved("2", 5, "depot:asni", "place:imlil")),
        ]
    )
    assert answers[:4] == [None] * 4
    assert isinstance(answers[4], RuleError)


# --- several threads --------------------------------------------------------------------------


def test_threads_share_one_store(store: Store, make: SimpleNamespace) -> None:
    def write(thread: int) -> None:
        for number in range(20):
            store.append([make.new(make.need(f"{thread}-{number}"))])
            store.needs()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    assert store.seq() == 121
    assert len(store.needs()) == 120
    assert store.verify(projections=True).ok


# --- layers, area, export ---------------------------------------------------------------------


def test_layers_come_in_the_order_of_loading_with_their_source(store: Store) -> None:
    for number, kind in enumerate(["roads", "places", "roads"], 1):
        store.append([NewEvent(payload=_layer(layer_id=f"layer:{9 - number}", kind=kind))])
    assert [layer.layer_id for layer in store.layers()] == ["layer:8", "layer:7", "layer:6"]
    newest = store.layers("roads")[-1]
    assert newest.layer_id == "layer:6"
    assert newest.files == {"edges": "a" * 64 + ".parquet"}
    assert newest.bounds == (-9.0, 30.0, -7.0, 32.0)
    assert newest.source.name == "OpenStreetMap"
    assert newest.source.at == datetime(2024, 1, 1, tzinfo=UTC)
    assert newest.notes == ("2 repaired",)


def test_the_area_can_become_known_later(store: Store) -> None:
    store.append(
        [NewEvent(payload=SituationAreaSet(bounds=(1, 42, 2, 43), working_crs="EPSG:32631"))]
    )
    situation = store.situation()
    assert (situation.bounds, situation.working_crs) == ((1.0, 42.0, 2.0, 43.0), "EPSG:32631")
    assert situation.name == "Al Haouz drill"


def test_the_export_is_one_event_a_line(
    store: Store, make: SimpleNamespace, tmp_path: Path
) -> None:
    store.append([make.new(make.need("1"), client_id="x"), make.new(make.need("2"))])
    assert store.export(tmp_path / "ledger.jsonl") == 3
    lines = (tmp_path / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["seq"] for event in events] == [1, 2, 3]
    assert events[1]["client_id"] == "x"
    assert events[1]["payload"]["need_id"] == "need:1"
    assert events[-1]["hash"] == store.head().hash
    assert {path.name for path in tmp_path.iterdir()} - {"home"} == {"ledger.jsonl"}


def test_an_export_to_nowhere_is_a_plain_message(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="could not be written"):
        store.export(tmp_path / "missing" / "ledger.jsonl")


def test_the_head_is_one_line_that_can_be_read_again(store: Store) -> None:
    from data.store import parse_head

    text = store.head_text()
    assert text.startswith("qafila-head:1:situation:drill:1:")
    assert "\n" not in text
    assert parse_head(text) == store.head()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "qafila-head:1:",
        "qafila-head:2:situation:drill:1:" + "0" * 64 + ":2023-09-08T22:11:01.000000Z",
        "qafila-head:1:situation:drill:0:" + "0" * 64 + ":2023-09-08T22:11:01.000000Z",
        "qafila-head:1:situation:drill:1:" + "0" * 63 + ":2023-09-08T22:11:01.000000Z",
        "qafila-head:1:situation:drill:1:" + "0" * 64 + ":2023-13-08T22:11:01.000000Z",
        "qafila-head:1:situation:drill:1:" + "0" * 64 + ":yesterday",
    ],
)
def test_what_is_no_head_is_refused(store: Store, text: str) -> None:
    with pytest.raises(InputError, match="head"):
        store.verify(against=text)


def _layer(**fields: Any) -> LayerLoaded:
    return LayerLoaded(
        **{
            "layer_id": "layer:1",
            "kind": "roads",
            "name": "Roads",
            "files": {"edges": "a" * 64 + ".parquet"},
            "rows": 3,
            "bounds": (-9, 30, -7, 32),
            "source": SourceRef(name="OpenStreetMap", at=datetime(2024, 1, 1, tzinfo=UTC)),
            "notes": ("2 repaired",),
            **fields,
        }
    )
