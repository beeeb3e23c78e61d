"""The damage page, run by Streamlit's own test harness, and the tables below it."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache, evidencesheet, state
from dashboard.evidencesheet import belief_basis
from dashboard.map.layers import LayerFiles
from tests.dashboard.valley import ValleyDesk, make_assessment, make_picture, place_id

TIMEOUT_S = 30


def _page() -> None:
    from dashboard import state
    from dashboard.views import damage

    damage.page(state.get_served())


@pytest.fixture
def desk() -> ValleyDesk:
    desk = ValleyDesk()
    state.put_served(state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks()))
    return desk


def draw(part: str = "places", shown: str = "") -> AppTest:
    page = AppTest.from_function(_page, default_timeout=TIMEOUT_S)
    page.session_state["damage_part"] = part
    page.session_state[state.SHOWN] = shown
    page.run()
    assert not page.exception
    return page


def words(page: AppTest) -> str:
    shown = [*page.markdown, *page.caption, *page.info, *page.error]
    return "\n".join(one.value for one in shown).replace("\\", "")


def test_where_nobody_looked_the_cells_are_empty_and_not_nought() -> None:
    table = evidencesheet.by_place(make_assessment(make_picture())).set_index("place_id")
    azgour = table.loc[place_id("Azgour")]
    assert azgour[["destroyed", "damaged", "value"]].isna().all()
    assert azgour["prior"] == 30.0
    imlil = table.loc[place_id("Imlil")]
    assert (imlil["destroyed"], imlil["no_visible_damage"]) == (0, 20)
    assert (imlil["low"], imlil["value"], imlil["high"]) == (40.0, 50.0, 60.0)


def test_beliefs_are_in_percent_with_their_range_and_absent_where_nothing_is_known() -> None:
    place = {"damage": {"prior": {"hit": {"low": 0.1, "value": 0.25, "high": 0.5}}}}
    table = evidencesheet.beliefs(place)
    assert table.to_dict("records") == [
        {"when": "prior", "what": "hit", "low": 10.0, "value": 25.0, "high": 50.0}
    ]
    assert evidencesheet.beliefs({"damage": None}).empty


def test_layers_say_what_was_not_understood(desk: ValleyDesk) -> None:
    table = evidencesheet.layers(desk.layers())
    assert table["unknown"].tolist() == ["Maybe (3)"]
    assert isinstance(table, pd.DataFrame)
    assert evidencesheet.layers([]).empty


def test_the_page_tells_sightings_from_buildings(desk: ValleyDesk) -> None:
    del desk
    text = words(draw())
    assert "120 sightings of 100 buildings; 3 where they disagree" in text
    assert "2 places not assessed" in text


def test_a_place_shows_its_evidence_with_range_source_and_time(desk: ValleyDesk) -> None:
    del desk
    text = words(draw(shown=place_id("Tinmel")))
    assert "expected from shaking: 30 % of homes destroyed or damaged (10 to 70 %)" in text
    assert "believed now: 50 % of homes destroyed or damaged (40 to 60 %)" in text
    assert "looked at: 80 % by UNOSAT area, 2023-09-10 13:00" in text
    assert "facility: Mosque, destroyed, UNOSAT" in text


def test_layers_are_listed_with_source_and_time(desk: ValleyDesk) -> None:
    del desk
    table = draw("layers").dataframe[0].value
    assert table["Source"].tolist() == ["UNOSAT"]
    assert table["Time"].tolist() == ["2023-09-10 13:00"]
    assert table["Labels not understood"].tolist() == ["Maybe (3)"]


def test_graded_roads_are_recorded_by_a_person_and_once(desk: ValleyDesk) -> None:
    page = draw("roads")
    assert "4 roads graded; 1 closures proposed, 1 of them new; 1 not in the network" in words(page)
    next(one for one in page.button if one.key == "record_graded").click()
    page.run()
    if state.JOB in page.session_state and page.session_state[state.JOB] is not None:
        page.session_state[state.JOB].wait(TIMEOUT_S)
        page.run()
    assert [one.source for one in desk.picture().closures] == ["Copernicus EMS"]
    again = draw("roads")
    assert "0 of them new" in words(again)
    assert not [one for one in again.button if one.key == "record_graded"]


def test_without_an_assessment_it_says_so_and_offers_to_make_one(desk: ValleyDesk) -> None:
    desk.assessed = False
    page = draw()
    assert "Nothing is assessed yet" in words(page)
    next(one for one in page.button if one.key == "assess_anew").click()
    page.run()
    assert not page.exception
    assert desk.assessed
    assert "120 sightings" in words(page)


def test_what_a_number_of_people_rests_on_is_said_in_words() -> None:
    names = (
        *("updated_by_field", "updated_by_images", "updated_by_raster", "counted"),
        *("from_raster", "expected_from_shaking", "unknown"),
    )
    told = {belief_basis(name) for name in names}
    assert len(told) == len(names)
    assert not any("_" in one for one in told)
