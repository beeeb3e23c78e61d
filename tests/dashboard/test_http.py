"""The HTTP interface: live deltas, layers by their hash, one shape of error."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import httpx
import pytest
from shapely.geometry import box

from dashboard.http.api import create_api
from dashboard.http.problem import STATUS_OF, status_of
from dashboard.map.features import live_features
from dashboard.map.feed import LiveFeed
from dashboard.map.layers import LayerFiles, area_files
from dashboard.situation_desk import SituationDesk
from geo import errors
from tests.dashboard.asynchronous import run
from tests.dashboard.valley import CRS, HOSTILE, NOON, RELIEF_KEY, ValleyDesk, place_id

if TYPE_CHECKING:
    from fastapi import FastAPI


class Client:
    """Asks the application itself, without a server."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, **more)

        return run(ask())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)


@pytest.fixture
def desk() -> ValleyDesk:
    desk = ValleyDesk()
    desk.make_plan()
    return desk


@pytest.fixture
def layers() -> LayerFiles:
    return LayerFiles()


@pytest.fixture
def client(desk: ValleyDesk, layers: LayerFiles) -> Client:
    return Client(create_api(desk, layers))


def close(desk: ValleyDesk, edge: str, **more: Any) -> str:
    values: dict[str, Any] = {
        "edges": [edge],
        "classes": (),
        "state": "closed",
        "until": None,
        "source": "test",
        "reason": "rockfall",
    }
    return str(desk.close_road(**(values | more))["closure_id"])


def ids(answer: dict[str, Any]) -> set[str]:
    return {feature["id"] for feature in answer["features"]}


def test_health_gives_the_version_of_the_situation(client: Client, desk: ValleyDesk) -> None:
    answer = client.get("/health")
    assert answer.json() == {"status": "ok", "seq": desk.seq()}
    assert answer.headers["cache-control"] == "no-store"


