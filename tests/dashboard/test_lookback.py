"""Looking back from the page: chosen, loudly said, shared by the address, left again."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache, state
from dashboard.map.layers import LayerFiles
from tests.dashboard.valley import ValleyDesk

TIMEOUT_S = 30


def _page() -> None:
    import streamlit as st

    from dashboard import state
    from dashboard.views import lookback

    desk = lookback.desk_looked_at(state.get_served().desk)
    lookback.choose(desk)
    lookback.banner(desk)
    st.write(f"event {desk.seq()}")


@pytest.fixture
def page() -> AppTest:
    desk = ValleyDesk()
    desk.close_road(
        edges=["drill:e2"], classes=(), state="closed", until=None, source="test", reason="rockfall"
    )
    served = state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks())
    state.put_served(served)
    return AppTest.from_function(_page, default_timeout=TIMEOUT_S)


def _banner(page: AppTest) -> str:
    return "".join(one.value for one in page.get("html") if "q-past" in one.value)


def test_now_says_nothing_of_the_past(page: AppTest) -> None:
    page.run()
    assert not page.exception
    assert _banner(page) == ""


def test_an_address_shows_the_moment_and_one_button_leads_back(page: AppTest) -> None:
    page.query_params["as-of"] = "9"
    page.run()
    assert not page.exception
    assert "event 9" in _banner(page)
    # The next page of this session looks at the same moment, though its address is bare.
    del page.query_params["as-of"]
    page.run()
    assert "event 9" in _banner(page)
    page.button(key="as_of_back").click().run()
    assert _banner(page) == ""
    assert "as-of" not in page.query_params
    page.run()
    assert _banner(page) == ""


@pytest.mark.parametrize("moment", ["soon", "<script>alert(1)</script>", "-1"])
def test_a_moment_that_is_none_says_so_and_shows_now(page: AppTest, moment: str) -> None:
    page.query_params["as-of"] = moment
    page.run()
    assert not page.exception
    assert len(page.error) == 1
    assert "<" not in page.error[0].value.replace("\\<", "")  # each one escaped for Markdown
    assert _banner(page) == ""
    assert "as-of" not in page.query_params
