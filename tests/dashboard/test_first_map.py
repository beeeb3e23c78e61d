"""The map comes before Streamlit's page, and gives way to it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit
from playwright.sync_api import BrowserContext, Page, Route, expect
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse
from starlette.routing import Route as Path_

from dashboard.http.first_map import with_first_map
from dashboard.http.language import PageLanguage
from tests.dashboard.conftest import ValleyServer

with warnings.catch_warnings():
    # It asks for a successor of httpx that nothing else here needs.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

INDEX = (Path(streamlit.__file__).parent / "static" / "index.html").read_bytes()
FIRST = "#qafila-first"
PAGE_FRAME = "iframe.stCustomComponentV1"
WHOLE = "html[data-live='14'][data-roads='drawn']"
WAIT_MS = 30_000


@pytest.fixture
def client() -> TestClient:
    """Streamlit's document at every address, as it comes from its own server."""

    def document(_request: object) -> HTMLResponse:
        return HTMLResponse(INDEX)

    app = Starlette(routes=[Path_("/{path:path}", document)], middleware=[Middleware(PageLanguage)])
    return TestClient(app, headers={"accept": "text/html"})


@pytest.mark.parametrize("language", ["ar", "fr", "zgh", "en"])
def test_the_document_of_the_situation_brings_the_map_in_its_language(
    client: TestClient, language: str
) -> None:
    body = client.get(f"/?lang={language}").text
    assert f'src="/map/{language}/"' in body
    # Streamlit's own scripts wait for the map in a part of the document that is inert.
    before, _, after = body.partition('<template id="qafila-page">')
    inert, _, after = after.partition("</template>")
    for found in re.findall(r'(?:src|href)="(\./static/js/[^"]+)"', INDEX.decode()):
        assert found in inert
    assert "/static/js/" not in before + after


@pytest.mark.parametrize("address", ["/place", "/ledger?lang=ar", "/?as-of=12"])
def test_other_views_and_the_past_come_without_it(client: TestClient, address: str) -> None:
    body = client.get(address).text
    assert "qafila-first" not in body
    assert '<script type="module"' in body


def test_a_document_that_is_not_streamlits_as_we_know_it_is_left_alone() -> None:
    for other in (
        b'<html><body><div id="root"></div></body></html>',
        INDEX.replace(b'<div id="root"></div>', b'<div id="other"></div>'),
    ):
        assert with_first_map(other, "en") == other


@pytest.fixture
def page(browser: object) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(  # type: ignore[attr-defined]
        viewport={"width": 1200, "height": 800}
    )
    one = context.new_page()
    one.set_default_timeout(WAIT_MS)
    yield one
    context.close()


@pytest.mark.browser
def test_the_map_is_there_although_the_page_is_not_yet(
    valley_server: ValleyServer, page: Page
) -> None:
    held: list[Route] = []
    let_go: list[bool] = []
    page.route(
        "**/static/js/index.*.js",
        lambda route: route.continue_() if let_go else held.append(route),
    )
    page.goto(f"{valley_server.address}/?lang=fr#map=12/31.2/-8", wait_until="commit")
    first = page.frame_locator(f"{FIRST} iframe")
    first.locator(WHOLE).wait_for(state="attached")
    expect(page.locator(FIRST)).to_contain_text("La carte vient d’abord")
    assert first.locator("body").evaluate("() => qafila.map.getZoom()") == 12
    assert page.locator(".stApp").count() == 0
    # It is the real map: what is there can be asked.
    first.locator("body").evaluate("() => qafila.map.setView([31.25, -8.05], 11)")
    expect(page).to_have_url(re.compile("#map=11/"))

    let_go.append(True)
    for one in held:
        one.continue_()
    page.frame_locator(PAGE_FRAME).locator(WHOLE).wait_for(state="attached")
    expect(page.locator(FIRST)).to_have_count(0)
    zoom = page.frame_locator(PAGE_FRAME).locator("body").evaluate("() => qafila.map.getZoom()")
    assert zoom == 11


@pytest.mark.browser
def test_where_the_map_does_not_come_the_page_does(valley_server: ValleyServer, page: Page) -> None:
    page.route("**/map/en/", lambda route: route.fulfill(status=404, body="{}"), times=1)
    page.goto(valley_server.address)
    expect(page.locator(FIRST)).to_have_count(0, timeout=WAIT_MS)
    page.frame_locator(PAGE_FRAME).locator(WHOLE).wait_for(state="attached")


@pytest.mark.browser
def test_a_map_that_is_slow_does_not_keep_the_page_away(
    valley_server: ValleyServer, page: Page
) -> None:
    held: list[Route] = []
    page.route("**/map/en/", lambda route: held.append(route), times=1)
    page.goto(valley_server.address, wait_until="commit")
    # The page begins after its ten seconds, and shows its own map.
    page.frame_locator(PAGE_FRAME).locator(WHOLE).wait_for(state="attached")
    expect(page.locator(FIRST)).to_have_count(0, timeout=WAIT_MS)
    for one in held:
        one.abort()


@pytest.mark.browser
def test_relief_is_asked_for_after_what_people_reported(
    valley_server: ValleyServer, page: Page
) -> None:
    held: list[Route] = []
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.route("**/api/v1/live?*", lambda route: held.append(route), times=1)
    page.goto(f"{valley_server.address}/map/en/")
    page.locator("html[data-raster_relief='coming'][data-roads='drawn']").wait_for(state="attached")
    page.wait_for_timeout(400)
    assert not [url for url in asked if url.endswith(".png")]
    (live,) = held
    live.continue_()
    page.locator("html[data-live='14'][data-raster_relief='drawn']").wait_for(state="attached")
    assert [url for url in asked if url.endswith(".png")]
