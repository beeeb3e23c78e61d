"""``/api/v1``: health, the situation, its live layer and its heavy layers."""

from __future__ import annotations

import gzip
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Header, Path, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from dashboard.http.asking import asked, says
from dashboard.http.entries import writers
from dashboard.http.models import Positions
from dashboard.http.problem import MEDIA_TYPE, handle_problems
from dashboard.http.resources import readers
from dashboard.map.feed import LiveFeed
from dashboard.map.ways import way_files
from dashboard.operations.road_picking import MOST_REACH_M
from geo.errors import UnknownIdError

if TYPE_CHECKING:
    from dashboard.desk import Desk
    from dashboard.map.layers import LayerFiles
    from dashboard.operations.picture import Picture
    from dashboard.situation_desk import SituationDesk

NO_STORE = {"Cache-Control": "no-store"}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
GEOJSON = "application/geo+json"
PMTILES = "application/vnd.pmtiles"
# Tiles and directories are some hundred kB at most.
MOST_PART_BYTES = 4_000_000
# Below this an answer is sent as it is: the headers of compression cost more than it saves.
COMPRESS_FROM_BYTES = 500


def create_api(
    desk: Desk, layers: LayerFiles, *, situation_desk: SituationDesk | None = None
) -> FastAPI:
    """Make the HTTP interface of one situation; mount it at ``/api/v1``.

    Without `situation_desk` only what the screen asks is answered.
    """
    app = FastAPI(
        title="Qafila",
        summary="One situation: places, roads, closures, convoys.",
        version="1",
        # The usual documentation pages load scripts from a foreign host.
        docs_url=None,
        redoc_url=None,
        responses={"default": {"description": "A problem (RFC 9457)", "content": {MEDIA_TYPE: {}}}},
    )
    handle_problems(app)

    def ways(picture: Picture) -> str:
        return ways_path(layers, picture, crs_of(desk))

    feed = LiveFeed(item_name=desk.item_name, ways=ways)

    @app.get("/health")
    def health() -> JSONResponse:
        """Say that the process answers and its store can be read."""
        return JSONResponse({"status": "ok", "seq": desk.seq()}, headers=NO_STORE)

    @app.get("/situation")
    def situation() -> JSONResponse:
        """Say which situation this is, its notice, and its totals with their sources."""
        return JSONResponse(situation_document(desk), headers=NO_STORE)

    @app.get("/live")
    def live(
        since: Annotated[
            str, Query(max_length=64, description="`cursor` of the last answer; empty for all")
        ] = "",
        at: Annotated[
            int | None, Query(ge=1, le=2**53, description="as it was known at this event")
        ] = None,
        accept_encoding: Annotated[str, Header(include_in_schema=False)] = "",
        if_none_match: Annotated[str, Header(include_in_schema=False)] = "",
    ) -> Response:
        """Give what changed on the map since a screen last asked."""
        if at is None and not since:
            return _whole(
                feed.answer(desk.picture(), "", at=desk.now(), crs=crs_of(desk)),
                if_none_match,
                accept_encoding,
            )
        if at is None:
            answer = feed.answer(desk.picture(), since, at=desk.now(), crs=crs_of(desk))
        else:
            # The past stands still: all of it, once.
            past = desk.as_of(str(at))
            answer = LiveFeed(item_name=desk.item_name, ways=ways).answer(
                past.picture(), "", at=past.now(), crs=crs_of(past)
            )
        return _json(answer, accept_encoding)

    @app.get("/positions", responses=says(Positions))
    def positions(request: Request) -> Response:
        """Say where vehicles and volunteers were last; coarse for who may not know exactly."""
        with asked(request, "see") as visitor:
            exact = visitor.may("positions")
            found = {
                "now": desk.now().isoformat(timespec="seconds"),
                "exact": exact,
                "positions": desk.positions(exact=exact),
            }
        return JSONResponse(found, headers=NO_STORE)

    @app.get("/layers/{name}/{sha}.geojson")
    def layer(
        name: Annotated[str, Path(pattern=r"^[a-z-]{1,40}$")],
        sha: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
        accept_encoding: Annotated[str, Header(include_in_schema=False)] = "",
    ) -> Response:
        """Give a heavy layer by its hash; it may be kept for ever."""
        file = layers.get(name, sha)
        if file is None:
            raise UnknownIdError(
                f"layer {name} {sha[:12]}…", "no such layer is served", "reload the map"
            )
        headers = FOR_EVER | {"Vary": "Accept-Encoding", "ETag": f'"{sha}"'}
        if "gzip" in accept_encoding:
            return Response(
                file.gzipped, headers=headers | {"Content-Encoding": "gzip"}, media_type=GEOJSON
            )
        return Response(gzip.decompress(file.gzipped), headers=headers, media_type=GEOJSON)

    @app.get("/tiles/{key}/{z}/{x}/{y}.png")
    def tile(
        key: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
        z: Annotated[int, Path(ge=0, le=22)],
        x: Annotated[int, Path(ge=0)],
        y: Annotated[int, Path(ge=0)],
    ) -> Response:
        """Give a tile of a raster, known by the hash of its file; it may be kept for ever."""
        return Response(desk.raster_tile(key, z, x, y), headers=FOR_EVER, media_type="image/png")

    @app.get("/tiles/{key}/{start}-{length}.part")
    def part_of_tiles(
        key: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")],
        start: Annotated[int, Path(ge=0, le=2**40)],
        length: Annotated[int, Path(ge=1, le=MOST_PART_BYTES)],
    ) -> Response:
        """Give a part of a file of vector tiles under an address of its own; kept for ever."""
        with desk.vector_file(key).open("rb") as file:
            file.seek(start)
            part = file.read(length)
        if not part:
            raise UnknownIdError(f"byte {start}", "the file is shorter", "reload the map")
        return Response(part, headers=FOR_EVER, media_type="application/octet-stream")

    @app.get("/tiles/{key}.pmtiles")
    def vector_tiles(key: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]) -> FileResponse:
        """Give a layer as vector tiles (PMTiles), whole or by byte ranges."""
        # Not kept: a browser that holds a part of a file and asks for a longer one that ends beyond
        # the file may fail to put the two together, and the roads would be missing from the map. So
        # the map asks for parts that have addresses of their own.
        return FileResponse(desk.vector_file(key), headers=NO_STORE, media_type=PMTILES)

    @app.get("/roads/near")
    def road_near(
        lon: Annotated[float, Query(ge=-180, le=180)],
        lat: Annotated[float, Query(ge=-90, le=90)],
        reach_m: Annotated[float, Query(gt=0, le=MOST_REACH_M)] = 50.0,
        zoom: Annotated[float, Query(ge=0, le=22)] = 22.0,
    ) -> JSONResponse:
        """Give the piece of road nearest to a point, or `null` where none is within reach."""
        found = desk.road_near(lon, lat, reach_m=reach_m, zoom=zoom)
        return JSONResponse(found, headers=NO_STORE)

    @app.get("/roads/piece")
    def road_piece(edge: Annotated[str, Query(min_length=1, max_length=300)]) -> JSONResponse:
        """Give a piece of road by its edge id."""
        return JSONResponse(desk.road_piece(edge), headers=NO_STORE)

    if situation_desk is not None:
        app.include_router(readers(situation_desk.situation))
        app.include_router(writers(situation_desk.situation, situation_desk))
    return app


