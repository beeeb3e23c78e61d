"""The page's logic, run by Streamlit's own test harness, and what a change does, in words."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache, changes, state
from dashboard.asgi import SCRIPT
from dashboard.desk import Desk
from dashboard.jobs import Job
from dashboard.map.layers import LayerFiles
from dashboard.situation_desk import SituationDesk
from dashboard.views import outcome, roads, tables
from dashboard.views.figures import moment, number
from geo.errors import RuleError
from tests.dashboard.valley import (
    HOSTILE,
    NOON,
    NOTICE,
    ValleyDesk,
    make_info,
    make_picture,
    make_plan,
)

TIMEOUT_S = 30


def serve(desk: Desk) -> None:
    state.put_served(state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks()))


@pytest.fixture
def desk() -> ValleyDesk:
    desk = ValleyDesk()
    desk.make_plan()
    serve(desk)
    return desk


@pytest.fixture
def page(desk: ValleyDesk) -> AppTest:
    page = AppTest.from_file(str(SCRIPT), default_timeout=TIMEOUT_S).run()
    assert not page.exception
    return page


def html_of(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def map_arguments(page: AppTest) -> dict[str, Any]:
    (component,) = page.get("component_instance")
    arguments: dict[str, Any] = json.loads(component.proto.json_args)
    return arguments


def text_of(page: AppTest) -> str:
    """All Markdown of the page as a reader sees it, without the signs that keep text inert."""
    return "\n".join(element.value for element in page.markdown).replace("\\", "")


def pick(page: AppTest, edge: str) -> AppTest:
    """Choose an edge as a click on the map does."""
    page.session_state[state.EDGE] = edge
    page.session_state[state.SIDE] = "roads"
    return page.run()


def finish(page: AppTest) -> AppTest:
    """Run until the work under way has ended and its outcome is shown."""
    for _turn in range(50):
        if state.JOB not in page.session_state or page.session_state[state.JOB] is None:
            return page
        time.sleep(0.1)
        page = page.run()
    pytest.fail("the work did not end")


def button(page: AppTest, label: str) -> Any:
    return next(one for one in page.button if one.label == label)


# --- the page ---


def test_the_notice_stands_on_the_page(page: AppTest) -> None:
    assert NOTICE in html_of(page)
    assert page.title[0].value == "Valley of Nfis"


def test_figures_carry_their_sources_and_times(page: AppTest) -> None:
    html = html_of(page)
    assert "UNOSAT, graded damage points (2023-09-12 01:00)" in html
    assert "Event 11, computed 2023-09-10 13:00" in html
    assert "people affected unknown in 2 places" in html


def test_people_affected_of_nobody_known_are_not_zero(desk: ValleyDesk) -> None:
    class UnknownDesk(ValleyDesk):
        def picture(self) -> Any:
            picture = super().picture()
            return replace(
                picture,
                totals=picture.totals | {"people_affected": 0.0, "places_affected_unknown": 7},
            )

    serve(UnknownDesk())
    html = html_of(AppTest.from_file(str(SCRIPT), default_timeout=TIMEOUT_S).run())
    assert "<dt>People affected</dt><dd>–</dd>" in html


def test_the_map_stays_the_same_frame_over_runs(page: AppTest) -> None:
    first = page.get("component_instance")[0].proto
    assert first.url == "/map/en/"
    assert len(first.json_args) < 300
    second = page.run().get("component_instance")[0].proto
    assert (second.id, second.json_args) == (first.id, first.json_args)


def test_the_page_is_one_frame_with_a_table_beside_the_map(page: AppTest) -> None:
    (table,) = page.dataframe
    assert list(table.value["name"])[:3] == [
        "Ouirgane · ويركان",
        "Ijoukak · إيجوكاك",
        "Asni · أسني",
    ]


def test_counts_of_places_not_assessed_are_missing_not_zero() -> None:
    frame = tables.places_table(make_picture(), str).set_index("name")
    assert frame.loc["Azgour · أزكور", "evidence"] == "not assessed"
    assert np.isnan(frame.loc["Azgour · أزكور", "destroyed"])
    assert frame.loc["Imlil · إمليل", "evidence"] == "no visible damage"
    assert frame.loc["Imlil · إمليل", "destroyed"] == 0


def test_text_from_people_is_never_markup(desk: ValleyDesk) -> None:
    desk.rename("Ouirgane", HOSTILE)
    serve(_hostile(desk))
    page = AppTest.from_file(str(SCRIPT), default_timeout=TIMEOUT_S).run()
    assert not page.exception
    html = html_of(page)
    assert "<img" not in html
    assert "&lt;img src=x" in html
    assert "\\<img src" in page.title[0].value


def _hostile(desk: ValleyDesk) -> ValleyDesk:
    return ValleyDesk(info=replace(desk.info(), name=HOSTILE, notice=HOSTILE))


def test_a_click_on_the_map_opens_the_roads_with_the_road_described(page: AppTest) -> None:
    page = pick(page, "drill:e2")
    text = text_of(page)
    assert "**R203**" in text
    assert "Ouirgane → Ijoukak" in text
    assert "Now: open, as far as we know" in text
    assert map_arguments(page)["selected"] == "drill:e2"


def test_a_pick_on_the_map_is_taken_in_once(page: AppTest) -> None:
    page.session_state[state.MAP] = {"edge": "drill:e2", "picked_at": 1}
    page = page.run()
    assert page.session_state[state.SIDE] == "roads"
    assert map_arguments(page)["selected"] == "drill:e2"
    page.session_state[state.SIDE] = "places"
    page = page.run()
    assert page.session_state[state.SIDE] == "places"


def test_a_closure_picked_on_the_map_leads_the_list(page: AppTest, desk: ValleyDesk) -> None:
    for edge in ("drill:e1", "drill:e4"):
        desk.close_road(edges=[edge], classes=(), state="closed", until=None, source="", reason="")
    page.session_state[state.MAP] = {"closure": "closure:2", "picked_at": 2}
    page = page.run()
    first = next(line for line in text_of(page).splitlines() if "Asni → " in line)
    assert first.startswith(":material/arrow_right: **P2005")


def test_an_edge_of_another_network_is_not_an_error(page: AppTest) -> None:
    page = pick(page, "w999:1-2")
    assert not page.exception
    assert any("Click a road on the map" in one.value for one in page.caption)


def test_a_road_can_be_chosen_from_the_list_alone(page: AppTest) -> None:
    page.session_state[state.SIDE] = "roads"
    page = page.run()
    page = page.selectbox(key=state.ROAD).select("R203").run()
    page = page.selectbox(key=state.PIECE).select("drill:e3").run()
    assert "Ijoukak → Tinmel" in text_of(page)
    assert map_arguments(page)["selected"] == "drill:e3"


def test_closing_a_road_says_who_is_cut_off_and_what_changes_in_the_plan(
    page: AppTest, desk: ValleyDesk
) -> None:
    page = pick(page, "drill:e2")
    page.text_input(key="close_reason").input("rockfall <b>")
    button(page, "Close this road").click()
    page = finish(page.run())
    (closure,) = desk.picture().closures
    assert (closure.edges, closure.reason) == (("drill:e2",), "rockfall <b>")
    assert closure.source == "crisis cell, on the page"
    text = text_of(page)
    assert "2 places are cut off now" in text
    assert "Ijoukak: 600 people" in text
    assert "Tinmel: family tent 0 → 40" in text
    assert "Ijoukak: family tent 90 → 0" in text


def test_undo_reopens_the_road_and_restores_the_plan(page: AppTest, desk: ValleyDesk) -> None:
    plan_before = desk.picture().plan
    page = pick(page, "drill:e2")
    button(page, "Close this road").click()
    page = finish(page.run())
    button(page, "Undo").click()
    page = finish(page.run())
    assert desk.picture().closures == []
    assert "2 places can be reached again" in text_of(page)
    plan_after = desk.picture().plan
    assert plan_before is not None
    assert plan_after is not None
    assert plan_after["convoys"] == plan_before["convoys"]


def test_a_closed_road_is_listed_and_reopened_from_the_list(
    page: AppTest, desk: ValleyDesk
) -> None:
    desk.close_road(
        edges=["drill:e4"],
        classes=["truck"],
        state="restricted",
        until=datetime(2023, 9, 11, 6, 0, tzinfo=UTC),
        source="gendarmerie",
        reason="one lane",
    )
    page.session_state[state.SIDE] = "roads"
    page = page.run()
    text = text_of(page)
    assert "**P2005 (Asni → Imlil" in text
    for part in ("restricted", "for truck", "one lane", "gendarmerie", "until 2023-09-11 07"):
        assert part in text
    button(page, "Reopen").click()
    finish(page.run())
    assert desk.picture().closures == []


def test_until_is_read_in_the_time_zone_of_the_situation() -> None:
    until = roads.aware(datetime(2023, 9, 11, 7, 0), "Africa/Casablanca")  # noqa: DTZ001
    assert until == datetime(2023, 9, 11, 6, 0, tzinfo=UTC)
    assert roads.aware(None, "UTC") is None


def test_a_change_that_is_refused_says_why(page: AppTest, desk: ValleyDesk) -> None:
    class StubbornDesk(ValleyDesk):
        def close_road(self, **_: Any) -> Any:
            raise RuleError("until 2020", "a moment to come is needed", "correct it")

    serve(StubbornDesk())
    page = pick(AppTest.from_file(str(SCRIPT), default_timeout=TIMEOUT_S).run(), "drill:e2")
    button(page, "Close this road").click()
    page = finish(page.run())
    assert "a moment to come is needed" in page.error[0].value
    assert not page.exception


def test_without_a_plan_closing_a_road_shows_reach_only(desk: ValleyDesk) -> None:
    fresh = ValleyDesk()
    serve(fresh)
    page = pick(AppTest.from_file(str(SCRIPT), default_timeout=TIMEOUT_S).run(), "drill:e2")
    button(page, "Close this road").click()
    page = finish(page.run())
    assert "2 places are cut off now" in text_of(page)
    assert "There is no plan to compare" in text_of(page)
    assert fresh.picture().plan is None


@pytest.mark.parametrize("side", ["places", "roads", "convoys", "sources"])
def test_every_part_beside_the_map_is_drawn(page: AppTest, side: str) -> None:
    page.session_state[state.SIDE] = side
    page = page.run()
    assert not page.exception
    assert map_arguments(page)["seq"] == 11


def test_convoys_are_listed_with_stops_and_loads(page: AppTest) -> None:
    page.session_state[state.SIDE] = "convoys"
    (table,) = page.run().dataframe
    assert list(table.value["Stops"]) == ["Asni", "Ouirgane", "Ijoukak", "Tinmel"]
    assert table.value["Load"][1] == "500 blanket, 120 family tent"


def test_convoys_can_be_planned_from_the_page(desk: ValleyDesk) -> None:
    fresh = ValleyDesk()
    serve(fresh)
    page = AppTest.from_file(str(SCRIPT), default_timeout=TIMEOUT_S).run()
    page.session_state[state.SIDE] = "convoys"
    button(page.run(), "Plan convoys now").click()
    page = finish(page.run())
    assert fresh.picture().plan is not None
    assert "The convoys are planned." in text_of(page)


def test_reach_that_was_not_computed_is_not_zero_places_cut_off(desk: ValleyDesk) -> None:
    class UnreachedDesk(ValleyDesk):
        def picture(self) -> Any:
            picture = super().picture()
            return replace(picture, places=picture.places.assign(reach_status="unknown"))

    serve(UnreachedDesk())
    html = html_of(AppTest.from_file(str(SCRIPT), default_timeout=TIMEOUT_S).run())
    assert "<dt>Cut off for trucks</dt><dd>–</dd>" in html


def test_no_situation_says_what_to_do_first(tmp_path: Path) -> None:
    serve(SituationDesk(tmp_path / "none"))
    page = AppTest.from_file(str(SCRIPT), default_timeout=TIMEOUT_S).run()
    assert not page.exception
    assert page.code[0].value == "qafila demo"


def test_a_situation_without_places_says_what_to_load(desk: ValleyDesk) -> None:
    class EmptyDesk(ValleyDesk):
        def picture(self) -> Any:
            picture = super().picture()
            return replace(picture, places=picture.places.iloc[:0], totals={"places": 0})

        def roads_layer(self) -> None:
            return None

    serve(EmptyDesk(info=make_info(working_crs="", bounds=None)))
    page = AppTest.from_file(str(SCRIPT), default_timeout=TIMEOUT_S).run()
    assert not page.exception
    assert "qafila load places FILE" in page.code[0].value
    page.session_state[state.SIDE] = "roads"
    assert "No roads are loaded yet" in page.run().info[1].value


# --- comparing pictures ---


def closed(*edges: str) -> Any:
    desk = ValleyDesk()
    for edge in edges:
        desk.close_road(edges=[edge], classes=(), state="closed", until=None, source="", reason="")
    picture = desk.picture()
    return replace(picture, plan=make_plan(picture))


def test_the_same_picture_shows_no_change() -> None:
    change = changes.compare(closed(), closed())
    assert change.nothing
    assert "No place is reached differently" in outcome.summary(change)


def test_change_and_its_undo_mirror_each_other() -> None:
    there = changes.compare(closed(), closed("drill:e1"))
    back = changes.compare(closed("drill:e1"), closed())
    assert [place.name for place in there.cut_off] == ["Ouirgane", "Ijoukak", "Tinmel", "Azgour"]
    assert [place.name for place in back.regained] == [place.name for place in there.cut_off]
    assert back.cut_off == ()
    assert there.cut_off_truck == (0, 4)
    assert {(one.place_id, one.item_id): one.after for one in there.unserved} == {
        (one.place_id, one.item_id): one.before for one in back.unserved
    }


def test_a_longer_way_is_told_from_ten_minutes_on() -> None:
    before = closed()
    places = before.places.copy()
    places.loc[places["name"] == "Imlil", "travel_time_s"] += 599
    assert changes.compare(before, replace(before, places=places)).slower == ()
    places.loc[places["name"] == "Imlil", "travel_time_s"] += 1
    (slower,) = changes.compare(before, replace(before, places=places)).slower
    assert (slower.name, slower.before_s, slower.after_s) == ("Imlil", 600.0, 1200.0)


def test_quantities_of_places_that_the_change_concerns_come_first() -> None:
    before, after = closed(), closed("drill:e2")
    assert after.plan is not None
    # The new plan also takes most of what Ouirgane got, which has nothing to do with the closure.
    after.plan["convoys"][1]["stops"][0]["deliver"]["blanket"] = 1
    change = changes.compare(before, after)
    assert [(one.name, one.before, one.after) for one in change.deliveries] == [
        ("Ijoukak", 90.0, 0.0),
        ("Tinmel", 40.0, 0.0),
        ("Ouirgane", 500.0, 1.0),
    ]
    assert [(one.item_id, one.before, one.after) for one in change.items] == [
        ("blanket", 500.0, 1.0),
        ("tent", 330.0, 200.0),
    ]


def test_a_road_of_one_piece_is_picked_at_once(page: AppTest) -> None:
    page.session_state[state.SIDE] = "roads"
    page = page.run()
    page = page.selectbox(key=state.ROAD).select("P2005").run()
    assert map_arguments(page)["selected"] == "drill:e4"


def test_long_lists_are_cut_and_say_so() -> None:
    change = changes.compare(closed(), closed("drill:e1"))
    lines = outcome.change_blocks(replace(change, cut_off=change.cut_off * 4), str)[0]
    assert lines.count("\n- ") == outcome.SHOWN + 1
    assert lines.endswith("and 10 more")


# --- work beside the page ---


def test_a_job_goes_on_when_nobody_watches() -> None:
    go = threading.Event()
    job = Job("plan", lambda progress: (progress(2.0, "half"), go.wait(10))[1])
    assert not job.wait(0.05)
    assert (job.share, job.text) == (1.0, "half")
    go.set()
    assert job.wait(10)
    assert job.result is True


def test_a_broken_job_ends_with_an_error_of_ours() -> None:
    job: Job[float] = Job("divide", lambda _progress: 1 / 0)
    assert job.wait(10)
    assert job.error is not None
    assert "ZeroDivisionError" in str(job.error)


# --- words ---


def test_the_page_is_read_in_the_language_that_the_address_names(page: AppTest) -> None:
    page.query_params["lang"] = "ar"
    arabic = page.run()
    assert "<dt>الدواوير</dt>" in html_of(arabic)
    assert any("direction: rtl" in block.proto.body for block in arabic.get("html"))
    chooser = arabic.selectbox(key="tongue")
    assert chooser.value == "ar"
    french = chooser.select("fr").run()
    assert french.query_params["lang"] in ("fr", ["fr"])
    assert "<dt>Localités</dt>" in html_of(french)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOON, "2023-09-10 13:00"),
        ("2023-09-10T12:00:00+00:00", "2023-09-10 13:00"),
        ("September 2023", "September 2023"),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_moments_are_written_in_the_zone_of_the_situation(at: Any, text: str) -> None:
    assert moment(at, "Africa/Casablanca") == text


def test_numbers_have_spaces_and_unknown_is_a_dash() -> None:
    assert number(1_234_567.8) == "1\u202f234\u202f568"
    assert number(None) == number(float("nan")) == "–"
