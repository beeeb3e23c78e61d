"""A sheet is read whatever its encoding and delimiter, and refused with a reason otherwise."""

from pathlib import Path

import pytest

from data.intake.sheet import read_sheet
from geo.errors import EmptyInputError, TooLargeError, UnreadableError


def _write(folder: Path, content: bytes) -> Path:
    path = folder / "sheet.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_ends(
    tmp_path: Path, encoding: str, delimiter: str, end: str
) -> None:
    text = end.join(
        [delimiter.join(("douar", "quantité")), delimiter.join(("Aït Zitoun", "4")), ""]
    )
    sheet = read_sheet(_write(tmp_path, text.encode(encoding)))
    assert sheet.titles == ("douar", "quantité")
    assert list(sheet.rows()) == [(2, ("Aït Zitoun", "4"))]


def test_arabic_of_the_windows_code_page_is_read(tmp_path: Path) -> None:
    sheet = read_sheet(_write(tmp_path, "دوار,كمية\nتنمل,٤\n".encode()))
    assert sheet.titles == ("دوار", "كمية")
    old = read_sheet(_write(tmp_path, "دوار,الكمية\nتنمل,4\nاغيل,7\n".encode("cp1256")))
    assert old.titles == ("دوار", "الكمية")


def test_line_numbers_are_those_a_person_sees(tmp_path: Path) -> None:
    sheet = read_sheet(_write(tmp_path, b'a,b\n\n1,2\n\n"x\ny",4\n5,6\n'))
    assert [line for line, _ in sheet.rows()] == [3, 5, 7]


def test_cells_beyond_the_header_are_kept_and_noted_and_short_rows_filled(tmp_path: Path) -> None:
    sheet = read_sheet(_write(tmp_path, b"a,b\n1\n1,2,3\n"))
    assert sheet.titles == ("a", "b", "column 3")
    assert [cells for _, cells in sheet.rows()] == [("1", "", ""), ("1", "2", "3")]
    assert "1 rows hold cells to the right of the last title (b)" in sheet.notes[0]


def test_hidden_direction_marks_are_taken_out(tmp_path: Path) -> None:
    sheet = read_sheet(_write(tmp_path, "a,b\n\u202egnp.exe,\u200f4\n".encode()))
    assert next(sheet.rows())[1] == ("gnp.exe", "4")


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", EmptyInputError, "empty"),
        (b"place,item\n", EmptyInputError, "no row"),
        (b"\x89PNG\r\n\x1a\n1234", UnreadableError, "picture"),
        (b"PK\x03\x04rest of a workbook", UnreadableError, "cut short or damaged"),
        (b"a,b\n1,\x00\n", UnreadableError, "NUL byte"),
        (b",".join([b"c"] * 1_001) + b"\n1\n", TooLargeError, "columns"),
    ],
)
def test_what_is_not_a_sheet_is_refused_with_a_reason(
    tmp_path: Path, content: bytes, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        read_sheet(_write(tmp_path, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="no such file"):
        read_sheet(tmp_path / "none.csv")
