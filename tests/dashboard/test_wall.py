"""The wall: its values, its page, and a real browser while its server comes and goes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.languages import use_language
from dashboard.wallsheet import ROWS, wall_values
from tests.dashboard.conftest import ValleyServer
from tests.dashboard.valley import HOSTILE, NOTICE, ValleyDesk

WAIT_MS = 30_000


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    use_language("en")


@pytest.fixture
def desk() -> ValleyDesk:
    desk = ValleyDesk()
    desk.make_plan()
    return desk


def panel(values: dict, name: str) -> dict:
    return next(one for one in values["panels"] if one["id"] == name)


def test_figures_are_the_picture_s(desk: ValleyDesk) -> None:
    values = wall_values(desk)
    told = {one["label"]: one for one in values["figures"]}
    totals = desk.picture().totals
    assert told["Places"]["value"] == str(totals["places"])
    assert told["Places not assessed"]["alarm"] == (totals["not_assessed"] > 0)
    assert values["seq"] == desk.seq()
    assert values["notice"] == NOTICE


def test_what_nobody_knows_is_a_dash_and_no_alarm(desk: ValleyDesk) -> None:
    desk.picture().totals.pop("unserved", None)
    told = {one["label"]: one for one in wall_values(desk)["figures"]}
    assert told["Needs without delivery"] == {
        "label": "Needs without delivery",
        "value": "–",
        "alarm": False,
    }


def test_there_are_no_more_rows_than_can_be_read(desk: ValleyDesk) -> None:
    for one in wall_values(desk)["panels"]:
        assert len(one["rows"]) <= ROWS
        assert all(isinstance(cell, str) for row in one["rows"] for cell in row)


def test_no_person_is_on_the_wall(desk: ValleyDesk) -> None:
    text = json.dumps(wall_values(desk))
    assert "volunteer" not in text
    assert "phone" not in text


def test_a_closed_road_changes_who_is_cut_off(desk: ValleyDesk) -> None:
    before = panel(wall_values(desk), "cut_off")["rows"]
    desk.close_road(
        edges=["drill:e3"], classes=(), state="closed", until=None, source="t", reason=""
    )
    after = panel(wall_values(desk), "cut_off")["rows"]
    assert len(after) > len(before)


# --- over HTTP ---


def test_the_page_holds_no_state_and_lets_nothing_foreign_in(valley_server: ValleyServer) -> None:
    answer = httpx.get(valley_server.address + "/wall/fr/?theme=dark", timeout=30)
    assert answer.status_code == 200
    assert '<html lang="fr" dir="ltr" data-theme="dark">' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r"https?://|//[a-z]", answer.text)
    assert NOTICE not in answer.text


@pytest.mark.parametrize("query", ["theme=<script>", "theme=" + "x" * 3_000, "panel=<b>"])
def test_a_hostile_address_is_not_written_into_the_page(
    valley_server: ValleyServer, query: str
) -> None:
    text = httpx.get(f"{valley_server.address}/wall/en/?{query}", timeout=30).text
    assert 'data-theme=""' in text
    assert "<script>" not in text


def test_an_unknown_language_is_refused_in_one_shape(valley_server: ValleyServer) -> None:
    for path in ("/wall/de/", "/wall/de/values.json"):
        answer = httpx.get(valley_server.address + path, timeout=30)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    own = httpx.get(valley_server.address + "/wall/", headers={"Accept-Language": "ar"}, timeout=30)
    assert (own.status_code, own.headers["location"]) == (307, "ar/")


def test_the_short_report_is_a_page_without_scripts(valley_server: ValleyServer) -> None:
    answer = httpx.get(valley_server.address + "/brief/zgh/", timeout=30)
    assert answer.text == "short in zgh"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert httpx.get(valley_server.address + "/brief/de/", timeout=30).status_code == 404
    own = httpx.get(
        f"{valley_server.address}/brief/", headers={"Accept-Language": "fr"}, timeout=30
    )
    assert own.headers["location"] == "fr/"


# --- in a browser ---


@pytest.fixture
def screen(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    yield page
    page.close()


@pytest.mark.browser
def test_it_shows_changes_says_when_the_link_is_lost_and_comes_back(
    checkout: Path, screen: Page
) -> None:
    with ValleyServer(checkout) as first:
        port = int(first.address.rpartition(":")[2])
        screen.goto(f"{first.address}/wall/en/?panel=cut_off")
        expect(screen.locator("#figures dd").first).to_be_visible(timeout=WAIT_MS)
        expect(screen.locator("#notice")).to_have_text(NOTICE)
        rows = screen.locator("#rows tr")
        before = rows.count()
        first.tell("close drill:e3")
        expect(rows).not_to_have_count(before, timeout=WAIT_MS)
        assert HOSTILE not in screen.content()
        # Nothing smaller than a fortieth of the height: legible from four metres.
        smallest = screen.evaluate(
            "Math.min(...[...document.querySelectorAll('dt,dd,td,h1,#age,#notice')]"
            ".map((one) => parseFloat(getComputedStyle(one).fontSize)))"
        )
        assert smallest >= 1080 / 40
    expect(screen.locator("#banner")).to_contain_text("Link lost", timeout=WAIT_MS)
    with ValleyServer(checkout, "--port", str(port)):
        expect(screen.locator("#banner")).not_to_contain_text("Link lost", timeout=2 * WAIT_MS)
