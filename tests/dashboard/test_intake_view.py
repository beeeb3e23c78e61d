"""The page of uploads, with a real situation: read, corrected, taken in, undone."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from streamlit.testing.v1 import AppTest

from dashboard import cache, state
from dashboard.intakesheet import corrections
from dashboard.jobs import Job
from dashboard.languages import reading_in
from dashboard.map.layers import LayerFiles
from dashboard.operations import uploads
from dashboard.operations.situation import Situation
from dashboard.situation_desk import SituationDesk

PLACES = "name,lon,lat\nTinmel,-8.228,30.985\nIghil,-8.287,30.984\n"
NEEDS = "Village,Besoin,Combien,Autre\nTinmel,tentes,5,7\nNulle part,tentes,5,8\nIghil,tentes,x,9\n"


def _page() -> None:
    from dashboard import state
    from dashboard.views import intake

    intake.page(state.get_served())


def _page_in_arabic() -> None:
    from dashboard import state
    from dashboard.languages import use_language
    from dashboard.views import intake

    use_language("ar")
    intake.page(state.get_served())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SituationDesk]:
    home = tmp_path / "home"
    with Situation.create(home, name="Valley", timezone="Africa/Casablanca") as situation:
        path = tmp_path / "places.csv"
        path.write_text(PLACES, encoding="utf-8")
        uploads.upload(situation, "places", path, organisation="Cell", add_places=True)
    desk = SituationDesk(home)
    state.put_served(state.Served(desk=desk, layers=LayerFiles(), books=cache.RoadBooks()))
    yield desk
    desk.close()


def _sent(text: str, organisation: str = "NGO One", shown: Callable[[], None] = _page) -> AppTest:
    page = AppTest.from_function(shown, default_timeout=30).run()
    page.text_input(key="upload_organisation").input(organisation)
    page.file_uploader(key="upload_file").upload("besoins.csv", text.encode(), "text/csv")
    page.run()
    assert not page.exception
    return page


def _counts(page: AppTest) -> list[str]:
    return [metric.value for metric in page.metric]


def _fields(page: AppTest) -> dict[str, str]:
    table = page.dataframe[0].value
    return dict(zip(table["title"], table["field"], strict=True))


def test_nothing_is_recorded_before_somebody_says_so(desk: SituationDesk) -> None:
    before = desk.seq()
    page = _sent(NEEDS)
    assert _counts(page) == ["1", "0", "0", "2", "0"]
    assert desk.seq() == before
    assert _fields(page) == {
        "Village": "place name",
        "Besoin": "item",
        "Combien": "quantity",
        "Autre": "(left out)",
    }
    rows = page.dataframe[-1].value
    assert rows["status"].tolist() == ["not taken", "not taken", "taken"]
    assert rows.loc[1, ["row", "cell", "value"]].tolist() == [4, "C4", "x"]


def test_rows_go_in_and_the_upload_is_undone(desk: SituationDesk) -> None:
    page = _sent(NEEDS)
    page.button(key="upload_now").click().run()
    assert not page.exception
    assert [need.quantity for need in desk.situation().store.needs()] == [5]
    assert "1 rows were recorded." in page.success[0].value
    page.button(key="upload_undo").click().run()
    assert not page.exception
    assert [one.undone for one in desk.uploads()] == [False, True]
    assert [need for need in desk.situation().store.needs() if need.status == "reported"] == []


def test_an_empty_sheet_and_a_phone_form_are_offered(desk: SituationDesk) -> None:
    page = AppTest.from_function(_page, default_timeout=30).run()
    page.selectbox(key="upload_kind").select("activities").run()
    assert not page.exception
    offered = [one.proto.label for one in page.get("download_button")]
    assert offered == [
        *("Empty sheet to fill in", "Form for KoBo and ODK"),
        *("CSV", "XLSX", "GeoPackage", "GeoJSON", "FlatGeobuf", "GeoParquet"),
    ]
    page.selectbox(key="share_table").select("iati").run()
    assert [one.proto.label for one in page.get("download_button")][2:] == ["CSV", "XLSX"]
    name, content = desk.sheet_template("activities", "xlsx", tongue="fr")
    assert name == "qafila-activities-fr.xlsx"
    assert load_workbook(io.BytesIO(content)).worksheets[0]["A1"].value == "Organisation *"


def test_the_workbook_of_rejects_can_be_downloaded(desk: SituationDesk) -> None:
    received = desk.upload(
        "needs",
        "../besoins.csv",
        NEEDS.encode(),
        organisation="NGO One",
        dry_run=True,
        add_places=False,
        columns={},
    )
    assert received.report["file"] == "besoins.csv"
    rows = list(load_workbook(io.BytesIO(received.rejects)).active.values)
    assert [row[0] for row in rows] == ["Village", "Nulle part", "Ighil"]


@pytest.mark.parametrize(
    ("tongue", "title", "reason"),
    [
        ("ar", "السبب", "اسم المكان: المطلوب: مكان من هذه الحالة، أو إحداثية"),
        ("en", "reason", "place name: a place of this situation, or a coordinate is needed"),
    ],
)
def test_the_workbook_of_rejects_speaks_the_language_of_who_sent_the_sheet(
    desk: SituationDesk, tongue: str, title: str, reason: str
) -> None:
    def read(_say: object) -> bytes:
        return desk.upload(
            "needs", "b.csv", NEEDS.encode(), organisation="NGO One", dry_run=True,
            add_places=False, columns={},
        ).rejects  # fmt: skip

    # As the page does it: in a thread of its own, while the page speaks on.
    with reading_in(tongue):
        job = Job("reading", read)
    assert job.wait(30)
    assert job.result is not None
    titles, first, _second = load_workbook(io.BytesIO(job.result)).active.values
    assert titles[-2] == title
    assert first[-2] == reason


def test_reasons_are_summed_up_and_told_in_the_language_of_the_person(desk: SituationDesk) -> None:
    sheet = "Village,Besoin,Combien\nTinmel,tentes,x\nIghil,tentes,y\nIghil,tentes,5\n"
    page = _sent(sheet, shown=_page_in_arabic)
    (reasons,) = [one.value for one in page.dataframe if "first" in one.value]
    assert reasons.to_dict("records") == [
        {
            "rows": 2,
            "field": "الكمية",
            "expected": "عدد واحد أكبر من 0 ولا يتجاوز 1 000 000 000",
            "first": 2,
        }
    ]


def test_a_correction_is_kept_for_this_organisation_and_shape(desk: SituationDesk) -> None:
    def upload(organisation: str, text: str, columns: dict[str, str]) -> Any:
        return desk.upload(
            "needs", "b.csv", text.encode(), organisation=organisation, dry_run=False,
            add_places=False, columns=columns,
        ).report  # fmt: skip

    upload("NGO One", NEEDS, {"Autre": "quantity"})
    assert [need.quantity for need in desk.situation().store.needs()] == [7, 9]
    page = _sent(NEEDS.replace("Ighil,tentes,x,9", "Ighil,couvertures,x,30"))
    assert _fields(page)["Autre"] == "quantity"
    assert _fields(_sent(NEEDS, "NGO Two"))["Autre"] == "(left out)"
    assert _fields(_sent(NEEDS.replace("Autre", "Reste")))["Reste"] == "(left out)"


def test_a_place_that_was_taken_by_a_like_name_is_shown(desk: SituationDesk) -> None:
    page = _sent("Village,Besoin,Combien\nTinmell,tentes,5\n")
    rows = page.dataframe[-1].value
    assert rows["status"].tolist() == ["taken, read with care"]
    assert rows["expected"][0].startswith("→ Tinmel (")


def test_what_a_person_chose_is_a_correction_only_where_it_differs() -> None:
    sheet = {"columns": [{"title": "a", "field": "item"}, {"title": "b", "field": "sector"}]}
    assert corrections(sheet, ["item", "quantity"]) == {"b": "quantity"}
    assert corrections(sheet, ["(left out)", "sector"]) == {"a": ""}


def test_a_bad_file_is_one_line(desk: SituationDesk) -> None:
    page = _sent("\x89PNG")
    page.file_uploader(key="upload_file").upload("b.xlsx", b"\x89PNG\r\n\x1a\n", "image/png")
    page.run()
    assert not page.exception
    assert "a PNG picture, a table is needed" in page.error[0].value
