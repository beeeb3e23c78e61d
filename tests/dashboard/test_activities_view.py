"""The page of who does what, run by Streamlit's own test harness."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache, state
from dashboard.map.layers import LayerFiles
from tests.dashboard.valley import HOSTILE, ValleyDesk, place_id

TIMEOUT_S = 30


def _page() -> None:
    from dashboard import state
    from dashboard.views import activities

    activities.page(state.get_served())


@pytest.fixture
def desk() -> ValleyDesk:
    desk = ValleyDesk()
    state.put_served(state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks()))
    days = ("2023-09-10", "2023-09-12")
    desk.activities = [
        (f"activity:{i}", place_id("Ouirgane"), "tent", actor, "running", *days, 30, 120,
         "shelter", "tents", "", "tent")
        for i, actor in enumerate(["Croissant", HOSTILE])
    ]  # fmt: skip
    return desk


def draw(part: str = "gaps") -> AppTest:
    page = AppTest.from_function(_page, default_timeout=TIMEOUT_S)
    page.session_state["activities_part"] = part
    page.run()
    assert not page.exception
    return page


def test_the_head_says_how_many_overlaps_and_gaps_there_are(desk: ValleyDesk) -> None:
    page = draw()
    text = "\n".join(one.value for one in page.markdown)
    assert "2 activities of 2 organisations in 1 places; 1 overlaps" in text
    table = page.dataframe[0].value
    rows = dict(zip(zip(table["Place"], table["Item"], strict=True), table["Gap"], strict=True))
    assert rows["Ouirgane", "family tent"] == "too little is planned"
    assert rows["Ouirgane", "blanket"] == "nobody works on it"


def test_overlaps_name_the_organisations_and_hostile_text_stays_text(desk: ValleyDesk) -> None:
    table = draw("overlaps").dataframe[0].value
    assert table["Days"].tolist() == ["the same days"]
    assert table["How many"].tolist() == [2]
    assert "Croissant" in table["Organisations"].iloc[0]
    assert "\u202e" not in table["Organisations"].iloc[0]


@pytest.mark.parametrize("part", ["communes", "nobody", "all"])
def test_every_part_is_drawn(desk: ValleyDesk, part: str) -> None:
    page = draw(part)
    assert len(page.dataframe[0].value) > 0


def test_without_activities_it_says_what_to_do(desk: ValleyDesk) -> None:
    desk.activities = []
    page = draw("overlaps")
    assert "Upload a 3W table" in page.info[0].value
    assert page.code[0].value.startswith("qafila upload activities")
    assert "No rows." in [one.value for one in page.caption]
