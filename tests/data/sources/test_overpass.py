"""Fetching an area: its bounds, its roads, and what is said when that cannot be done."""

import json
import re

import pytest

from data.retrieve import Endpoints, FetchError, HttpRetriever
from data.sources.osm import read_osm
from data.sources.overpass import Area, fetch_osm, find_area, overpass_query
from geo.errors import EmptyInputError, InputError, TooLargeError, UnreadableError
from geo.places import places_from_osm
from tests.stand_in import Answer, closed_port, stand_in

BOUNDS = (-8.05, 31.2, -7.9, 31.3)
AREA = Area(name="Asni, Al Haouz", bounds=BOUNDS, area_km2=150)

# As Overpass answers: nodes with their tags, ways with theirs, the age of the data in a note.
ANSWER = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="Overpass API 0.7.62.7">
<note>The data included in this document is from www.openstreetmap.org, under ODbL.</note>
<meta osm_base="2023-09-10T06:00:00Z"/>
<node id="1" lat="31.2500" lon="-7.9800" version="3" timestamp="2023-09-09T10:00:00Z"/>
<node id="2" lat="31.2400" lon="-7.9750" version="1" timestamp="2023-09-09T10:00:00Z"/>
<node id="3" lat="31.2300" lon="-7.9700" version="1" timestamp="2023-09-09T10:00:00Z"/>
<node id="4" lat="31.2450" lon="-7.9600" version="1" timestamp="2023-09-09T10:00:00Z"/>
<node id="9" lat="31.2501" lon="-7.9802" version="1" timestamp="2023-09-09T10:00:00Z">
 <tag k="place" v="village"/><tag k="name" v="Asni ⴰⵙⵏⵉ أسني"/><tag k="population" v="22000"/>
</node>
<way id="100" version="7" timestamp="2023-09-09T12:00:00Z">
 <nd ref="1"/><nd ref="2"/><nd ref="3"/>
 <tag k="highway" v="secondary"/><tag k="ref" v="R203"/><tag k="surface" v="asphalt"/>
</way>
<way id="101" version="2" timestamp="2023-09-08T12:00:00Z">
 <nd ref="2"/><nd ref="4"/>
 <tag k="highway" v="track"/><tag k="tracktype" v="grade3"/><tag k="ford" v="yes"/>
