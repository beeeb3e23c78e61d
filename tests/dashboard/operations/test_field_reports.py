"""What convoys report: deliveries, refusals, closures, calls for help; once each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, event

from dashboard.cli import main
from dashboard.operations import goods, planning
from dashboard.operations import register as places_register
from dashboard.operations.delivering import DeliveryCounter
from dashboard.operations.field_reports import (
    Report,
    Reporter,
    Told,
    last_heard,
    take_reply,
    take_reports,
)
from dashboard.operations.register import register
from dashboard.operations.situation import Situation
from data.events import DeliveryReported, NeedReported, NewEvent, RecordedEvent, StockMoved
from data.intake.reply import parse_reply
from geo.errors import ConflictError, InputError, QafilaError, RuleError, UnknownIdError
from routing.exports.sheet.html import ANSWERS


@pytest.fixture
def convoy(valley: Situation) -> dict[str, object]:
    """A convoy of a plan that brings tents somewhere, and the number of that stop."""
    for one in planning.make_plan(valley, iterations=30)["convoys"]:
        for number, stop in enumerate(one["stops"], start=1):
            if "tent" in stop["deliver"]:
                return {"id": one["convoy_id"], "stop": number, **stop}
    raise AssertionError("no convoy brings tents")


def test_a_delivery_meets_the_need_once(valley: Situation, convoy: dict[str, object]) -> None:
    n_tents = convoy["deliver"]["tent"]  # type: ignore[index]
    text = f"OK {convoy['stop']} {n_tents:g} TENTES"
    by = Reporter(client_id="sms-1")
    first = take_reply(valley, str(convoy["id"]), text, by=by)
    seq = valley.seq()
    again = take_reply(valley, str(convoy["id"]), text, by=by)
    assert (first["new"], again["new"], valley.seq()) == (True, False, seq)
    (delivery,) = valley.store.deliveries()
    assert (delivery.place_id, delivery.item_id) == (convoy["place_id"], "tent")
    assert float(delivery.quantity) == n_tents
    assert delivery.outcome == "arrived"
    assert last_heard(valley)[0]["kind"] == "delivered"


def test_messages_that_come_at_once_and_twice_count_once(
    valley: Situation, convoy: dict[str, object]
) -> None:
    text = f"OK {convoy['stop']} 1 TENT"
    with ThreadPoolExecutor(8) as pool:
        taken = list(
            pool.map(
                lambda number: take_reply(
                    valley, str(convoy["id"]), text, by=Reporter(client_id=f"m{number % 4}")
                ),
                range(16),
            )
        )
    assert sum(one["new"] for one in taken) == 4
    assert len(valley.store.deliveries()) == 4


def test_reports_that_come_together_are_recorded_together_and_each_counts_by_itself(
    valley: Situation, convoy: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    append = valley.store.append

    def count(events: Sequence[NewEvent], **more: Any) -> list[RecordedEvent]:
        recorded = append(events, **more)
        written.append(len(recorded))
        return recorded

    monkeypatch.setattr(valley.store, "append", count)
    stop, n_tents = int(str(convoy["stop"])), int(convoy["deliver"]["tent"])  # type: ignore[index]

    def tents(name: str, quantity: object) -> Told:
        said = Report(kind="delivered", stop=stop, goods=((str(quantity), "tent"),))
        return Told(said=said, by=Reporter(client_id=name))

    arrived = Told(said=Report(kind="arrived", stop=stop), by=Reporter(client_id="a"))
    first = take_reports(valley, str(convoy["id"]), [arrived, tents("b", 1), tents("c", 1)])
    assert [one["new"] for one in first if isinstance(one, dict)] == [True] * 3
    assert len(written) == 1
    # Again, with some that cannot be: a stranger's stop, more than there is, an id used for other
    # goods, and one that stands twice in the same sending.
    bad = Told(said=Report(kind="arrived", stop=99), by=Reporter(client_id="d"))
    sent = [
        *(tents("b", 1), bad, tents("e", 100_000), tents("f", n_tents - 2), tents("c", 7)),
        *(tents("g", 1), tents("g", 1)),
    ]
    second = take_reports(valley, str(convoy["id"]), sent)
    assert [type(one) for one in second] == [
        *(dict, InputError, RuleError, dict, ConflictError, dict, dict)
    ]
    assert [one["new"] for one in second if isinstance(one, dict)] == [False, True, True, False]
    total = sum(one.quantity for one in valley.store.deliveries())
    assert total == n_tents + 1
    on_hand = {one.account: one.quantity for one in valley.store.lot_balances()
               if one.item_id == "tent"}  # fmt: skip
    assert on_hand.get(str(convoy["id"]), 0) == 0
    assert take_reports(valley, str(convoy["id"]), []) == []


def test_where_the_book_changed_meanwhile_each_report_is_judged_anew(
    valley: Situation, convoy: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = int(str(convoy["stop"]))
    said = [
        Told(
            said=Report(kind="delivered", stop=stop, goods=(("1", "tent"),)),
            by=Reporter(client_id=f"m{number}"),
        )
        for number in range(3)
    ]
    append, refused = valley.store.append, []

    def refuse_together(events: Sequence[NewEvent], **more: Any) -> list[RecordedEvent]:
        if len({str(one.client_id).split(":")[2] for one in events}) > 1:
            refused.append(len(events))
            raise RuleError("depot:asni", "more than is there", "look again")
        return append(events, **more)

    monkeypatch.setattr(valley.store, "append", refuse_together)
    found = take_reports(valley, str(convoy["id"]), said)
    assert len(refused) == 1
    assert [one["new"] for one in found if isinstance(one, dict)] == [True] * 3
    assert sum(one.quantity for one in valley.store.deliveries()) == 3


def test_what_is_refused_stays_with_the_convoy(
    valley: Situation, convoy: dict[str, object]
) -> None:
    take_reply(valley, str(convoy["id"]), f"REF {convoy['stop']} tents")
    (delivery,) = valley.store.deliveries()
    assert (delivery.outcome, float(delivery.quantity)) == ("refused", 0.0)


def test_a_blocked_road_is_closed_where_the_convoy_stands(
    valley: Situation, convoy: dict[str, object]
) -> None:
    taken = take_reply(valley, str(convoy["id"]), "BLK 0.5 T rocher")
    (closure,) = valley.store.closures()
    assert taken["recorded"] == [convoy["id"], closure.closure_id]
    assert (closure.classes, closure.source) == (("truck",), convoy["id"])
    assert closure.reason == "rocher"


def test_a_call_for_help_is_heard(valley: Situation, convoy: dict[str, object]) -> None:
    take_reply(valley, str(convoy["id"]), "SOS two hurt")
    (heard,) = last_heard(valley)
    assert (heard["convoy_id"], heard["kind"]) == (convoy["id"], "sos")
    assert "two hurt" in heard["note"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("OK 99 1 tent", InputError),
        ("OK 1 1 unobtainium", UnknownIdError),
        ("OK 1 100000 tents", RuleError),
        ("BLK 1999", RuleError),
        ("hello", InputError),
    ],
)
def test_what_cannot_be_leaves_nothing_behind(
    valley: Situation, convoy: dict[str, object], text: str, error: type[QafilaError]
) -> None:
    seq = valley.seq()
    with pytest.raises(error):
        take_reply(valley, str(convoy["id"]), text, by=Reporter(client_id="m"))
    assert valley.seq() == seq
    with pytest.raises(UnknownIdError):
        take_reply(valley, "convoy:none", "SOS")


def test_the_cell_enters_a_message_on_the_command_line(
    valley: Situation, convoy: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(valley.home), "--json"]
    said = ["reply", str(convoy["id"]), f"ARR {convoy['stop']}", "--id", "sms-7"]
    assert main([*said, *home]) == 0
    assert '"new": true' in capsys.readouterr().out
    assert main([*said, *home]) == 0
    assert '"new": false' in capsys.readouterr().out
    assert main(["reply", str(convoy["id"]), "what?", *home]) == 2
    assert "a code is needed" in capsys.readouterr().err
    assert main(["heard", *home]) == 0
    assert str(convoy["id"]) in capsys.readouterr().out


def test_what_the_sheet_tells_to_send_can_be_read() -> None:
    kinds = [parse_reply(code).kind for code, _ in ANSWERS]
    assert kinds == ["arrived", "delivered", "refused", "blocked", "sos"]


def test_what_is_read_for_one_convoy_decides_as_all_of_it_would(
    valley: Situation, convoy: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    giver, place = str(convoy["id"]), str(convoy["place_id"])
    tent = goods.find_item(valley, "tent")

    def delivered(quantity: int, counter: DeliveryCounter) -> object:
        try:
            events = counter.events(tent, giver, place, Decimal(quantity))
        except RuleError as error:
            return str(error)
        return [
            (one.from_account, one.to_account, one.quantity)
            if isinstance(one, StockMoved)
            else (one.outcome, one.needs)
            for one in events
            if isinstance(one, StockMoved | DeliveryReported)
        ]

    # The plan keeps most tents of the depot for others: those are not this convoy's to give.
    for quantity in (1, 8, 20, 36, 41, 1_000):
        narrow = DeliveryCounter.of(valley, giver=giver, place_ids=[place])
        assert delivered(quantity, narrow) == delivered(quantity, DeliveryCounter.of(valley))
    refused = delivered(1_000, DeliveryCounter.of(valley, giver=giver, place_ids=[place]))
    assert isinstance(refused, str)

    # A need that was told under an id that its place no longer has.
    (need,) = [
        one for one in valley.store.needs() if (one.place_id, one.item_id) == (place, "tent")
    ]
    joined = replace(register(valley), current={place: "place:new"})
    monkeypatch.setattr(places_register, "register", lambda _situation: joined)
    narrow = DeliveryCounter.of(valley, giver=giver, place_ids=[place])
    (told,) = [
        one
        for one in narrow.events(tent, giver, place, Decimal(1))
        if isinstance(one, DeliveryReported)
    ]
    assert [one.need_id for one in told.needs] == [need.need_id]
    assert valley.former_places([place]) == sorted([place, "place:new"])


def test_a_delivery_asks_the_database_as_often_however_many_needs_there_are(
    valley: Situation,
) -> None:
    def asked() -> int:
        n_asked = Counter[str]()

        def count(*_given: object) -> None:
            n_asked["statements"] += 1

        event.listen(Engine, "before_cursor_execute", count)
        try:
            DeliveryCounter.of(valley)
        finally:
            event.remove(Engine, "before_cursor_execute", count)
        return n_asked["statements"]

    few = asked()
    need = valley.store.needs()[0]
    valley.store.append(
        [
            NewEvent(
                payload=NeedReported(
                    need_id=f"need:more-{number}",
                    place_id=need.place_id,
                    item_id=need.item_id,
                    quantity=Decimal(1),
                    unit=need.unit,
                )
            )
            for number in range(50)
        ]
    )
    assert len(valley.store.needs()) >= 50
    assert asked() == few
