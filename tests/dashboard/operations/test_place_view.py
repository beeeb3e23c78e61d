"""The page of one place, run by Streamlit's own test harness on a real situation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache, state
from dashboard.map.layers import LayerFiles
from dashboard.operations import roads
from dashboard.operations.place_sheet import place_sheet
from dashboard.operations.situation import Situation
from dashboard.situation_desk import SituationDesk
from tests.dashboard.operations.test_place_sheet import LAST_ROAD, tell

TIMEOUT_S = 60


def _page() -> None:
    from dashboard import state
    from dashboard.views import place

    place.page(state.get_served())


@pytest.fixture
def tinmel(valley: Situation) -> Iterator[str]:
    roads.close_road(valley, edges=(LAST_ROAD,), reason="rockfall <script>")
    place_id = str(place_sheet(valley, "Tinmel")["place"]["place_id"])
    tell(valley, place_id)
    desk = SituationDesk(valley.home)
    state.put_served(state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks()))
    yield place_id
    desk.close()


def test_the_address_names_the_place_and_the_page_shows_it(tinmel: str) -> None:
    page = AppTest.from_function(_page, default_timeout=TIMEOUT_S)
    page.query_params["place"] = tinmel
    page.run()
    assert not page.exception
    assert page.selectbox(key="place_chosen").value == tinmel
    text = "\n".join(one.value for one in (*page.header, *page.markdown, *page.caption))
    assert "<script>" not in text
    text = text.replace("\\", "")
    assert "Tinmel" in text
    assert "cut off" in text
    assert "On the ground: 7 destroyed, 3 damaged" in text
    assert "Amis, 30 " in text


def test_choosing_a_place_puts_it_into_the_address(tinmel: str) -> None:
    page = AppTest.from_function(_page, default_timeout=TIMEOUT_S).run()
    assert "Choose a place from the list." in [one.value for one in page.caption]
    page.selectbox(key="place_chosen").set_value(tinmel).run()
    assert not page.exception
    assert page.query_params["place"] in (tinmel, [tinmel])


def test_an_address_that_names_no_place_is_as_none(tinmel: str) -> None:
    page = AppTest.from_function(_page, default_timeout=TIMEOUT_S)
    page.query_params["place"] = "place:<b>none"
    page.run()
    assert not page.exception
    assert page.selectbox(key="place_chosen").value is None
