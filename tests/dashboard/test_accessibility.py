"""Every page in every language, looked at by axe-core: nothing serious, nothing critical."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from barriers import barriers
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dashboard.app import VIEWS
from dashboard.languages import LANGUAGES, direction
from tests.dashboard.conftest import ValleyServer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# A page is drawn when its script has ended and nothing in it moves for a moment.
DRAWN = """quiet_ms => new Promise((done, fail) => {
    let timer;
    setTimeout(() => fail(new Error("the page never comes to rest")), 30000);
    const parts = "[data-stale=true], [data-testid=stSkeleton], [data-testid=stSpinner]";
    const look = () => {
        const app = document.querySelector("[data-testid=stApp]");
        const still = app.dataset.testScriptState === "notRunning" && !app.querySelector(parts);
        if (still) { watch.disconnect(); done(); } else wait();
    };
    const wait = () => { clearTimeout(timer); timer = setTimeout(look, quiet_ms); };
    const watch = new MutationObserver(wait);
    watch.observe(document.body, { subtree: true, childList: true, attributes: true });
    wait();
})"""
EMPTY_MAP = """<!doctype html><title>map</title><script>
const ready = { isStreamlitMessage: true, type: "streamlit:componentReady", apiVersion: 1 };
parent.postMessage(ready, "*");
</script>"""
QUIET_MS = 200


@pytest.fixture(scope="module")
def readers(browser: Browser, valley_server: ValleyServer) -> Iterator[dict[str, Page]]:
    """One open page a language: drawing four at a time is what keeps this short."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    # Drawn without a graphics card four times over, the maps would take most of the time.
    context.route(
        "**/map/**", lambda route: route.fulfill(content_type="text/html", body=EMPTY_MAP)
    )
    pages = {}
    for language in LANGUAGES:
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{valley_server.address}/?lang={language}", wait_until="commit")
        pages[language] = page
    for page in pages.values():
        page.locator("h1").wait_for()
    yield pages
    context.close()


def test_no_view_has_a_serious_barrier_in_any_language(readers: dict[str, Page]) -> None:
    for position, (name, _view) in enumerate(VIEWS):
        for page in readers.values():
            page.get_by_test_id("stTopNavLink").nth(position).dispatch_event("click")
        for language, page in readers.items():
            path = "" if position == 0 else name
            page.wait_for_function("path => location.pathname === '/' + path", arg=path)
            page.evaluate(DRAWN, QUIET_MS)
            assert page.locator("html").get_attribute("lang") == language
            assert page.locator("html").get_attribute("dir") == direction(language)
            assert barriers(page) == [], f"{name} in {language}"


@pytest.fixture
def alone(browser: Browser) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(viewport={"width": 1400, "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(
    ("address", "ready"),
    [
        ("/map/{}/", "html[data-live]"),
        ("/wall/{}/?panel=cut_off", "#figures dd"),
        ("/field/", "body"),
    ],
)
def test_no_page_beside_the_views_has_a_serious_barrier(
    valley_server: ValleyServer, alone: Page, address: str, ready: str
) -> None:
    for language in LANGUAGES if "{}" in address else ("ar",):
        alone.goto(valley_server.address + address.format(language))
        expect(alone.locator(ready).first).to_be_attached(timeout=30_000)
        assert barriers(alone) == [], f"{address} in {language}"
