"""The page of needs, with a real situation: seen, filtered, found out, merged, added, undone."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from gzip import decompress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import cache, needsheet, state
from dashboard.map.layers import LayerFiles
from dashboard.operations import trusting, uploads
from dashboard.operations.organisations import set_organisation
from dashboard.operations.situation import Situation
from dashboard.operations.spreadsheet import csv_text
from dashboard.role_desk import desk_for
from dashboard.situation_desk import SituationDesk
from data.access.roles import Visitor, rights_of
from geo.errors import InputError, RuleError

PLACES = "name,lon,lat\nTinmel,-8.228,30.985\nIghil,-8.287,30.984\n"
ONE = "place,item,quantity\nTinmel,tent,20\nIghil,blanket,60\n"
TWO = "place,item,quantity\nTinmel,tent,20\nIghil,blanket,300\nIghil,=cmd|x,7\n"


def _page() -> None:
    from dashboard import state
    from dashboard.views import needs

    needs.page(state.get_served())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SituationDesk]:
    home = tmp_path / "home"
    with Situation.create(home, name="Valley", timezone="Africa/Casablanca") as situation:
        for kind, name, text in (
            ("places", "Cell", PLACES),
            ("needs", "NGO One", ONE),
            ("needs", "NGO Two", TWO),
        ):
            path = tmp_path / f"{name}.csv"
            path.write_text(text, encoding="utf-8")
            uploads.upload(situation, kind, path, organisation=name, add_places=kind == "places")
    desk = SituationDesk(home)
    state.put_served(state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks()))
    yield desk
    desk.close()


def _shown(part: str = "list", **session: Any) -> AppTest:
    page = AppTest.from_function(_page, default_timeout=60)
    page.session_state["needs_part"] = part
    for key, value in session.items():
        page.session_state[key] = value
    page.run()
    assert not page.exception
    return page


def _pick(*rows: int) -> dict[str, Any]:
    return {"selection": {"rows": list(rows), "columns": [], "cells": []}}


def _needs(desk: SituationDesk) -> dict[tuple[str, str, str], dict[str, Any]]:
    rows = desk.needs_book()["needs"]
    return {(row["place"], row["item"], row["organisation"]): row for row in rows}


def _click(page: AppTest, label: str) -> AppTest:
    next(one for one in page.button if one.label == label).click().run()
    assert not page.exception
    return page


def _text(page: AppTest) -> str:
    parts = (*page.markdown, *page.caption, *page.success, *page.warning, *page.info)
    return "\n".join(one.value for one in parts).replace("\\", "")


def test_the_list_says_who_says_what_and_what_speaks_against_it(desk: SituationDesk) -> None:
    table = _shown().dataframe[0].value
    assert len(table) == 4
    blankets = table[table["Item"] == "Blanket"].set_index("Says who")
    assert blankets.loc["NGO One", "Speaks against it"] == "NGO Two says 300"
    assert set(table["Status"]) == {"reported"}
    assert set(table["File"]) == {"NGO One.csv", "NGO Two.csv"}


def test_filters_leave_what_is_wanted(desk: SituationDesk) -> None:
    page = _shown()
    page.multiselect[3].set_value(["NGO One"]).run()
    assert len(page.dataframe[0].value) == 2
    page.multiselect[1].set_value(["tent"]).run()
    assert page.dataframe[0].value["Place"].tolist() == ["Tinmel"]
    page.toggle(key="needs_rumours").set_value(True).run()
    assert "No need fits these filters." in _text(page)


def test_old_needs_fall_out_of_the_age_that_is_asked_for(desk: SituationDesk) -> None:
    rows = desk.needs_book()["needs"]
    later = datetime.now(UTC) + timedelta(hours=7)
    assert len(needsheet.chosen(rows, needsheet.Wanted(max_age_h=6), now=later)) == 0
    assert len(needsheet.chosen(rows, needsheet.Wanted(max_age_h=12), now=later)) == 4


def test_what_was_found_out_is_said_and_taken_back(desk: SituationDesk) -> None:
    page = _shown(needs_table=_pick(0))
    _click(page, "Verified")
    assert "who found so" in page.error[0].value
    page.text_input(key="needs_by").input("Red Crescent").run()
    row = needsheet.chosen(desk.needs_book()["needs"], needsheet.Wanted(), now=datetime.now(UTC))[0]
    _click(page, "Verified")
    found = {one["need_id"]: one for one in desk.needs_book()["needs"]}[row["need_id"]]
    assert (found["status"], found["verified_by"]) == ("verified", "Red Crescent")
    _click(page, "Undo")
    found = {one["need_id"]: one for one in desk.needs_book()["needs"]}[row["need_id"]]
    assert (found["status"], found["verified_by"]) == ("reported", "")
    _click(page, "It is a rumour")
    found = {one["need_id"]: one for one in desk.needs_book()["needs"]}[row["need_id"]]
    assert found["rumour"]
    assert found["counts_for_plan"] == 0
    _click(page, "Undo")
    assert not any(one["rumour"] for one in desk.needs_book()["needs"])


def test_the_history_goes_down_to_the_row_of_the_file(desk: SituationDesk) -> None:
    row = _needs(desk)["Ighil", "blanket", "NGO Two"]
    trusting.set_status(desk.situation(), [row["need_id"]], "refuted", by="Caïd", note="went there")
    steps = desk.need_history(row["need_id"])["history"]
    assert [one["what"] for one in steps] == ["reported", "refuted"]
    assert steps[0]["source"]["file"] == "NGO Two.csv"
    assert (steps[0]["source"]["row"], steps[1]["by"]) == (3, "Caïd")
    uploads.undo(desk.situation(), row["upload_id"])
    assert desk.need_history(row["need_id"])["history"][-1]["what"] == "withdrawn"
    with pytest.raises(InputError, match="no such need here"):
        desk.need_history("need:nobody")


def test_what_is_told_twice_is_merged_on_a_word_and_parted_again(desk: SituationDesk) -> None:
    page = _shown("twice")
    assert "both say 20 tent; within the hour; another sender" in _text(page)
    _click(page, "They are one need")
    assert desk.needs_book()["counts"]["merged"] == 1
    merged = next(row for row in desk.needs_book()["needs"] if row["merged_into"])
    steps = desk.need_history(merged["need_id"])["history"]
    assert [one["what"] for one in steps] == ["reported", "merged"]
    _click(page, "Undo")
    assert desk.needs_book()["counts"]["merged"] == 0
    _click(_shown("twice"), "Merge all that are equal (1)")
    assert desk.needs_book()["counts"]["merged"] == 1
    _click(_shown("twice"), "Part them")
    assert desk.needs_book()["counts"]["merged"] == 0


def test_quarantine_holds_until_the_organisation_is_recognised(desk: SituationDesk) -> None:
    page = _shown("trust")
    page.selectbox(key="needs_pending").set_value("quarantine")
    page.slider(key="needs_share").set_value(50)
    _click(page, "Set")
    set_organisation(desk.situation(), "NGO Two", "recognised")
    counted = {key: row["counts_for_plan"] for key, row in _needs(desk).items()}
    assert counted["Tinmel", "tent", "NGO One"] == 0
    assert counted["Tinmel", "tent", "NGO Two"] == 10
    page = _shown("quarantine")
    assert "NGO One: 2 open needs" in _text(page)
    _click(page, "Recognise")
    assert _needs(desk)["Tinmel", "tent", "NGO One"]["counts_for_plan"] == 10
    assert "Nothing is in quarantine." in _text(page)
    _click(page, "Undo")
    assert _needs(desk)["Tinmel", "tent", "NGO One"]["quarantined"]


def test_a_need_is_added_by_hand_with_the_reporter_elsewhere(desk: SituationDesk) -> None:
    places = desk.situation().places().set_index("name")["place_id"]
    page = _shown("add")
    page.selectbox(key="need_place").set_value(places["Ighil"])
    page.selectbox(key="need_from").set_value(places["Tinmel"])
    page.selectbox(key="need_item").set_value("tent")
    page.text_input(key="need_quantity").input("12")
    page.text_input(key="need_organisation").input("NGO One")
    _click(page, "Add the need")
    row = _needs(desk)["Ighil", "tent", "NGO One"]
    assert (row["quantity"], row["reported_from_name"], row["file"]) == (12, "Tinmel", "")
    _click(page, "Undo")
    assert _needs(desk)["Ighil", "tent", "NGO One"]["status"] == "withdrawn"
    page = _click(_shown("add"), "Add the need")
    assert "place is empty" in page.error[0].value


def test_who_may_not_change_needs_sees_them_and_no_button(desk: SituationDesk) -> None:
    served = state.get_served()
    visitor = Visitor(
        account_id="account:v", role="viewer", organisation_id="", rights=rights_of("viewer")
    )
    state.put_served(replace(served, desk=desk_for(desk, visitor)))
    page = _shown(needs_table=_pick(0))
    labels = {one.label for one in page.button}
    assert not labels & {"Verified", "Refuted", "It is a rumour", "Add the need"}
    assert "What happened to it" in [one.value for one in page.subheader]
    with pytest.raises(RuleError, match="the right 'needs' is needed"):
        desk_for(desk, visitor).say_of_needs(["need:x"], "verified", by="me")


def test_an_ngo_adds_and_withdraws_for_itself_only(desk: SituationDesk) -> None:
    situation = desk.situation()
    ids = {one.name: one.organisation_id for one in situation.store.organisations()}
    ngo = Visitor(
        account_id="account:n", role="ngo", organisation_id=ids["NGO One"], rights=rights_of("ngo")
    )
    mine = desk_for(desk, ngo)
    told = mine.tell_need(place="Tinmel", item="blanket", quantity="9", organisation="NGO Two")
    assert _needs(desk)["Tinmel", "blanket", "NGO One"]["need_id"] == told["need_id"]
    theirs = _needs(desk)["Tinmel", "tent", "NGO Two"]["need_id"]
    with pytest.raises(RuleError, match="own organisation only"):
        mine.withdraw_need(theirs)
    with pytest.raises(RuleError, match="it came in a table"):
        desk.withdraw_need(theirs)
    mine.withdraw_need(told["need_id"])
    assert _needs(desk)["Tinmel", "blanket", "NGO One"]["status"] == "withdrawn"


def test_the_map_gets_a_sign_a_place_with_rumours_and_contradictions(desk: SituationDesk) -> None:
    trusting.set_rumour(
        desk.situation(), _needs(desk)["Tinmel", "tent", "NGO One"]["need_id"], rumour=True
    )
    page = _shown()
    assert page.dataframe
    files = state.get_served().layers._files
    (file,) = [file for (name, _sha), file in files.items() if name == "needs"]
    features = json.loads(decompress(file.gzipped))["features"]
    signs = {one["properties"]["name"]: one["properties"] for one in features}
    assert (signs["Tinmel"]["n"], signs["Tinmel"]["rumours"]) == (2, 1)
    assert signs["Ighil"]["contradicted"] == 2
    assert signs["Tinmel"]["status"] == "reported"
    assert {tuple(one["geometry"]["coordinates"]) for one in features} == {
        (-8.228, 30.985),
        (-8.287, 30.984),
    }


def test_what_looks_like_a_formula_leaves_as_text(desk: SituationDesk) -> None:
    desk.tell_need(place="Ighil", item="tent", quantity="1", organisation="=1+1", note="-8.23")
    words = needsheet.Words(item=str, moment=str)
    table = needsheet.table(desk.needs_book()["needs"], words)
    back = pd.read_csv(io.StringIO(csv_text(table)), dtype=str)
    row = back[back["Says who"] == "'=1+1"].iloc[0]
    assert row["Remark"] == "-8.23"
