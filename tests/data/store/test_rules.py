"""What may not be recorded, with the rule that it breaks."""

from types import SimpleNamespace

import pytest

from data.events import (
    ConvoyLockSet,
    LayerRemoved,
    NeedStatusChanged,
    RoadReopened,
    StockMoved,
    UploadUndone,
)
from data.store import Store
from geo.errors import RuleError, UnknownIdError


@pytest.fixture
def stocked(store: Store, make: SimpleNamespace) -> Store:
    """Forty tents lie at Asni."""
    store.append(
        [
            make.new(make.depot()),
            make.new(make.depot("amizmiz")),
            make.new(make.moved("in", 40, "donor:x", "depot:asni")),
        ]
    )
    return store


def move(store: Store, make: SimpleNamespace, quantity: object, *accounts: str) -> None:
    store.append([make.new(make.moved(f"m{store.seq()}", quantity, *accounts))])


def test_a_vehicle_needs_a_known_depot(store: Store, make: SimpleNamespace) -> None:
    with pytest.raises(UnknownIdError, match="vehicle:1: depot:asni"):
        store.append([make.new(make.vehicle())])


@pytest.mark.parametrize("accounts", [("donor:x", "depot:nowhere"), ("depot:nowhere", "place:1")])
def test_stock_moves_between_known_depots(
    stocked: Store, make: SimpleNamespace, accounts: tuple[str, str]
) -> None:
    with pytest.raises(UnknownIdError, match="depot:nowhere"):
        move(stocked, make, 1, *accounts)


def test_more_than_on_hand_does_not_leave_a_depot(stocked: Store, make: SimpleNamespace) -> None:
    with pytest.raises(RuleError, match=r"depot:asni: 40\.000001 tent.*only 40 on hand"):
        move(stocked, make, "40.000001", "depot:asni", "place:imlil")
    move(stocked, make, 40, "depot:asni", "place:imlil")
    assert stocked.stock() == []


def test_what_another_depot_holds_does_not_help(stocked: Store, make: SimpleNamespace) -> None:
    with pytest.raises(RuleError, match="only 0 on hand"):
        move(stocked, make, 1, "depot:amizmiz", "place:imlil")


def test_a_convoy_delivers_what_it_loaded(stocked: Store, make: SimpleNamespace) -> None:
    with pytest.raises(RuleError, match="convoy:1: 1 tent"):
        move(stocked, make, 1, "convoy:1", "place:imlil")
    move(stocked, make, 10, "depot:asni", "convoy:1")
    move(stocked, make, 9, "convoy:1", "place:imlil")
    with pytest.raises(RuleError, match="only 1 on hand"):
        move(stocked, make, 2, "convoy:1", "place:imlil")


def test_a_sum_over_one_batch_counts(stocked: Store, make: SimpleNamespace) -> None:
    with pytest.raises(RuleError, match="only 10 on hand"):
        stocked.append(
            [
                make.new(make.moved("a", 30, "depot:asni", "place:1")),
                make.new(make.moved("b", 30, "depot:asni", "place:2")),
            ]
        )
    assert stocked.stock()[0].quantity == 40


def test_nothing_moves_nowhere(stocked: Store, make: SimpleNamespace) -> None:
    with pytest.raises(RuleError, match="two accounts"):
        move(stocked, make, 1, "depot:asni", "depot:asni")
    with pytest.raises(RuleError, match="above 0"):
        move(stocked, make, 0, "depot:asni", "place:imlil")


def test_accounts_are_of_known_kinds(stocked: Store, make: SimpleNamespace) -> None:
    with pytest.raises(RuleError, match="wizard:1"):
        move(stocked, make, 1, "wizard:1", "depot:asni")


def test_an_item_has_one_unit(stocked: Store, make: SimpleNamespace) -> None:
    with pytest.raises(RuleError, match="an item has one unit: 'piece'"):
        stocked.append(
            [make.new(make.moved("box", 1, "donor:y", "depot:amizmiz", unit="box of 10"))]
        )


def test_sums_stay_far_from_what_an_integer_holds(stocked: Store, make: SimpleNamespace) -> None:
    move(stocked, make, 10**12, "donor:y", "depot:amizmiz")
    with pytest.raises(RuleError, match="at most"):
        move(stocked, make, 10**12, "donor:y", "depot:amizmiz")
    assert stocked.verify(projections=True).ok


