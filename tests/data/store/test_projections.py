"""The tables of state say what the events say: live, after a rebuild, after an undo."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from data.events import (
    EVENT_TYPES,
    ActivityReported,
    ActivityRevised,
    ActivityStatusSet,
    AssessmentMade,
    ConvoyLockSet,
    ConvoyReported,
    DamageReported,
    FieldLinkIssued,
    FieldLinkRevoked,
    GroupCounted,
    JoinedGap,
    LayerLoaded,
    LayerRemoved,
    MicrotaskAnswered,
    MicrotaskClosed,
    MicrotaskPosted,
    NeedStatusChanged,
    NewEvent,
    OrganisationRegistered,
    PlaceAdded,
    PlaceAliasConfirmed,
    PlaceAliasWithdrawn,
    PlaceWithdrawn,
    PlanMade,
    ReportGiven,
    RoadGapsJoined,
    RoadGapsParted,
    RoadReopened,
    SituationAreaSet,
    SourceRef,
    UploadUndone,
    VehicleClassesChanged,
    VehicleClassesRestored,
    VolunteerRegistered,
)
from data.store import Store
from data.store.projections import BY_TYPE, dump
from geo.errors import StoreError
from tests.data.store.access_events import access_history
from tests.data.store.need_events import need_history
from tests.data.store.stock_events import stock_history
from tests.data.store.volunteering_events import volunteering_history

REF = "b" * 64 + ".json"


def dumped(store: Store) -> list[str]:
    with store._projections() as connection:
        return list(dump(connection))


def everything(make: SimpleNamespace) -> list[NewEvent]:
    """At least one event of every type but the first, some of them undone."""
    new = make.new
    gap = JoinedGap(
        gap_id="gap:1", lon=-8.1, lat=31.0, distance_m=2.5, edge="way:1", other_edge="way:2"
    )
    source = SourceRef(name="OpenStreetMap")
    layer = LayerLoaded(
        layer_id="layer:1",
        kind="roads",
        name="Roads",
        files={"edges": REF},
        rows=3,
        bounds=(-9, 30, -7, 32),
        source=source,
        details={"speed": 1e-7, "ref": "N9"},
    )
    return [
        new(SituationAreaSet(bounds=(-9.5, 30, -7, 32), working_crs="EPSG:32629")),
        new(layer),
        new(layer.model_copy(update={"layer_id": "layer:2"})),
        new(LayerRemoved(layer_id="layer:2", reason="old")),
        new(OrganisationRegistered(organisation_id="organisation:1", name="Amis", kind="ngo")),
        *access_history(make),
        *volunteering_history(make),
        new(
            ReportGiven(
                report_id="report:1",
                file="d" * 64 + ".pdf",
                form="pdf",
                language="zgh",
                based_on_seq=3,
                since_seq=0,
            )
        ),
        new(
            ActivityReported(
                activity_id="activity:1",
                place_id="place:tinmel",
                actor="Amis",
                item_id="tent",
                quantity=Decimal("12.5"),
                unit="tent",
                status="planned",
                starts_at=datetime(2023, 9, 10, tzinfo=UTC),
            )
        ),
        new(ActivityStatusSet(activity_id="activity:1", status="running")),
        new(ActivityRevised(activity_id="activity:1", quantity=Decimal(14), unit="tent")),
        new(
            GroupCounted(
                count_id="count:1", place_id="place:tinmel", group="older", count=3, referred=1
            )
        ),
        new(
            MicrotaskPosted(
                microtask_id="microtask:1", kind="road", about=("way:1",), gold="closed"
            )
        ),
        new(make.depot()),
        new(make.depot("amizmiz")),
        new(make.vehicle()),
        new(VolunteerRegistered(volunteer_id="volunteer:1", skills=("nurse",), languages=("ar",))),
        new(
            MicrotaskAnswered(
                answer_id="answer:1",
                microtask_id="microtask:1",
                volunteer_id="volunteer:1",
                choice="closed",
            )
        ),
        new(MicrotaskClosed(microtask_id="microtask:1", status="taken")),
        new(make.moved("1", "40.5", "donor:x", "depot:asni")),
        new(make.moved("2", 10, "depot:asni", "convoy:1")),
        *stock_history(make),
        *need_history(make),
        new(make.need("1"), organisation_id="organisation:1"),
        new(NeedStatusChanged(need_id="need:1", status="verified")),
        new(DamageReported(report_id="damage:1", place_id="place:imlil", destroyed=4, damaged=2)),
        new(PlaceAdded(place_id="place:new1", name="Azib", lon=-8.1, lat=31.0, people=40)),
        new(PlaceAdded(place_id="place:new2", name="Azib n'Ali", lon=-8.2, lat=31.0)),
        new(PlaceWithdrawn(place_id="place:new2", reason="the same as the first")),
        new(
            PlaceAliasConfirmed(alias_id="alias:1", place_id="place:imlil", written="Imlil lfoqani")
        ),
        new(PlaceAliasConfirmed(alias_id="alias:2", place_id="place:imlil", written="Asni")),
        new(PlaceAliasWithdrawn(alias_id="alias:2")),
        new(make.closed("1", classes=("truck",), confidence=0.8)),
        new(make.closed("2")),
        new(RoadReopened(closure_id="closure:2", reason="cleared")),
        new(make.upload("1", accepted=5), organisation_id="organisation:1"),
        new(make.need("2"), "upload:1"),
        new(
            DamageReported(
                report_id="damage:2", place_id="place:imlil", destroyed=0, damaged=0, total=20
            ),
            "upload:1",
        ),
        new(PlaceAdded(place_id="place:new1", name="Azib 2", lon=-8.1, lat=31.0), "upload:1"),
        new(PlaceAdded(place_id="place:new3", name="Azib 3", lon=-8.3, lat=31.0), "upload:1"),
        new(
            PlaceAliasConfirmed(alias_id="alias:3", place_id="place:imlil", written="Im"),
            "upload:1",
        ),
        new(make.vehicle("1", name="changed by the upload"), "upload:1"),
        new(make.vehicle("2"), "upload:1"),
        new(make.moved("3", 5, "donor:x", "depot:amizmiz", item_id="blanket"), "upload:1"),
        new(make.closed("3"), "upload:1"),
        new(RoadReopened(closure_id="closure:1"), "upload:1"),
        new(VolunteerRegistered(volunteer_id="volunteer:2"), "upload:1"),
        new(NeedStatusChanged(need_id="need:2", status="verified")),
        new(UploadUndone(upload_id="upload:1", reason="wrong file")),
        new(
            AssessmentMade(
                assessment_id="assessment:1", document=REF, based_on_seq=5, summary={"places": 3}
            )
        ),
        new(
            PlanMade(
                plan_id="plan:1",
                document=REF,
                problem=REF,
                seed=7,
                based_on_seq=5,
                summary={"convoys": 2, "share": 0.5},
            )
        ),
        new(ConvoyReported(convoy_id="convoy:1", plan_id="plan:1", kind="arrived")),
        new(
            FieldLinkIssued(
                link_id="link:1",
                convoy_id="convoy:1",
                plan_id="plan:1",
                expires_at=datetime(2023, 9, 12, tzinfo=UTC),
                public_key="ab" * 32,
            )
        ),
        new(FieldLinkRevoked(link_id="link:1", reason="phone lost")),
        new(ConvoyLockSet(convoy_id="convoy:1", plan_id="plan:1", locked=True)),
        new(ConvoyLockSet(convoy_id="convoy:2", plan_id="plan:1", locked=True)),
        new(ConvoyLockSet(convoy_id="convoy:2", plan_id="plan:1", locked=False)),
        new(VehicleClassesChanged(change_id="change:1", changes={"truck": {"gross_weight_t": 19}})),
        new(VehicleClassesChanged(change_id="change:2", changes={"mule": {"label": "donkey"}})),
        new(VehicleClassesRestored(change_id="change:1")),
        new(RoadGapsJoined(joint_id="joint:1", layer_id="layer:1", gaps=(gap,))),
        new(RoadGapsJoined(joint_id="joint:2", layer_id="layer:1", gaps=(gap,))),
        new(RoadGapsParted(joint_id="joint:2")),
    ]


@pytest.fixture
def full(store: Store, make: SimpleNamespace) -> Store:
    events = everything(make)
    assert {event.payload.type for event in events} | {"situation.created"} == set(EVENT_TYPES)
    for event in events:
        store.append([event])
    return store


def test_every_type_has_a_projection() -> None:
    assert BY_TYPE.keys() == EVENT_TYPES.keys()


def test_a_rebuild_gives_the_same_bytes(full: Store) -> None:
    live = dumped(full)
    assert full.rebuild() == full.seq()
    assert dumped(full) == live
    assert full.verify(projections=True).ok


def test_a_lock_holds_until_it_is_taken_off(full: Store) -> None:
    assert full.locked_convoys() == {"convoy:1"}


def test_one_batch_gives_the_same_rows_as_one_by_one(
    full: Store, make: SimpleNamespace, tmp_path: Path, created: object, clock: object
) -> None:
    with Store.create(tmp_path / "batch.sqlite", created, clock=clock) as batch:
        batch.append(everything(make))
        assert dumped(batch) == dumped(full)


def test_a_rebuild_repairs_tables_that_were_altered(
    full: Store, tamper: Callable[..., None]
) -> None:
    live = dumped(full)
    tamper(
        "UPDATE stock SET balance_micro = 99000000 WHERE account = 'depot:asni'",
        "DELETE FROM needs",
        "DROP TABLE plans",
        "ALTER TABLE depots ADD COLUMN spy TEXT",
    )
    full.rebuild()
    assert dumped(full) == live


def test_verify_sees_tables_that_do_not_follow_from_the_ledger(
    full: Store, tamper: Callable[..., None]
) -> None:
    tamper("UPDATE stock SET balance_micro = 99000000 WHERE account = 'depot:asni'")
    assert full.verify().ok
    finding = full.verify(projections=True)
    assert not finding.ok
    assert "projections differ" in finding.problems[0]
    assert "depot:asni" in finding.problems[0]


def test_the_rows_say_what_the_events_said(full: Store) -> None:
    assert [layer.layer_id for layer in full.layers()] == ["layer:1"]
    assert full.layers()[0].details == {"speed": 1e-7, "ref": "N9"}
    assert [one.name for one in full.organisations()] == ["Amis"]
    assert [one.volunteer_id for one in full.volunteers()] == [f"volunteer:{x}" for x in "1ab"]
    assert full.volunteers()[0].skills == ("nurse",)
    assert [(line.depot_id, line.item_id, line.quantity) for line in full.stock()] == [
        ("depot:asni", "food_kit", 78.0),
        ("depot:asni", "tent", 30.5),
    ]
    (need,) = [one for one in full.needs() if one.need_id == "need:1"]
    assert (need.need_id, need.status, need.quantity) == ("need:1", "verified", 40.0)
    assert (need.organisation_id, need.unit) == ("organisation:1", "piece")
    (plan,) = full.plans()
    assert (plan.seed, plan.summary) == (7, {"convoys": 2, "share": 0.5})
    assert full.assessments()[0].summary == {"places": 3}


def test_an_undone_upload_leaves_no_effect(full: Store) -> None:
    (vehicle,) = full.vehicles()
    assert (vehicle.vehicle_id, vehicle.name) == ("vehicle:1", "")
    assert [closure.closure_id for closure in full.closures()] == ["closure:1"]
    assert {closure.closure_id for closure in full.closures(open_only=False)} == {
        "closure:1",
        "closure:2",
    }
    tents = [move for move in full.movements() if move.item_id in ("tent", "blanket")]
    assert [(move.movement_id, move.taken_back) for move in tents] == [
        ("movement:1", False),
        ("movement:2", False),
        ("movement:3", True),
    ]
    assert "blanket" not in {one.item_id for one in full.balances() if one.quantity}


def test_a_need_of_an_undone_upload_is_kept_as_withdrawn(full: Store) -> None:
    needs = {need.need_id: need.status for need in full.needs(open_only=False)}
    of_needs = {f"need:n{number}": needs.pop(f"need:n{number}") for number in range(1, 6)}
    assert set(of_needs.values()) == {"verified", "merged", "reported"}
    assert needs == {"need:1": "verified", "need:2": "withdrawn", "need:f": "met"}


def test_an_upload_says_that_it_was_undone(full: Store) -> None:
    (upload,) = full.uploads()
    assert (upload.undone, upload.undone_reason, upload.accepted) == (True, "wrong file", 5)
    assert upload.organisation_id == "organisation:1"


def test_the_unit_of_an_item_is_free_when_its_movements_were_undone(
    full: Store, make: SimpleNamespace
) -> None:
    bale = make.moved("4", 2, "donor:x", "depot:asni", item_id="blanket", unit="bale")
    full.append([make.new(bale)])
    assert {balance.unit for balance in full.balances() if balance.item_id == "blanket"} == {"bale"}
    assert full.verify(projections=True).ok


def test_two_uploads_on_one_vehicle_are_undone_independently(
    store: Store, make: SimpleNamespace
) -> None:
    store.append(
        [
            make.new(make.depot()),
            make.new(make.vehicle(name="by hand")),
            make.new(make.upload("1")),
            make.new(make.vehicle(name="first"), "upload:1"),
            make.new(make.upload("2")),
            make.new(make.vehicle(name="second"), "upload:2"),
        ]
    )
    names = [store.vehicles()[0].name]
    for number in (1, 2):
        store.append([make.new(UploadUndone(upload_id=f"upload:{number}"))])
        names.append(store.vehicles()[0].name)
    assert names == ["second", "second", "by hand"]
    assert store.verify(projections=True).ok


def test_a_word_after_the_undoing_counts(store: Store, make: SimpleNamespace) -> None:
    store.append(
        [
            make.new(make.depot()),
            make.new(make.upload("1")),
            make.new(make.vehicle(name="first"), "upload:1"),
            make.new(UploadUndone(upload_id="upload:1")),
        ]
    )
    assert store.vehicles() == []
    store.append([make.new(make.vehicle(name="again"))])
    assert [vehicle.name for vehicle in store.vehicles()] == ["again"]
    assert store.verify(projections=True).ok


def test_a_batch_of_ten_thousand_rows_can_be_undone(store: Store, make: SimpleNamespace) -> None:
    rows = [make.new(make.need(str(number)), "upload:1") for number in range(10_000)]
    store.append([make.new(make.upload(accepted=10_000)), *rows])
    assert len(store.needs()) == 10_000
    store.append([make.new(UploadUndone(upload_id="upload:1"))])
    assert store.needs() == []
    assert len(store.needs(open_only=False)) == 10_000


def test_an_event_of_a_newer_program_stops_a_replay_with_a_plain_message(
    full: Store, tamper: Callable[..., None], place: str
) -> None:
    tamper("UPDATE events SET version = 2 WHERE type = 'plan.made'")
    with pytest.raises(Exception, match="update the program"):
        full.rebuild()
    with closing(Store.open(place)) as again:
        assert len(again.plans()) == 1


def test_an_altered_payload_stops_a_replay_with_a_plain_message(
    full: Store, tamper: Callable[..., None]
) -> None:
    tamper("UPDATE events SET payload = '{}' WHERE seq = 5")
    with pytest.raises(StoreError, match=r"event 5.*altered"):
        full.rebuild()
    with pytest.raises(StoreError, match=r"event 5.*altered"):
        full.as_of(7)
    tamper("UPDATE events SET recorded_at = 'yesterday', payload = '[' WHERE seq = 6")
    with pytest.raises(StoreError, match=r"event 6.*altered"):
        list(full.events())
