"""The page of a convoy's leader over HTTP: who is let in, and what is recorded, once."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import Engine, event
from starlette.applications import Starlette

from dashboard.http import field
from dashboard.http.field import FOLDER
from dashboard.operations import access, answering, planning
from dashboard.operations.field_reports import Report, last_heard, signature_id
from dashboard.operations.people import open_vault
from dashboard.operations.situation import Situation
from dashboard.role_desk import RoleDesk
from dashboard.situation_desk import SituationDesk
from data.access import field_links
from data.access.roles import OWNER, rights_of
from data.store import positions
from geo.errors import RuleError
from tests.dashboard.asynchronous import run
from tests.dashboard.http.conftest import TestClient

MAX_PAGE_BYTES = 60_000
MADE = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def convoy(valley: Situation) -> dict[str, Any]:
    """A convoy of a plan that brings tents; `stop` is where."""
    for one in planning.make_plan(valley, iterations=30)["convoys"]:
        for number, stop in enumerate(one["stops"], start=1):
            if "tent" in stop["deliver"]:
                return {**one, "stop": number, "tents": stop["deliver"]["tent"]}
    raise AssertionError("no convoy brings tents")


@pytest.fixture
def link(valley: Situation, convoy: dict[str, Any]) -> dict[str, Any]:
    return answering.issue(valley, convoy["convoy_id"])


Send = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture
def send(client: TestClient, link: dict[str, Any]) -> Send:
    """Send reports as the page does; gives what became of each, by its id."""

    def sent(*reports: dict[str, Any], late_s: float = 60) -> dict[str, dict[str, str]]:
        body = {
            "sent_at": (MADE + timedelta(seconds=late_s)).isoformat(),
            "reports": [{"made_at": MADE.isoformat(), **one} for one in reports],
        }
        answer = client.post(f"{link['url']}reports", json=body)
        assert answer.status_code == 200, answer.text
        return {one["id"]: one for one in answer.json()["answers"]}

    return sent


def test_the_page_and_all_that_it_loads_are_small(client: TestClient, link: dict[str, Any]) -> None:
    page = client.get(link["url"], headers={"Accept-Language": "ar"})
    assert page.status_code == 200
    assert 'dir="rtl"' in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert page.headers["Referrer-Policy"] == "no-referrer"
    total = len(page.content)
    names = ["manifest.webmanifest", "sw.js", "values.json"]
    for name in [*(one.name for one in FOLDER.iterdir() if one.suffix != ".html"), *names]:
        answer = client.get(link["url"] + name)
        assert answer.status_code == 200, name
        total += len(answer.content) if name != "sw.js" else len(answer.content) // 2
    assert total < MAX_PAGE_BYTES
    values = client.get(f"{link['url']}values.json").json()
    assert set(values["words"]) == {"ar", "zgh", "fr", "en"}
    assert values["words"]["ar"]["direction"] == "rtl"
    assert values["stops"][0]["goods"][0]["quantity"] > 0


def test_reports_count_once_in_whatever_order_they_come(
    valley: Situation, send: Send, convoy: dict[str, Any]
) -> None:
    stop = convoy["stop"]
    reports = [
        {"id": "report-arrived", "kind": "arrived", "stop": stop},
        {
            "id": "report-delivered",
            "kind": "delivered",
            "stop": stop,
            "goods": [{"item": "tent", "quantity": 2}],
            "receiver": "community",
            "signature": "10,10 20,30;40,40 50,60",
        },
        {"id": "report-sos", "kind": "sos", "note": "two hurt"},
        {"id": "report-blocked", "kind": "blocked", "km": 0.5, "classes": ["truck"]},
        {"id": "report-incident", "kind": "incident", "note": "broken axle"},
    ]
    sent = reports * 3
    random.Random(4).shuffle(sent)
    became = [send(one)[one["id"]]["status"] for one in sent]
    assert became.count("recorded") == len(reports)
    assert became.count("known") == len(sent) - len(reports)
    (delivery,) = valley.store.deliveries()
    assert (float(delivery.quantity), delivery.item_id) == (2.0, "tent")
    assert len(valley.store.closures()) == 1
    said = [one.payload for one in valley.store.events(types=["convoy.reported"])]
    assert sorted(one["kind"] for one in said) == [
        "arrived", "blocked", "delivered", "incident", "sos"
    ]  # fmt: skip
    (proof,) = [one for one in said if one["kind"] == "delivered"]
    assert proof["receiver"] == "community"
    # The drawing is in the vault, only its hash in the ledger.
    vault = open_vault(valley)
    assert vault is not None
    kept = vault.export(signature_id(proof["signature_sha256"]))
    assert "10,10 20,30;40,40 50,60" in json.dumps(kept)
    assert "10,10 20,30" not in "".join(valley.store.lines())


def test_a_replayed_id_with_another_report_is_refused(
    valley: Situation, send: Send, convoy: dict[str, Any]
) -> None:
    goods = [{"item": "tent", "quantity": 1}]
    one = {"id": "report-1", "kind": "delivered", "stop": convoy["stop"], "goods": goods}
    send(one)
    seq = valley.seq()
    other = send({**one, "goods": [{"item": "tent", "quantity": 2}]})["report-1"]
    assert other["status"] == "refused"
    assert "says otherwise" in other["why"]
    assert valley.seq() == seq


def test_only_the_time_that_a_report_waited_is_believed_of_a_phone(
    valley: Situation, send: Send
) -> None:
    # Its clock is years off; the report waited for an hour.
    send({"id": "report-late", "kind": "sos", "note": "x"}, late_s=3_600)
    (event,) = valley.store.events(types=["convoy.reported"])
    waited = event.recorded_at - (event.reported_at or event.recorded_at)
    assert timedelta(minutes=59) < waited < timedelta(minutes=61)
    assert send({"id": "report-old", "kind": "sos"}, late_s=15 * 86_400)["report-old"][
        "status"
    ] == "refused"  # fmt: skip
    # What was said later and came first stays what was heard last.
    send({"id": "report-now", "kind": "incident", "note": "now"}, late_s=0)
    send({"id": "report-before", "kind": "sos", "note": "before"}, late_s=7_200)
    (heard,) = last_heard(valley)
    assert heard["note"] == "now"


def test_links_that_open_nothing_are_refused_and_logged(
    valley: Situation,
    client: TestClient,
    link: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.WARNING)
    token = link["token"]
    head, _, signature = token.partition(".")
    forged = f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    body = {"sent_at": MADE.isoformat(), "reports": [
        {"id": "report-9", "made_at": MADE.isoformat(), "kind": "sos"}]}  # fmt: skip
    for wrong in (forged, token[:-1], f"{'0' * 26}.{signature}", "x", "..%2f..%2fetc", "%00"):
        for answer in (
            client.get(f"/field/{wrong}/values.json"),
            client.post(f"/field/{wrong}/reports", json=body),
        ):
            assert answer.status_code == 404, wrong
    assert client.get(f"/field/{forged}/").status_code == 404
    with monkeypatch.context() as later:
        after = datetime.now(UTC) + timedelta(hours=73)
        later.setattr(answering, "utc_now", lambda: after)
        assert client.post(f"{link['url']}reports", json=body).status_code == 410
    answering.revoke(valley, link["link_id"], reason="phone lost")
    assert client.post(f"{link['url']}reports", json=body).status_code == 410
    assert client.get(link["url"]).status_code == 410
    assert list(valley.store.events(types=["convoy.reported"])) == []
    for reason in ("forged", "unknown", "expired", "revoked"):
        assert f"refused: {reason}" in caplog.text
    assert signature not in caplog.text


def test_a_link_opens_its_own_convoy_only(
    valley: Situation, client: TestClient, convoy: dict[str, Any], send: Send
) -> None:
    others = [
        one["convoy_id"]
        for one in planning.load_plan(valley, "latest")["convoys"]
        if one["convoy_id"] != convoy["convoy_id"]
    ]
    send({"id": "report-mine", "kind": "arrived", "stop": 1})
    assert [one["convoy_id"] for one in last_heard(valley)] == [convoy["convoy_id"]]
    for other in others:
        made = answering.issue(valley, other)
        mine = field_links.open_link(valley.store, made["token"], now=datetime.now(UTC))
        assert mine.convoy_id == other
        # The signature of one link does not fit another.
        crossed = (
            made["token"].partition(".")[0]
            + "."
            + answering.issue(valley, convoy["convoy_id"])["token"].partition(".")[2]
        )
        assert client.get(f"/field/{crossed}/values.json").status_code == 404


def test_the_same_link_is_given_again_while_it_holds(
    valley: Situation, convoy: dict[str, Any], link: dict[str, Any]
) -> None:
    assert answering.issue(valley, convoy["convoy_id"])["token"] == link["token"]
    answering.revoke(valley, convoy["convoy_id"])
    again = answering.issue(valley, convoy["convoy_id"], at="https://cell.example:8501/")
    assert again["token"] != link["token"]
    assert again["url"].startswith("https://cell.example:8501/field/")


def photo_with_position() -> bytes:
    picture = Image.new("RGB", (640, 480), "#884422")
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    exif.get_ifd(0x8825)[1] = "N"
    written = io.BytesIO()
    picture.save(written, "JPEG", exif=exif, comment=b"SECRET-NOTE")
    return written.getvalue() + b"SECRET-TAIL<?php"


def test_a_photo_is_written_anew(valley: Situation, send: Send) -> None:
    given = photo_with_position()
    assert b"SECRET-CAMERA" in given
    became = send(
        {
            "id": "report-photo",
            "kind": "blocked",
            "km": 0.2,
            "photo": base64.b64encode(given).decode(),
        }
    )
    assert became["report-photo"]["status"] == "recorded"
    (event,) = valley.store.events(types=["convoy.reported"])
    kept = valley.archive.path(event.payload["photo"]).read_bytes()
    assert b"SECRET" not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (640, 480))
        assert not picture.getexif()
    bad = base64.b64encode(b"GIF89a not a picture").decode()
    refused = send({"id": "report-bad", "kind": "incident", "note": "x", "photo": bad})
    assert refused["report-bad"]["status"] == "refused"


def test_positions_that_cannot_be_true_are_refused(
    valley: Situation, send: Send, convoy: dict[str, Any]
) -> None:
    near = {"lon": -8.0, "lat": 31.0, "accuracy_m": 20}
    became = send(
        {"id": "position-1", "kind": "position", "position": near},
        {"id": "position-2", "kind": "position", "position": {"lon": 2.35, "lat": 48.85}},
        {"id": "position-3", "kind": "position", "position": {"lon": -8.6, "lat": 31.0}},
    )
    assert [became[f"position-{n}"]["status"] for n in (1, 2, 3)] == [
        "recorded", "refused", "refused"
    ]  # fmt: skip
    assert "outside" in became["position-2"]["why"]
    assert "km/h" in became["position-3"]["why"]
    (point,) = positions.newest(valley.store)
    assert (point.subject_id, point.convoy_id) == (convoy["vehicle_id"], convoy["convoy_id"])
    assert last_heard(valley)[0]["kind"] == "position"
    far = {"id": "blocked-far", "kind": "blocked", "position": {"lon": -6.5, "lat": 31.0}}
    assert "from the way" in send(far)["blocked-far"]["why"]
    assert valley.store.closures() == []


def test_bodies_of_strangers_are_refused(client: TestClient, link: dict[str, Any]) -> None:
    as_json = {"Content-Type": "application/json"}
    for body, headers, status in (
        (b"{}", {}, 415),
        (b"{}", as_json, 422),
        (b"[" * 100_000, as_json, 422),
        (b"\xff\xfe", as_json, 422),
        (b"x" * 500_000, as_json, 413),
    ):
        answer = client.post(f"{link['url']}reports", content=body, headers=headers)
        assert answer.status_code == status
        assert answer.json()["status"] == status


def test_a_leader_needs_no_account(valley: Situation, app: Starlette, link: dict[str, Any]) -> None:
    access.add_account(valley, "amina", role="admin", password="four wet mules sing")
    stranger = TestClient(app, follow_redirects=False)
    assert stranger.get(f"{link['url']}values.json").status_code == 200
    assert stranger.get("/api/v1/needs").status_code == 401
    assert stranger.get(link["url"].rstrip("/")).headers["location"] == link["url"]


def test_what_people_wrote_stays_text(
    client: TestClient, link: dict[str, Any], send: Send, valley: Situation
) -> None:
    evil = "<script>alert(1)</script>\r\nSet-Cookie: a=b"
    send({"id": "report-evil", "kind": "incident", "note": evil})
    (heard,) = last_heard(valley)
    assert "\n" not in heard["note"]
    page = client.get(link["url"], params={"lang": evil}).text
    assert "<script>alert" not in page
    for name in ("field.js", "forms.js", "queue.js"):
        script = client.get(link["url"] + name).text
        assert "innerHTML" not in script
        assert "eval(" not in script


def test_where_a_convoy_is_is_exact_for_the_cell_only(
    valley: Situation, send: Send, client: TestClient, keyed: dict[str, TestClient],
    convoy: dict[str, Any],
) -> None:  # fmt: skip
    position = {"lon": 8.123456, "lat": 45.123456, "accuracy_m": 9}
    bounds = valley.info().bounds
    if bounds is not None:
        position |= {"lon": (bounds[0] + bounds[2]) / 2, "lat": (bounds[1] + bounds[3]) / 2}
    send({"id": "position-1", "kind": "position", "position": position})
    rough = keyed["viewer"].get("/api/v1/positions").json()
    seen = rough["positions"][0]
    assert (rough["exact"], seen["coarse"], seen["accuracy_m"]) == (False, True, None)
    assert (seen["id"], seen["convoy_id"]) == (convoy["vehicle_id"], convoy["convoy_id"])
    assert abs(seen["lon"] - position["lon"]) <= 0.0051
    assert keyed["nobody"].get("/api/v1/positions").status_code == 401
    exact = SituationDesk(valley.home)
    told = RoleDesk(exact, OWNER).positions(exact=True)[0]
    assert told["lon"] == pytest.approx(position["lon"])
    looker = RoleDesk(exact, replace(OWNER, role="viewer", rights=rights_of("viewer")))
    with pytest.raises(RuleError, match="positions"):
        looker.positions(exact=True)
    exact.close()


def test_a_link_says_whether_it_still_holds(valley: Situation, link: dict[str, Any]) -> None:
    assert [one["holds"] for one in answering.links(valley)] == [True]
    answering.revoke(valley, link["link_id"])
    assert [one["holds"] for one in answering.links(valley)] == [False]


def test_where_too_many_wait_a_phone_is_told_to_come_again(
    client: TestClient, link: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(field, "MOST_WAITING", 0)
    answer = client.post(f"{link['url']}reports", json={"sent_at": "x", "reports": []})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "try again" in answer.json()["title"]


def test_sendings_take_turns_in_the_order_of_coming() -> None:
    order: list[object] = []

    async def send(name: int, turns: field.Turns) -> None:
        async with turns:
            order.append(name)
            await asyncio.sleep(0.01)
            order.append((name, turns.waiting))

    async def all_at_once() -> None:
        turns = field.Turns()
        await asyncio.gather(*(send(name, turns) for name in range(3)))
        assert turns.waiting == 0

    run(all_at_once())
    assert order == [0, (0, 2), 1, (1, 1), 2, (2, 0)]


def test_two_phones_that_send_at_once_are_served_one_after_the_other(
    app: Starlette, link: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, most = 0, 0
    take = answering.take

    def slow(*given: Any) -> Any:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.05)
        answers = take(*given)
        inside -= 1
        return answers

    monkeypatch.setattr(answering, "take", slow)

    async def send() -> list[int]:
        through = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=through, base_url="http://testserver") as phone:
            now = datetime.now(UTC).isoformat()
            bodies = [
                {"sent_at": now, "reports": [{"id": f"r-{n}-00000", "made_at": now,
                                              "kind": "incident", "note": str(n)}]}
                for n in range(4)
            ]  # fmt: skip
            path = f"{link['url']}reports"
            answers = await asyncio.gather(*(phone.post(path, json=body) for body in bodies))
            return [one.status_code for one in answers]

    assert run(send()) == [200] * 4
    assert most == 1


def test_ten_reports_ask_the_database_hardly_more_than_one(
    valley: Situation, link: dict[str, Any]
) -> None:
    opened = answering.open_token(valley, link["token"])
    now = valley.now()

    def asked(number: int, count: int) -> int:
        sent = [
            answering.Sent(
                report_id=f"report-{number}-{one}",
                made_at=now,
                sent_at=now,
                report=Report(kind="incident", note=f"{number} {one}"),
            )
            for one in range(count)
        ]
        statements = Counter[str]()

        def count_one(*_given: object) -> None:
            statements["all"] += 1

        event.listen(Engine, "before_cursor_execute", count_one)
        try:
            answers = answering.take(valley, opened, sent)
        finally:
            event.remove(Engine, "before_cursor_execute", count_one)
        assert {one["status"] for one in answers} == {"recorded"}
        return statements["all"]

    asked(0, 1)
    assert asked(1, 10) <= asked(2, 1) + 2