@pytest.mark.parametrize("kind", ["need", "closed", "upload"])
def test_an_id_begins_one_thing(store: Store, make: SimpleNamespace, kind: str) -> None:
    payload = getattr(make, kind)()
    store.append([make.new(payload)])
    with pytest.raises(RuleError, match="never used"):
        store.append([make.new(payload)])
    with pytest.raises(RuleError, match="never used"):
        store.append([make.new(payload, client_id="other")])


def test_a_movement_counts_once(stocked: Store, make: SimpleNamespace) -> None:
    again = make.moved("in", 40, "donor:x", "depot:asni")
    with pytest.raises(RuleError, match="movement:in"):
        stocked.append([make.new(again)])
    assert stocked.stock()[0].quantity == 40


def test_a_new_word_on_a_depot_replaces_the_old(store: Store, make: SimpleNamespace) -> None:
    store.append([make.new(make.depot())])
    store.append([make.new(make.depot(name="Asni 2", active=False))])
    (depot,) = store.depots()
    assert (depot.name, depot.active) == ("Asni 2", False)
    assert store.depots(active_only=True) == []


def test_only_a_known_closure_is_reopened_and_only_once(
    store: Store, make: SimpleNamespace
) -> None:
    reopened = make.new(RoadReopened(closure_id="closure:1"))
    with pytest.raises(UnknownIdError, match="closure:1"):
        store.append([reopened])
    store.append([make.new(make.closed()), reopened])
    with pytest.raises(RuleError, match="before"):
        store.append([reopened])


def test_only_a_known_need_changes(store: Store, make: SimpleNamespace) -> None:
    with pytest.raises(UnknownIdError, match="no such need"):
        store.append([make.new(NeedStatusChanged(need_id="need:1", status="met"))])


def test_only_a_known_layer_is_removed(store: Store, make: SimpleNamespace) -> None:
    with pytest.raises(UnknownIdError, match="no such layer"):
        store.append([make.new(LayerRemoved(layer_id="layer:1"))])


def test_only_a_known_upload_is_undone_and_only_once(store: Store, make: SimpleNamespace) -> None:
    undone = make.new(UploadUndone(upload_id="upload:1"))
    with pytest.raises(UnknownIdError, match="no such upload"):
        store.append([undone])
    store.append([make.new(make.upload()), undone])
    with pytest.raises(RuleError, match="before"):
        store.append([undone])


def test_nothing_more_comes_with_an_upload_that_was_undone(
    store: Store, make: SimpleNamespace
) -> None:
    store.append(
        [make.new(make.upload()), make.new(UploadUndone(upload_id="upload:1", reason="wrong file"))]
    )
    with pytest.raises(RuleError, match="not undone"):
        store.append([make.new(make.need(), upload_id="upload:1")])


def test_goods_that_left_already_keep_their_upload(stocked: Store, make: SimpleNamespace) -> None:
    stocked.append(
        [
            make.new(make.upload(kind="stock")),
            make.new(make.moved("more", 10, "donor:y", "depot:asni"), upload_id="upload:1"),
            make.new(make.moved("out", 45, "depot:asni", "place:imlil")),
        ]
    )
    before = stocked.head()
    with pytest.raises(RuleError, match=r"depot:asni: 10 tent to leave.*only 5 on hand"):
        stocked.append([make.new(UploadUndone(upload_id="upload:1"))])
    assert stocked.head() == before


def test_a_depot_that_others_use_keeps_its_upload(store: Store, make: SimpleNamespace) -> None:
    store.append(
        [
            make.new(make.upload(kind="places")),
            make.new(make.depot(), upload_id="upload:1"),
            make.new(make.vehicle()),
            make.new(make.moved("in", 1, "donor:x", "depot:asni")),
        ]
    )
    with pytest.raises(RuleError, match=r"in use by others \(vehicle:1, tent\)"):
        store.append([make.new(UploadUndone(upload_id="upload:1"))])


def test_a_refusal_names_the_movement(store: Store) -> None:
    unknown = StockMoved(
        movement_id="movement:7",
        item_id="tent",
        quantity=1,
        unit="piece",
        from_account="donor:x",
        to_account="depot:z",
    )
    from data.events import NewEvent

    with pytest.raises(UnknownIdError, match="movement:7: depot:z") as refusal:
        store.append([NewEvent(payload=unknown)])
    assert refusal.value.todo


def test_a_convoy_is_locked_in_a_known_plan(store: Store, make: SimpleNamespace) -> None:
    lock = ConvoyLockSet(convoy_id="convoy:1", plan_id="plan:nowhere", locked=True)
    with pytest.raises(UnknownIdError, match="plan:nowhere"):
        store.append([make.new(lock)])
