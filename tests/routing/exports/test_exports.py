"""Every format against its schema, against readers that others wrote, and against hostile names."""

import csv
import importlib.util
import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import gpxpy
import pyogrio
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from geo.errors import InputError, RuleError
from routing.exports import (
    FORMATS,
    LANGUAGES,
    Wording,
    bundles,
    export,
    geojson,
    gpx,
    kml,
    table,
    text,
)
from routing.exports.files import file_stems
from routing.exports.text import _GLUE, _cut
from tests.routing.exports.valley import AREMD, ASNI, DEPARTS, IMLIL, NAMES, NOTICE, an_itinerary

SCHEMAS = Path(__file__).parents[2] / "fixtures" / "schemas"
MOROCCO = timezone(timedelta(hours=1))
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "formula": "=cmd|' /C calc'!A0",
    "override": "Imlil \u202egnp.exe",
    "newline": "Imlil\r\n\r\nX-Header: 1",
    "entity": "&lol; ]]> <!-- &#0;",
    "controls": "a\x00b\x07c\x1bd\ufffe\ud800e",
    "long": "ⵜⴰⵎⴰⵣⵉⵖⵜ " * 100,
    "emoji": "🏔️ village",
    "path": "../../../etc/passwd",
    "braces": "{leave} {0} %s",
}


def wording(**changes):
    values = {"notice": NOTICE, "name_of": lambda i: NAMES.get(i, i), "zone": MOROCCO}
    return Wording(**(values | changes))


def hostile_wording(name):
    return Wording(notice=name, name_of=lambda _: name, zone=MOROCCO)


def text_of(path):
    if path.suffix == ".pdf":
        return text_of_pdf(path)
    if path.suffix not in (".kmz", ".zip"):
        return path.read_text(encoding="utf-8")
    with zipfile.ZipFile(path) as archive:
        inner = [name for name in archive.namelist() if not name.endswith(".kmz")]
        return " ".join(archive.read(name).decode() for name in inner)


def text_of_pdf(path):
    pages = pypdfium2.PdfDocument(path)
    return "\n".join(page.get_textpage().get_text_range() for page in pages)


def parse(document):
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(document, parser)


def schema(path):
    return etree.XMLSchema(etree.parse(path))


@pytest.fixture(scope="module")
def gpx_schema():
    return schema(SCHEMAS / "gpx11.xsd")


@pytest.fixture(scope="module")
def kml_schema():
    return schema(SCHEMAS / "kml22.xsd")


# --- GPX --------------------------------------------------------------------------------------


def test_gpx_follows_its_schema(gpx_schema):
    gpx_schema.assertValid(parse(gpx.render(an_itinerary(), wording())))


def test_the_gpx_schema_here_does_refuse_what_is_wrong(gpx_schema):
    swapped = gpx.render(an_itinerary(), wording()).replace(b"desc>", b"sym>")
    assert not gpx_schema.validate(parse(swapped))


def test_gpxpy_reads_the_way_the_stops_and_the_notice():
    read = gpxpy.parse(gpx.render(an_itinerary(), wording()).decode())
    assert [point.name for point in read.waypoints] == ["Asni", "1 Imlil إمليل", "2 Aremd"]
    imlil = read.waypoints[1]
    assert (imlil.longitude, imlil.latitude) == pytest.approx(IMLIL)
    assert imlil.time == DEPARTS + timedelta(seconds=2040)
    assert "hand out: 12 tents, 60.5 l water" in imlil.description
    assert "arrives 2023-09-09 08:04" in imlil.description  # 07:04 UTC, one hour east of it
    way, walk = read.tracks
    assert [len(segment.points) for segment in way.segments] == [3, 2, 3]
    assert way.segments[0].points[1].elevation == 1400
    assert (walk.type, walk.segments[0].points[-1].latitude) == ("walking", AREMD[1])
    assert "km 36.1 leave P2005 for R203" in way.description
    assert NOTICE in read.description
    assert read.time == DEPARTS
    assert read.bounds.min_longitude == ASNI[0]


