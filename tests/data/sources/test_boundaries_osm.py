"""Communes and provinces of an area, by osmnx from a stand-in for Overpass."""

import json

import pytest

from data.retrieve import Endpoints, FetchError
from data.sources.boundaries_osm import fetch_boundaries
from data.sources.overpass import Area
from geo.boundaries import boundaries_from_vector
from geo.vectors import read_vector
from tests.stand_in import Answer, closed_port, stand_in

AREA = Area(name="Asni", bounds=(-8.05, 31.2, -7.9, 31.3), area_km2=158)

# A commune whose outline is two ways, and one way that is tagged like a boundary by itself.
ELEMENTS = [
    {"type": "node", "id": 1, "lat": 31.1, "lon": -8.1},
    {"type": "node", "id": 2, "lat": 31.1, "lon": -7.8},
    {"type": "node", "id": 3, "lat": 31.4, "lon": -7.8},
    {"type": "node", "id": 4, "lat": 31.4, "lon": -8.1},
    {"type": "way", "id": 10, "nodes": [1, 2, 3], "tags": {"admin_level": "8"}},
    {"type": "way", "id": 11, "nodes": [3, 4, 1]},
    {
        "type": "relation",
        "id": 100,
        "members": [
            {"type": "way", "ref": 10, "role": "outer"},
            {"type": "way", "ref": 11, "role": "outer"},
        ],
        "tags": {
            "type": "boundary",
            "boundary": "administrative",
            "admin_level": "8",
            "name": "Asni ⴰⵙⵏⵉ أسني",
            "name:ar": "أسني",
        },
    },
]


def overpass(elements, **more):
    return Answer(json.dumps({"version": 0.6, "elements": elements} | more).encode())


@pytest.fixture
def server(tmp_path):
    with stand_in({"/api/interpreter": overpass(ELEMENTS)}) as running:
        running.endpoints = Endpoints(cache=tmp_path / "cache", overpass_url=f"{running.url}/api")
        yield running


def test_a_commune_is_put_together_from_its_ways(server, tmp_path):
    path = fetch_boundaries(AREA, tmp_path, endpoints=server.endpoints)
    made = boundaries_from_vector(read_vector(path), source="OpenStreetMap")
    (row,) = made.to_dict("records")
    assert (row["unit_id"], row["level"]) == ("osm-r100", "commune")
    assert (row["name"], row["name_ar"]) == ("Asni", "أسني")
    assert row["geometry"].bounds == pytest.approx((-8.1, 31.1, -7.8, 31.4))


def test_the_same_area_is_asked_for_once(server, tmp_path):
    for _ in range(2):
        fetch_boundaries(AREA, tmp_path, endpoints=server.endpoints)
    assert len(server.asked) == 1


@pytest.mark.parametrize("elements", [[], ELEMENTS[:6]])
def test_an_area_without_boundaries_is_no_failure(server, tmp_path, elements):
    server.answers["/api/interpreter"] = overpass(elements)
    assert fetch_boundaries(AREA, tmp_path, endpoints=server.endpoints) is None


def test_half_an_answer_is_refused(server, tmp_path):
    server.answers["/api/interpreter"] = overpass(ELEMENTS, remark="runtime error: timed out")
    with pytest.raises(FetchError, match="gave up half-way"):
        fetch_boundaries(AREA, tmp_path, endpoints=server.endpoints)


@pytest.mark.parametrize("status", [429, 504])
def test_a_busy_server_is_said(server, tmp_path, status):
    server.answers["/api/interpreter"] = Answer(status=status)
    with pytest.raises(FetchError, match=f"status {status}"):
        fetch_boundaries(AREA, tmp_path, endpoints=server.endpoints)


def test_without_a_network_one_line_says_so(tmp_path):
    with closed_port() as url:
        endpoints = Endpoints(cache=tmp_path, overpass_url=url)
        with pytest.raises(FetchError, match="everything else works without"):
            fetch_boundaries(AREA, tmp_path, endpoints=endpoints)