def test_a_screen_that_has_all_of_it_is_told_so(client: Client, desk: ValleyDesk) -> None:
    first = client.get("/live")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get("/live", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    # Proxies that compress weaken a tag.
    assert client.get("/live", headers={"If-None-Match": f"W/{tag}"}).status_code == 304
    close(desk, "drill:e2")
    changed = client.get("/live", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
    later = client.get(f"/live?since={first.json()['cursor']}", headers={"If-None-Match": tag})
    assert later.status_code == 200
    assert later.headers["cache-control"] == "no-store"


def test_situation_says_its_notice_and_dates_its_sources(client: Client) -> None:
    body = client.get("/situation").json()
    assert body["notice"].startswith("drill: places real")
    assert body["sources"][0] == {
        "name": "UNOSAT, graded damage points",
        "at": "2023-09-12T00:00:00+00:00",
    }
    assert body["sources"][1]["at"] is None
    assert body["totals"]["not_assessed"] == 2


def test_first_question_gives_every_kind_of_feature(client: Client) -> None:
    body = client.get("/live").json()
    kinds = [feature["properties"]["kind"] for feature in body["features"]]
    assert body["full"] is True
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "place": 7,
        "depot": 1,
        "volunteers": 2,
        "convoy": 4,
    }


def test_nothing_new_is_a_short_answer(client: Client) -> None:
    cursor = client.get("/live").json()["cursor"]
    answer = client.get("/live", params={"since": cursor})
    body = answer.json()
    assert (body["full"], body["features"], body["removed"]) == (False, [], [])
    assert len(answer.content) < 250


def test_closing_a_road_sends_only_what_it_changed(client: Client, desk: ValleyDesk) -> None:
    cursor = client.get("/live").json()["cursor"]
    closure_id = close(desk, "drill:e2")
    body = client.get("/live", params={"since": cursor}).json()
    assert body["full"] is False
    assert ids(body) == {closure_id, place_id("Ijoukak"), place_id("Tinmel")}
    assert body["removed"] == []


def test_reopening_removes_the_closure_and_restores_the_places(
    client: Client, desk: ValleyDesk
) -> None:
    closure_id = close(desk, "drill:e2")
    cursor = client.get("/live").json()["cursor"]
    desk.reopen_road(closure_id, source="test")
    body = client.get("/live", params={"since": cursor}).json()
    assert body["removed"] == [closure_id]
    reach = {feature["id"]: feature["properties"]["reach"] for feature in body["features"]}
    assert reach == {place_id("Ijoukak"): "reachable", place_id("Tinmel"): "reachable"}


@pytest.mark.parametrize("since", ["0", "12", "feedface.3", "x" * 64, "é.1", ".", "..1"])
def test_a_cursor_of_another_run_gets_everything(client: Client, since: str) -> None:
    body = client.get("/live", params={"since": since}).json()
    assert body["full"] is True
    assert len(body["features"]) == 14


def test_a_cursor_from_the_future_gets_everything(client: Client) -> None:
    run = client.get("/live").json()["cursor"].partition(".")[0]
    assert client.get("/live", params={"since": f"{run}.99"}).json()["full"] is True


def test_deltas_add_up_to_the_whole(desk: ValleyDesk) -> None:
    feed = LiveFeed(item_name=desk.item_name)
    held: dict[str, Any] = {}
    cursor = ""
    closed: list[str] = []
    for step in range(12):
        if step % 3 == 2:
            desk.reopen_road(closed.pop(), source="test")
        elif step % 3 == 1:
            desk.make_plan()
        else:
            closed += [close(desk, "drill:e2"), close(desk, "drill:t1")]
        answer = feed.answer(desk.picture(), cursor, at=NOON, crs=CRS)
        cursor = answer["cursor"]
        if answer["full"]:
            held = {}
        for name in answer["removed"]:
            held.pop(name, None)
        held |= {feature["id"]: feature for feature in answer["features"]}
        assert held == live_features(desk.picture(), at=NOON, crs=CRS, item_name=desk.item_name)


def test_a_closure_that_runs_out_leaves_the_map_without_an_event(desk: ValleyDesk) -> None:
    feed = LiveFeed()
    closure_id = close(desk, "drill:e2", until=NOON + timedelta(hours=1))
    first = feed.answer(desk.picture(), "", at=NOON, crs=CRS)
    assert closure_id in ids(first)
    still = feed.answer(desk.picture(), first["cursor"], at=NOON + timedelta(minutes=59), crs=CRS)
    assert still["removed"] == []
    after = feed.answer(desk.picture(), first["cursor"], at=NOON + timedelta(hours=1), crs=CRS)
    assert after["removed"] == [closure_id]


def test_an_older_picture_does_not_overwrite_a_newer_one(desk: ValleyDesk) -> None:
    feed = LiveFeed()
    old = desk.picture()
    closure_id = close(desk, "drill:e2")
    cursor = feed.answer(desk.picture(), "", at=NOON, crs=CRS)["cursor"]
    late = feed.answer(old, cursor, at=NOON, crs=CRS)
    assert late["removed"] == []
    assert closure_id in ids(feed.answer(old, "", at=NOON, crs=CRS))


def test_not_assessed_and_unknown_stay_apart_from_zero(client: Client) -> None:
    features = {feature["id"]: feature for feature in client.get("/live").json()["features"]}
    azgour = features[place_id("Azgour")]["properties"]
    assert azgour["evidence"] == "not_assessed"
    assert (azgour["affected"], azgour["people"], azgour["need_level"]) == (None, None, -1)
    imlil = features[place_id("Imlil")]["properties"]
    assert imlil["evidence"] == "no_visible_damage"
    assert (imlil["affected"], imlil["need_level"]) == (0, 0)


def test_an_evidence_state_we_do_not_know_counts_as_not_assessed(desk: ValleyDesk) -> None:
    picture = desk.picture()
    places = picture.places.assign(evidence_state="fine")
    features = live_features(replace(picture, places=places), at=NOON, crs=CRS)
    assert features[place_id("Asni")]["properties"]["evidence"] == "not_assessed"


def test_text_that_turns_the_direction_loses_its_marks(client: Client) -> None:
    features = {feature["id"]: feature for feature in client.get("/live").json()["features"]}
    name = features[place_id(HOSTILE)]["properties"]["name"]
    assert "\u202e" not in name
    assert name.startswith("<img src=x")


def test_the_ways_of_convoys_are_one_file_for_each_plan(client: Client, desk: ValleyDesk) -> None:
    features = client.get("/live").json()["features"]
    paths = {f["properties"]["ways"] for f in features if f["properties"]["kind"] == "convoy"}
    assert len(paths) == 1
    path = paths.pop()
    pieces = client.get("/" + path).json()["features"]
    passing = sorted(sorted(piece["properties"]["convoys"]) for piece in pieces)
    # e1 carries all three, e2 two, e3 one; the convoy to Asni, where the depot lies, has no way.
    assert passing == [
        ["convoy:ijoukak", "convoy:ouirgane", "convoy:tinmel"],
        ["convoy:ijoukak", "convoy:tinmel"],
        ["convoy:tinmel"],
    ]
    close(desk, "drill:e2")
    unplanned = client.get("/live").json()["features"]
    assert {f["properties"].get("ways") for f in unplanned} - {None} == {path}


def test_live_is_compressed_for_those_who_can(client: Client) -> None:
    packed = client.get("/live", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/live", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json()["features"] == plain.json()["features"]


def test_a_layer_is_served_by_its_hash_for_ever(client: Client, layers: LayerFiles) -> None:
    (file,) = layers.made_from(("areas", "k"), lambda: area_files("areas", analysed(), crs=CRS))
    answer = client.get("/" + file.path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()["features"]) == 1
    plain = client.get("/" + file.path, headers={"Accept-Encoding": "identity"})
    assert plain.content == gzip.decompress(file.gzipped)


def analysed() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": ["AOI 1"]}, geometry=[box(-8.2, 31.0, -8.0, 31.2)], crs=4326)


def test_vector_tiles_are_served_whole_and_by_ranges(client: Client, desk: ValleyDesk) -> None:
    (roads,) = [one for one in desk.vector_layers() if one.name == "roads"]
    whole = client.get("/" + roads.path)
    assert whole.status_code == 200
    assert whole.headers["content-type"] == "application/vnd.pmtiles"
    assert whole.headers["cache-control"] == "no-store"
    assert whole.content[:7] == b"PMTiles"
    part = client.get("/" + roads.path, headers={"Range": "bytes=0-126"})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 0-126/{len(whole.content)}"
    assert part.content == whole.content[:127]
    assert client.get("/tiles/" + "0" * 64 + ".pmtiles").status_code == 404


def test_a_part_of_the_tiles_has_an_address_of_its_own_and_is_kept(
    client: Client, desk: ValleyDesk
) -> None:
    (roads,) = [one for one in desk.vector_layers() if one.name == "roads"]
    whole = client.get("/" + roads.path).content
    base = f"/tiles/{roads.key}"
    part = client.get(f"{base}/7-120.part")
    assert part.status_code == 200
    assert part.content == whole[7:127]
    assert "immutable" in part.headers["cache-control"]
    # A reader asks for more than a small file has.
    assert client.get(f"{base}/{len(whole) - 5}-16384.part").content == whole[-5:]
    assert client.get(f"{base}/{len(whole)}-10.part").status_code == 404
    for wrong in ("0-0", "0-4000001", "-1-5", "a-5"):
        assert client.get(f"{base}/{wrong}.part").status_code in (404, 422)
    assert client.get(f"/tiles/{'0' * 64}/0-10.part").status_code == 404


def test_the_road_under_a_click_is_known(client: Client) -> None:
    asked = {"lon": -7.98, "lat": 31.2501, "reach_m": 200, "zoom": 12}
    found = client.get("/roads/near", params=asked).json()
    assert found["edge_id"] == "drill:e1"
    assert found["line"][0] == [-7.98, 31.25]
    assert client.get("/roads/piece", params={"edge": found["edge_id"]}).json() == found
    assert client.get("/roads/near", params={"lon": -7, "lat": 30, "reach_m": 50}).json() is None
    assert client.get("/roads/piece", params={"edge": "w1:2-3"}).status_code == 404
    for wrong in ({"lon": "nan"}, {"lat": 91}, {"reach_m": 1e9}, {"lon": -190}):
        answer = client.get("/roads/near", params=asked | wrong)
        assert answer.status_code == 422, wrong


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/layers/roads/" + "0" * 64 + ".geojson", 404),
        ("/layers/roads/../../etc/passwd", 404),
        ("/layers/ROADS/" + "0" * 64 + ".geojson", 422),
        ("/layers/roads/short.geojson", 422),
        ("/live?since=" + "x" * 65, 422),
        ("/nothing", 404),
        ("/docs", 404),
    ],
)
def test_every_refusal_has_the_one_shape(client: Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["title"]


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_nothing_can_be_changed_over_http_yet(client: Client, method: str) -> None:
    for path in ("/live", "/situation", "/health"):
        answer = client.request(method, path)
        assert answer.status_code == 405
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_missing_situation_is_a_503_that_says_what_to_do(tmp_path: Any) -> None:
    api = create_api(SituationDesk(tmp_path / "none"), LayerFiles())
    answer = Client(api).get("/situation")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "qafila demo" in answer.json()["detail"]


def test_an_unexpected_error_shows_nothing_of_the_inside(layers: LayerFiles) -> None:
    class BrokenDesk(ValleyDesk):
        def seq(self) -> int:
            raise ZeroDivisionError("secret /path")

    answer = Client(create_api(BrokenDesk(), layers)).get("/health")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


def test_every_error_of_ours_has_a_status() -> None:
    classes = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.QafilaError)
    ]
    assert len(classes) > 10
    for kind in classes:
        assert 400 <= status_of(kind("given", "needed", "todo")) < 600
    assert status_of(errors.UnknownIdError("a", "b", "c")) == 404
    assert status_of(errors.NoSituationError("a", "b", "c")) == 503
    # A narrow class listed after its base would never be reached.
    kinds = [kind for kind, _ in STATUS_OF]
    for i, kind in enumerate(kinds):
        assert not any(issubclass(kind, earlier) for earlier in kinds[:i])


def test_the_interface_describes_itself_without_a_foreign_host(client: Client) -> None:
    document = client.get("/openapi.json")
    assert set(document.json()["paths"]) == {
        "/health",
        "/situation",
        "/live",
        "/positions",
        "/layers/{name}/{sha}.geojson",
        "/tiles/{key}/{z}/{x}/{y}.png",
        "/tiles/{key}.pmtiles",
        "/tiles/{key}/{start}-{length}.part",
        "/roads/near",
        "/roads/piece",
    }
    assert "cdn" not in json.dumps(document.json())


def test_a_tile_is_a_picture_that_may_be_kept_and_no_other_raster_is_served(client: Client) -> None:
    answer = client.get(f"/tiles/{RELIEF_KEY}/10/489/418.png")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content.startswith(b"\x89PNG")
    assert client.get(f"/tiles/{'6' * 64}/10/489/418.png").status_code == 404
    assert client.get(f"/tiles/{RELIEF_KEY}/10/4890/418.png").status_code == 400
    assert client.get("/tiles/..%2f..%2fetc/10/489/418.png").status_code in (404, 422)
