"""Every form that organisations send becomes the same table of text cells."""

import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from openpyxl import Workbook

from data.intake.formats import read_book
from data.intake.sheet import Sheet, read_sheets


def _workbook(path: Path, rows: list[list[Any]], *, merged: str = "") -> Path:
    book = Workbook()
    page = book.active
    for row in rows:
        page.append(row)
    if merged:
        page.merge_cells(merged)
    book.save(path)
    return path


def _sheets(path: Path, kind: str = "needs") -> tuple[Sheet, ...]:
    return read_sheets(path, kind=kind)[1]


def _row(sheet: Sheet, *fields: str, at: int = 0) -> tuple[str, ...]:
    cells = list(sheet.rows())[at][1]
    return tuple(cells[sheet.fields[field]] for field in fields)


def test_a_workbook_with_title_rows_and_a_spanning_header(tmp_path: Path) -> None:
    rows = [
        ["Situation du 12/09/2023"],
        [],
        ["Lieu", None, "Besoins", None],
        ["Douar", "Commune", "Article", "Quantité"],
        [],
        ["Tinmel", "Talat N'Yaaqoub", "tentes", 20],
        ["Ighil", "Ighil", "couvertures", 60],
    ]
    (sheet,) = _sheets(_workbook(tmp_path / "b.xlsx", rows, merged="A3:B3"))
    assert _row(sheet, "place", "commune", "item", "quantity") == (
        "Tinmel",
        "Talat N'Yaaqoub",
        "tentes",
        "20",
    )
    assert [number for number, _ in sheet.rows()] == [6, 7]


def test_every_visible_sheet_is_read_and_a_hidden_one_is_named(tmp_path: Path) -> None:
    book = Workbook()
    for name in ("Asni", "Ighil", "brouillon"):
        page = book.create_sheet(name)
        page.append(["douar", "besoin", "quantité"])
        page.append([f"douar {name}", "tente", 3])
    del book["Sheet"]
    book["brouillon"].sheet_state = "hidden"
    book.save(tmp_path / "b.xlsx")
    sheets = _sheets(tmp_path / "b.xlsx")
    assert [sheet.name for sheet in sheets] == ["Asni", "Ighil"]
    assert "sheet brouillon was left out: it is hidden" in sheets[0].notes


def test_merged_cells_stand_in_every_row_they_cover(tmp_path: Path) -> None:
    rows = [["douar", "besoin", "quantité"], ["Tinmel", "tente", 4], [None, "couverture", 9]]
    (sheet,) = _sheets(_workbook(tmp_path / "b.xlsx", rows, merged="A2:A3"))
    assert _row(sheet, "place", "item", at=1) == ("Tinmel", "couverture")


def test_dates_numbers_and_codes_of_a_workbook_keep_their_meaning(tmp_path: Path) -> None:
    rows = [["douar", "besoin", "quantité", "date", "lon"], ["0410", "tente", 4.0, None, -8.23]]
    rows[1][3] = date(2023, 9, 12)
    (sheet,) = _sheets(_workbook(tmp_path / "b.xlsx", rows))
    assert next(sheet.rows())[1] == ("0410", "tente", "4", "2023-09-12", "-8.23")


def _write_ods(path: Path) -> Path:
    space = "urn:oasis:names:tc:opendocument:xmlns"
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p>'
            "</table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in (("douar", "besoin", "quantité"), ("Tinmel", "tente", "4"))
    )
    content = (
        f'<office:document-content xmlns:office="{space}:office:1.0"'
        f' xmlns:table="{space}:table:1.0" xmlns:text="{space}:text:1.0">'
        "<office:body><office:spreadsheet>"
        f'<table:table table:name="Feuille1">{cells}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def test_an_ods_is_read(tmp_path: Path) -> None:
    (sheet,) = _sheets(_write_ods(tmp_path / "b.ods"))
    assert _row(sheet, "place", "item", "quantity") == ("Tinmel", "tente", "4")


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".kml"])
def test_map_files_give_attributes_and_a_point(tmp_path: Path, suffix: str) -> None:
    frame = gpd.GeoDataFrame(
        {"Name": ["Tinmel"], "besoin": ["tente"], "quantite": ["4"]},
        geometry=gpd.points_from_xy([-8.226], [30.985]),
        crs="EPSG:4326",
    )
    path = tmp_path / f"needs{suffix}"
    frame.to_file(path, driver={".geojson": "GeoJSON", ".gpkg": "GPKG", ".kml": "LIBKML"}[suffix])
    (sheet,) = _sheets(path)
    assert _row(sheet, "place", "item", "quantity") == ("Tinmel", "tente", "4")
    assert [float(cell) for cell in _row(sheet, "lon", "lat")] == [-8.226, 30.985]


def test_kobo_groups_repeats_and_position(tmp_path: Path) -> None:
    answers = {
        "count": 1,
        "results": [
            {
                "_id": 7,
                "lieu/douar": "Tinmel",
                "_geolocation": [30.985, -8.226],
                "besoins": [
                    {"besoins/article": "tente", "besoins/quantite": "4"},
                    {"besoins/article": "couverture", "besoins/quantite": "9"},
                ],
                "_attachments": [{"filename": "x.jpg"}],
            }
        ],
    }
    path = tmp_path / "kobo.json"
    path.write_text(json.dumps(answers), encoding="utf-8")
    repeat = _sheets(path)[-1]
    assert _row(repeat, "place", "item", "quantity") == ("Tinmel", "tente", "4")
    assert _row(repeat, "place", "item", "quantity", at=1) == ("Tinmel", "couverture", "9")
    assert _row(repeat, "position") == ("30.985, -8.226",)


def test_hxl_hashtags_go_before_titles(tmp_path: Path) -> None:
    path = tmp_path / "hxl.csv"
    path.write_text(
        "Where,What,How much\n#loc+name,#item,#item+num\nTinmel,tent,4\n", encoding="utf-8"
    )
    (sheet,) = _sheets(path)
    assert _row(sheet, "place", "item", "quantity") == ("Tinmel", "tent", "4")
    assert {guess.why for guess in sheet.guesses} == {"tag"}


def test_a_chat_gives_each_position_the_words_of_its_sender(tmp_path: Path) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(
        "12/09/2023, 14:03 - Ahmed Amrani: https://maps.google.com/?q=30.985,-8.226\n"
        "12/09/2023, 14:04 - Salma: 3 couvertures a Ighil\n"
        "12/09/2023, 14:05 - Ahmed Amrani: besoin de 20 tentes\n",
        encoding="utf-8",
    )
    (sheet,) = _sheets(path)
    text = " ".join(cell for _, cells in sheet.rows() for cell in cells)
    assert "besoin de 20 tentes" in text
    assert "Amrani" not in text


def test_the_hash_is_of_the_bytes_that_came(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "b.xlsx", [["douar", "besoin"], ["Tinmel", "tente"]])
    assert read_book(path).sha256 == read_book(path).sha256
    assert read_book(path).size == path.stat().st_size


def test_decimal_commas_in_every_row_do_not_part_the_cells(tmp_path: Path) -> None:
    path = tmp_path / "french.csv"
    rows = "".join(f"31,0{n % 10};-8,12;tente;{n},5\n" for n in range(50))
    path.write_text("lat;lon;besoin;quantité\n" + rows, encoding="utf-8")
    assert read_book(path).form == "text parted by semicolon"
    path.write_text("lat;lon;note\n" + "31,05;-8,12;murs, toits, puits\n" * 50, encoding="utf-8")
    (sheet,) = _sheets(path)
    assert _row(sheet, "lat", "lon", "note") == ("31,05", "-8,12", "murs, toits, puits")