def test_gdal_reads_the_gpx(tmp_path):
    (path,) = export([an_itinerary()], tmp_path, formats=["gpx"], name_of=NAMES.__getitem__)
    stops = pyogrio.read_dataframe(path, layer="waypoints")
    tracks = pyogrio.read_dataframe(path, layer="tracks")
    assert stops["name"].tolist() == ["Asni", "1 Imlil إمليل", "2 Aremd"]
    assert tracks.geometry.geom_type.tolist() == ["MultiLineString", "MultiLineString"]
    assert stops.geometry.iloc[2].coords[0] == pytest.approx(AREMD)


def test_names_of_waypoints_fit_the_screen_of_a_device():
    read = gpxpy.parse(gpx.render(an_itinerary(), hostile_wording("Tizi n'Test " * 9)).decode())
    assert max(len(point.name) for point in read.waypoints) == 30
    assert "Tizi n'Test Tizi n'Test Tizi n'Test" in read.waypoints[0].description


# --- KML --------------------------------------------------------------------------------------


def test_kml_follows_its_schema(kml_schema):
    kml_schema.assertValid(parse(kml.render(an_itinerary(), wording())))


def test_kml_follows_the_complete_ogc_schema():
    found = importlib.util.find_spec("fastkml")
    if found is None or found.origin is None:
        pytest.skip("the complete OGC schema comes with fastkml, which is not installed")
    complete = Path(found.origin).parent / "schema" / "ogckml22.xsd"
    schema(complete).assertValid(parse(kml.render(an_itinerary(), wording())))


def test_the_kml_schema_here_does_refuse_what_is_wrong(kml_schema):
    swapped = kml.render(an_itinerary(), wording()).replace(b"tessellate>", b"altitude>")
    assert not kml_schema.validate(parse(swapped))


def test_gdal_reads_the_kml(tmp_path):
    (path,) = export([an_itinerary()], tmp_path, formats=["kml"], name_of=NAMES.__getitem__)
    layers = [name for name, _ in pyogrio.list_layers(path)]
    assert layers == ["Stop", "Leg"]
    stops = pyogrio.read_dataframe(path, layer="Stop")
    legs = pyogrio.read_dataframe(path, layer="Leg")
    assert stops["Name"].tolist()[1] == "1 Imlil إمليل"
    assert stops.geometry.iloc[1].coords[0][:2] == pytest.approx(IMLIL)
    assert len(legs) == 4  # three legs and a walk


def test_kml_says_what_the_stop_gets_and_carries_the_notice():
    root = parse(kml.render(an_itinerary(), wording()))
    spaces = {"k": kml.NAMESPACE}
    facts = root.findall(".//k:Placemark/k:ExtendedData/k:Data", spaces)
    said = {(fact.get("name"), fact.findtext("k:value", namespaces=spaces)) for fact in facts}
    assert {("item tent", "12"), ("item water_l", "60.5"), ("kind", "walk")} <= said
    assert NOTICE in root.findtext("k:Document/k:description", namespaces=spaces)
    marks = root.findall(".//k:Placemark/k:description", spaces)
    assert all(NOTICE in mark.text for mark in marks)
    assert not root.findall(".//k:href", spaces)  # nothing is fetched from a foreign host


# --- KMZ and data packages --------------------------------------------------------------------


def test_gdal_reads_the_kmz(tmp_path):
    (path,) = export([an_itinerary()], tmp_path, formats=["kmz"], name_of=NAMES.__getitem__)
    stops = pyogrio.read_dataframe(path, layer="Stop")
    assert stops["Name"].tolist()[1] == "1 Imlil إمليل"


