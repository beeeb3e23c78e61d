"""The page of indicators, run by Streamlit's own test harness."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache, state
from dashboard.indicatorsheet import indicator_names, written
from dashboard.languages import use_language
from dashboard.map.layers import LayerFiles
from data.indicators.catalogue import BY_ID, INDICATORS
from tests.dashboard.valley import ValleyDesk


def _page() -> None:
    from dashboard import state
    from dashboard.views import indicators

    indicators.page(state.get_served())


@pytest.fixture
def page() -> AppTest:
    desk = ValleyDesk()
    state.put_served(state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks()))
    page = AppTest.from_function(_page, default_timeout=30).run()
    assert not page.exception
    return page


def boxes(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def test_a_value_stands_with_its_target_and_how_it_was(page: AppTest) -> None:
    text = boxes(page)
    assert "<dt>Share of need met</dt><dd>40%<small>24 h before: 10%</small>" in text
    assert "<small>target: 100%</small>" in text


def test_what_nobody_knows_is_a_dash_with_its_reason(page: AppTest) -> None:
    assert "<dd>–<small>target: 100%</small><small>nobody is known to be affected" in boxes(page)


def test_a_figure_is_taken_apart_down_to_its_rows(page: AppTest) -> None:
    assert any("Σ met / Σ needed" in one.value for one in page.markdown)
    parts, rows = (table.value for table in page.dataframe)
    assert parts.iloc[0].tolist() == ["<b>Ijoukak</b>", "40%", 1]
    assert rows["share"].tolist() == [0.4]
    other = page.selectbox(key="indicator").select("people_reached_share").run()
    assert any("assess first" in one.value for one in other.info)
    assert any(one.value == "No rows." for one in other.caption)


def test_every_indicator_has_its_name_for_translation() -> None:
    use_language("en")
    assert indicator_names() == {one.id: one.name for one in INDICATORS}


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "share", "–"),
        (float("nan"), "h", "–"),
        (0.256, "share", "26%"),
        (12.25, "h", "12.2 h"),
        (0.5, "index", "0.50"),
        (12345.0, "people", "12\u202f345"),
    ],
)
def test_values_are_written_with_their_unit(value: float | None, unit: str, text: str) -> None:
    assert written(value, unit) == text


def test_units_are_those_of_the_definitions() -> None:
    assert {one.unit for one in BY_ID.values()} == {
        "share", "index", "h", "needs", "people", "places", "t·km", "days", "organisations",
        "volunteers", "pairs", "sheets",
    }  # fmt: skip
