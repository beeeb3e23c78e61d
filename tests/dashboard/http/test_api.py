"""``/api/v1``: what is told is recorded once, what is asked is paged, tagged and guarded."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, get_args

import pytest

from dashboard.http import entries
from dashboard.operations import organisations, planning, requesting, volunteering
from dashboard.operations.reaching import make_reach
from dashboard.operations.situation import Situation
from dashboard.operations.volunteering import Registration
from data.intake.rows import UPLOAD_KINDS

NEED = {"place": "Tinmel", "item": "tent", "quantity": 3, "client_id": "form-17"}
NEAR = {"near": [-7.97, 31.0], "classes": ["truck"], "source": "driver", "client_id": "c1"}


def test_a_need_is_recorded_once_by_the_senders_id(client: Any, valley: Situation) -> None:
    before = len(valley.store.needs())
    first = client.post("/api/v1/needs", json=NEED)
    again = client.post("/api/v1/needs", json=NEED)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["new"] is True
    assert again.json()["new"] is False
    assert again.json()["id"] == first.json()["id"]
    assert len(valley.store.needs()) == before + 1
    listed = client.get("/api/v1/needs", params={"item": "tent"}).json()
    assert first.json()["id"] in {one["need_id"] for one in listed["items"]}


def test_the_same_id_for_something_else_is_a_conflict(client: Any) -> None:
    client.post("/api/v1/needs", json=NEED)
    answer = client.post("/api/v1/needs", json=NEED | {"quantity": 4})
    assert answer.status_code == 409
    assert "form-17" in answer.json()["detail"]


def test_without_an_id_two_tellings_are_two(client: Any) -> None:
    need = {name: value for name, value in NEED.items() if name != "client_id"}
    ids = {client.post("/api/v1/needs", json=need).json()["id"] for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"place": "Nowhere at all"}, 404),
        ({"item": "unobtainium"}, 404),
        ({"quantity": 0}, 422),
        ({"quantity": "many"}, 422),
        ({"unit": "parsec"}, 422),
        ({"colour": "red"}, 422),
        ({"reported_at": "2999-01-01T00:00:00Z"}, 422),
        ({"client_id": "with blank"}, 422),
        ({"client_id": "x" * 101}, 422),
    ],
)
def test_a_bad_need_is_refused_in_one_shape(
    client: Any, change: dict[str, Any], status: int
) -> None:
    answer = client.post("/api/v1/needs", json=NEED | change)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_a_road_is_closed_and_opened(client: Any) -> None:
    made = client.post("/api/v1/closures", json=NEAR)
    assert made.status_code == 201, made.text
    assert client.post("/api/v1/closures", json=NEAR).json()["new"] is False
    path = f"/api/v1/closures/{made.json()['id']}"
    assert [one["closure_id"] for one in client.get("/api/v1/closures").json()["items"]] == [
        made.json()["id"]
    ]
    assert client.delete(path).json() == {"undone": made.json()["id"]}
    assert client.delete(path).status_code == 404
    assert client.get("/api/v1/closures").json()["items"] == []
    assert client.get("/api/v1/closures?open_only=false").json()["items"][0]["reopened_at"]


def test_pages_add_up_to_the_whole(client: Any) -> None:
    whole = client.get("/api/v1/needs").json()["items"]
    found, path = [], "/api/v1/needs?limit=2"
    while path:
        part = client.get(path).json()
        found += part["items"]
        path = part["next"]
    assert found == whole
    assert len(whole) == 5
    assert client.get("/api/v1/needs?limit=0").status_code == 422
    assert client.get("/api/v1/needs?limit=1001").status_code == 422


def test_what_did_not_change_is_not_sent_again(client: Any) -> None:
    first = client.get("/api/v1/needs")
    tag = first.headers["etag"]
    again = client.get("/api/v1/needs", headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    client.post("/api/v1/needs", json=NEED)
    assert client.get("/api/v1/needs", headers={"If-None-Match": tag}).status_code == 200


def test_long_answers_are_compressed_for_those_who_can(client: Any) -> None:
    packed = client.get("/api/v1/needs", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/api/v1/needs", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_what_is_asked_is_answered_as_on_the_command_line(client: Any, valley: Situation) -> None:
    (tents,) = client.get("/api/v1/stock?item=tent").json()["stock"]
    assert (tents["item"], tents["on_hand"]) == ("tent", "40")
    assert client.get("/api/v1/stock?depot=nowhere").status_code == 404
    reach = client.get("/api/v1/reach").json()
    told = make_reach(valley)
    assert reach["items"] == json.loads(json.dumps(told["places"]))
    assert client.get("/api/v1/reach?status=cut_off").json()["total"] == 0
    by_truck = client.get("/api/v1/reach?vehicle_class=truck").json()
    assert set(by_truck["totals"]) == {"truck", "any"}
    assert len(client.get("/api/v1/indicators").json()["indicators"]) > 10
    assert client.get("/api/v1/plans").json()["items"] == []
    for path in ("latest", "latest/files.zip", "plan:none"):
        assert client.get(f"/api/v1/plans/{path}").status_code == 404


def test_a_table_is_taken_row_by_row_and_undone(client: Any) -> None:
    sheet = b"place,item,quantity\nTinmel,tent,7\nNowhere,tent,1\n"
    answer = client.post(
        "/api/v1/uploads/needs?name=needs.csv&organisation=NGO%20Two",
        content=sheet,
        headers={"Content-Type": "application/octet-stream"},
    )
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert report["accepted"] == 1
    assert len(report["rows"]) == 2
    assert client.delete(f"/api/v1/uploads/{report['upload_id']}").status_code == 200
    assert client.get("/api/v1/needs").json()["total"] == 5


def test_positions_come_many_at_once_in_any_order_and_count_once(
    keyed: dict[str, Any], valley: Situation
) -> None:
    (truck, *_rest) = valley.store.vehicles()
    busy, resting = (
        volunteering.register(valley, Registration(code=code, skills=("driver",), home="Asni"))
        for code in ("V-1", "V-2")
    )
    volunteering.check_in(valley, "V-1")
    now = valley.now()

    def at(number: int, who: str, minutes: int, **more: Any) -> dict[str, Any]:
        when = (now - timedelta(minutes=minutes)).isoformat()
        return {"client_id": f"p{number}", "id": who, "at": when, "lon": -8.0, "lat": 31.0} | more

    sent = [
        at(1, truck.vehicle_id, 2),
        at(2, truck.vehicle_id, 10, lon=-8.01),
        at(3, truck.vehicle_id, 1, lon=-5.5),
        at(4, "vehicle:none", 1),
        at(5, busy["volunteer_id"], 1, accuracy_m=15),
        at(6, resting["volunteer_id"], 1),
    ]
    path = "/api/v1/positions"
    assert keyed["viewer"].post(path, json={"positions": sent}).status_code == 403
    told = keyed["ngo"].post(path, json={"positions": sent}).json()["answers"]
    became = {one["id"]: (one["status"], one["why"]) for one in told}
    assert [became[f"p{n}"][0] for n in range(1, 7)] == [
        *("recorded", "recorded", "refused", "refused", "recorded", "refused")
    ]
    assert "km/h" in became["p3"][1]
    assert "while they work" in became["p6"][1]
    again = keyed["ngo"].post(path, json={"positions": sent[:1]}).json()["answers"]
    assert again == [{"id": "p1", "status": "known", "why": ""}]
    seen = keyed["viewer"].get(path).json()
    assert {one["id"] for one in seen["positions"]} == {truck.vehicle_id, busy["volunteer_id"]}
    assert seen["exact"] is False
    for bad in ({"lon": 200}, {"at": "2023-09-12T10:00:00"}, {"id": "depot:x"}, {"lat": "NaN"}):
        answer = keyed["ngo"].post(path, json={"positions": [at(7, truck.vehicle_id, 1, **bad)]})
        assert answer.status_code == 422, bad
    assert keyed["ngo"].post(path, json={"positions": sent * 100}).status_code == 422


def test_every_kind_of_table_may_be_sent(client: Any) -> None:
    assert set(get_args(entries.Kind)) == set(UPLOAD_KINDS)
    sheet = b"place,organisation,activity,status\nTinmel,Atlas,shelter,running\n"
    answer = client.post(
        "/api/v1/uploads/activities?name=3w.csv&organisation=NGO%20Two",
        content=sheet,
        headers={"Content-Type": "application/octet-stream"},
    )
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)


def kobo(**more: Any) -> dict[str, Any]:
    """What KoBo sends on of a form filled in: one object, its groups by a slash."""
    return {
        "_id": 108,
        "_uuid": "5c1f6c32-0f3e-4a07-8f0b-2d1f7d1c6a01",
        "formhub/uuid": "a",
        "lieu/place": "Tinmel",
        "besoin/item": "tent",
        "besoin/quantity": "7",
        "_geolocation": [None, None],
        "_attachments": [],
    } | more


def test_a_form_of_kobo_goes_in_once_as_it_comes(keyed: dict[str, Any], valley: Situation) -> None:
    path = "/api/v1/forms/needs?name=besoins"
    assert keyed["viewer"].post(path, json=kobo()).status_code == 403
    first = keyed["ngo"].post(path, json=kobo())
    assert first.status_code == 201, first.text
    # Its retry, after an answer that was lost; KoBo's own words about it may have changed.
    again = keyed["ngo"].post(path, json=kobo(_validation_status={"uid": "ok"}))
    assert (again.status_code, again.json()["duplicates"]) == (200, 1)
    other = keyed["ngo"].post(path, json=kobo(_uuid="another", _id=109))
    assert other.status_code == 201, other.text
    tents = [one for one in valley.store.needs() if one.quantity == 7]
    assert len(tents) == 2
    assert {one.organisation_id for one in tents} == {valley.organisation("NGO One")[0]}
    assert keyed["ngo"].delete(f"/api/v1/uploads/{first.json()['upload_id']}").status_code == 200
    assert len([one for one in valley.store.needs() if one.quantity == 7]) == 1


def test_repeats_and_the_positions_of_odk_are_read(client: Any, valley: Situation) -> None:
    entries = [{"item": "tent", "quantity": 11}, {"item": "blanket", "quantity": 12}]
    tinmel = valley.places().set_index("name").loc["Tinmel"].geometry.representative_point()
    at = {"type": "Point", "coordinates": [tinmel.x, tinmel.y, 1200.0], "properties": {}}
    record = {"__id": "uuid:1", "lieu": {"position": at, "place": "Tinmel"}, "besoins": entries}
    answer = client.post("/api/v1/forms/needs?organisation=NGO%20Two", json=record)
    assert answer.status_code == 201, answer.text
    assert answer.json()["accepted"] == 2
    told = {(one.item_id, int(one.quantity)) for one in valley.store.needs()}
    assert told >= {("tent", 11), ("blanket", 12)}


def test_a_form_is_never_a_later_state_of_the_one_before(client: Any, valley: Situation) -> None:
    path = "/api/v1/forms/needs?organisation=NGO%20Two&name=../../besoins"
    lists = [{"item": item, "quantity": 5} for item in ("tent", "blanket", "stove", "water_l")]
    # KoBo may be told to send some fields only: then nothing but its answers tells forms apart, and
    # a sheet of the same rows with one line changed would be a later dump that revises that line.
    for stoves, accepted in ((5, 4), (6, 1)):
        told = [one | {"quantity": stoves} if one["item"] == "stove" else one for one in lists]
        answer = client.post(path, json={"place": "Tinmel", "besoins": told})
        assert answer.status_code == 201, answer.text
        assert (answer.json()["accepted"], answer.json()["revised"]) == (accepted, 0)
    asked = [one.quantity for one in valley.store.needs() if one.item_id == "stove"]
    assert sorted(map(int, asked)) == [5, 6]
    assert {one.file for one in valley.store.uploads()} >= {"besoins.json"}


def test_a_geopoint_says_where(client: Any, valley: Situation) -> None:
    tinmel = valley.places().set_index("name").loc["Tinmel"]
    at = tinmel.geometry.representative_point()
    written = {"point": f"{at.y} {at.x} 1204.5 4.9"}
    pair = {"_geolocation": [at.y, at.x]}
    for number, where in enumerate((written, pair)):
        form = {"_id": number, "item": "tent", "quantity": 31 + number} | where
        answer = client.post("/api/v1/forms/needs?organisation=NGO%20Two", json=form)
        assert answer.status_code == 201, answer.text
        assert answer.json()["rows"][0]["place_id"] == tinmel["place_id"]


def test_a_form_of_which_no_row_is_taken_stays_with_its_sender(
    client: Any, valley: Situation
) -> None:
    before, path = valley.seq(), "/api/v1/forms/needs?organisation=NGO%20Two"
    answer = client.post(path, json=kobo(**{"lieu/place": "Nowhere"}))
    assert answer.status_code == 422
    assert "Nowhere" in answer.json()["detail"]
    for body, status in (({}, 400), ({"colour": "blue"}, 400), ([kobo()], 422), ("x", 422)):
        answer = client.post(path, json=body)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert valley.seq() == before


def test_each_role_may_what_the_table_says(keyed: dict[str, Any]) -> None:
    def codes(role: str) -> list[int]:
        one = keyed[role]
        return [
            one.get("/api/v1/needs").status_code,
            one.post("/api/v1/needs", json=NEED).status_code,
            one.post("/api/v1/closures", json=NEAR).status_code,
            one.get("/api/v1/ledger/head?signed=false").status_code,
        ]

    assert codes("nobody") == [401, 401, 401, 401]
    assert codes("viewer") == [200, 403, 403, 403]
    assert codes("ngo") == [200, 201, 403, 403]
    assert codes("cell") == [200, 201, 201, 200]
    assert codes("auditor") == [200, 403, 403, 200]


def test_what_a_key_tells_is_its_organisations(keyed: dict[str, Any], valley: Situation) -> None:
    made = keyed["ngo"].post("/api/v1/needs", json=NEED).json()["id"]
    (need,) = [one for one in valley.store.needs() if one.need_id == made]
    (ngo,) = [one for one in valley.store.organisations() if one.name == "NGO One"]
    assert need.organisation_id == ngo.organisation_id
    # The ids of another sender are others.
    assert keyed["cell"].post("/api/v1/needs", json=NEED).status_code == 201


def test_another_sites_page_changes_nothing_where_nobody_has_an_account(client: Any) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post("/api/v1/needs", json=NEED, headers=headers).status_code == 403
    assert client.get("/api/v1/needs").json()["total"] == 5


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"[" * 100_000, "application/json", 400),
        (b"{", "application/json", 422),
        (b'{"place":"Tinmel"}', "text/plain", 422),
        (b"\xff\xfe", "application/json", 422),
        (b"x" * 300_000, "application/json", 413),
    ],
)
def test_a_hostile_body_is_refused(client: Any, content: bytes, kind: str, status: int) -> None:
    answer = client.post("/api/v1/needs", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_refused_method_says_which_are_allowed(client: Any) -> None:
    answer = client.put("/api/v1/stock")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"


def test_a_text_message_is_answered_and_its_number_is_in_no_event(
    keyed: dict[str, Any], valley: Situation
) -> None:
    said = {"text": "BESOIN Tinmel tentes 3", "sender": "+212600112233", "client_id": "sms-1"}
    assert keyed["viewer"].post("/api/v1/messages", json=said).status_code == 403
    told = keyed["ngo"].post("/api/v1/messages", json=said).json()
    assert told["understood"]
    assert told["reference"] in told["answer"]
    assert keyed["ngo"].post("/api/v1/messages", json=said).json()["new"] is False
    (need_id,) = told["need_ids"]
    assert "212600112233" not in "".join(valley.store.lines())
    assert requesting.contact_of(valley, need_id) == {"phone": "+212600112233"}
    asked = keyed["ngo"].post("/api/v1/messages", json={"text": "what?", "language": "en"}).json()
    assert (asked["understood"], asked["need_ids"]) == (False, [])


def test_a_convoys_message_is_entered_once_by_who_may_report(
    keyed: dict[str, Any], valley: Situation
) -> None:
    # Where there are accounts, what a pending organisation reports is not planned.
    organisations.set_organisation(valley, "NGO One", "recognised")
    convoy = planning.make_plan(valley, iterations=30)["convoys"][0]["convoy_id"]
    path, said = f"/api/v1/convoys/{convoy}/replies", {"text": "ARR 1", "client_id": "m1"}
    assert keyed["viewer"].post(path, json=said).status_code == 403
    assert keyed["ngo"].post(path, json=said).json()["new"] is True
    assert keyed["ngo"].post(path, json=said).json()["new"] is False
    assert keyed["ngo"].post(path, json={"text": "what?"}).status_code == 400
    assert keyed["ngo"].post("/api/v1/convoys/convoy:x/replies", json=said).status_code == 404
    (heard,) = keyed["viewer"].get("/api/v1/convoys/heard").json()["convoys"]
    assert (heard["convoy_id"], heard["kind"]) == (convoy, "arrived")


def test_the_map_of_an_earlier_moment_knows_nothing_of_later_closures(
    client: Any, valley: Situation
) -> None:
    def closures(path: str) -> list[str]:
        features = client.get(path).json()["features"]
        return [one["id"] for one in features if one["properties"]["kind"] == "closure"]

    before = valley.seq()
    body = {"edges": ["w12:3-6"], "source": "gendarmerie", "reason": "rockfall"}
    assert client.post("/api/v1/closures", json=body).status_code in (200, 201)
    assert len(closures("/api/v1/live")) == 1
    assert closures(f"/api/v1/live?at={before}") == []
    assert len(closures(f"/api/v1/live?at={before + 1}")) == 1
    for none in ("0", "soon", str(10**20)):
        assert client.get(f"/api/v1/live?at={none}").status_code == 422
    assert client.get("/api/v1/live?at=999999").status_code in (404, 422)
