"""Tables that go back: what they say, that they can be read again, and what is not in them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from openpyxl import load_workbook

from dashboard.cli import main
from dashboard.languages import LANGUAGES, reading_in
from dashboard.operations import delivering, requesting, uploads
from dashboard.operations.needs_book import tell_need
from dashboard.operations.sharing.files import share
from dashboard.operations.sharing.layers import LAYER_TYPES
from dashboard.operations.sharing.tables import TABLES, TAGS, shared_table
from dashboard.operations.situation import Situation
from dashboard.sharewords import table_names, titles
from data.intake.columns.tags import is_tag
from data.intake.wordlists import word_set
from geo.errors import InputError, UnknownIdError

# The core hashtags of the standard, 1.1 (hxlstandard.org/standard/1-1final/dictionary).
CORE = word_set(
    """access activity adm1 adm2 adm3 adm4 adm5 affected beneficiary capacity cause channel contact
    country crisis currency date delivery description event frequency geo group impact indicator
    inneed item loc meta modality need operations org output population reached region respondee
    sector service severity status subsector targeted value"""
)
FORMULA = '=HYPERLINK("http://evil.example";"x")'


PLACES = "name,commune,lon,lat\nTinmel,Talat,-8.228,30.985\nIghil,Ighil,-8.287,30.984\n"
STOCK = "depot,lon,lat,item,quantity\nAsni depot,-7.98,31.25,tent,40\nAsni depot,,,blanket,300\n"
NEEDS = "place,item,quantity,note\nTinmel,tent,20,walls down\nTinmel,blanket,60,\nIghil,tent,8,\n"
ACTIVITIES = (
    "organisation,donor,activity,item,quantity,place,status,start date,end date\n"
    "Atlas,Fund A,shelter,tents,12,Tinmel,done,2023-09-10,2023-09-12\n"
    "Atlas,,food,food kit,5,Ighil,planned,2023-09-20,\n"
)


@pytest.fixture(scope="module")
def valley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Situation]:
    """Two villages with all that is shared: read by every test, changed by none."""
    folder = tmp_path_factory.mktemp("sharing")
    sheets = {"places": PLACES, "stock": STOCK, "needs": NEEDS, "activities": ACTIVITIES}
    with Situation.create(folder / "home", name="Valley") as situation:
        for kind, text in sheets.items():
            path = folder / f"{kind}.csv"
            path.write_text(text, encoding="utf-8")
            taken = uploads.upload(situation, kind, path, organisation="NGO One", add_places=True)
            assert taken["rejected"] == 0, taken["rows"]
        delivering.deliver(situation, "Asni depot", "Tinmel", "blanket", "25")
        tell_need(
            situation,
            place="Tinmel",
            item="stove",
            quantity="3",
            organisation="+evil",
            note=FORMULA,
        )
        requesting.take_request(
            situation,
            place=situation.store.needs()[0].place_id,
            goods=[("jerrycan", "2")],
            contact=requesting.Contact(name="Fatima", phone="+212600000001", position=None),
            client_id="form-1",
        )
        yield situation


def rows_of(content: bytes) -> tuple[list[str], list[str], list[dict[str, str]]]:
    """Titles, hashtags, and rows by hashtag, of a CSV."""
    titles_, tags, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    return titles_, tags, [dict(zip(tags, row, strict=True)) for row in rows]


def test_tags_are_those_of_the_standard_and_every_column_has_a_title() -> None:
    for tags in TAGS.values():
        assert all(is_tag(tag) for tag in tags.values())
        assert {re.split(r"\+", tag[1:])[0] for tag in tags.values()} <= CORE
        assert len(set(tags.values())) == len(tags)
        for language in LANGUAGES:
            with reading_in(language):
                assert tags.keys() <= titles().keys()
    assert tuple(table_names()) == TABLES


def test_what_became_of_a_need_is_told(valley: Situation) -> None:
    _, _, needs = rows_of(share(valley, "needs", "csv").content)
    [blankets] = [
        one for one in needs if one["#item+code"] == "blanket" and one["#loc+name"] == "Tinmel"
    ]
    figures = ("#item+num", "#output+num+delivered", "#indicator+num+missing")
    assert [blankets[one] for one in figures] == ["60", "25", "35"]
    assert blankets["#org+reporter"] == "NGO One"
    assert blankets["#meta+source"] == "needs.csv"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", blankets["#date+reported"])
    _, _, [delivery] = rows_of(share(valley, "deliveries", "csv").content)
    assert delivery["#meta+needs"] == blankets["#meta+id"]
    assert (delivery["#item+num"], delivery["#status"]) == ("25", "arrived")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_goes_back_can_be_read_again(
    valley: Situation, tmp_path: Path, form: str, language: str
) -> None:
    path = tmp_path / f"needs.{form}"
    path.write_bytes(share(valley, "needs", form, language=language).content)
    told = uploads.upload(valley, "needs", path, organisation="Other", dry_run=True)
    assert (told["accepted"], told["rejected"]) == (5, 0), told["rows"]
    fields = {one["field"] for one in told["sheets"][0]["columns"]}
    assert fields >= {"place_id", "place", "item", "quantity", "unit", "weight", "reported_at"}
    wanted = {need.place_id for need in valley.store.needs()}
    assert {one["place_id"] for one in told["rows"]} == wanted


def test_a_formula_stays_text_and_a_longitude_a_number(valley: Situation) -> None:
    _, _, needs = rows_of(share(valley, "needs", "csv").content)
    [row] = [one for one in needs if one["#item+code"] == "stove"]
    assert row["#description"] == f"'{FORMULA}"
    assert row["#org+reporter"] == "'+evil"
    assert float(row["#geo+lon"]) < 0
    book = load_workbook(io.BytesIO(share(valley, "needs", "xlsx").content))
    cells = [cell for line in book["needs"].iter_rows(min_row=3) for cell in line]
    assert "f" not in {cell.data_type for cell in cells}
    assert all(not str(cell.value).startswith(("=", "+")) for cell in cells if cell.value)
    assert min(cell.value for cell in cells if isinstance(cell.value, float)) < -7


def test_names_and_phones_stay_in_the_vault(valley: Situation) -> None:
    for name in TABLES:
        content = share(valley, name, "csv").content.decode("utf-8-sig")
        assert "Fatima" not in content
        assert "600000001" not in content
    assert "Public requests" in share(valley, "needs", "csv").content.decode("utf-8-sig")


def test_commune_organisation_and_time_choose_rows(valley: Situation) -> None:
    assert share(valley, "needs", "csv", organisation="ngo one").rows == 3
    assert share(valley, "needs", "csv", commune="ighil").rows == 1
    later = valley.now() + timedelta(hours=1)
    assert share(valley, "needs", "csv", since=later).rows == 0
    assert share(valley, "needs", "csv", since=datetime(2020, 1, 1, tzinfo=UTC)).rows == 5
    for wrong in ({"organisation": "NGO Nine"}, {"commune": "Nowhere"}):
        with pytest.raises(UnknownIdError):
            share(valley, "needs", "csv", **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "form", "language"),
    [
        ("poems", "csv", "en"),
        ("needs", "doc", "en"),
        ("needs", "csv", "tlh"),
        ("iati", "gpkg", "en"),
    ],
)
def test_what_is_not_shared_is_said(valley: Situation, name: str, form: str, language: str) -> None:
    with pytest.raises(InputError):
        share(valley, name, form, language=language)


def test_a_place_that_nobody_looked_at_is_not_undamaged(valley: Situation) -> None:
    _, _, places = rows_of(share(valley, "places", "csv").content)
    assert len(places) == len(valley.places())
    assert {one["#status+assessed"] for one in places} == {"not assessed"}
    assert {one["#impact+destroyed"] for one in places} == {""}


def test_maps_hold_the_rows_at_their_places(valley: Situation, tmp_path: Path) -> None:
    for form in LAYER_TYPES:
        path = tmp_path / f"needs.{form}"
        path.write_bytes(share(valley, "needs", form).content)
        layer = gpd.read_parquet(path) if form == "parquet" else gpd.read_file(path)
        assert len(layer) == 5
        assert layer.crs.to_epsg() == 4326
        tinmel = layer[layer["place"] == "Tinmel"].geometry.iloc[0]
        place = valley.places().set_index("name").loc["Tinmel"].geometry
        assert tinmel.distance(place.representative_point()) < 1e-5
        assert set(layer["quantity"]) == {20, 60, 8, 3, 2}


def test_activities_stand_in_the_columns_of_iati(valley: Situation) -> None:
    frame = shared_table(valley, "iati").frame.set_index("location/name/narrative", drop=False)
    [done] = frame[frame["activity-status/@code"] == "4"].to_dict("records")
    assert done["participating-org[role=1]/narrative"] == "Fund A"
    assert done["activity-date[type=2]/@iso-date"] == "2023-09-10"
    assert done["activity-date[type=4]/@iso-date"] == "2023-09-12"
    assert done["activity-date[type=1]/@iso-date"] == done["activity-date[type=3]/@iso-date"] == ""
    assert done["sector[vocabulary=1]/@code"] == "72010"
    [planned] = frame[frame["activity-status/@code"] == "1"].to_dict("records")
    assert planned["activity-date[type=1]/@iso-date"] == "2023-09-20"
    assert planned["sector[vocabulary=1]/@code"] == "72040"
    _, _, rows = rows_of(share(valley, "activities", "csv").content)
    assert {one["#org+name"] for one in rows} == {"Atlas"}


def test_a_drill_says_so_in_every_row_and_on_the_second_sheet(tmp_path: Path) -> None:
    with Situation.create(tmp_path / "home", name="Drill", notice="drill: simulated") as drill:
        book = load_workbook(io.BytesIO(share(drill, "needs", "xlsx").content))
        told = {name: value for name, value in book["about"].iter_rows(values_only=True)}
        assert told["Notice"] == "drill: simulated"
        assert int(told["Event of the ledger"]) == drill.seq()
        assert share(drill, "needs", "csv").content.decode().split("\r\n")[1].endswith("notice")


def test_the_verb_writes_a_table_or_says_why_not(
    valley: Situation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(valley.home)]
    target = tmp_path / "needs.csv"
    words = ["share", "needs", "--to", str(target), "--lang", "ar", "--since", "2020-01-01"]
    assert main([*words, "--json", *home]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["based_on_seq"]) == (5, valley.seq())
    assert "رمز المكان" in target.read_text(encoding="utf-8-sig")
    for wrong in (["--to", str(tmp_path / "x.doc")], ["--to", str(target), "--org", "Nobody"]):
        assert main(["share", "needs", *wrong, *home]) == 2
        assert "Traceback" not in capsys.readouterr().err