def test_a_data_package_names_all_it_holds_and_its_points_lie_at_the_stops():
    made = bundles.render_tak(an_itinerary(), wording())
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        manifest = parse(archive.read("MANIFEST/manifest.xml"))
        named = [one.get("zipEntry") for one in manifest.iter("Content")]
        assert named == [one for one in archive.namelist() if one != "MANIFEST/manifest.xml"]
        points = {one: parse(archive.read(one)) for one in named if one.endswith(".cot")}
        assert archive.read("way/way.kmz") == bundles.render_kmz(an_itinerary(), wording())
    assert list(points) == ["depot/depot.cot", "stop-1/stop-1.cot", "stop-2/stop-2.cot"]
    assert len({one.get("uid") for one in points.values()}) == 3
    first = points["stop-1/stop-1.cot"]
    where = first.find("point")
    assert (float(where.get("lon")), float(where.get("lat"))) == pytest.approx(IMLIL, abs=1e-6)
    assert first.find("detail/contact").get("callsign") == "1 Imlil إمليل"
    assert NOTICE in first.findtext("detail/remarks")
    assert first.get("start") < first.get("stale")
    assert manifest.find(".//Content/Parameter").get("value") in {
        one.get("uid") for one in points.values()
    }


def test_the_same_convoy_is_the_same_data_package_and_hostile_names_stay_text():
    hostile = hostile_wording('"/><event uid="evil">')
    made = bundles.render_tak(an_itinerary(), hostile)
    assert made == bundles.render_tak(an_itinerary(), hostile)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        for name in archive.namelist():
            if not name.endswith(".kmz"):
                assert not list(parse(archive.read(name)).iter("evil"))
                assert len(list(parse(archive.read(name)).iter("event"))) <= 1


# --- GeoJSON ----------------------------------------------------------------------------------


def test_geojson_is_a_collection_of_lon_lat_with_the_notice_in_each_feature():
    document = json.loads(geojson.render(an_itinerary(), wording()))
    assert document["type"] == "FeatureCollection"
    assert "crs" not in document
    kinds = [feature["properties"]["kind"] for feature in document["features"]]
    assert kinds == ["depot", "stop", "stop", "leg", "leg", "leg", "walk"]
    imlil = document["features"][1]
    assert imlil["geometry"] == {"type": "Point", "coordinates": list(IMLIL)}
    assert imlil["properties"]["deliver"] == {"tent": 12, "water_l": 60.5}
    assert imlil["properties"]["arrives_at"] == "2023-09-09T07:04:00Z"
    assert imlil["properties"]["arrives_at_local"] == "2023-09-09 08:04"
    assert {feature["properties"]["notice"] for feature in document["features"]} == {NOTICE}
    west, south, east, north = document["bbox"]
    assert west < east and south < north


def test_gdal_reads_the_geojson(tmp_path):
    (path,) = export([an_itinerary()], tmp_path, formats=["geojson"], name_of=NAMES.__getitem__)
    frame = pyogrio.read_dataframe(path)
    assert frame.crs.to_epsg() == 4326
    assert len(frame) == 7
    assert frame.loc[frame["kind"] == "leg", "length_m"].sum() == 37_000


# --- CSV --------------------------------------------------------------------------------------


def rows_of(document, encoding="utf-8"):
    return list(csv.DictReader(io.StringIO(document.decode(encoding), newline="")))


def test_csv_has_one_row_per_stop_and_item_and_numbers_stay_numbers():
    rows = rows_of(table.render(an_itinerary(), wording()))
    shown = [(row["stop"], row["item"], row["quantity"], row["unit"]) for row in rows]
    assert shown == [
        ("1", "tents", "12", "piece"), ("1", "water", "60.5", "l"), ("2", "tents", "3", "piece"),
    ]  # fmt: skip
    assert float(rows[0]["lon"]) == IMLIL[0]
    assert rows[0]["lon"].startswith("-7.92")
    assert rows[2]["walk_m"] == "446"
    assert {row["notice"] for row in rows} == {NOTICE}
    assert rows[0]["arrives_at_utc"] == "2023-09-09T07:04:00Z"


def test_csv_begins_with_a_byte_order_mark_on_request_only():
    assert not table.render(an_itinerary(), wording()).startswith(b"\xef\xbb\xbf")
    marked = table.render(an_itinerary(), wording(bom=True))
    assert rows_of(marked, "utf-8-sig")[0]["convoy_id"] == "convoy:0a1b2c3d-001"


@pytest.mark.parametrize(
    ("given_text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+212 600", "'+212 600"),
        ("-8.01", "'-8.01"),
        ("\t=1", "'=1"),
        ("＝1", "'＝1"),
        ("Imlil = haut", "Imlil = haut"),
        ("a\r\nb", "a b"),
    ],
)
def test_text_that_looks_like_a_formula_is_made_text(given_text, written):
    assert table.text_cell(given_text) == written


