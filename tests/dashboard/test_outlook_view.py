"""The page of what next, run by Streamlit's own test harness."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache, state
from dashboard.map.layers import LayerFiles
from dashboard.operations.advising import Advice
from dashboard.views.outlook import advice_lines
from tests.dashboard.valley import HOSTILE, ValleyDesk

TIMEOUT_S = 30


def _page() -> None:
    from dashboard import state
    from dashboard.views import outlook

    outlook.page(state.get_served())


@pytest.fixture
def page() -> AppTest:
    served = state.Served(desk=ValleyDesk(), layers=LayerFiles(), books=cache.RoadBooks())
    state.put_served(served)
    return AppTest.from_function(_page, default_timeout=TIMEOUT_S)


def test_it_shows_the_coming_days_by_the_weather_that_is_chosen(page: AppTest) -> None:
    page.run()
    assert not page.exception
    items, depots, errors = (one.value for one in page.dataframe)
    assert items["To order"].tolist() == [3]
    assert depots["Depot"].tolist() == ["no depot serves these places"]
    assert errors["Off by"].tolist() == ["-25.0%"]
    page.session_state["outlook_climate"] = "cold"
    page.run()
    assert page.dataframe[0].value["To order"].tolist() == [11]


def test_what_people_wrote_is_shown_and_not_run() -> None:
    values = {"item": "tent", "place": HOSTILE}
    advice = [Advice(kind="verify", people=40.0, arithmetic="(8 − 0) <b>", values=values)]
    shown = advice_lines(advice, str)
    assert "<script" not in shown
    assert "(8 − 0) &lt;b&gt;" in shown
    assert "40 people" in shown
