"""Uploads: good rows go in, bad ones come back, the same twice is once, and all can be undone."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from dashboard.intakesheet import told_report
from dashboard.languages import reading_in
from dashboard.operations import templating, uploads
from dashboard.operations.situation import Situation
from dashboard.templatewords import choice_labels
from geo.errors import InputError

MIXED = "place,item,quantity\nTinmel,tent,5\nNowhere at all,tent,5\nIghil,tent,-1\n"


def _sheet(folder: Path, text: str, name: str = "needs2.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_row_goes_in_although_its_neighbours_are_bad(
    valley: Situation, tmp_path: Path
) -> None:
    before = len(valley.store.needs())
    result = uploads.upload(valley, "needs", _sheet(tmp_path, MIXED), organisation="NGO Two")
    assert (result["accepted"], result["rejected"]) == (1, 2)
    assert [row["status"] for row in result["rows"]] == ["accepted", "rejected", "rejected"]
    assert len(valley.store.needs()) == before + 1


def test_a_dry_run_reports_the_same_and_changes_nothing(valley: Situation, tmp_path: Path) -> None:
    seq = valley.seq()
    dry = uploads.upload(
        valley, "needs", _sheet(tmp_path, MIXED), organisation="NGO Two", dry_run=True
    )
    assert valley.seq() == seq
    assert dry["upload_id"] is None
    wet = uploads.upload(valley, "needs", _sheet(tmp_path, MIXED), organisation="NGO Two")
    assert wet["rows"] == dry["rows"]


def test_the_rejects_come_back_with_a_reason_and_without_live_formulas(
    valley: Situation, tmp_path: Path
) -> None:
    text = "place,item,quantity,note\nTinmel,tent,x,=HYPERLINK(0)\nTinmel,tent,y,-8.23\n"
    out = tmp_path / "rejects.csv"
    uploads.upload(valley, "needs", _sheet(tmp_path, text), organisation="N", rejects=out)
    lines = list(csv.reader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert lines[0] == ["place", "item", "quantity", "note", "reason", "suggestion"]
    assert lines[1][3] == "'=HYPERLINK(0)"
    assert lines[2][3] == "-8.23"
    assert all(line[4].startswith("quantity: how many") for line in lines[1:])


def test_the_rejects_come_back_in_the_language_of_the_reader(
    valley: Situation, tmp_path: Path
) -> None:
    text = "place,item,quantity\nTinmel,tent,0\n"
    out = tmp_path / "rejects.csv"
    with reading_in("fr"):
        result = uploads.upload(
            valley, "needs", _sheet(tmp_path, text), organisation="N", rejects=out
        )
        told = told_report(result)
    lines = list(csv.reader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert lines[0][-2:] == ["motif", "suggestion"]
    assert (
        lines[1][3] == "quantité – attendu : un seul nombre au-dessus de 0, au plus 1 000 000 000"
    )
    # Files and programs read English; a person is told.
    assert result["rows"][0]["problems"][0]["expected"].startswith("one number above 0")
    assert told["rows"][0]["problems"][0]["expected"].startswith("un seul nombre")
    assert told["reasons"][0]["expected"].startswith("un seul nombre")


def test_rows_that_differ_in_a_value_only_have_one_reason(
    valley: Situation, tmp_path: Path
) -> None:
    rows = ["Tinmel,tent,x", "Tinmel,tent,5", *["Nowhere,tent,5"] * 2, "Ighil,water,5 bottles"]
    rows += ["Ighil,water,7 cans", "Ighil,water,8 jars"]
    text = "place,item,quantity\n" + "\n".join(rows) + "\n"
    result = uploads.upload(valley, "needs", _sheet(tmp_path, text), organisation="N")
    found = [(one["rows"], one["column"], one["first_row"]) for one in result["reasons"]]
    assert found == [(3, "quantity", 6), (2, "place", 4), (1, "quantity", 2)]
    assert sum(one["rows"] for one in result["reasons"]) == result["rejected"]


def test_the_same_sheet_twice_is_once(valley: Situation, tmp_path: Path) -> None:
    sheet = _sheet(tmp_path, "place,item,quantity\nTinmel,tent,5\nTinmel,tent,5\n")
    first = uploads.upload(valley, "needs", sheet, organisation="NGO Two")
    assert first["accepted"] == 2  # two equal rows of one sheet are two
    count, seq = len(valley.store.needs()), valley.seq()
    second = uploads.upload(valley, "needs", sheet, organisation="NGO Two")
    assert [row["status"] for row in second["rows"]] == ["duplicate", "duplicate"]
    assert (len(valley.store.needs()), valley.seq()) == (count, seq)


def test_the_same_rows_from_another_organisation_are_their_own_report(
    valley: Situation, tmp_path: Path
) -> None:
    sheet = _sheet(tmp_path, "place,item,quantity\nTinmel,tent,5\n")
    uploads.upload(valley, "needs", sheet, organisation="NGO Two")
    other = uploads.upload(valley, "needs", sheet, organisation="NGO Three")
    assert other["accepted"] == 1


def test_an_upload_is_undone_as_a_whole_and_may_come_again(
    valley: Situation, tmp_path: Path
) -> None:
    before = {need.need_id for need in valley.store.needs()}
    sheet = _sheet(tmp_path, "place,item,quantity\nTinmel,tent,5\nIghil,tent,2\n")
    result = uploads.upload(valley, "needs", sheet, organisation="NGO Two")
    uploads.undo(valley, result["upload_id"])
    assert {need.need_id for need in valley.store.needs()} == before
    again = uploads.upload(valley, "needs", sheet, organisation="NGO Two")
    assert again["accepted"] == 2
    assert len(valley.store.needs()) == len(before) + 2


def test_a_road_report_becomes_a_closure_or_a_reason(valley: Situation, tmp_path: Path) -> None:
    text = (
        "lon,lat,road,state,classes,reason\n"
        "-7.975,31.0,R203,closed,truck;pickup,rockfall\n"
        "-7.975,31.0,R203,melted,,\n"
        "-3.0,35.0,,closed,,\n"
        ",,,closed,,\n"
        "-7.975,31.0,R203,praticable,,seen from the bus\n"
    )
    sheet = _sheet(tmp_path, text, "roads.csv")
    result = uploads.upload(valley, "road-status", sheet, organisation="Army")
    statuses = [row["status"] for row in result["rows"]]
    assert statuses == ["accepted", "rejected", "rejected", "rejected", "accepted"]
    closure, news = valley.store.closures()
    assert (news.state, news.edges) == ("open", ("w11:3-4",))
    assert closure.classes == ("truck", "pickup")
    assert closure.edges == ("w11:3-4",)


def test_a_template_of_roads_filled_in_becomes_closures(valley: Situation, tmp_path: Path) -> None:
    with reading_in("fr"):
        made = templating.template(valley, "road-status", language="fr")
        state = choice_labels()["state"]
    book = load_workbook(io.BytesIO(made.content))
    page = book.worksheets[0]
    said = [
        {"lon": -7.975, "lat": 31.0, "road": "R203", "state": state["closed"], "reason": "éboulis"},
        {"lon": -7.975, "lat": 31.0, "road": "R203", "state": state["restricted"]},
        {"lon": -3.0, "lat": 35.0, "state": state["closed"]},
    ]
    for row, cells in enumerate(said, start=page.max_row + 1):
        for field, cell in cells.items():
            page.cell(row, made.fields.index(field) + 1, cell)
    book.save(tmp_path / "routes.xlsx")
    told = uploads.upload(valley, "road-status", tmp_path / "routes.xlsx", organisation="Army")
    assert [one["status"] for one in told["rows"]] == ["accepted", "accepted", "rejected"]
    found = [(one.state, one.edges, one.reason) for one in valley.store.closures()]
    assert found == [("closed", ("w11:3-4",), "éboulis"), ("restricted", ("w11:3-4",), "")]
    uploads.undo(valley, told["upload_id"])
    assert not valley.store.closures()


def test_an_unknown_organisation_is_registered_as_pending(
    valley: Situation, tmp_path: Path
) -> None:
    sheet = _sheet(tmp_path, "place,item,quantity\nTinmel,tent,5\n")
    uploads.upload(valley, "needs", sheet, organisation="Newcomers")
    status = {one.name: one.status for one in valley.store.organisations()}
    assert status["Newcomers"] == "pending"


def test_undo_wants_the_id_of_an_upload_or_layer(valley: Situation) -> None:
    with pytest.raises(InputError, match="id of an upload"):
        uploads.undo(valley, "gift:1")


def test_needs_before_places_are_refused_with_what_to_do(empty: Situation, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="qafila load places"):
        uploads.upload(empty, "needs", _sheet(tmp_path, MIXED), organisation="N")


LONG = "place,lon,lat,item,quantity\n" + "".join(
    f"Bouzguemmoul {number},{-8.30 + 0.02 * number:.2f},31.05,tent,{number or 'x'}\n"
    for number in range(8)
)
PLACES = "name,lon,lat\n" + "".join(
    f"Azaghar {number},{-8.30 + 0.02 * number:.2f},31.05\n" for number in range(8)
)


@pytest.mark.parametrize(("kind", "text"), [("needs", LONG), ("places", PLACES)])
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_long_table_is_reported_and_recorded_as_a_short_one(
    valley: Situation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    text: str,
    dry_run: bool,
) -> None:
    sheet = _sheet(tmp_path, text)

    def take(*, dry: bool) -> dict[str, Any]:
        return uploads.upload(valley, kind, sheet, organisation="NGO", dry_run=dry, add_places=True)

    short = take(dry=True)
    assert short["accepted"] + short["repaired"] >= 7
    monkeypatch.setattr(uploads, "ROWS_AT_ONCE", 2)  # four parts
    long = take(dry=dry_run)
    # Ids are made anew by every reading.
    ours = ("row", "status", "notes")
    assert [[row[name] for name in ours] for row in long["rows"]] == [
        [row[name] for name in ours] for row in short["rows"]
    ]
    assert [one["rows"] for one in long["reasons"]] == [one["rows"] for one in short["reasons"]]
    added = {place.name for place in valley.store.added_places()}
    assert len(added) == (0 if dry_run else short["accepted"])
    if not dry_run:
        assert take(dry=True)["duplicates"] == short["accepted"]
