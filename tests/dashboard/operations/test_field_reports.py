"""What convoys report: deliveries, refusals, closures, calls for help; once each."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import Engine, event

from dashboard.cli import main
from dashboard.operations import planning
from dashboard.operations.delivering import DeliveryCounter
from dashboard.operations.field_reports import Reporter, last_heard, take_reply
from dashboard.operations.situation import Situation
from data.events import NeedReported, NewEvent
from data.intake.reply import parse_reply
from geo.errors import InputError, QafilaError, RuleError, UnknownIdError
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