# --- text messages ----------------------------------------------------------------------------


def test_a_message_says_where_when_by_which_road_and_what():
    texts = text.messages(an_itinerary(), wording(name_of=lambda i: NAMES[i].split()[0]))
    assert all(text.is_gsm(message) for message in texts)
    joined = "\n".join(message.split(" ", 1)[1] for message in texts)
    assert joined.splitlines() == [
        NOTICE,
        "Convoy 0a1b2c3d-001",
        "Toyota 4x4 (4x4 pickup)",
        "Asni departs 2023-09-09 07:30",
        "1. Imlil 08:04 via R203 P2005: 12 tents, 60.5 l water",
        "2. Aremd 08:47 via P2005, walk 446 m: 3 tents",
        "back 09:43, 37 km",
    ]


def assert_messages_fit(texts):
    for number, message in enumerate(texts, start=1):
        assert message.startswith(f"{number}/{len(texts)} ")
        assert "\n\n" not in message
        length, longest = text.size(message)
        assert length <= longest


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_fits_one_sms_in_every_language(language):
    texts = text.messages(an_itinerary(), wording(language=language))
    assert_messages_fit(texts)
    assert any(text.size(message)[1] == 70 for message in texts)  # one name is Arabic


@given(st.text(max_size=400), st.text(max_size=400))
def test_messages_fit_whatever_the_names_are(name, notice):
    texts = text.messages(an_itinerary(), Wording(notice=notice, name_of=lambda _: name))
    assert_messages_fit(texts)
    document = text.render(an_itinerary(), Wording(notice=notice, name_of=lambda _: name))
    assert document.decode().rstrip("\n").split("\n\n") == [part.rstrip("\n") for part in texts]


def test_characters_of_the_extension_table_count_twice():
    assert text.size("[ab]") == (6, 160)
    assert text.size("é") == (1, 160)
    assert text.size("ê") == (1, 70)
    assert text.size("🏔") == (2, 70)


def test_accents_that_the_alphabet_lacks_are_dropped_others_kept():
    texts = text.messages(an_itinerary(), Wording(name_of=lambda _: "Têlouèt ’n Œuf çà"))
    assert any("Telouèt 'n OEuf cà" in message for message in texts)


# --- all formats ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_names_break_no_format(name, gpx_schema, kml_schema):
    itinerary = an_itinerary(vehicle_name=name)
    words = hostile_wording(name)
    for render, checker in ((gpx.render, gpx_schema), (kml.render, kml_schema)):
        document = render(itinerary, words)
        checker.assertValid(parse(document))
        assert b"<script" not in document
        shown = document.decode()
        assert "\u202e" not in shown
        assert "\x00" not in shown
    gpxpy.parse(gpx.render(itinerary, words).decode())
    json.loads(geojson.render(itinerary, words))
    for row in rows_of(table.render(itinerary, words)):
        assert not row["place"].startswith(("=", "+", "-", "@"))
        assert len(row) == len(table.COLUMNS)
        assert "\n" not in "".join(row.values())
    assert_messages_fit(text.messages(itinerary, words))


def test_a_name_that_is_html_stays_text_in_the_balloon_of_a_kml():
    root = parse(kml.render(an_itinerary(), hostile_wording("<script>alert(1)</script>")))
    described = root.findall(".//{*}description")
    assert described
    assert all("<script" not in mark.text for mark in described)
    assert "&lt;script&gt;" in described[1].text


def test_a_nameless_thing_goes_by_its_id():
    rows = rows_of(table.render(an_itinerary(), Wording(name_of=lambda _: " ")))
    assert rows[0]["place"] == "place:imlil"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notice_is_in_every_file_in_every_language(tmp_path, language):
    paths = export([an_itinerary()], tmp_path, notice=NOTICE, language=language)
    assert len(paths) == len(FORMATS)
    for path in paths:
        said = text_of(path)
        # A reader of PDF gives the words of a line from right to left in another order.
        assert set(re.findall(r"\w+", NOTICE)) <= set(re.findall(r"\w+", said))
        assert NOTICE in " ".join(said.split()) or (path.suffix, language) == (".pdf", "ar")


