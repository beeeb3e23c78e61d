"""OGC API Features: the abstract tests of parts 1 and 3, and GDAL's own client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import pytest
import shapely
import uvicorn
from starlette.applications import Starlette

from dashboard import asgi
from dashboard.operations import planning
from dashboard.operations.features import COLLECTIONS
from dashboard.operations.sharing.layers import LAYER_TYPES, layer_bytes
from dashboard.operations.situation import Situation

PLACES = "/ogc/collections/places/items"
NEEDS = "/ogc/collections/needs/items"


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["features"]]


def test_every_link_leads_somewhere(client: Any) -> None:
    seen, waiting = set(), ["http://testserver/ogc/"]
    while waiting:
        href = waiting.pop()
        answer = client.get(href)
        assert answer.status_code == 200, href
        if "json" not in answer.headers["content-type"]:
            assert answer.headers["content-type"].startswith(("text/html", *LAYER_TYPES.values()))
            continue
        if "/api/v1/" in href:
            continue
        links = answer.json().get("links", [])
        for one in answer.json().get("collections", []):
            links = links + one["links"]
        for link in links:
            if link["href"] not in seen:
                seen.add(link["href"])
                waiting.append(link["href"])
    assert len(seen) > 25


def test_the_landing_page_names_what_the_standard_asks_for(client: Any) -> None:
    rels = {link["rel"] for link in client.get("/ogc").json()["links"]}
    assert {"self", "alternate", "service-desc", "conformance", "data"} <= rels
    conforms = client.get("/ogc/conformance").json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in conforms
    assert "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2" in conforms
    document = client.get("/ogc/api")
    assert document.headers["content-type"].startswith("application/vnd.oai.openapi+json")
    assert "/collections/{collectionId}/items" in document.json()["paths"]


def test_features_are_geojson_in_lon_lat(client: Any) -> None:
    answer = client.get(PLACES)
    assert answer.headers["content-type"] == "application/geo+json"
    body = answer.json()
    assert body["numberMatched"] == body["numberReturned"] == len(body["features"])
    lon, lat = body["features"][0]["geometry"]["coordinates"]
    assert -9 < lon < -7
    assert 30 < lat < 32
    one = client.get(f"{PLACES}/{body['features'][0]['id']}").json()
    assert one["properties"] == body["features"][0]["properties"]
    assert client.get(f"{PLACES}/place:none").status_code == 404
    assert client.get("/ogc/collections/nothing/items").status_code == 404


def test_pages_add_up_to_the_whole(client: Any) -> None:
    whole, found, href = ids(client.get(NEEDS)), [], f"{NEEDS}?limit=2"
    while href:
        answer = client.get(href)
        found += ids(answer)
        links = {link["rel"]: link["href"] for link in answer.json()["links"]}
        href = links.get("next", "")
    assert found == whole
    assert len(whole) == 5
    assert len(ids(client.get(f"{NEEDS}?limit=1000000"))) == 5


def test_a_box_keeps_what_it_touches(client: Any) -> None:
    whole = client.get(PLACES).json()["features"]
    lons = sorted(one["geometry"]["coordinates"][0] for one in whole)
    middle = (lons[0] + lons[-1]) / 2
    west = ids(client.get(f"{PLACES}?bbox=-180,-90,{middle},90"))
    east = ids(client.get(f"{PLACES}?bbox={middle},-90,0,180,90,9000"))
    assert set(west) == {x["id"] for x in whole if x["geometry"]["coordinates"][0] <= middle}
    assert set(west) | set(east) == {one["id"] for one in whole}
    # Over the antimeridian: everything but the Greenwich side.
    assert ids(client.get(f"{PLACES}?bbox=170,-90,-170,90")) == []


def test_a_time_keeps_what_holds_then(client: Any) -> None:
    assert len(ids(client.get(f"{NEEDS}?datetime=../2000-01-01T00:00:00Z"))) == 0
    assert len(ids(client.get(f"{NEEDS}?datetime=2000-01-01T00:00:00Z/.."))) == 5
    assert len(ids(client.get(f"{NEEDS}?datetime=2999-01-01T00:00:00Z"))) == 0
    # A collection without times is not narrowed by one.
    assert len(ids(client.get(f"{PLACES}?datetime=2000-01-01T00:00:00Z"))) == len(
        ids(client.get(PLACES))
    )


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("item = 'tent'", 2),
        ("item <> 'tent'", 3),
        ("quantity >= 30 AND item = 'blanket'", 2),
        ("quantity > 30 OR item = 'tent'", 4),
        ("NOT (item = 'tent' OR item = 'blanket')", 1),
        ("30 < quantity", 2),
        ("expires_at IS NULL", 0),
        ("expires_at IS NOT NULL AND weight = 1", 5),
        ("recorded_at > TIMESTAMP('2000-01-01T00:00:00Z')", 5),
        ("recorded_at < DATE('2000-01-01')", 0),
        ("\"item\" = 'o''clock'", 0),
        ("TRUE", 5),
        ("delivered < quantity", 5),
    ],
)
def test_a_filter_keeps_what_fits(client: Any, text: str, n: int) -> None:
    assert len(ids(client.get(NEEDS, params={"filter": text}))) == n


def test_a_filter_as_json_says_the_same(client: Any) -> None:
    said = {"op": "and", "args": [
        {"op": "=", "args": [{"property": "item"}, "blanket"]},
        {"op": ">", "args": [{"property": "quantity"}, 30]},
    ]}  # fmt: skip
    asked = {"filter": json.dumps(said), "filter-lang": "cql2-json"}
    assert ids(client.get(NEEDS, params=asked)) == ids(
        client.get(NEEDS, params={"item": "blanket", "quantity": "60"})
    )


def test_each_queryable_can_be_asked_for(client: Any) -> None:
    named = client.get("/ogc/collections/needs/queryables").json()["properties"]
    for name in set(named) - {"geometry"}:
        answer = client.get(NEEDS, params={"filter": f"{name} IS NOT NULL"})
        assert answer.status_code == 200, name


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=-1", "limit=x", "offset=1e9", "bbox=1,2,3", "bbox=a,b,c,d",
        "bbox=nan,0,1,1", "bbox=0,9,1,1", "bbox-crs=http://other", "datetime=yesterday",
        "datetime=2024-01-01T00:00:00Z/2023-01-01T00:00:00Z", "f=xml", "colour=red",
        "filter-lang=sql&filter=a=1", "filter=colour = 'red'", "filter=item = 5",
        "filter=quantity = 'many'", "filter=item", "filter=item =", "filter=item = 'x",
        "filter=item = 'x' quantity", "filter=" + "(" * 3_000, "filter=" + "NOT " * 900,
        "filter=" + "x" * 5_000, "filter-lang=cql2-json&filter={", "filter=1 = 1",
        "filter-lang=cql2-json&filter=" + "[" * 5_000,
        'filter-lang=cql2-json&filter={"op":"casei","args":["a"]}',
        'filter-lang=cql2-json&filter={"op":"=","args":"ab"}',
        "filter=recorded_at > TIMESTAMP('soon')",
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_a_400(client: Any, query: str) -> None:
    answer = client.get(f"{NEEDS}?{query}")
    assert answer.status_code == 400, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_collection_comes_whole_as_a_file(client: Any, valley: Situation, tmp_path: Path) -> None:
    client.post("/api/v1/closures", json={"near": [-7.97, 31.0], "source": "driver"})
    planning.make_plan(valley, iterations=30)
    for name, kind in COLLECTIONS.items():
        told = client.get(f"/ogc/collections/{name}/items", params={"limit": 10_000}).json()
        assert told["features"]
        for form, media_type in LAYER_TYPES.items():
            answer = client.get(f"/api/v1/features/{name}", params={"form": form})
            assert answer.headers["content-type"] == media_type
            path = tmp_path / f"{name}.{form}"
            path.write_bytes(answer.content)
            found = read_layer(path)
            assert sorted(found[kind.id_column]) == sorted(one["id"] for one in told["features"])
            assert found.crs.to_epsg() == 4326
            assert set(told["features"][0]["properties"]) | {"notice"} <= {*found.columns}
    assert client.get("/api/v1/features/poems").status_code == 422
    assert client.get("/api/v1/features/needs", params={"form": "shp"}).status_code == 422


def test_rows_without_a_position_are_in_the_files_too(tmp_path: Path) -> None:
    points = [shapely.Point(-8, 31), None]
    frame = gpd.GeoDataFrame({"need_id": ["a", "b"]}, geometry=points, crs="EPSG:4326")
    for form in LAYER_TYPES:
        path = tmp_path / f"needs.{form}"
        path.write_bytes(layer_bytes(frame, "needs", form))
        found = read_layer(path)
        assert list(found["need_id"]) == ["a", "b"], form
        assert list(found.geometry.isna()) == [False, True], form


def read_layer(path: Path) -> gpd.GeoDataFrame:
    return gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path)


def test_a_page_escapes_what_people_wrote(client: Any, valley: Situation) -> None:
    client.post(
        "/api/v1/closures", json={"near": [-7.97, 31.0], "reason": "<script>alert(1)</script>"}
    )
    answer = client.get("/ogc/collections/closures/items", headers={"Accept": "text/html,*/*"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    lines = client.get("/ogc/collections/closures/items").json()["features"]
    assert lines[0]["geometry"]["type"] == "MultiLineString"


def test_roles_and_keys_count_here_too(keyed: dict[str, Any]) -> None:
    assert keyed["nobody"].get("/ogc/").status_code == 401
    assert keyed["viewer"].get(NEEDS).status_code == 200


@pytest.fixture
def address(app: Starlette) -> Iterator[str]:
    listening = asgi.listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


GDAL_ASKS = """
import json, sys, pyogrio
source = "OAPIF:" + sys.argv[1] + "/ogc"
layers = [name for name, _ in pyogrio.list_layers(source)]
needs = pyogrio.read_dataframe(source, layer="needs")
tents = pyogrio.read_dataframe(source, layer="needs", where="item = 'tent'")
print(json.dumps([sorted(layers), len(needs), needs.crs.to_epsg(), list(tents["quantity"])]))
"""


def test_gdal_opens_it(address: str) -> None:
    if "OAPIF" not in pyogrio.list_drivers():
        pytest.skip("this GDAL has no OAPIF driver")
    # In a process of its own: GDAL keeps the interpreter to itself while it waits for an answer.
    made = subprocess.run(
        [sys.executable, "-c", GDAL_ASKS, address],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
        env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
    )
    layers, n_needs, epsg, quantities = json.loads(made.stdout)
    assert layers == ["closures", "convoys", "needs", "places"]
    assert (n_needs, epsg) == (5, 4326)
    assert sorted(quantities) == [8, 20]
