"""The roads page, run by Streamlit's own test harness."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache, state
from dashboard.map.layers import LayerFiles
from tests.dashboard.valley import ValleyDesk

TIMEOUT_S = 30


def _page() -> None:
    from dashboard import state
    from dashboard.views import network

    network.page(state.get_served())


@pytest.fixture
def desk() -> ValleyDesk:
    desk = ValleyDesk()
    state.put_served(state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks()))
    return desk


def draw(part: str = "cut_off") -> AppTest:
    page = AppTest.from_function(_page, default_timeout=TIMEOUT_S)
    page.session_state["roads_part"] = part
    page.run()
    assert not page.exception
    return page


def press(page: AppTest, label: str) -> AppTest:
    next(one for one in page.button if one.label == label).click()
    page.run()
    assert not page.exception
    return page


def words(page: AppTest) -> str:
    shown = [*page.markdown, *page.caption, *page.error, *page.warning]
    return "\n".join(one.value for one in shown).replace("\\", "")


def close(desk: ValleyDesk, *edges: str, reason: str = "rockfall") -> None:
    desk.close_road(
        edges=edges, classes=(), state="closed", until=None, source="cell", reason=reason
    )


def test_who_is_cut_off_comes_with_the_reason_most_affected_first(desk: ValleyDesk) -> None:
    close(desk, "drill:e2")
    table = draw().dataframe[0].value
    assert table["name"].tolist()[:2] == ["Ijoukak", "Tinmel"]
    assert table["reach"].tolist()[:2] == ["cut off", "cut off"]
    assert "drill:e2" in table["why"].iloc[0]
    assert "Asni" not in table["name"].tolist()


def test_what_to_clear_first_is_asked_with_what_was_set(desk: ValleyDesk) -> None:
    close(desk, "drill:e2", reason="rockfall at km 62")
    close(desk, "drill:t1", reason="bridge gone")
    page = draw("clear")
    page.number_input(key="clear_crews").set_value(3)
    page.selectbox(key="clear_by").set_value("time")
    press(page, "Rank")
    assert desk.asked == {"class": "truck", "crews": 3, "hours": 24.0, "by": "time"}
    order, crews = (frame.value for frame in page.dataframe[:2])
    assert order["Blockage"].tolist() == ["rockfall at km 62", "bridge gone"]
    assert order["Places"].iloc[0] == "Tinmel"
    assert crews["Ends"].tolist() == ["2023-09-11 00:00"]  # 23:00 UTC in Casablanca
    assert "830 of at most 900 people" in words(page)
    assert "bridge gone: no crew has the time for it" in words(page)


def test_where_nothing_is_blocked_it_says_so(desk: ValleyDesk) -> None:
    assert "Nothing is blocked" in words(press(draw("clear"), "Rank"))


def test_an_answer_from_before_the_latest_event_says_that_it_is_old(desk: ValleyDesk) -> None:
    close(desk, "drill:e2")
    page = press(draw("clear"), "Rank")
    assert "older than the latest event" not in words(page)
    close(desk, "drill:t1")
    assert "older than the latest event" in words(page.run())


def test_risk_shows_what_is_uncertain_and_which_road_decides(desk: ValleyDesk) -> None:
    page = press(draw("risk"), "Ask")
    assert desk.asked == {"class": "truck", "hours": 12.0, "worlds": 200}
    uncertain, deciding = (frame.value for frame in page.dataframe[:2])
    assert uncertain["Place"].tolist() == ["Tinmel", "Ijoukak"]
    assert uncertain["Reached in %"].tolist() == [40, 60]
    assert deciding["Places"].tolist() == ["Ijoukak, Tinmel"]
    assert "1 places surely reached, 2 uncertain, 1 hardly" in words(page)


def test_a_refused_question_is_one_plain_line(desk: ValleyDesk) -> None:
    page = draw("risk")
    page.number_input(key="risk_hours").set_value(72)
    press(page, "Ask")
    assert "at most 48 are sampled here" in words(page)
    assert len(page.dataframe) == 0


# --- what if, gaps, how far one gets ---


def pick(desk: ValleyDesk, edge: str, part: str = "cut_off") -> AppTest:
    page = AppTest.from_function(_page, default_timeout=TIMEOUT_S)
    page.session_state["roads_part"] = part
    page.session_state[state.EDGE] = edge
    page.run()
    assert not page.exception
    return page


def test_what_if_says_who_would_be_cut_off_and_records_nothing(desk: ValleyDesk) -> None:
    page = pick(desk, "drill:e2")
    before = desk.seq()
    press(page, "What if?")
    assert desk.asked == {"supposed": ["drill:e2"], "state": "closed", "max_weight_t": None}
    assert "If it were closed (nothing is recorded)" in words(page)
    assert "truck: 2 places cut off" in words(page)
    then = next(one.value for one in page.dataframe if "Then" in one.value)
    assert set(then["Place"]) == {"Ijoukak", "Tinmel"}
    assert desk.seq() == before
    assert not desk.picture().closures


def test_a_closure_takes_how_sure_it_is_and_what_the_road_still_carries(desk: ValleyDesk) -> None:
    page = pick(desk, "drill:e1")
    page.radio(key="close_state").set_value("restricted")
    page.selectbox(key="close_confidence").set_value(0.7)
    page.number_input(key="close_weight").set_value(3.5)
    press(page, "Close this road")
    (closure,) = desk.picture().closures
    assert (closure.state, closure.confidence, closure.max_weight_t) == ("restricted", 0.7, 3.5)
    assert "carries up to 3.5 t" in words(page)
    assert "70 % sure" in words(page)


def test_a_weight_of_a_road_that_is_closed_is_refused_and_nothing_recorded(
    desk: ValleyDesk,
) -> None:
    page = pick(desk, "drill:e1")
    page.number_input(key="close_weight").set_value(3.5)
    press(page, "Close this road")
    assert "Only a restricted road still carries a weight" in words(page)
    assert not desk.picture().closures


def test_who_says_that_a_closed_road_is_open_is_told_beside_the_closure(desk: ValleyDesk) -> None:
    close(desk, "drill:e2")
    page = pick(desk, "drill:e2")
    page.text_input(key="contradict_source").input("Bus driver <b>")
    page.selectbox(key="contradict_confidence").set_value(0.7)
    press(page, "Record this report")
    picture = desk.picture()
    (closure,), (report,) = picture.closures, picture.road_reports
    assert (report.state, report.edges, report.source) == ("open", ("drill:e2",), "Bus driver <b>")
    assert picture.contradicted == {closure.closure_id: [report]}
    text = words(page)
    assert "the closure is in doubt now" in text
    assert "Contradicted: open, says Bus driver <b>" in text
    assert "70 % sure" in text
    assert "Now: closed" in text  # a report that it is open opens nothing
    press(page, "Undo")
    assert desk.picture().contradicted == {}
    assert len(desk.picture().closures) == 1
    assert "The report is taken back" in words(page)
    close(desk, "drill:t1")  # another closure: nobody contradicts it
    assert "Contradicted" not in words(page.run())


def test_who_may_only_look_is_offered_no_change(desk: ValleyDesk) -> None:
    close(desk, "drill:e2")
    desk.forbidden = {"close_road", "reopen_road", "join_gaps", "part_gaps"}
    page = pick(desk, "drill:e2", "gaps")
    labels = {one.label for one in page.button}
    assert "What if?" in labels
    assert not labels & {"Close this road", "Reopen"}
    assert not [one for one in page.button if one.key in {"join_gaps"}]


def test_gaps_are_offered_and_nothing_is_joined_by_itself(desk: ValleyDesk) -> None:
    page = draw("gaps")
    assert "3 pieces that do not meet" in words(page)
    table = next(one.value for one in page.dataframe if "Width in m" in one.value)
    assert table["Width in m"].tolist() == [1.5, 3.0]
    assert next(one for one in page.button if one.key == "join_gaps").disabled
    assert desk.joints == []


def test_joined_gaps_are_listed_and_can_be_undone(desk: ValleyDesk) -> None:
    desk.join_gaps(["gap:1"], source="map team")
    page = draw("gaps")
    assert "1 gaps, map team" in words(page)
    next(one for one in page.button if one.key == "part_joint:0").click().run()
    assert not page.exception
    assert desk.joints == []


def test_how_far_one_gets_is_asked_shown_and_handed_to_the_map(desk: ValleyDesk) -> None:
    page = draw("far")
    page.selectbox(key="isochrone_class").set_value("pickup")
    page.multiselect(key="isochrone_minutes").set_value([30])
    press(page, "Draw")
    assert desk.asked == {"class": "pickup", "minutes": [30.0]}
    table = next(one.value for one in page.dataframe if "Minutes" in one.value)
    assert table["Roads"].tolist() == ["as the roads are", "if all were open"]
    assert "Within 30 min only without the closures: 600 people, Ijoukak" in words(page)
    path = page.session_state[state.OVERLAY]
    served = state.get_served()
    name, sha = path.removeprefix("layers/").removesuffix(".geojson").split("/")
    file = served.layers.get(name, sha)
    assert file is not None
    assert file.features == 2


def test_without_a_limit_nothing_is_drawn(desk: ValleyDesk) -> None:
    page = draw("far")
    page.multiselect(key="isochrone_minutes").set_value([])
    press(page, "Draw")
    assert "Choose at least one limit." in words(page)
    assert desk.asked == {}
