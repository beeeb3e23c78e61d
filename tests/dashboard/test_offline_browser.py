"""The page in a real browser that may reach this machine and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Page, expect

from tests.dashboard.conftest import ValleyServer
from tests.dashboard.valley import HOSTILE, NOTICE

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, FloatRect, Request

pytestmark = pytest.mark.browser

WAIT_MS = 30_000
# Streamlit's own frames ask for features that browsers no longer know, and for both of these.
HARMLESS = re.compile("Unrecognized feature|allow-scripts and allow-same-origin")


@dataclass(slots=True)
class Watched:
    """A page with everything that it asked for and complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def foreign(self) -> list[str]:
        """Requests that would have left this machine."""
        return [
            url
            for url in self.requests
            if not re.match(r"(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:|about:", url)
        ]

    def open(self, address: str) -> None:
        """Open the page and wait until the map is drawn."""
        self.page.goto(address)
        drawn(self.page)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    yield context
    context.close()


@pytest.fixture
def watched(context: BrowserContext) -> Watched:
    return watch(context.new_page())


def watch(page: Page) -> Watched:
    watched = Watched(page)

    def request(asked: Request) -> None:
        watched.requests.append(asked.url)

    def console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not HARMLESS.search(message.text):
            watched.complaints.append(message.text)

    page.on("request", request)
    page.on("console", console)
    page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    page.set_default_timeout(WAIT_MS)
    return watched