def situation_document(desk: Desk) -> dict[str, Any]:
    """Give the situation as JSON: who it is, its version, its totals and where they come from."""
    info, picture = desk.info(), desk.picture()
    return {
        "situation_id": info.situation_id,
        "name": info.name,
        "notice": info.notice,
        "drill": info.drill,
        "bounds": list(info.bounds) if info.bounds else None,
        "timezone": info.timezone,
        "seq": picture.seq,
        "made_at": picture.made_at.isoformat(timespec="seconds"),
        "totals": picture.totals,
        "sources": [
            {"name": source["name"], "at": _moment(source.get("at"))} for source in picture.sources
        ],
    }


def ways_path(layers: LayerFiles, picture: Picture, crs: str) -> str:
    """Give the path of the file with the ways of the plan's convoys; empty where there are none."""
    if picture.plan is None:
        return ""
    key = ("convoys", str(picture.plan["plan_id"]), crs, str(len(picture.convoy_lines)))
    files = layers.made_from(key, lambda: way_files(picture.convoy_lines, crs=crs))
    return files[0].path if files else ""


def crs_of(desk: Desk) -> str:
    """Give the working CRS; before the first layer any will do, for there is nothing to measure."""
    return desk.info().working_crs or "EPSG:3857"


def _whole(answer: dict[str, Any], known: str, accept_encoding: str) -> Response:
    """Give all of the live layer, or say that the browser has it from its last visit."""
    tag = f'"{answer["cursor"]}.{answer["seq"]}.{answer["made_at"]}"'
    asked_first = {"Cache-Control": "private, no-cache", "ETag": tag, "Vary": "Accept-Encoding"}
    if tag in known:
        return Response(status_code=304, headers=asked_first)
    return _json(answer, accept_encoding, headers=asked_first)


def _json(
    content: dict[str, Any], accept_encoding: str, *, headers: dict[str, str] = NO_STORE
) -> Response:
    answer = JSONResponse(content, headers=headers | {"Vary": "Accept-Encoding"})
    body = bytes(answer.body)
    if len(body) < COMPRESS_FROM_BYTES or "gzip" not in accept_encoding:
        return answer
    # Compressed here, in the worker thread, and not by the middleware in the event loop.
    return Response(
        gzip.compress(body, compresslevel=5, mtime=0),
        headers=headers | {"Vary": "Accept-Encoding", "Content-Encoding": "gzip"},
        media_type="application/json",
    )


def _moment(at: Any) -> str | None:
    return at.isoformat(timespec="seconds") if isinstance(at, datetime) else at
