"""A plan on the page, in a real browser: planned, locked, a road closed, the rest planned anew."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest
from playwright.sync_api import Browser, expect

from dashboard.operations import planning, roads
from dashboard.operations.situation import Situation

SERVE = "from dashboard.cli import main; raise SystemExit(main())"
#: Arithmetic on a busy machine, and the compiler's work where nothing was compiled yet.
PATIENCE_MS = 120_000


@pytest.fixture
def address(valley: Situation, checkout: Path) -> Iterator[str]:
    """The valley in a process of its own, as `qafila serve` serves it."""
    words = ["serve", "--home", str(valley.home), "--port", "0"]
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, *words],
        cwd=checkout,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        said: Queue[str] = Queue()
        reader = threading.Thread(target=_read, args=(process, said), daemon=True)
        reader.start()
        yield said.get(timeout=90)
        process.terminate()
        process.wait(20)
        reader.join(15)


def _read(process: subprocess.Popen[str], said: Queue[str]) -> None:
    """Note where the server is, and read on, or it would wait for us."""
    assert process.stderr is not None
    for line in process.stderr:
        for word in line.split():
            if word.startswith("http://"):
                said.put(word.rstrip("/"))


@pytest.mark.browser
def test_a_road_closes_and_the_page_says_who_loses_why_and_keeps_what_is_locked(
    valley: Situation, address: str, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 1600})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{address}/convoys?lang=en")
    # The shortest search will do for four places.
    page.get_by_role("slider").first.press("Home")
    page.get_by_role("button", name="Plan convoys now").click()
    page.get_by_text("Stops and locks").click()
    # The first convoy leaves tomorrow: it stays, whatever happens.
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_role("button", name="Unlock")).to_be_visible(timeout=PATIENCE_MS)
    (locked,) = valley.store.locked_convoys()
    before = planning.load_plan(valley, "latest")
    kept = next(one for one in before["convoys"] if one["convoy_id"] == locked)

    # Somebody else closes the road to Tinmel; the page follows and offers to plan the rest.
    goes_to = {stop["place_name"] for stop in kept["stops"]}
    assert "Tinmel" not in goes_to or len(before["convoys"]) > 1
    roads.close_road(valley, near=(-7.975, 31.0), reason="rockfall")
    expect(page.get_by_text("The plan is older than the latest events.")).to_be_visible(
        timeout=PATIENCE_MS
    )
    page.get_by_role("button", name="Plan the rest of the day from now").click()
    expect(page.get_by_text("The plan is older than the latest events.")).to_be_hidden(
        timeout=PATIENCE_MS
    )

    page.get_by_text("Compare plans").click()
    expect(page.get_by_text("Closed in the second plan only:")).to_contain_text(
        "rockfall", timeout=PATIENCE_MS
    )
    expect(page.get_by_text("Get less (", exact=False).first).to_be_visible(timeout=PATIENCE_MS)
    # A table draws its cells once it is in sight.
    page.get_by_test_id("stDataFrame").first.scroll_into_view_if_needed()
    drawn = page.locator("[role=gridcell]")
    drawn.first.wait_for(state="attached")
    cells = drawn.all_text_contents()
    assert any("Tinmel" in one for one in cells)
    assert any("road any more" in one and "rockfall" in one for one in cells)

    after = planning.load_plan(valley, "latest")
    assert after["replaces"] == before["plan_id"]
    if "Tinmel" not in goes_to:
        (same,) = [one for one in after["convoys"] if one["convoy_id"] == locked]
        assert (same["kept"], same["departs_at"]) == ("locked", kept["departs_at"])
    context.close()