def map_of(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[title*='map']")


def drawn(page: Page, *, live: int = 14) -> None:
    """Wait until the map holds so many live features, and its roads."""
    map_of(page).locator(f"html[data-live='{live}'][data-roads='drawn']").wait_for(
        state="attached", timeout=WAIT_MS
    )


def inked(page: Page, pane: str) -> int:
    """Count pixels that are drawn in a pane of the map that stands alone."""
    count: int = page.evaluate(
        """pane => {
            let sum = 0;
            for (const one of document.querySelectorAll(`.leaflet-${pane}-pane canvas`)) {
                const d = one.getContext("2d").getImageData(0, 0, one.width, one.height).data;
                for (let i = 3; i < d.length; i += 4) if (d[i] > 40) sum++;
            }
            return sum;
        }""",
        pane,
    )
    return count


def seams(page: Page, pane: str) -> int:
    """Count columns and rows inside a pane's ink that are clear from end to end."""
    count: int = page.evaluate(
        """pane => {
            const one = document.querySelector(`.leaflet-${pane}-pane canvas`);
            const { width, height } = one;
            const d = one.getContext("2d").getImageData(0, 0, width, height).data;
            const inked = (x, y) => d[4 * (y * width + x) + 3] > 0;
            let left = width, right = 0, top = height, bottom = 0;
            for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) if (inked(x, y)) {
                left = Math.min(left, x); right = Math.max(right, x);
                top = Math.min(top, y); bottom = Math.max(bottom, y);
            }
            let seams = 0;
            for (let x = left; x <= right; x++) {
                let any = false;
                for (let y = top; y <= bottom && !any; y++) any = inked(x, y);
                if (!any) seams++;
            }
            for (let y = top; y <= bottom; y++) {
                let any = false;
                for (let x = left; x <= right && !any; x++) any = inked(x, y);
                if (!any) seams++;
            }
            return seams;
        }""",
        pane,
    )
    return count


def map_box(page: Page) -> FloatRect:
    box = page.locator("iframe[title*='map']").bounding_box()
    assert box is not None
    return box


def colours(context: BrowserContext, png: bytes) -> int:
    """Number of different colours in a picture, counted in the browser itself."""
    page = context.new_page()
    page.set_content("<canvas></canvas>")
    count = page.evaluate(
        """async (bytes) => {
            const blob = new Blob([new Uint8Array(bytes)], { type: "image/png" });
            const image = await createImageBitmap(blob);
            const canvas = new OffscreenCanvas(image.width, image.height);
            const context = canvas.getContext("2d");
            context.drawImage(image, 0, 0);
            const data = new Uint32Array(
                context.getImageData(0, 0, image.width, image.height).data.buffer);
            return new Set(data).size;
        }""",
        list(png),
    )
    page.close()
    assert isinstance(count, int)
    return count


def pick_ijoukak_road(page: Page) -> None:
    """Click the middle of edge e2 on the map: where the name of its two places says it runs."""
    frame = map_of(page)
    # The closure's own symbol is not there yet, so ask Leaflet's scale: e2 bends at -8.110, 31.080.
    x, y = project(page, -8.110, 31.080)
    box = map_box(page)
    frame.locator(".leaflet-container").wait_for()
    page.mouse.click(box["x"] + x, box["y"] + y)


def project(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Pixel of a position in the map's frame, from two markers whose positions are known."""
    import math

    def mercator(lon: float, lat: float) -> tuple[float, float]:
        s = math.sin(math.radians(lat))
        return lon / 360, -math.log((1 + s) / (1 - s)) / (4 * math.pi)

    box = map_box(page)
    known = []
    for name, position in (("7 volunteers", (-8.079, 31.173)), ("3 volunteers", (-7.918, 31.136))):
        marker = map_of(page).get_by_role("button", name=re.compile(name)).bounding_box()
        assert marker is not None
        # iconSize 38 x 20, iconAnchor (44, 22): the place lies right of and below the badge.
        known.append(
            (mercator(*position), marker["x"] - box["x"] + 44, marker["y"] - box["y"] + 22)
        )
    (first, x1, y1), (second, x2, _y2) = known
    scale = (x2 - x1) / (second[0] - first[0])
    wanted = mercator(lon, lat)
    return x1 + (wanted[0] - first[0]) * scale, y1 + (wanted[1] - first[1]) * scale


# --- offline ---


def test_the_page_shows_a_drawn_map_and_asks_no_foreign_host(
    valley_server: ValleyServer, watched: Watched, context: BrowserContext
) -> None:
    watched.open(valley_server.address)
    page = watched.page
    assert map_box(page)["height"] > 300
    expect(page.get_by_text(NOTICE)).to_be_visible()
    expect(map_of(page).get_by_text(NOTICE)).to_be_visible()
    expect(map_of(page).get_by_text("Legend")).to_be_visible()
    expect(map_of(page).locator(".leaflet-control-scale")).to_contain_text("km")
    expect(page.locator("[data-testid='stDataFrame']")).to_be_visible()
    # A flat sheet with the legend's few colours would stay far below.
    assert colours(context, page.locator("iframe[title*='map']").screenshot()) > 300
    for part in ("Roads", "Convoys", "Sources", "Places"):
        page.get_by_role("radio", name=part).or_(
            page.get_by_role("button", name=part)
        ).first.click()
        page.wait_for_timeout(300)
    assert watched.foreign == []
    assert watched.complaints == []


def test_the_map_stands_alone_too(valley_server: ValleyServer, watched: Watched) -> None:
    page = watched.page
    page.goto(valley_server.address + "/map/en/")
    page.locator("html[data-live='14'][data-roads='drawn']").wait_for(state="attached")
    assert inked(page, "qafila-roads") > 1000
    assert inked(page, "qafila-areas") > 1000
    expect(page.get_by_text(NOTICE)).to_be_visible()
    assert watched.foreign == []
    assert watched.complaints == []


def test_the_relief_comes_in_tiles_of_this_server_and_can_be_switched_off(
    valley_server: ValleyServer, watched: Watched
) -> None:
    page = watched.page
    page.goto(valley_server.address + "/map/en/")
    whole = page.locator("html[data-raster_relief='drawn']")
    whole.wait_for(state="attached")
    # Shadow: black, as opaque as it is dark, and without a seam from tile to tile at any zoom.
    page.evaluate("() => { qafila.map.setZoom(10.75, { animate: false }); }")
    page.wait_for_timeout(400)
    whole.wait_for(state="attached")
    assert seams(page, "qafila-relief") == 0
    switch = page.locator("input[data-show='relief']")
    expect(switch).to_be_checked()
    switch.uncheck()
    assert inked(page, "qafila-relief") == 0
    switch.check()
    whole.wait_for(state="attached")
    assert inked(page, "qafila-relief") > 10_000
    # What the situation lacks has no switch.
    expect(page.locator("input[data-show='after'], input[data-show='hint']")).to_have_count(0)
    assert any("/api/v1/tiles/" in url for url in watched.requests)
    assert watched.foreign == []
    assert watched.complaints == []


def test_a_place_whose_reach_nobody_computed_has_its_popup(
    valley_server: ValleyServer, watched: Watched
) -> None:
    page = watched.page
    page.goto(valley_server.address + "/map/en/")
    page.locator("html[data-live='14']").wait_for(state="attached")
    page.evaluate(
        """() => {
            qafila.state.places.get("place:asni").reach = "unknown";
            qafila.focus("place:asni");
        }"""
    )
    expect(page.locator(".q-popup")).to_contain_text("not computed")
    assert watched.complaints == []


def test_the_map_is_saved_as_a_picture_without_the_network(
    valley_server: ValleyServer, watched: Watched, context: BrowserContext
) -> None:
    page = watched.page
    page.goto(valley_server.address + "/map/en/")
    # The relief comes after what people reported: it, too, must be there before the cut.
    whole = "html[data-live='14'][data-roads='drawn'][data-raster_relief='drawn']"
    page.locator(whole).wait_for(state="attached")
    asked = len(watched.requests)
    context.set_offline(True)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the map as a picture").click()
    context.set_offline(False)
    assert re.fullmatch(r"Valley-of-Nfis-\d+\.png", saved.value.suggested_filename)
    png = Path(saved.value.path()).read_bytes()
    width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    # The map, its legend beside it, and below it the notice.
    assert (width, height) >= (1600 + 250, 1000)
    assert colours(context, png) > 300
    assert not [url for url in watched.requests[asked:] if "/live" not in url]
    assert watched.complaints == [one for one in watched.complaints if "live layer" in one]


def test_every_letter_comes_from_this_server_in_one_family(
    valley_server: ValleyServer, watched: Watched
) -> None:
    watched.open(valley_server.address)
    watched.page.wait_for_timeout(500)
    fonts = {url.rpartition("/")[2] for url in watched.requests if url.endswith(".woff2")}
    assert "noto-sans-arabic-arabic-400-normal.woff2" in fonts
    assert "noto-sans-tifinagh-tifinagh-400-normal.woff2" in fonts
    # A face is loaded only where a letter is drawn with it.
    drawn_with = watched.page.evaluate(
        """() => [...document.fonts].filter((one) => one.status === "loaded")
            .map((one) => `${one.family.replaceAll('"', "")} ${one.weight}`)"""
    )
    assert {"Noto Sans 400", "Noto Sans 700"} <= set(drawn_with)


def test_a_failed_map_says_so_instead_of_vanishing(
    valley_server: ValleyServer, watched: Watched
) -> None:
    page = watched.page
    page.route("**/map/all.js", lambda route: route.abort())
    page.goto(valley_server.address)
    expect(map_of(page).locator("#qafila-failure")).to_contain_text("could not be drawn")
    assert map_box(page)["height"] > 300
    expect(page.locator("[data-testid='stDataFrame']")).to_be_visible()


def test_on_a_phone_the_map_leaves_room_to_scroll(
    valley_server: ValleyServer, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    watched = watch(context.new_page())
    watched.open(valley_server.address)
    box = map_box(watched.page)
    assert 300 < box["height"] < 0.7 * 844
    assert box["width"] > 340
    width = watched.page.evaluate("() => document.scrollingElement.scrollWidth")
    assert width <= 390
    context.close()


# --- closing a road ---


def test_closing_a_road_on_the_map_shows_who_is_cut_off_and_undo_restores_it(
    own_server: ValleyServer, watched: Watched
) -> None:
    watched.open(own_server.address)
    page = watched.page
    pick_ijoukak_road(page)
    expect(page.get_by_text("Ouirgane → Ijoukak")).to_be_visible()
    page.get_by_label("Reason").fill("rockfall")
    page.get_by_role("button", name="Close this road").click()
    expect(page.get_by_text("2 places are cut off now")).to_be_visible()
    expect(page.get_by_text("Tinmel: family tent 40 → 0")).to_be_visible()
    # One closure more, two convoys less.
    drawn(page, live=13)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 places can be reached again")).to_be_visible()
    drawn(page)
    assert watched.foreign == []
    assert watched.complaints == []


def test_the_map_is_not_built_anew_while_a_road_is_closed(
    own_server: ValleyServer, watched: Watched
) -> None:
    page = watched.page
    loads: list[str] = []
    # The page's own map, not the one that came before the page.
    own = "/map/en/?streamlitUrl"
    page.on("framenavigated", lambda frame: loads.append(frame.url) if own in frame.url else None)
    watched.open(own_server.address)
    pick_ijoukak_road(page)
    page.get_by_role("button", name="Close this road").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.wait_for_timeout(500)
    assert len(loads) == 1


# --- a shared picture ---


def test_a_change_by_somebody_else_reaches_every_screen_and_keeps_the_popup(
    own_server: ValleyServer, context: BrowserContext
) -> None:
    screens = [watch(context.new_page()) for _ in range(2)]
    for screen in screens:
        screen.open(own_server.address)
    open_popup = map_of(screens[0].page).get_by_role("button", name=re.compile("7 volunteers"))
    open_popup.click()
    expect(map_of(screens[0].page).get_by_text("Home place", exact=True)).to_be_visible()
    sizes: list[int] = []
    screens[0].page.on(
        "response",
        lambda answer: sizes.append(len(answer.body())) if "/live?since=" in answer.url else None,
    )
    own_server.tell("close drill:e2")
    for screen in screens:
        drawn(screen.page, live=15)
        expect(screen.page.get_by_text("Cut off for trucks").locator("..")).to_contain_text("2")
    expect(map_of(screens[0].page).get_by_text("Home place", exact=True)).to_be_visible()
    assert sizes
    assert max(sizes) < 5_000


def test_text_from_people_does_nothing_in_the_browser(
    own_server: ValleyServer, watched: Watched
) -> None:
    own_server.tell(f"rename Ouirgane {HOSTILE}")
    watched.open(own_server.address)
    page = watched.page
    map_of(page).get_by_role("button", name=re.compile("7 volunteers")).click()
    popup = map_of(page).locator(".q-popup")
    expect(popup).to_contain_text("<img src=x")
    assert popup.locator("img").count() == 0
    assert page.evaluate("() => window.broken") is None
    assert watched.complaints == []
    assert not any(url.endswith("/x") for url in watched.requests)


def test_a_lost_server_is_said_and_the_map_stays(checkout: Path, context: BrowserContext) -> None:
    with ValleyServer(checkout) as server:
        watched = watch(context.new_page())
        watched.open(server.address)
        server.stop()
        age = map_of(watched.page).locator("#q-age")
        expect(age).to_contain_text("Connection lost; as of", timeout=WAIT_MS)
        expect(map_of(watched.page).locator("html")).to_have_attribute("data-live", "14")


def test_a_depot_can_be_opened_with_the_keyboard(
    valley_server: ValleyServer, watched: Watched
) -> None:
    watched.open(valley_server.address)
    depot = map_of(watched.page).get_by_role("button", name="depot Asni souk")
    depot.focus()
    depot.press("Enter")
    expect(map_of(watched.page).locator(".q-popup")).to_contain_text("family tent")


def test_the_address_holds_the_view_and_hands_it_on(
    valley_server: ValleyServer, context: BrowserContext
) -> None:
    first, second = context.new_page(), context.new_page()
    first.goto(valley_server.address)
    drawn(first)
    # The frame has grown to its height meanwhile, which is no move: the whole area is shown.
    first.wait_for_timeout(400)
    assert first.evaluate("location.hash") == ""
    frame = first.frame(url=re.compile("/map/"))
    assert frame is not None
    frame.evaluate("() => { qafila.map.setView([31.1, -8.05], 13, { animate: false }); }")
    first.wait_for_function("location.hash === '#map=13/31.10000/-8.05000'")
    second.goto(first.url)
    drawn(second)
    other = second.frame(url=re.compile("/map/"))
    assert other is not None
    assert other.evaluate("[qafila.map.getZoom(), +qafila.map.getCenter().lat.toFixed(4)]") == [
        13,
        31.1,
    ]
    # What is no view is not followed.
    second.goto(valley_server.address + "/map/en/#map=99/500/x")
    second.locator("html[data-roads='drawn']").wait_for(state="attached")


# --- large networks ---


def inked_at(page: Page, zoom: int) -> int:
    page.evaluate(
        """zoom => new Promise((done) => {
            delete document.documentElement.dataset.roads;
            qafila.map.setZoom(zoom, { animate: false });
            done();
        })""",
        zoom,
    )
    page.locator("html[data-roads='drawn']").wait_for(state="attached", timeout=WAIT_MS)
    return inked(page, "qafila-roads")


def test_a_network_of_fifteen_thousand_edges_is_drawn(checkout: Path, watched: Watched) -> None:
    page = watched.page
    with ValleyServer(checkout, "--edges", "15000") as server:
        page.goto(server.address + "/map/en/")
        page.locator("html[data-roads='drawn']").wait_for(state="attached", timeout=WAIT_MS)
        # Streets and footways wait until the map is near.
        assert inked_at(page, 9) < inked_at(page, 13) / 5
        assert watched.complaints == []
        assert watched.foreign == []
