"""Rows that were not taken come back as the workbook they came in, coloured and correctable."""

from pathlib import Path

import pytest
from openpyxl import load_workbook

from data.intake.known import Known
from data.intake.rejects import RejectedRows, Wording, write_rejects
from data.intake.rows import take_lines
from data.intake.sheet import REASON_COLUMNS, Sheet, read_sheet
from geo.phrase import told
from tests.data.intake.test_rows import here  # noqa: F401  # the fixture of four villages

TEXT = (
    "Relevé du 12 septembre,,,\ndouar,besoin,quantité,note\nTinmel,tente,beaucoup,=1+1\n"
    "Tinmel,tente,5,\nImlil,tente,0,\nIghil,tente,30-40,-8.23\n"
)


def _rejects(
    folder: Path, known: Known, wording: Wording = Wording(), name: str = "rejects.xlsx"
) -> tuple[Sheet, Path]:
    path = folder / "needs.csv"
    path.write_text(TEXT, encoding="utf-8")
    sheet = read_sheet(path)
    lines = list(sheet.rows())
    kept = RejectedRows(sheet)
    kept.add(lines, [row.report for row in take_lines("needs", sheet, lines, known)])
    out = folder / name
    assert write_rejects(out, [kept], wording) == len(kept.rows) == 3
    return sheet, out


def test_titles_rows_colours_and_reasons(tmp_path: Path, here: Known) -> None:  # noqa: F811
    _, out = _rejects(tmp_path, here)
    page = load_workbook(out).active
    rows = list(page.values)
    assert rows[0][0] == "Relevé du 12 septembre"
    assert rows[1] == ("douar", "besoin", "quantité", "note", "reason", "suggestion")
    assert [row[0] for row in rows[2:]] == ["Tinmel", "Imlil", "Ighil"]
    assert rows[2][4].startswith("quantity: one number above 0")
    assert page["C3"].fill.fgColor.rgb.endswith("F8C9C4")
    assert page["A3"].fill.fill_type is None
    assert page["C5"].fill.fgColor.rgb.endswith("FFE8A3")


def test_a_formula_stays_text_and_a_negative_number_a_number(
    tmp_path: Path,
    here: Known,  # noqa: F811
) -> None:
    page = load_workbook(_rejects(tmp_path, here)[1]).active
    assert (page["D3"].value, page["D3"].data_type) == ("=1+1", "s")
    assert (page["D5"].value, page["D5"].data_type) == (-8.23, "n")


def test_what_came_back_is_understood_as_it_was(tmp_path: Path, here: Known) -> None:  # noqa: F811
    sheet, out = _rejects(tmp_path, here)
    again = read_sheet(out)
    assert again.titles == sheet.titles
    assert again.fields == sheet.fields
    assert next(cells[:3] for _, cells in again.rows()) == ("Tinmel", "tente", "beaucoup")


@pytest.mark.parametrize("language", REASON_COLUMNS)
@pytest.mark.parametrize("name", ["rejects.xlsx", "rejects.csv"])
def test_reasons_in_another_language_are_left_out_when_the_rows_come_again(
    tmp_path: Path,
    here: Known,  # noqa: F811
    language: str,
    name: str,
) -> None:
    wording = Wording(
        language=language, tell=lambda text: told(text, "<{}>".format), field_name=str.upper
    )
    sheet, out = _rejects(tmp_path, here, wording, name)
    again = read_sheet(out)
    assert again.titles == sheet.titles
    assert again.fields == sheet.fields
    written = out.read_text(encoding="utf-8-sig") if name.endswith("csv") else ""
    if written:
        assert ",".join(REASON_COLUMNS[language]) in written
        assert "<QUANTITY: <one number above 0, at most 1 000 000 000> is needed>" in written