</way>
</osm>
""".encode()

GEOCODED = [
    {
        "osm_type": "relation",
        "osm_id": 2801163,
        "importance": 0.4,
        "display_name": "Asni, Province d'Al Haouz, Maroc",
        "lat": "31.25",
        "lon": "-7.98",
        "boundingbox": ["31.2", "31.3", "-8.05", "-7.9"],
        "geojson": {
            "type": "Polygon",
            "coordinates": [
                [[-8.05, 31.2], [-7.9, 31.2], [-7.9, 31.3], [-8.05, 31.3], [-8.05, 31.2]]
            ],
        },
    }
]


def point_result(**more):
    geojson = {"type": "Point", "coordinates": [-7.92, 31.137]}
    return GEOCODED[0] | {"display_name": "Imlil, Maroc", "geojson": geojson} | more


@pytest.fixture
def overpass(tmp_path):
    with stand_in({"/api/interpreter": Answer(ANSWER)}) as server:
        server.endpoints = Endpoints(cache=tmp_path / "cache", overpass_url=f"{server.url}/api")
        yield server


@pytest.fixture
def nominatim(tmp_path):
    with stand_in({"/search": Answer(json.dumps(GEOCODED).encode())}) as server:
        server.endpoints = Endpoints(cache=tmp_path / "cache", nominatim_url=server.url)
        yield server


# --- roads and places ---------------------------------------------------------------------------


def test_a_fetched_area_is_read_like_an_extract(overpass, tmp_path):
    path = fetch_osm(AREA, tmp_path, endpoints=overpass.endpoints)
    extract = read_osm(path)
    assert set(extract.roads.edges["edge_id"]) == {"w100:1-2", "w100:2-3", "w101:2-4"}
    edges = extract.roads.edges.set_index("edge_id")
    assert edges.loc["w101:2-4", "ford"]
    assert edges.loc["w100:1-2", "ref"] == "R203"
    places = places_from_osm(extract.places, source="OpenStreetMap")
    assert places.iloc[0]["place_id"] == "place:osm-n9"
    assert places.iloc[0]["name_ar"] == "أسني"
    assert extract.roads.source.at.isoformat().startswith("2023-09-09")


def test_the_query_names_the_area_south_first_and_asks_for_all_nodes_of_ways(overpass, tmp_path):
    fetch_osm(AREA, tmp_path, endpoints=overpass.endpoints)
    (asked,) = overpass.asked
    (query,) = asked.form["data"]
    assert "[bbox:31.2000000,-8.0500000,31.3000000,-7.9000000]" in query
    assert re.search(r'way\["highway"\];.*node\["place"\];', query)
    assert "(._;>;);out meta" in query
    assert query == overpass_query(BOUNDS)


def test_the_same_area_is_asked_for_once(overpass, tmp_path):
    for _ in range(3):
        fetch_osm(AREA, tmp_path, endpoints=overpass.endpoints)
    assert len(overpass.asked) == 1


def test_a_fetched_area_is_there_without_a_network(overpass, tmp_path):
    fetch_osm(AREA, tmp_path, endpoints=overpass.endpoints)
    overpass.answers = {}
    (tmp_path / "later").mkdir()
    path = fetch_osm(AREA, tmp_path / "later", endpoints=overpass.endpoints)
    assert path.read_bytes() == ANSWER


def test_an_area_of_any_name_becomes_a_plain_file_name(overpass, tmp_path):
    area = Area(name="../../etc/أسني\0", bounds=BOUNDS, area_km2=1)
    path = fetch_osm(area, tmp_path, endpoints=overpass.endpoints)
    assert path.parent == tmp_path
    assert path.suffix == ".osm"


@pytest.mark.parametrize(
    ("body", "error", "match"),
    [
        (
            b'<?xml version="1.0"?><osm version="0.6"><remark> runtime error: Query timed out in '
            b'"query" at line 1 after 181 seconds. </remark></osm>',
            FetchError,
            "gave up: runtime error: Query timed out",
        ),
        (ANSWER[: len(ANSWER) // 2], UnreadableError, "cut short"),
        (
            b"<html><body>Welcome to the hotel, please log in</body></html>",
            UnreadableError,
            "no OSM",
        ),
        (b"", UnreadableError, "no OSM"),
    ],
)
def test_an_answer_that_is_not_whole_is_refused_and_not_kept(
    overpass, tmp_path, body, error, match
):
    overpass.answers["/api/interpreter"] = [Answer(body), Answer(ANSWER)]
    with pytest.raises(error, match=match):
        fetch_osm(AREA, tmp_path, endpoints=overpass.endpoints)
    assert fetch_osm(AREA, tmp_path, endpoints=overpass.endpoints).read_bytes() == ANSWER


def test_a_busy_overpass_is_asked_again(overpass, tmp_path):
    overpass.answers["/api/interpreter"] = [Answer(status=429), Answer(status=504), Answer(ANSWER)]
    waits = []
    retriever = HttpRetriever(overpass.endpoints.cache, wait=waits.append)
    fetch_osm(AREA, tmp_path, endpoints=overpass.endpoints, retriever=retriever)
    assert len(waits) == 2


def test_without_a_network_one_line_says_so(tmp_path):
    with closed_port() as url:
        endpoints = Endpoints(cache=tmp_path / "cache", overpass_url=url)
        retriever = HttpRetriever(endpoints.cache, wait=lambda _: None)
        with pytest.raises(FetchError, match="cannot be reached; only fetching needs the internet"):
            fetch_osm(AREA, tmp_path, endpoints=endpoints, retriever=retriever)


# --- the area -----------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["-8.05,31.2,-7.9,31.3", " -8.05, 31.2 , -7.9,31.3 "])
def test_bounds_are_taken_as_written_and_need_no_network(written):
    area = find_area(written)
    assert area.bounds == BOUNDS
    # 0.15° by 0.1° at 31.25° N: 14.3 km by 11.1 km.
    assert area.area_km2 == pytest.approx(158.5, rel=0.01)


@pytest.mark.parametrize(
    "written",
    [
        "-7.9,31.2,-8.05,31.3",
        "-8,31.3,-7,31.2",
        "-8,31,-7",
        "1,2,3,4,5",
        "-8,31,-8,32",
        "0,95,1,96",
        ",",
    ],
)
def test_impossible_bounds_are_refused(written):
    with pytest.raises(InputError, match="west,south,east,north in degrees"):
        find_area(written)


def test_no_area_is_refused():
    with pytest.raises(InputError, match="a name or west,south,east,north is needed"):
        find_area("  ")


def test_an_area_over_the_limit_names_the_way_out():
    with pytest.raises(TooLargeError, match=r"km²: at most 2,500 km² .*--large"):
        find_area("-9,30,-8,31")
    assert find_area("-9,30,-8,31", large=True).area_km2 == pytest.approx(10_600, rel=0.02)
    with pytest.raises(TooLargeError, match=r"at most 20,000 km².*extract of the country"):
        find_area("-13,28,-1,36", large=True)


def test_a_name_is_found_by_nominatim_once(nominatim):
    for _ in range(2):
        area = find_area("  Asni,   Maroc ", endpoints=nominatim.endpoints)
    assert area.bounds == pytest.approx(BOUNDS)
    assert area.name == "Asni, Province d'Al Haouz, Maroc"
    (asked,) = nominatim.asked
    assert asked.query["q"] == ["Asni, Maroc"]
    assert "qafila" in asked.headers["user-agent"]


def test_a_name_that_is_a_point_gets_ten_kilometres_around_it(nominatim):
    nominatim.answers["/search"] = Answer(json.dumps([point_result()]).encode())
    area = find_area("Imlil", endpoints=nominatim.endpoints)
    assert area.name == "10 km around Imlil, Maroc"
    assert area.area_km2 == pytest.approx(400, rel=0.02)


def test_an_unknown_name_is_said(nominatim):
    nominatim.answers["/search"] = Answer(b"[]")
    with pytest.raises(EmptyInputError, match="area 'Nowhere': nothing of that kind is known"):
        find_area("Nowhere", endpoints=nominatim.endpoints)


@pytest.mark.parametrize("status", [302, 403, 429, 500, 504])
def test_a_nominatim_that_refuses_is_not_waited_for(nominatim, status):
    nominatim.answers["/search"] = Answer(
        status=status, headers={"location": "http://other.example"}
    )
    with pytest.raises(FetchError, match=f"status {status}") as caught:
        find_area("Asni", endpoints=nominatim.endpoints)
    assert caught.value.status == status
    assert len(nominatim.asked) == 1


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'[{"importance": 1}]'])
def test_an_answer_that_is_no_geocoding_is_refused(nominatim, body):
    nominatim.answers["/search"] = Answer(body)
    with pytest.raises(InputError):
        find_area("Asni", endpoints=nominatim.endpoints)


def test_a_name_without_a_network_says_how_to_do_without(tmp_path):
    with closed_port() as url:
        endpoints = Endpoints(cache=tmp_path, nominatim_url=url)
        with pytest.raises(FetchError, match=r"cannot be reached.*give the area as west,south"):
            find_area("Asni", endpoints=endpoints)


def test_osmnx_is_left_as_it_was(nominatim):
    import socket

    import osmnx

    before = {k: v for k, v in vars(osmnx.settings).items() if not k.startswith("_")}
    resolver = socket.getaddrinfo
    find_area("Asni, Maroc", endpoints=nominatim.endpoints)
    assert {k: v for k, v in vars(osmnx.settings).items() if not k.startswith("_")} == before
    assert socket.getaddrinfo is resolver
