"""Roles in a real browser: who signs in sees what the role may, and what it may not never comes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.operations import access
from dashboard.operations.situation import Situation
from tests.dashboard.operations.conftest import valley  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "four wet mules sing"


@pytest.fixture
def address(valley: Situation, checkout: Path) -> Iterator[str]:  # noqa: F811
    """The valley with three accounts, served by the command that everybody uses."""
    access.add_account(valley, "amina", role="admin", password=PASSWORD)
    access.add_account(valley, "bob", role="viewer", password=PASSWORD)
    access.add_account(valley, "cherif", role="ngo", organisation="NGO One", password=PASSWORD)
    command = [sys.executable, "-m", "dashboard.cli", "serve", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--home", str(valley.home)], cwd=checkout, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    said = next(line for line in process.stderr if "is served at" in line)
    yield said.split(" at ")[1].split()[0]
    process.terminate()
    process.wait(15)
    process.stderr.close()


def signed_in(browser: Browser, address: str, name: str) -> Page:
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{address}/?lang=en")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1).wait_for()
    return page


def views(page: Page) -> list[str]:
    page.get_by_test_id("stTopNavLink").first.wait_for()
    return page.get_by_test_id("stTopNavLink").all_inner_texts()


def test_each_sees_what_the_role_may_and_is_offered_no_more(browser: Browser, address: str) -> None:
    viewer = signed_in(browser, address, "bob")
    assert not {"Ledger", "Settings"} & set(views(viewer))
    viewer.goto(f"{address}/damage?lang=en")
    expect(viewer.get_by_text("Nothing is assessed yet.")).to_be_visible()
    expect(viewer.get_by_role("button", name="Assess anew")).to_have_count(0)
    viewer.goto(f"{address}/upload?lang=en")
    expect(viewer.get_by_text("What goes back to organisations")).to_be_visible()
    expect(viewer.get_by_test_id("stFileUploader")).to_have_count(0)
    # A page that is not in the menu, asked for by its address.
    viewer.goto(f"{address}/settings?lang=en")
    expect(viewer.get_by_text("Password of 15 characters")).to_have_count(0)
    # What the server would refuse, it refuses to the session of the page too.
    told = viewer.request.post(
        f"{address}/api/v1/closures", data={"near": [-7.97, 31.0], "source": "x"}
    )
    assert told.status == 403

    association = signed_in(browser, address, "cherif")
    association.goto(f"{address}/upload?lang=en")
    sender = association.get_by_label("Organisation that sends it")
    expect(sender).to_have_value("NGO One")
    expect(sender).to_be_disabled()

    admin = signed_in(browser, address, "amina")
    assert {"Ledger", "Settings"} <= set(views(admin))
    admin.goto(f"{address}/damage?lang=en")
    expect(admin.get_by_role("button", name="Assess anew")).to_be_visible()
    for page in (viewer, association, admin):
        page.context.close()
