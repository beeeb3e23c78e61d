"""The form for who needs help: three taps, four languages, nobody else's page, no personal data."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from playwright.sync_api import Browser
from starlette.applications import Starlette

from dashboard import asgi, cache
from dashboard.http.gate import Door
from dashboard.http.limits import Allowance
from dashboard.http.request_form import RequestForm
from dashboard.languages import LANGUAGES
from dashboard.map.layers import LayerFiles
from dashboard.operations import access, requesting, trusting
from dashboard.operations.situation import Situation
from dashboard.situation_desk import SituationDesk
from dashboard.state import Served
from tests.dashboard.operations.conftest import valley  # noqa: F401 - a fixture

with warnings.catch_warnings():
    # It asks for a successor of httpx that nothing else here needs.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

ASKED = {"place": "Tinmel", "where": "there", "item": "tent", "count": "20"}


def serving(situation: Situation, *, public: bool = False) -> TestClient:
    desk = SituationDesk(situation.home)
    door = Door(desk, public_requests=public)
    served = Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks(), door=door)
    app = Starlette(routes=asgi.own_routes(served), middleware=asgi.guards(door, ["*"]))
    return TestClient(app, follow_redirects=False)


@pytest.fixture
def client(valley: Situation) -> Iterator[TestClient]:  # noqa: F811
    with serving(valley) as client:
        yield client


def opened(client: TestClient, language: str = "en") -> str:
    """Open the form as a phone would, and give its mark."""
    page = client.get(f"/request?lang={language}")
    assert page.status_code == 200
    found = re.search(r'name="form" value="([\w-]+)"', page.text)
    assert found
    return found[1]


def send(client: TestClient, **said: str) -> Any:
    return client.post("/request?lang=en", data=ASKED | {"form": opened(client)} | said)


def told(situation: Situation) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = trusting.list_needs(situation, organisation=requesting.PUBLIC)[
        "needs"
    ]
    return rows


def test_where_what_and_how_many_become_a_reported_need(
    client: TestClient,
    valley: Situation,  # noqa: F811
) -> None:
    answer = send(client, phone="+212600112233", name="Aicha", lat="30.985", lon="-8.228")
    assert answer.status_code == 303
    (need,) = told(valley)
    assert (need["place"], need["item"], need["quantity"]) == ("Tinmel", "tent", 20)
    assert (need["status"], need["reported_from_name"]) == ("reported", "Tinmel")
    kept = requesting.contact_of(valley, need["need_id"])
    assert kept == {"name": "Aicha", "phone": "+212600112233", "position": (-8.228, 30.985)}
    ledger = "".join(valley.store.lines())
    assert not re.search("Aicha|600112233", ledger)
    page = client.get(answer.headers["location"])
    assert requesting.reference_of(need["need_id"]) in page.text


def test_the_reporter_may_be_elsewhere(client: TestClient, valley: Situation) -> None:  # noqa: F811
    send(client, where="elsewhere", **{"from": "Ighil"}, many="7")
    assert (told(valley)[0]["reported_from_name"], told(valley)[0]["quantity"]) == ("Ighil", 7)


def test_sent_twice_it_is_one_request(client: TestClient, valley: Situation) -> None:  # noqa: F811
    mark = opened(client)
    first = client.post("/request", data=ASKED | {"form": mark})
    client.cookies.set("qafila_request", mark, path="/request")
    again = client.post("/request", data=ASKED | {"form": mark})
    assert first.headers["location"] == again.headers["location"]
    assert len(told(valley)) == 1


def test_a_form_of_another_site_records_nothing(
    client: TestClient,
    valley: Situation,  # noqa: F811
) -> None:
    assert client.post("/request", data=ASKED).status_code == 403
    assert client.post("/request", data=ASKED | {"form": "x" * 43}).status_code == 403
    mark = opened(client)
    foreign = client.post(
        "/request", data=ASKED | {"form": mark}, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403
    assert told(valley) == []


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"place": "Nullepart-sur-Oued"}, "This village is not known here"),
        ({"place": ""}, "This village is not known here"),
        ({"item": ""}, "Say what is needed."),
        ({"item": "castle"}, "is needed"),
        ({"count": ""}, "Say how many."),
        ({"many": "-3"}, "one number above 0"),
        ({"many": "1e9"}, "one number above 0"),
        ({"place_id": "place:nowhere", "place": ""}, "This village is not known here"),
    ],
)
def test_what_is_missing_is_said_and_what_was_written_stays(
    client: TestClient,
    valley: Situation,  # noqa: F811
    said: dict[str, str],
    text: str,
) -> None:
    answer = send(client, note="walls <b>down</b>", **said)
    assert answer.status_code == 422
    assert text in answer.text
    assert "walls &lt;b&gt;down&lt;/b&gt;" in answer.text
    assert told(valley) == []


def test_a_position_alone_offers_the_places_near_it(
    client: TestClient,
    valley: Situation,  # noqa: F811
) -> None:
    answer = send(client, place="", lat="30.99", lon="-8.24")
    assert "Which of these?" in answer.text
    place_id = re.search(r'name="place_id" value="(place:[^"]+)"', answer.text)
    assert place_id
    assert send(client, place="", place_id=place_id[1]).status_code == 303
    assert len(told(valley)) == 1


def test_too_many_requests_are_put_off_and_not_lost(valley: Situation) -> None:  # noqa: F811
    desk = SituationDesk(valley.home)
    form = RequestForm(desk, per_address=Allowance(rate_per_s=0.01, burst=1))
    with TestClient(Starlette(routes=form.routes()), follow_redirects=False) as client:
        assert send(client).status_code == 303
        busy = send(client, note="still here")
        assert busy.status_code == 429
        assert int(busy.headers["retry-after"]) > 1
        assert "still here" in busy.text
    desk.close()
    assert len(told(valley)) == 1


def test_a_body_that_is_too_large_or_broken_is_refused(client: TestClient) -> None:
    assert client.post("/request", data={"place": "x" * 20_000}).status_code == 403
    assert client.post("/request", content=b"\xff" * 100).status_code == 403
    assert client.post("/request", content=b"x" * 300_000).status_code == 413


def test_where_there_are_accounts_it_is_open_only_if_that_was_said(
    valley: Situation,  # noqa: F811
) -> None:
    access.add_account(valley, "amina", role="admin", password="four wet mules sing")
    with serving(valley) as shut:
        assert shut.get("/request").status_code == 401
    with serving(valley, public=True) as free:
        assert send(free).status_code == 303
        assert free.get("/api/v1/needs").status_code == 401
        assert free.get("/request/../api/v1/needs").status_code == 401
    (need,) = told(valley)
    assert need["quarantined"]
    assert need["counts_for_plan"] == 0


class _Page(HTMLParser):
    """What a browser without script is given: its labels, fields, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.ids += [one for one in [said.get("id")] if one]
        self.loads += [one for one in (said.get("src"), said.get("href")) if one]
        if tag == "label" and said.get("for"):
            self.labelled.add(str(said["for"]))
        if tag == "input" and said.get("type") not in ("hidden", "radio"):
            self.fields.append(said)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_page_is_small_and_whole_in_every_language(client: TestClient, language: str) -> None:
    page = client.get(f"/request?lang={language}")
    assert len(page.content) < 30_000
    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page.text
    read = _Page()
    read.feed(page.text)
    assert len(read.ids) == len(set(read.ids))
    assert {str(one["id"]) for one in read.fields} <= read.labelled
    assert all(one.startswith("/request?lang=") for one in read.loads)
    for said in ("Where is help needed?", "What is needed?", "Something else", "Send"):
        assert (language == "en") == (f">{said}" in page.text or f". {said}" in page.text), said
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "geolocation=(self)" in page.headers["permissions-policy"]


