"""The convoy leader's page in a real browser, with the network cut and restored."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from barriers import barriers
from playwright.sync_api import Browser, BrowserContext, Page, expect
from starlette.applications import Starlette

from dashboard import asgi
from dashboard.languages import LANGUAGES
from dashboard.operations import answering, planning
from dashboard.operations.exporting import export_plan
from dashboard.operations.field_reports import last_heard
from dashboard.operations.situation import Situation

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def address(app: Starlette) -> Iterator[str]:
    """The valley, served on this machine as `qafila serve` does."""
    listening = asgi.listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=2))
    running = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    running.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    running.join(15)
    listening.close()


@pytest.fixture
def convoy(valley: Situation) -> dict[str, Any]:
    return next(
        one
        for one in planning.make_plan(valley, iterations=30)["convoys"]
        if "tent" in one["stops"][0]["deliver"]
    )


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]
        locale="ar-MA",
        geolocation={"longitude": -8.0, "latitude": 31.0},
        permissions=["geolocation"],
    )
    yield context
    context.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait for what the server gets to know a moment later."""
    for _ in range(150):
        if holds():
            return
        time.sleep(0.1)
    pytest.fail("it did not come about within 15 s")


def choose(page: Page, language: str) -> None:
    page.locator("select.language").select_option(language)


def test_reports_made_without_a_network_arrive_once_it_is_back(
    valley: Situation, address: str, convoy: dict[str, Any], phone: BrowserContext
) -> None:
    link = answering.issue(valley, convoy["convoy_id"], at=address)
    page = phone.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        lambda said: wrong.append(said.text) if "Content Security" in said.text else None,
    )
    page.goto(link["url"])
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    choose(page, "en")
    expect(page.get_by_text("This page opens without a network.")).to_be_visible()
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")

    # Up the valley: no network. The page opens anew all the same, and takes what happened.
    phone.set_offline(True)
    page.reload()
    expect(page.get_by_role("heading", name="Stops")).to_be_visible()
    page.get_by_role("button", name="Arrived").first.click()
    page.get_by_role("button", name="Delivered …").first.click()
    page.get_by_label("Handed over").first.fill("٣")
    page.get_by_role("button", name="Keep and send").click()
    expect(page.get_by_role("alert")).to_contain_text("who took it over")
    page.get_by_label("Taken over by").select_option("community")
    page.get_by_role("button", name="Keep and send").click()
    page.get_by_role("button", name="Incident …").click()
    page.get_by_label("Note").fill("<img src=x onerror=alert(1)> axle")
    expect(page.get_by_text("Position found")).to_be_visible()
    page.get_by_role("button", name="Keep and send").click()
    expect(page.get_by_text("Waiting to be sent: 3.")).to_be_visible()
    assert last_heard(valley) == []
    page.close()

    # Back on the main road: whoever opens the page sends what waited.
    phone.set_offline(False)
    page = phone.new_page()
    page.goto(link["url"])
    expect(page.get_by_text("Everything was sent.")).to_be_visible(timeout=15_000)
    until(lambda: len(list(valley.store.events(types=["convoy.reported"]))) == 3)
    kinds = sorted(one.payload["kind"] for one in valley.store.events(types=["convoy.reported"]))
    assert kinds == ["arrived", "delivered", "incident"]
    deliveries = {one.item_id: float(one.quantity) for one in valley.store.deliveries()}
    first = sorted(convoy["stops"][0]["deliver"])[0]
    assert deliveries[first] == 3.0
    expect(page.get_by_text("Last heard by the crisis cell")).to_be_visible()
    assert wrong == []

    # A link that was withdrawn keeps nothing from the leader, and lets nothing in.
    answering.revoke(valley, link["link_id"])
    page.get_by_role("button", name="Arrived").first.click()
    expect(page.get_by_role("alert")).to_contain_text("ended or was withdrawn")
    expect(page.get_by_text("ARR 1")).to_be_visible()
    assert len(list(valley.store.events(types=["convoy.reported"]))) == 3


def test_nobody_is_kept_out_of_the_page_or_the_sheet(
    valley: Situation,
    address: str,
    convoy: dict[str, Any],
    phone: BrowserContext,
    tmp_path: Path,
) -> None:
    link = answering.issue(valley, convoy["convoy_id"], at=address)
    page = phone.new_page()
    page.goto(link["url"])
    for language in LANGUAGES:
        choose(page, language)
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert barriers(page) == [], f"page in {language}"
    page.get_by_role("button", name="Incident …").click()
    assert barriers(page) == [], "form of an incident"

    # The sheet, opened from a file and with no network, as it comes with a message.
    phone.set_offline(True)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    for language in LANGUAGES:
        export_plan(
            valley, "latest", folder=tmp_path / language, formats=["html"], language=language
        )
        (sheet, *_others) = sorted((tmp_path / language).glob("*.html"))
        page.goto(sheet.as_uri())
        assert barriers(page) == [], f"sheet in {language}"
    assert {one.partition(":")[0] for one in asked} == {"file"}
