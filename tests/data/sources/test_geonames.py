"""GeoNames dumps: 19 columns or out, each line that is left out counted with its reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.sources.geonames import is_geonames, read_geonames
from data.sources.osm_nodes import read_osm_nodes
from geo.errors import EmptyInputError, UnreadableError


def _line(number: int, name: str, lat: object = 30.98, lon: object = -8.28, **more: str) -> str:
    cells = {
        "id": str(number), "name": name, "ascii": name, "alternates": "", "lat": str(lat),
        "lon": str(lon), "class": "P", "code": "PPL", "country": "MA", "cc2": "", "a1": "",
        "a2": "",
        "a3": "", "a4": "", "population": "0", "elevation": "", "dem": "1700", "zone": "", "at": "",
    }  # fmt: skip
    return "\t".join((cells | more).values())


def _file(folder: Path, *lines: str | bytes) -> Path:
    path = folder / "MA.txt"
    raw = [line if isinstance(line, bytes) else line.encode() for line in lines]
    path.write_bytes(b"\n".join(raw) + b"\n")
    return path


def test_a_place_keeps_its_other_names_in_the_scripts_of_the_country(tmp_path: Path) -> None:
    names = "IGHIL,Irhil,إغيل,ⵉⵖⵉⵍ,Игиль,https://en.wikipedia.org/wiki/Ighil,ma"
    path = _file(tmp_path, _line(7, "Ighil", alternates=names, population="246", code="PPLL"))
    place = read_geonames(path, source="GeoNames").iloc[0]
    assert place["place_id"] == "place:geonames-7"
    assert (place["kind"], place["people"], place["name_ar"]) == ("hamlet", 246, "إغيل")
    assert [name for name, _ in json.loads(place["aliases"])] == [
        "IGHIL", "Ighil", "Irhil", "إغيل", "ⵉⵖⵉⵍ",
    ]  # fmt: skip


def test_every_line_left_out_is_counted_with_its_reason(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        _line(1, "Ighil"),
        "broken\tline",
        _line(2, "Nowhere", lat=0, lon=0),
        _line(3, "Mars", lat=131.0),
        _line(4, "Text", lat="north"),
        _line(1, "Ighil", lat=31.5),
        _line(5, "\u202e\u200f"),
        _line(6, "Old", code="PPLQ"),
        _line(7, "New", code="PPLNEW"),
        _line(8, "Peak", **{"class": "T"}),
        _line(9, "X").encode().replace(b"X", b"\xe9\xe8"),
        _line(10, "A" * 10_000),
    )
    places = read_geonames(path, source="GeoNames")
    assert list(places["place_id"]) == ["place:geonames-1", "place:geonames-10"]
    assert len(places["name"].iloc[1]) == 300
    notes = places.attrs["notes"]
    for said in (
        "1 lines have not 19 columns, the first is line 2",
        "1 lines are not UTF-8, the first is line 11",
        "1 lines lie at 0, 0, the first is line 3",
        "2 lines have no position on Earth, the first is line 4",
        "1 lines repeat an id, the first is line 6",
        "lines repeat an id at another position (1 ids); the first counts",
        "1 lines have no name, the first is line 7",
        "1 lines are abandoned (PPLQ), the first is line 8",
        "1 lines have an unknown feature code, the first is line 9",
    ):
        assert said in notes


def test_a_population_of_zero_is_unknown(tmp_path: Path) -> None:
    assert read_geonames(_file(tmp_path, _line(1, "Ighil")), source="G")["people"].isna().all()


@pytest.mark.parametrize(
    ("line", "error", "said"),
    [
        ("name;lat;lon", UnreadableError, "19 columns parted by tabs, no line here does"),
        (b"PK\x03\x04\x00\x00", UnreadableError, "UTF-8 text"),
        (_line(1, "Peak", **{"class": "T"}), EmptyInputError, "no populated place"),
        (_line(1, "Old", code="PPLQ"), EmptyInputError, "1 lines are abandoned"),
    ],
)
def test_what_is_no_dump_is_refused(
    tmp_path: Path, line: str | bytes, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        read_geonames(_file(tmp_path, line), source="GeoNames")


def test_a_dump_is_told_from_its_lines(tmp_path: Path) -> None:
    assert is_geonames(_file(tmp_path, _line(1, "Ighil"), _line(2, "Imlil"), "broken"))
    assert not is_geonames(_file(tmp_path, "place\titem\tquantity", "Ighil\ttent\t5"))


def test_a_file_without_the_table_of_nodes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"not a database at all, but long enough to look like one" * 20)
    with pytest.raises(UnreadableError, match="table NODE with ID"):
        read_osm_nodes(path, source="OSM")
    assert not (tmp_path / "x.sqlite-journal").exists()


def test_the_nodes_of_morocco_are_read(real_data: Path) -> None:
    path = real_data / "places" / "osm_places_morocco_2019.sqlite"
    places = read_osm_nodes(path, source="OSM 2019")
    assert len(places) == 10_576
    assert "places have no name" in " ".join(places.attrs["notes"])
