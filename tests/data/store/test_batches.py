"""Batches of devices that were away: each counts once, in the order in which it was written."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from data.store import Store, batches
from data.store.engine import write_rows
from data.store.private import BATCHES
from geo.errors import ConflictError, InputError

SENDER = "account:brahim"


@pytest.fixture
def send(store: Store, make: SimpleNamespace, clock: Any) -> Any:
    """Send batch `number` of a phone: by default one need of its own."""

    def one(number: int, *events: Any, device: str = "phone", said: str = "") -> batches.Batch:
        need = make.new(make.need(f"{device}-{number}"), client_id=f"{device}-{number}")
        return batches.receive(
            store,
            events or (need,),
            sender=SENDER,
            device=device,
            sequence=number,
            digest=said or f"digest of {device} {number}",
            now=clock.now,
        )

    return one


def recorded(store: Store) -> list[str]:
    return [str(event.payload["need_id"]) for event in store.events() if "need_id" in event.payload]


def test_a_batch_that_comes_too_early_is_held_until_the_gap_is_closed(
    store: Store, send: Any
) -> None:
    assert send(1).status == "applied"
    early = send(3)
    assert (early.status, early.waits_for, early.entries) == ("held", 2, ())
    assert recorded(store) == ["need:phone-1"]
    assert [(one.sequence, one.waits_for) for one in batches.held(store)] == [(3, 2)]
    assert send(2).status == "applied"
    assert recorded(store) == ["need:phone-1", "need:phone-2", "need:phone-3"]
    assert batches.held(store) == []
    # The phone asks again what became of the third.
    third = send(3)
    assert third.status == "applied"
    assert third.entries[0].subject_id == "need:phone-3"
    assert len(recorded(store)) == 3
    assert store.verify(projections=True).ok


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_in_whatever_order_and_however_often_each_counts_once_and_in_order(
    store: Store, send: Any, data: st.DataObject
) -> None:
    device = f"phone{len(recorded(store))}"
    order = data.draw(st.permutations(range(1, 6)))
    repeated = data.draw(st.lists(st.sampled_from(range(1, 6)), max_size=4))
    before = recorded(store)
    for number in itertools.chain(order, repeated):
        send(number, device=device)
    assert recorded(store) == before + [f"need:{device}-{number}" for number in range(1, 6)]


def test_devices_and_senders_do_not_wait_for_each_other(store: Store, send: Any) -> None:
    assert send(2, device="a").status == "held"
    assert send(1, device="b").status == "applied"


def test_a_held_batch_survives_a_restart(store: Store, place: str, send: Any) -> None:
    send(2)
    with Store.open(place) as again:
        assert [one.sequence for one in batches.held(again)] == [2]
    send(1)
    assert recorded(store) == ["need:phone-1", "need:phone-2"]


def test_the_same_number_with_another_content_is_refused(store: Store, send: Any) -> None:
    send(1)
    with pytest.raises(ConflictError, match="says otherwise"):
        send(1, said="something else")
    send(3)
    with pytest.raises(ConflictError, match="says otherwise"):
        send(3, said="something else")
    assert recorded(store) == ["need:phone-1"]


def test_an_entry_that_breaks_a_rule_is_refused_alone(
    store: Store, send: Any, make: SimpleNamespace
) -> None:
    too_much = make.moved("1", 5, "depot:asni", "loss:broken")
    answer = send(
        1, make.new(make.need("a")), make.new(too_much), "no such place", make.new(make.need("b"))
    )
    assert [bool(one.refused) for one in answer.entries] == [False, True, True, False]
    assert "no such place" in answer.entries[2].refused
    assert recorded(store) == ["need:a", "need:b"]
    assert store.verify(projections=True).ok


def test_a_row_sent_alone_before_counts_once(
    store: Store, send: Any, make: SimpleNamespace
) -> None:
    store.append([make.new(make.need("phone-1"), client_id="phone-1")])
    assert not send(1).entries[0].new
    assert recorded(store) == ["need:phone-1"]


def test_a_gap_that_never_closes_is_skipped_by_a_person(
    store: Store, send: Any, clock: Any
) -> None:
    send(2)
    send(5)
    done = batches.skip_missing(store, sender=SENDER, device="phone", now=clock.now)
    assert [one.sequence for one in done] == [2, 5]
    assert recorded(store) == ["need:phone-2", "need:phone-5"]
    # It comes after all: recorded, once.
    for _ in range(2):
        assert send(4).status == "applied"
    assert recorded(store) == ["need:phone-2", "need:phone-5", "need:phone-4"]
    assert send(6).status == "applied"
    with pytest.raises(InputError, match="nothing of it waits"):
        batches.skip_missing(store, sender=SENDER, device="phone", now=clock.now)


@pytest.mark.parametrize("number", [0, -1, batches.MAX_AHEAD + 2])
def test_a_number_that_cannot_be_is_refused(send: Any, number: int) -> None:
    with pytest.raises(InputError, match="the next number is 1"):
        send(number)


def test_what_is_held_is_bounded(store: Store, send: Any) -> None:
    send(2)
    with store.writing() as connection:
        (row,) = connection.execute(select(BATCHES)).all()
        more = [{**row._mapping, "sequence": number} for number in range(3, batches.MAX_HELD + 2)]
        write_rows(connection, BATCHES, more, replace=False)
    with pytest.raises(InputError, match="send number 1 first"):
        send(batches.MAX_HELD + 2)
    with pytest.raises(InputError, match="1 to 500"):
        send(1, *["x"] * 501)