@pytest.mark.browser
def test_a_phone_on_a_slow_link_sends_it_with_three_taps(
    browser: Browser,
    valley: Situation,  # noqa: F811
) -> None:
    import threading

    import uvicorn

    desk = SituationDesk(valley.home)
    app = Starlette(routes=RequestForm(desk).routes())
    listening = asgi.listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, has_touch=True
    )
    try:
        page = context.new_page()
        link = context.new_cdp_session(page)
        link.send("Network.enable")
        # 2G: 600 ms and 50 kbit/s each way.
        link.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": 600,
                "downloadThroughput": 6_250,
                "uploadThroughput": 6_250,
            },
        )
        page.goto(f"http://127.0.0.1:{listening.getsockname()[1]}/request?lang=ar", timeout=20_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.fill("#place", "تينمل")
        page.locator("input[value=tent]").tap()
        page.locator("input[name=count][value='20']").tap()
        page.locator("form button:not([type])").tap(timeout=20_000)
        page.wait_for_url("**sent=**", timeout=20_000)
        assert page.locator(".done b").inner_text() == requesting.reference_of(
            told(valley)[0]["need_id"]
        )
    finally:
        context.close()
        server.should_exit = True
        thread.join(10)
        listening.close()
        desk.close()
    assert told(valley)[0]["quantity"] == 20
