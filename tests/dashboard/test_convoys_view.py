"""The convoys page, run by Streamlit's own test harness."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache, plansheet, state
from dashboard.map.layers import LayerFiles
from dashboard.verbs.convoys import EXPORT_FORMATS
from dashboard.views import convoy, invite
from dashboard.views.timeline import timeline_html
from tests.dashboard.valley import HOSTILE, NOON, ValleyDesk

TIMEOUT_S = 30


def _page() -> None:
    from dashboard import state
    from dashboard.views import convoys

    convoys.page(state.get_served())


@pytest.fixture
def desk() -> ValleyDesk:
    desk = ValleyDesk()
    desk.make_plan()
    state.put_served(state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks()))
    return desk


def draw(part: str = "day") -> AppTest:
    page = AppTest.from_function(_page, default_timeout=TIMEOUT_S)
    page.session_state["convoys_part"] = part
    page.run()
    assert not page.exception
    return page


def html_of(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


@pytest.mark.usefixtures("desk")
def test_the_day_shows_every_trip_with_its_way_and_hours() -> None:
    text = html_of(draw())
    assert "q-timeline" in text
    assert "trip 1, 14:00 to 16:30: Asni" in text  # 13:00 UTC is 14:00 in Casablanca
    assert "Lorry 1" in text


@pytest.mark.usefixtures("desk")
def test_loads_are_shown_as_shares_of_the_vehicle() -> None:
    table = draw("loads").dataframe[0].value
    assert table["kg_share"].tolist() == [25.0] * len(table)
    assert table["m3_share"].tolist() == [25.0] * len(table)


def test_what_is_left_has_its_cause_counted_and_its_reason(desk: ValleyDesk) -> None:
    desk.close_road(
        edges=["drill:e2"], classes=(), state="closed", until=None, source="", reason=""
    )
    desk.make_plan()
    page = draw("left")
    words = "\n".join(one.value for one in page.markdown).replace("\\", "")
    assert "no road is open: 2 needs in 2 places" in words
    assert page.dataframe[0].value["Reason"].str.contains("drill:e2").all()


@pytest.mark.usefixtures("desk")
def test_communes_come_worst_first() -> None:
    table = draw("communes").dataframe[0].value
    assert table["commune"].tolist() == ["Ijoukak", "Asni"]
    assert table["share"].tolist() == [25.0, 100.0]


def test_two_plans_are_compared_and_one_alone_is_not(desk: ValleyDesk) -> None:
    assert any("one plan only" in one.value for one in draw("compare").caption)
    desk.close_road(
        edges=["drill:e2"], classes=(), state="closed", until=None, source="", reason=""
    )
    desk.make_plan()
    page = draw("compare")
    losses = page.dataframe[0].value
    assert losses["Place"].tolist() == ["ijoukak", "tinmel"]
    assert (losses["After"] == 0).all()
    assert (losses["Why"] == "no truck road any more (drill:e2)").all()


def test_a_new_plan_takes_the_seconds_and_the_fairness_that_were_asked_for(
    desk: ValleyDesk,
) -> None:
    page = draw()
    page.select_slider(key="plan_seconds").set_value(60)
    page.slider(key="plan_fairness").set_value(0.8)
    next(one for one in page.button if one.label == "Plan anew").click().run()
    assert desk.asked == {"seconds": 60.0, "fairness": 0.8}


def test_a_plan_is_asked_for_with_priorities_drivers_and_hours(desk: ValleyDesk) -> None:
    page = draw()
    page.number_input(key="priority_tent").set_value(3.0)
    page.number_input(key="drivers_depot:asni").set_value(0)
    page.text_area(key="plan_hours").set_value("Ijoukak=08:00-15:30\n\n")
    next(one for one in page.button if one.label == "Plan anew").click().run()
    assert desk.asked["terms"] == {
        "priorities": ["tent=3"],
        "drivers": ["depot:asni=0"],
        "hours": ["Ijoukak=08:00-15:30"],
    }


def test_without_a_plan_the_page_offers_to_make_one() -> None:
    state.put_served(state.Served(desk=ValleyDesk(), layers=LayerFiles(), books=cache.RoadBooks()))
    page = draw()
    assert any("no plan yet" in one.value for one in page.info)
    assert any(one.label == "Plan convoys now" for one in page.button)


def test_hostile_names_stay_text_in_the_time_line() -> None:
    plan = {
        "convoys": [
            {
                "convoy_id": "convoy:1",
                "vehicle_id": "v",
                "vehicle_name": HOSTILE,
                "vehicle_class": '"><script>',
                "depot_id": HOSTILE,
                "departs_at": "2023-09-10T06:00:00+00:00",
                "returns_at": "2023-09-10T08:00:00+00:00",
                "stops": [{"place_id": "p", "arrives_at": "2023-09-10T07:00:00+00:00"}],
            }
        ]
    }
    line = plansheet.time_line(plan, {"p": HOSTILE})
    assert line is not None
    text = timeline_html(line, depots={HOSTILE: HOSTILE}, timezone="UTC")
    assert "<img" not in text
    assert "<script" not in text
    assert "&lt;img" in text


def button(page: AppTest, key: str) -> Any:
    return page.button(key=key)


def text_of(page: AppTest) -> str:
    return "\n".join(one.value for one in [*page.caption, *page.markdown]).replace("\\", "")


@pytest.mark.usefixtures("desk")
def test_every_stop_says_what_it_gets_and_why_then() -> None:
    table = draw("stops").dataframe[0].value
    assert table["Place"].tolist() == ["Asni"]
    assert table["Hands out"].tolist() == ["80 family tent"]
    assert table["Why now"].tolist() == ["first of all: most in need"]


def test_a_convoy_is_locked_unlocked_and_each_is_undone(desk: ValleyDesk) -> None:
    page = draw("stops")
    button(page, "lock_convoy").click().run()
    assert desk.locked == {"convoy:asni"}
    assert "asni is locked." in text_of(page)
    assert page.selectbox(key="one_convoy").options[0].startswith("🔒")
    button(page, "undo_lock").click().run()
    assert desk.locked == set()
    button(page, "lock_convoy").click().run()
    button(page, "unlock_convoy").click().run()
    assert desk.locked == set()
    button(page, "undo_lock").click().run()
    assert desk.locked == {"convoy:asni"}
    assert not page.exception


def test_a_lock_that_cannot_be_set_is_said_and_nothing_breaks(desk: ValleyDesk) -> None:
    page = draw("stops")
    desk.locked = {"convoy:asni"}  # somebody else was faster
    button(page, "lock_convoy").click().run()
    assert "cannot be locked" in page.error[0].value
    assert not page.exception


def test_a_convoy_on_the_road_offers_no_lock(desk: ValleyDesk) -> None:
    desk.clock = NOON + timedelta(hours=2)
    page = draw("stops")
    assert "It is on the road" in text_of(page)
    assert not [one for one in page.button if one.key in {"lock_convoy", "unlock_convoy"}]


def test_the_rest_of_the_day_is_planned_anew_and_says_what_stays(desk: ValleyDesk) -> None:
    desk.set_lock("convoy:asni", locked=True)
    page = draw()
    button(page, "replan_rest").click().run()
    assert desk.asked == {"replan": None}  # the few seconds of a re-plan, not those of a plan
    assert "stay: 1, turn back: 0" in text_of(page)


def test_what_is_left_says_what_binds_and_what_would_help(desk: ValleyDesk) -> None:
    desk.close_road(
        edges=["drill:e2"], classes=(), state="closed", until=None, source="", reason=""
    )
    desk.make_plan()
    table = draw("left").dataframe[0].value
    assert (table["What would help"] == "open the road: 90 more").all()
    assert table["What binds"].str.startswith("of 1 vehicles").all()


def test_files_are_made_as_asked_and_offered(desk: ValleyDesk) -> None:
    page = draw("papers")
    page.selectbox(key="papers_of").set_value("convoy:asni")
    page.multiselect(key="papers_formats").set_value(["html", "waybills"])
    page.text_input(key="papers_contact").set_value(" channel 7 ")
    next(one for one in page.button if one.label == "Make the files").click().run()
    assert not page.exception
    assert desk.asked == {
        "plan": "plan:10", "convoys": ["convoy:asni"], "formats": ["html", "waybills"],
        "language": "en", "contacts": {"cell": "channel 7"},
    }  # fmt: skip
    (offer,) = page.get("download_button")
    assert "convoy-asni.zip" in offer.proto.label


@pytest.mark.usefixtures("desk")
def test_no_kind_of_file_is_said_and_nothing_is_made() -> None:
    page = draw("papers")
    page.multiselect(key="papers_formats").set_value([])
    next(one for one in page.button if one.label == "Make the files").click().run()
    assert "at least one" in page.warning[0].value
    assert not page.get("download_button")


def test_every_format_of_the_command_line_has_a_title() -> None:
    assert set(convoy.format_titles()) == set(EXPORT_FORMATS)


@pytest.mark.usefixtures("desk")
def test_a_convoy_shows_in_which_order_it_is_loaded_and_how_full_it_is() -> None:
    table = draw("stops").dataframe[1].value
    assert table["order"].tolist() == list(range(1, len(table) + 1))
    # What goes in first is for the last stop.
    assert table["stop"].tolist() == sorted(table["stop"], reverse=True)
    assert table["kg_after"].is_monotonic_increasing
    assert table["kg"].sum() == pytest.approx(table["kg_after"].iloc[-1])


def test_who_travels_together_is_shown_with_what_each_carries(desk: ValleyDesk) -> None:
    company = [
        {
            "vehicle_id": name, "vehicle_name": HOSTILE if name == "vehicle:T-1" else "Escort",
            "vehicle_class": "truck", "load": load, "load_kg": 50.0 * len(load), "load_m3": 0.0,
        }
        for name, load in (("vehicle:T-1", {"tent": 1.0}), ("vehicle:E-1", {}))
    ]  # fmt: skip
    plan = desk.picture().plan
    assert plan is not None
    plan["convoys"][0]["company"] = company
    table = draw("stops").dataframe[1].value
    assert table["Carries"].tolist()[1] == "nothing"
    assert "1 " in table["Carries"].tolist()[0]
    assert table["kg"].tolist() == [50, 0]
    # Nobody knows what the escort takes: the bars of the loads are left out.
    assert draw("loads").dataframe[0].value["kg_share"].isna().iloc[0]


def test_a_vehicle_that_broke_down_is_taken_out_of_service_and_back(desk: ValleyDesk) -> None:
    page = draw("vehicles")
    assert page.dataframe[0].value["in"].tolist() == [True]
    page.button(key="vehicle_out").click().run()
    assert desk.broken == {"vehicle:T-1"}
    assert page.dataframe[0].value["in"].tolist() == [False]
    assert any("out of service" in one.value for one in page.markdown)
    page.button(key="undo_vehicle").click().run()
    assert desk.broken == set()


def test_who_may_only_look_is_offered_no_plan_no_lock_and_no_files(desk: ValleyDesk) -> None:
    desk.forbidden |= {"make_plan", "set_lock", "zipped_plan", "set_vehicle_available"}
    page = draw("stops")
    labels = {one.label for one in page.button}
    assert not labels & {"Plan anew", "Lock", "Plan the rest of the day from now"}
    assert any("ask the crisis cell" in one.value for one in draw("papers").caption)
    assert not draw("vehicles").button


def test_when_a_convoy_was_heard_stands_beside_it_and_in_the_table(desk: ValleyDesk) -> None:
    assert "Not heard yet." in {one.value for one in draw("stops").caption}
    desk.heard = [
        {"convoy_id": "convoy:asni", "kind": "blocked", "note": f"rock {HOSTILE}",
         "heard_at": "2023-09-10T13:10:00+00:00"}
    ]  # fmt: skip
    page = draw("stops")
    assert "Last heard 14:10: road blocked" in text_of(page)
    assert not any("<img" in one.value.replace("\\<", "") for one in page.caption)
    heard = draw("loads").dataframe[0].value["heard"].tolist()
    assert heard.count("14:10") == 1
    desk.clock = NOON + timedelta(days=1)
    assert "Last heard 2023-09-10 14:10" in text_of(draw("stops"))


def test_a_phones_link_is_made_shown_as_code_and_withdrawn(desk: ValleyDesk) -> None:
    page = draw("stops")
    page.button(key="give_field_link").click().run()
    assert page.code[0].value.endswith("/field/token/")
    assert [one.proto.imgs[0].url[-4:] for one in page.get("image")] == [".png"]
    assert invite.code("https://cell.example").startswith(b"\x89PNG")
    assert any("holds until 2023-09-13 13:00" in one.value for one in page.caption)
    page.button(key="revoke_field_link").click().run()
    assert desk.open == set()
    assert not page.code
    desk.broken.add("give_field_link")
    page.button(key="give_field_link").click().run()
    assert "no such convoy" in page.error[0].value
    assert not page.exception


def test_who_may_not_plan_sees_no_link(desk: ValleyDesk) -> None:
    desk.forbidden.add("give_field_link")
    assert not [one for one in draw("stops").button if one.key == "give_field_link"]
