"""Counts of groups on the page of a place: exact for few, small numbers for nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.desk import Desk
from dashboard.evidencesheet import belief_basis
from dashboard.operations import uploads
from dashboard.operations.situation import Situation
from dashboard.role_desk import desk_for
from dashboard.situation_desk import SituationDesk
from data.access.roles import OWNER
from geo.errors import RuleError
from tests.dashboard.drawn_pages import drawn, visitor
from tests.dashboard.operations.conftest import valley  # noqa: F401 - a fixture


@pytest.fixture
def desk(valley: Situation) -> Iterator[SituationDesk]:  # noqa: F811
    desk = SituationDesk(valley.home)
    yield desk
    desk.close()


def place_of(desk: SituationDesk) -> str:
    return str(desk.situation().places().set_index("name").loc["Tinmel", "place_id"])


def role(desk: Desk, name: str, organisation_id: str = "") -> Desk:
    return desk_for(desk, visitor(name, organisation_id))


def shown(desk: Desk, place_id: str) -> AppTest:
    return drawn(
        desk,
        "from dashboard.views import who_needs_more",
        f"who_needs_more.show(served.desk, {place_id!r}, 'UTC')",
    )


def whole(desk: Desk, place_id: str) -> AppTest:
    return drawn(
        desk,
        "import streamlit as st",
        f"st.query_params['place'] = {place_id!r}",
        "from dashboard.views import place",
        "place.page(served)",
    )


def counted(page: AppTest) -> list[tuple[str, str, str]]:
    (table,) = [one.value for one in page.dataframe]
    return list(table[["group", "count", "referred"]].itertuples(index=False, name=None))


def test_the_cell_counts_corrects_and_takes_back(desk: SituationDesk) -> None:
    place_id = place_of(desk)
    page = shown(desk_for(desk, OWNER), place_id)
    assert "Nobody has counted them here yet." in [one.value for one in page.caption]

    def count(people: int, referred: int = 0) -> None:
        page.selectbox(key="group_chosen").select("older")
        page.text_input(key="group_organisation").input("NGO One")
        page.number_input(key="group_people").set_value(people)
        page.number_input(key="group_referred").set_value(referred)
        page.button[-1].click().run()
        assert not page.exception

    count(12, 6)
    assert counted(page) == [("Older people", "12", "6")]
    assert [one.label for one in page.button if one.label == "Undo"] == []
    count(3)
    assert counted(page) == [("Older people", "3", "0")]
    next(one for one in page.button if one.label == "Undo").click().run()
    assert counted(page) == [("Older people", "12", "6")]
    count(3, 9)
    assert "referred" in page.error[0].value
    assert counted(page) == [("Older people", "12", "6")]


def test_others_see_no_small_number_and_speak_for_themselves(desk: SituationDesk) -> None:
    place_id = place_of(desk)
    common = {"place": place_id, "referred": 0, "organisation": "NGO One"}
    desk.count_group(group="children", count=40, **common)
    desk.count_group(group="bereaved", count=3, **common)
    for name in ("viewer", "ngo"):
        found = counted(shown(role(desk, name), place_id))
        assert sorted(found) == [
            ("Children", "40", "0"),
            ("People who lost somebody", "fewer than 5", "withheld"),
        ]
        with pytest.raises(RuleError, match="contacts"):
            role(desk, name).exact_group_counts(place_id)
    assert [one.label for one in shown(role(desk, "viewer"), place_id).button] == []
    mine = desk.situation().organisation("NGO One")[0]
    role(desk, "ngo", mine).count_group(
        group="older", count=20, **{**common, "organisation": "Somebody else"}
    )
    (older,) = [one for one in desk.exact_group_counts(place_id) if one["group"] == "older"]
    assert older["organisation"] == "NGO One"


def test_the_page_of_a_place_has_them_and_says_what_its_people_rest_on(
    desk: SituationDesk, tmp_path: Path
) -> None:
    place_id = place_of(desk)
    sheet = tmp_path / "damage.csv"
    for total, told in (
        ("", "not assessed: nobody said that half of the houses were looked at"),
        (30, ""),
    ):
        sheet.write_text(f"place,destroyed,damaged,total\nTinmel,4,6,{total}\n", encoding="utf-8")
        uploads.upload(desk.situation(), "damage", sheet, organisation="NGO One")
        desk.assess()
        page = whole(desk, place_id)
        assert [one.value for one in page.markdown if "not assessed" in one.value] == (
            [f"**{told}**"] if told else []
        )
    common = {"place": place_id, "referred": 0, "organisation": "NGO One"}
    desk.count_group(group="children", count=40, **common)
    page = whole(desk, place_id)
    assert "People who need more" in [one.value for one in page.subheader]
    said = [one.value for one in page.caption]
    assert belief_basis("updated_by_field") in said
    assert not any("updated" in one for one in said)
