"""Files that would do harm or are broken: one reason each, nothing half read."""

import io
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from data.intake.formats import read_book
from data.intake.sheet import read_sheets
from geo.errors import EmptyInputError, QafilaError, TooLargeError, UnreadableError


def _xlsx() -> bytes:
    book = Workbook()
    book.active.append(["douar", "besoin", "quantité"])
    book.active.append(["Tinmel", "tente", 4])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _with_part(name: str, content: bytes) -> bytes:
    """A good workbook of which one part is replaced or added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(_xlsx())) as good,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bad,
    ):
        for entry in good.namelist():
            if entry != name:
                bad.writestr(entry, good.read(entry))
        bad.writestr(name, content)
    return out.getvalue()


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


_SHEET = "xl/worksheets/sheet1.xml"
_SPACE = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_END = b"</sheetData></worksheet>"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = _file(tmp_path, "b.xlsx", _with_part(_SHEET, _SPACE + b" " * 60_000_000 + _END))
    assert path.stat().st_size < 200_000
    with pytest.raises(TooLargeError, match="times its size"):
        read_book(path)


def test_a_cell_far_from_the_table_is_refused_with_what_to_do(tmp_path: Path) -> None:
    far = b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row>'
    with pytest.raises(TooLargeError, match="delete the cells that stand far"):
        read_book(_file(tmp_path, "b.xlsx", _with_part(_SHEET, _SPACE + far + _END)))


def test_sixteen_thousand_columns_are_refused(tmp_path: Path) -> None:
    wide = b'<row r="1"><c r="A1" t="n"><v>1</v></c><c r="XFD1" t="n"><v>1</v></c></row>'
    with pytest.raises(TooLargeError, match="16,384 columns"):
        read_book(_file(tmp_path, "b.xlsx", _with_part(_SHEET, _SPACE + wide + _END)))
    with pytest.raises(TooLargeError, match="at most 1,000"):
        read_sheets(_file(tmp_path, "b.csv", b",".join([b"x"] * 16_384) + b"\n1\n"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("photo.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG picture"),
        ("report.csv", b"%PDF-1.7 ...", "PDF document"),
        ("cut.xlsx", _xlsx()[:2_000], "cut short or damaged"),
        (
            "secret.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
            + bytes(504)
            + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
        ("nul.csv", b"place,item\nTinm\x00el,tent\n", "NUL byte"),
        ("page.csv", b"<!DOCTYPE html><html><body>login</body></html>", "web page"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        read_book(_file(tmp_path, name, content))


def test_entities_are_refused(tmp_path: Path) -> None:
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + _SPACE
    with pytest.raises(UnreadableError, match="entities"):
        read_book(_file(tmp_path, "b.xlsx", _with_part(_SHEET, evil + _END)))


def test_names_in_a_zip_may_not_lead_out(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="leads out of its folder"):
        read_book(_file(tmp_path, "b.xlsx", _with_part("../../evil.xml", b"<x/>")))


def test_macros_and_links_are_left_alone_and_told(tmp_path: Path) -> None:
    macros = _file(tmp_path, "b.xlsm", _with_part("xl/vbaProject.bin", b"macro"))
    assert any("macros: they were neither read nor run" in note for note in read_book(macros).notes)
    links = _file(tmp_path, "c.xlsx", _with_part("xl/externalLinks/externalLink1.xml", b"<x/>"))
    assert any("links to other files" in note for note in read_book(links).notes)


def test_formulas_give_values_and_texts_like_formulas_stay_text(tmp_path: Path) -> None:
    text = "douar,besoin,quantité,lon,note\nTinmel,tente,4,-8.23,=HYPERLINK(1)\n"
    _, (sheet,) = read_sheets(_file(tmp_path, "b.csv", text.encode()))
    cells = next(sheet.rows())[1]
    assert cells[3:] == ("-8.23", "=HYPERLINK(1)")
    cell = b'<row r="1"><c r="A1" t="n"><f>1+1</f><v>2</v></c></row>'
    book = read_book(_file(tmp_path, "b.xlsx", _with_part(_SHEET, _SPACE + cell + _END)))
    assert any("formulas: their last computed values" in note for note in book.notes)


def test_lone_surrogates_and_direction_overrides_are_taken_out(tmp_path: Path) -> None:
    path = _file(tmp_path, "b.json", b'[{"douar": "Tin\\ud800mel\\u202e", "besoin": "tente"}]')
    _, (sheet,) = read_sheets(path)
    assert next(sheet.rows())[1][0] == "Tinmel"


def test_deep_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QafilaError):
        read_book(_file(tmp_path, "b.json", b"[" * 100_000))


def test_no_rows(tmp_path: Path) -> None:
    book = Workbook()
    book.save(tmp_path / "b.xlsx")
    with pytest.raises(EmptyInputError):
        read_sheets(tmp_path / "b.xlsx")


@pytest.mark.parametrize("name", ["b.xlsx", "b.json"])
def test_rows_of_characters_that_nobody_sees_are_blank(tmp_path: Path, name: str) -> None:
    content = b'[["\\u007f", "\\u200b"], [" "]]'
    if name == "b.xlsx":
        book = Workbook()
        book.active.append(["\x7f", "\u200b"])
        out = io.BytesIO()
        book.save(out)
        content = out.getvalue()
    with pytest.raises(EmptyInputError):
        read_sheets(_file(tmp_path, name, content))


_BYTES = st.one_of(
    st.binary(max_size=400),
    st.text(alphabet="a,;\t\n\r\"'|0é#\x00=", max_size=200).map(str.encode),
    st.text(max_size=200).map(lambda text: text.encode("utf-16")),
    st.binary(max_size=200).map(lambda tail: b"{" + tail),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=_BYTES)
def test_any_bytes_are_a_table_or_a_reason(tmp_path: Path, content: bytes) -> None:
    path = _file(tmp_path, "any.csv", content)
    try:
        _, sheets = read_sheets(path)
    except QafilaError:
        return
    for sheet in sheets:
        assert all(len(cells) == len(sheet.titles) for _, cells in sheet.rows())


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.integers(0, 4_000), byte=st.integers(0, 255), cut=st.integers(0, 300))
def test_a_damaged_workbook_is_read_or_refused(
    tmp_path: Path, at: int, byte: int, cut: int
) -> None:
    content = bytearray(_xlsx())
    content[at % len(content)] = byte
    path = _file(tmp_path, "any.xlsx", bytes(content[: len(content) - cut]))
    try:
        read_sheets(path)
    except QafilaError:
        return
    assert struct.unpack("<I", path.read_bytes()[:4])[0] == 0x04034B50 or at < 4