# --- files ------------------------------------------------------------------------------------


def test_one_file_per_convoy_and_format_with_plain_names(tmp_path):
    told = []
    two = [an_itinerary(), an_itinerary(convoy_id="convoy:0a1b2c3d-002")]
    paths = export(
        two, tmp_path / "new" / "deep", notice=NOTICE, progress=lambda s, t: told.append((s, t))
    )
    assert [path.name for path in paths[:5]] == [
        f"convoy-0a1b2c3d-001.{suffix}" for suffix in ("gpx", "kml", "geojson", "csv", "txt")
    ]
    assert len(paths) == 2 * len(FORMATS)
    assert told == [(0.5, "convoy:0a1b2c3d-001"), (1.0, "convoy:0a1b2c3d-002")]
    assert sorted(tmp_path.rglob("*.part")) == []


def test_export_again_replaces_the_files_and_is_the_same_byte_for_byte(tmp_path):
    first = {path: path.read_bytes() for path in export([an_itinerary()], tmp_path, notice="a")}
    export([an_itinerary()], tmp_path, notice="b")
    changed = {path: path.read_bytes() for path in first}
    assert all(changed[path] != first[path] for path in first)
    export([an_itinerary()], tmp_path, notice="a")
    assert {path: path.read_bytes() for path in first} == first


@pytest.mark.parametrize(
    "identifier", ["../../etc/passwd", "/etc/passwd", "..", "C:\\windows\\x", "a\x00b", "nul", ""]
)
def test_no_id_leads_outside_the_folder(tmp_path, identifier):
    folder = tmp_path / "exports"
    paths = export([an_itinerary(convoy_id=identifier)], folder)
    assert {path.parent for path in paths} == {folder.resolve()}
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(paths)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", path.name) for path in paths)


def test_ids_that_look_alike_get_names_of_their_own():
    stems = file_stems(["convoy:é", "convoy:è", "CONVOY:E", "قافلة", "ⵜⵉⵔⵉⵙ", "x" * 300])
    assert len({stem.lower() for stem in stems}) == 6
    assert max(map(len, stems)) == 80


def test_a_link_that_lies_in_the_folder_is_replaced_not_followed(tmp_path):
    victim = tmp_path / "victim.txt"
    victim.write_text("untouched")
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "convoy-0a1b2c3d-001.gpx").symlink_to(victim)
    (path,) = export([an_itinerary()], folder, formats=["gpx"])
    assert victim.read_text() == "untouched"
    assert not path.is_symlink()


def test_a_file_where_the_folder_should_be_is_refused(tmp_path):
    (tmp_path / "exports").write_text("")
    with pytest.raises(InputError, match="folder that can be written to"):
        export([an_itinerary()], tmp_path / "exports")


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(RuleError, match="export formats docx: some of gpx, kml"):
        export([an_itinerary()], tmp_path / "new", formats=["gpx", "docx"])
    assert not (tmp_path / "new").exists()


def test_an_unknown_language_is_refused(tmp_path):
    with pytest.raises(RuleError, match="language 'tlh'"):
        export([an_itinerary()], tmp_path, language="tlh")


def test_times_are_local_with_utc_where_the_format_asks_for_it():
    stamp = datetime(2023, 9, 9, 7, 4, tzinfo=UTC)
    assert wording().local(stamp) == "2023-09-09 08:04"
    assert b"<time>2023-09-09T07:04:00Z</time>" in gpx.render(an_itinerary(), wording())


def test_a_quantity_stays_in_one_message_with_what_it_is_of() -> None:
    text = "1. Tinmel 09:48 via R203, " + ", ".join(
        f"{amount}{_GLUE}l{_GLUE}Eau" for amount in range(1000, 1040)
    )
    pieces = _cut(text, 6)
    assert len(pieces) > 3
    for piece in pieces[1:]:
        assert piece[0].isdigit()
        assert piece.rstrip(",").endswith("Eau")
