"""Webhooks: what is recorded is told, signed, in order, until it was taken, to the right ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from dashboard.courier import Courier
from dashboard.operations import notifying
from dashboard.operations.outgoing import RefusedAddressError
from dashboard.operations.situation import Situation, utc_now
from data.store import webhooks
from data.store.signing import own_key
from geo.errors import InputError, UnknownIdError

URL = "https://receiver.example/hook"


class Receiver:
    """Takes what is posted, or not, as the answers say: a status each, then 204."""

    def __init__(self, *answers: int | OSError) -> None:
        self.answers: Iterator[int | OSError] = iter(answers)
        self.came: list[tuple[str, bytes, Mapping[str, str]]] = []

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        answer = next(self.answers, 204)
        if isinstance(answer, OSError):
            raise answer
        self.came.append((url, body, headers))
        return answer

    def events(self) -> list[dict[str, Any]]:
        return [one for _, body, _ in self.came for one in json.loads(body)["data"]["events"]]


def places(situation: Situation, count: int, *, begin: int = 0) -> None:
    from data.events import DepotRegistered, NewEvent

    situation.store.append(
        [
            NewEvent(
                payload=DepotRegistered(
                    depot_id=f"depot:{number}", name=f"Depot {number}", lon=-8.0, lat=31.0
                )
            )
            for number in range(begin, begin + count)
        ]
    )


def test_what_is_recorded_from_then_on_is_told_once_and_in_order(empty: Situation) -> None:
    places(empty, 1)
    notifying.add(empty, URL)
    places(empty, 250, begin=1)
    receiver = Receiver()
    (told,) = notifying.send_due(empty, post=receiver)
    assert told["messages"] == 3
    assert [one["payload"]["name"] for one in receiver.events()] == [
        f"Depot {number}" for number in range(1, 251)
    ]
    assert notifying.send_due(empty, post=receiver) == []
    assert [one["behind"] for one in notifying.listed(empty)] == [0]


def test_a_receiver_can_check_the_signature_by_its_secret(empty: Situation) -> None:
    made = notifying.add(empty, URL)
    places(empty, 1)
    receiver = Receiver()
    notifying.send_due(empty, post=receiver)
    _url, body, headers = receiver.came[0]
    # As https://www.standardwebhooks.com says, written out here.
    key = base64.b64decode(made["secret"].removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{right}"
    assert made["secret"] not in json.dumps(notifying.listed(empty))
    assert len(key) == 32


def test_what_was_not_taken_is_sent_again_later_and_later(empty: Situation) -> None:
    notifying.add(empty, URL)
    places(empty, 1)
    now = utc_now()
    receiver = Receiver(500, OSError("no network"), 302)
    waits = []
    for _try in range(3):
        (told,) = notifying.send_due(empty, post=receiver, now=now)
        assert told["messages"] == 0
        assert notifying.send_due(empty, post=receiver, now=now) == []
        (one,) = webhooks.webhooks(empty.store)
        waits.append((one.next_at - now).total_seconds())
        now = one.next_at
    assert waits == [10, 20, 40]
    assert [one["error"] for one in notifying.listed(empty)] == ["it answered 302"]
    places(empty, 1, begin=1)
    (told,) = notifying.send_due(empty, post=receiver, now=now)
    assert (told["failures"], told["error"], told["messages"]) == (0, "", 1)
    ids = [one["event_id"] for one in json.loads(receiver.came[-1][1])["data"]["events"]]
    assert len(ids) == len(set(ids)) == 2


def test_the_same_message_has_the_same_id_when_it_is_sent_again(empty: Situation) -> None:
    notifying.add(empty, URL)
    places(empty, 1)
    receiver = Receiver(500)
    notifying.send_due(empty, post=receiver)
    notifying.send_due(empty, post=receiver, now=utc_now() + timedelta(minutes=1))
    first, second = (headers["webhook-id"] for _, _, headers in receiver.came)
    assert first == second


def test_a_receiver_that_is_gone_is_given_up_and_told_all_it_missed_when_resumed(
    empty: Situation,
) -> None:
    made = notifying.add(empty, URL)
    places(empty, 1)
    (one,) = webhooks.webhooks(empty.store)
    one = webhooks.Webhook(
        **{name: getattr(one, name) for name in one.__slots__}
        | {"failures": notifying.MOST_FAILURES - 1}
    )
    webhooks.keep(empty.store, one)
    (told,) = notifying.send_due(empty, post=Receiver(410))
    assert told["stopped"]
    later = utc_now() + timedelta(days=30)
    assert notifying.send_due(empty, post=Receiver(), now=later) == []
    notifying.resume(empty, made["webhook_id"])
    receiver = Receiver()
    notifying.send_due(empty, post=receiver)
    assert len(receiver.events()) == 1


def test_two_processes_do_not_tell_the_same_at_once(empty: Situation) -> None:
    notifying.add(empty, URL)
    places(empty, 1)
    inner: list[object] = []

    def post(_url: str, _body: bytes, _headers: Mapping[str, str]) -> int:
        inner.extend(notifying.send_due(empty, post=Receiver()))
        return 200

    notifying.send_due(empty, post=post)
    assert inner == []


def test_only_chosen_events_are_told_and_secret_ones_to_nobody(empty: Situation) -> None:
    notifying.add(empty, URL, kinds=["need"])
    notifying.add(empty, URL + "2")
    places(empty, 2)
    receiver = Receiver()
    notifying.send_due(empty, post=receiver)
    assert {url for url, _, _ in receiver.came} == {URL + "2"}
    assert {one["behind"] for one in notifying.listed(empty)} == {0}
    assert not {"account", "key", "person", "field_link"} & set(notifying.KINDS)
    for kind in ("account", "nonsense", ""):
        with pytest.raises(InputError, match="are told"):
            notifying.add(empty, URL, kinds=[kind])


def test_a_machine_with_another_key_sends_nothing(
    empty: Situation, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    notifying.add(empty, URL)
    places(empty, 1)
    monkeypatch.setenv("QAFILA_LEDGER_KEY", str(tmp_path / "other.pem"))
    assert notifying.send_due(empty, post=Receiver()) == []
    own_key(tmp_path / "other.pem")
    assert notifying.send_due(empty, post=Receiver()) == []


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://db.internal/x"]
)
def test_a_receiver_of_this_network_is_refused_at_once(empty: Situation, url: str) -> None:
    with pytest.raises(RefusedAddressError, match="public internet"):
        notifying.add(empty, url)
    assert notifying.listed(empty) == []


def test_a_name_that_turns_private_counts_as_a_failure(empty: Situation) -> None:
    notifying.add(empty, URL)
    places(empty, 1)

    def post(*_given: object) -> int:
        raise RefusedAddressError("receiver.example", "it is at 10.0.0.1", "")

    (told,) = notifying.send_due(empty, post=post)
    assert told["failures"] == 1
    assert "10.0.0.1" in told["error"]


def test_a_webhook_that_is_not_there_is_said(empty: Situation) -> None:
    made = notifying.add(empty, URL)
    notifying.remove(empty, made["webhook_id"])
    for act in (notifying.remove, notifying.resume):
        with pytest.raises(UnknownIdError, match="no webhook"):
            act(empty, made["webhook_id"])


def test_the_courier_looks_until_it_is_ended(empty: Situation) -> None:
    looked = threading.Event()
    courier = Courier(lambda: empty, every_s=0.01, send=lambda _situation: looked.set())
    courier.start()
    assert looked.wait(10)
    courier.end()
    looked.clear()
    assert not looked.wait(0.05)


def test_the_courier_goes_on_after_what_nobody_foresaw(
    empty: Situation, caplog: pytest.LogCaptureFixture
) -> None:
    looked: list[str] = []
    twice = threading.Event()

    def send(_situation: Situation) -> None:
        looked.append("looked")
        if len(looked) == 1:
            raise ZeroDivisionError("a fault of ours")
        twice.set()

    courier = Courier(lambda: empty, every_s=0.01, send=send)
    courier.start()
    assert twice.wait(10)
    courier.end()
    assert "a fault of ours" in caplog.text
