"""``/ogc``: OGC API Features, parts 1 and 3, so that QGIS, GDAL and others read the situation.

Refusals are problems (RFC 9457) with status 400, as the standard asks, also for parameters that
nobody knows.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pandas as pd
import shapely
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from dashboard.http import ogc_documents as documents
from dashboard.http.answers import tagged
from dashboard.http.asking import asked
from dashboard.http.ogc_pages import as_page
from dashboard.http.problem import ForbiddenError, problem, status_of
from dashboard.operations import features as found_in
from dashboard.operations.feature_filter import parse_text
from geo.errors import InputError, QafilaError, UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from dashboard.http.asking import OpenSituation
    from dashboard.operations.situation import Situation

GEOJSON = "application/geo+json"
DEFAULT_LIMIT, MAX_LIMIT = 100, 10_000
ASKED = ("f", "limit", "offset", "bbox", "bbox-crs", "datetime", "filter", "filter-lang",
         "filter-crs")  # fmt: skip
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
#: Coordinates keep 6 decimals: a tenth of a metre.
DECIMALS = 6
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'"


def ogc_routes(open_situation: OpenSituation) -> list[BaseRoute]:
    """Give the routes below ``/ogc``."""

    def route(path: str, make: Callable[[Situation, Request, str], tuple[Any, str]]) -> Route:
        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(_answer, request, open_situation, make)

        return Route(path, endpoint, methods=["GET"])

    return [
        route("/ogc", _landing),
        route("/ogc/", _landing),
        route("/ogc/api", _api),
        route("/ogc/conformance", _conformance),
        route("/ogc/collections", _collections),
        route("/ogc/collections/{collection}", _collection),
        route("/ogc/collections/{collection}/queryables", _queryables),
        route("/ogc/collections/{collection}/items", _items),
        route("/ogc/collections/{collection}/items/{feature:path}", _item),
    ]


def _answer(
    request: Request,
    open_situation: OpenSituation,
    make: Callable[[Situation, Request, str], tuple[Any, str]],
) -> Response:
    try:
        with asked(request, "see"):
            form = _form(request)
            content, media_type = make(open_situation(), request, _root(request))
            if form == "html" and media_type != documents.OPENAPI:
                answer = tagged(request, as_page(content), media_type="text/html; charset=utf-8")
                answer.headers["Content-Security-Policy"] = POLICY
                return answer
            return tagged(request, content, media_type=media_type)
    except ForbiddenError as error:
        return problem(403, title=str(error))
    except QafilaError as error:
        status = 400 if isinstance(error, InputError) else status_of(error)
        if isinstance(error, UnknownIdError):
            status = 404
        return problem(status, title=error.needed, detail=str(error))


def _landing(situation: Situation, request: Request, root: str) -> tuple[Any, str]:
    _require_known(request, ("f",))
    info = situation.info()
    return documents.landing(info.name, info.notice, root), "application/json"


def _api(_situation: Situation, request: Request, root: str) -> tuple[Any, str]:
    _require_known(request, ("f",))
    return documents.openapi(root), documents.OPENAPI


def _conformance(_situation: Situation, request: Request, _root: str) -> tuple[Any, str]:
    _require_known(request, ("f",))
    return {"title": "Conformance", "conformsTo": list(documents.CONFORMS_TO)}, "application/json"


def _collections(situation: Situation, request: Request, root: str) -> tuple[Any, str]:
    _require_known(request, ("f",))
    return documents.collections(situation.info().bounds, root), "application/json"


def _collection(situation: Situation, request: Request, root: str) -> tuple[Any, str]:
    _require_known(request, ("f",))
    one = found_in.collection(request.path_params["collection"])
    return documents.collection(one, situation.info().bounds, root), "application/json"


def _queryables(situation: Situation, request: Request, root: str) -> tuple[Any, str]:
    _require_known(request, ("f",))
    one = found_in.collection(request.path_params["collection"])
    frame = found_in.features(situation, one.collection_id)
    return documents.queryables(one, frame, root), "application/schema+json"


def _items(situation: Situation, request: Request, root: str) -> tuple[Any, str]:
    one = found_in.collection(request.path_params["collection"])
    names = found_in.columns(found_in.features(situation, one.collection_id))
    _require_known(request, (*ASKED, *names))
    limit = min(_whole(request, "limit", DEFAULT_LIMIT, least=1), MAX_LIMIT)
    offset = _whole(request, "offset", 0, least=0)
    frame = found_in.wanted(situation, one.collection_id, _question(request, names))
    part = frame.iloc[offset : offset + limit]
    path = f"{root}/collections/{one.collection_id}"
    content: dict[str, Any] = {
        "type": "FeatureCollection",
        "features": feature_rows(part, one.id_column),
        "numberMatched": len(frame),
        "numberReturned": len(part),
        "timeStamp": situation.now().replace(second=0, microsecond=0).isoformat(),
        "links": [
            documents.link("self", _again(request, path, offset), GEOJSON),
            documents.link("alternate", _again(request, path, offset, f="html"), "text/html"),
            documents.link("collection", path, "application/json"),
        ],
    }
    if offset + limit < len(frame):
        following = _again(request, path, offset + limit)
        content["links"].append(documents.link("next", following, GEOJSON))
    if offset:
        before = _again(request, path, max(0, offset - limit))
        content["links"].append(documents.link("prev", before, GEOJSON))
    return content, GEOJSON


def _item(situation: Situation, request: Request, root: str) -> tuple[Any, str]:
    _require_known(request, ("f",))
    one = found_in.collection(request.path_params["collection"])
    wanted = request.path_params["feature"]
    frame = found_in.features(situation, one.collection_id)
    row = frame[frame[one.id_column] == wanted]
    if row.empty:
        raise UnknownIdError(wanted[:100], f"no such feature in {one.collection_id}", "")
    path = f"{root}/collections/{one.collection_id}"
    (content,) = feature_rows(row, one.id_column)
    content["links"] = [
        documents.link("self", f"{path}/items/{wanted}", GEOJSON),
        documents.link("alternate", f"{path}/items/{wanted}?f=html", "text/html"),
        documents.link("collection", path, "application/json"),
    ]
    return content, GEOJSON


def feature_rows(frame: gpd.GeoDataFrame, id_column: str) -> list[dict[str, Any]]:
    """Give rows as GeoJSON features, coordinates lon, lat; what is not known is null."""
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    for name in plain.columns:
        if isinstance(plain[name].dtype, pd.DatetimeTZDtype):
            plain[name] = plain[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    properties = plain.astype(object).where(plain.notna(), None).to_dict("records")
    rounded = shapely.set_precision(frame.geometry.to_numpy(), 10**-DECIMALS, mode="pointwise")
    shapes = shapely.to_geojson(rounded)
    return [
        {
            "type": "Feature",
            "id": row[id_column],
            "geometry": None if shape is None else json.loads(shape),
            "properties": row,
        }
        for row, shape in zip(properties, shapes, strict=True)
    ]


def _question(request: Request, names: dict[str, pd.Series]) -> found_in.Question:
    said = request.query_params
    if said.get("bbox-crs", CRS84) != CRS84 or said.get("filter-crs", CRS84) != CRS84:
        raise InputError("another CRS", f"{CRS84} is needed", "leave it out")
    parts = []
    if said.get("filter"):
        parts.append(_filter(said["filter"], said.get("filter-lang", "cql2-text")))
    elif "filter-lang" in said:
        _require_language(said["filter-lang"])
    for name, column in names.items():
        if name in said:
            parts.append({"op": "=", "args": [{"property": name}, _typed(said[name], column)]})
    return found_in.Question(
        bounds=_bounds(said["bbox"]) if "bbox" in said else None,
        span=_span(said["datetime"]) if "datetime" in said else None,
        filter=parts[0] if len(parts) == 1 else {"op": "and", "args": parts} if parts else None,
    )


def _filter(text: str, language: str) -> Any:
    _require_language(language)
    if language == "cql2-text":
        return parse_text(text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("filter", "CQL2 as JSON is needed", "or name cql2-text") from error


def _require_language(language: str) -> None:
    if language not in ("cql2-text", "cql2-json"):
        raise InputError(
            f"filter-lang={language[:30]}", "cql2-text or cql2-json is needed", "correct it"
        )


def _typed(text: str, column: pd.Series) -> Any:
    if column.dtype == bool:
        return text.lower() == "true"
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return {"timestamp": text}
    if pd.api.types.is_numeric_dtype(column):
        try:
            return float(text)
        except ValueError as error:
            raise InputError(f"{column.name}={text[:30]}", "a number is needed", "") from error
    return text


def _bounds(text: str) -> tuple[float, float, float, float]:
    try:
        numbers = [float(one) for one in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(abs(one) <= 400 for one in numbers):
        raise InputError(f"bbox={text[:60]}", "west,south,east,north in degrees are needed", "")
    west, south, east, north = numbers
    if south > north:
        raise InputError(f"bbox={text[:60]}", "the south must not lie above the north", "")
    return west, south, east, north


def _span(text: str) -> tuple[datetime | None, datetime | None]:
    first, slash, last = text.partition("/")
    begins = _moment(first, text)
    ends = _moment(last, text) if slash else begins
    if not slash and begins is None:
        raise InputError(f"datetime={text[:60]}", "a moment or FROM/TO is needed", "")
    if begins is not None and ends is not None and begins > ends:
        raise InputError(f"datetime={text[:60]}", "the beginning comes first", "turn them round")
    return begins, ends


def _moment(text: str, whole: str) -> datetime | None:
    if text in ("", ".."):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"datetime={whole[:60]}", "times such as 2023-09-08T22:11:00Z are needed", ""
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _whole(request: Request, name: str, default: int, *, least: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise InputError(f"{name}={text[:30]}", f"a whole number from {least} is needed", "")
    return int(text)


def _require_known(request: Request, names: tuple[str, ...]) -> None:
    if strange := sorted(set(request.query_params) - set(names)):
        raise InputError(
            f"parameter {strange[0][:60]}", f"known are {', '.join(names)}", "correct it"
        )


def _form(request: Request) -> str:
    said = request.query_params.get("f")
    if said is None:
        kinds = request.headers.get("accept", "").split(",")
        return "html" if kinds[0].strip().startswith("text/html") else "json"
    if said not in ("json", "html"):
        raise InputError(f"f={said[:30]}", "json or html is needed", "correct it")
    return said


def _root(request: Request) -> str:
    """Give the address of ``/ogc`` as the asker reached it."""
    return f"{request.url.scheme}://{request.url.netloc}/ogc"


def _again(request: Request, path: str, offset: int, **more: str) -> str:
    said = {**request.query_params, **more}
    said.pop("offset", None)
    if offset:
        said["offset"] = str(offset)
    return f"{path}/items" + (f"?{urlencode(said)}" if said else "")
