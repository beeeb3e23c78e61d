"""The documents of OGC API Features that say what there is: collections, queryables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboard.operations.features import COLLECTIONS
from dashboard.operations.sharing.layers import LAYER_TYPES

if TYPE_CHECKING:
    import geopandas as gpd

    from dashboard.operations.features import Collection

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
_FEATURES = "http://www.opengis.net/spec/ogcapi-features"
CONFORMS_TO = (
    f"{_FEATURES}-1/1.0/conf/core",
    f"{_FEATURES}-1/1.0/conf/oas30",
    f"{_FEATURES}-1/1.0/conf/html",
    f"{_FEATURES}-1/1.0/conf/geojson",
    f"{_FEATURES}-3/1.0/conf/queryables",
    f"{_FEATURES}-3/1.0/conf/queryables-query-parameters",
    f"{_FEATURES}-3/1.0/conf/filter",
    f"{_FEATURES}-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
)
_JSON, _HTML = "application/json", "text/html"


def link(rel: str, href: str, media_type: str, title: str = "") -> dict[str, str]:
    """Give a link."""
    made = {"rel": rel, "href": href, "type": media_type}
    return made | {"title": title} if title else made


def landing(name: str, notice: str, root: str) -> dict[str, Any]:
    """Give the landing page."""
    return {
        "title": name,
        "description": notice,
        "links": [
            link("self", f"{root}/", _JSON, "This document"),
            link("alternate", f"{root}/?f=html", _HTML, "This document as a page"),
            link("service-desc", f"{root}/api", OPENAPI, "What can be asked"),
            link("conformance", f"{root}/conformance", _JSON, "The standards that are kept"),
            link("data", f"{root}/collections", _JSON, "The collections"),
        ],
    }


def collections(bounds: tuple[float, ...] | None, root: str) -> dict[str, Any]:
    """Give all collections."""
    return {
        "title": "Collections",
        "links": [
            link("self", f"{root}/collections", _JSON),
            link("alternate", f"{root}/collections?f=html", _HTML),
        ],
        "collections": [collection(one, bounds, root) for one in COLLECTIONS.values()],
    }


def collection(one: Collection, bounds: tuple[float, ...] | None, root: str) -> dict[str, Any]:
    """Give a collection."""
    path = f"{root}/collections/{one.collection_id}"
    files = f"{root.removesuffix('/ogc')}/api/v1/features/{one.collection_id}"
    queryables_rel = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
    made: dict[str, Any] = {
        "id": one.collection_id,
        "title": one.title,
        "description": one.about,
        "itemType": "feature",
        "crs": ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
        "links": [
            link("self", path, _JSON),
            link("alternate", f"{path}?f=html", _HTML),
            link("items", f"{path}/items", "application/geo+json", one.title),
            link("items", f"{path}/items?f=html", _HTML, one.title),
            link(queryables_rel, f"{path}/queryables", "application/schema+json"),
            *(
                link("enclosure", f"{files}?form={form}", media_type, f"{one.title}, all")
                for form, media_type in LAYER_TYPES.items()
            ),
        ],
    }
    if bounds is not None:
        crs = made["crs"][0]
        made["extent"] = {"spatial": {"bbox": [list(bounds)], "crs": crs}}
    return made


def queryables(one: Collection, frame: gpd.GeoDataFrame, root: str) -> dict[str, Any]:
    """Give what a filter may name, as JSON Schema."""
    properties: dict[str, Any] = {
        str(name): _schema_of(frame[name]) for name in frame.columns if name != frame.geometry.name
    }
    shape = {"places": "point", "needs": "point"}.get(one.collection_id, "multilinestring")
    properties["geometry"] = {"format": f"geometry-{shape}"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{root}/collections/{one.collection_id}/queryables",
        "type": "object",
        "title": one.title,
        "properties": properties,
        "additionalProperties": False,
    }


def openapi(root: str) -> dict[str, Any]:
    """Give the OpenAPI document of ``/ogc``."""
    bad = {"description": "The request cannot be understood (RFC 9457)"}
    answers = {"200": {"description": "The document, as JSON or as a page"}, "400": bad}
    missing = answers | {"404": {"description": "There is no such thing (RFC 9457)"}}
    which = {
        "name": "collectionId",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": list(COLLECTIONS)},
    }
    feature = {**which, "name": "featureId", "schema": {"type": "string"}}
    form = {"name": "f", "in": "query", "schema": {"type": "string", "enum": ["json", "html"]}}
    number = {"type": "integer", "minimum": 0}
    asked: list[dict[str, Any]] = [
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1}},
        {"name": "offset", "in": "query", "schema": number},
        {"name": "bbox", "in": "query", "explode": False, "style": "form",
         "schema": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}},
        {"name": "datetime", "in": "query", "schema": {"type": "string"}},
        {"name": "filter", "in": "query", "schema": {"type": "string"}},
        {"name": "filter-lang", "in": "query",
         "schema": {"type": "string", "enum": ["cql2-text", "cql2-json"]}},
    ]  # fmt: skip

    def get(name: str, said: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
        return {"get": {"operationId": name, "parameters": [form, *parameters], "responses": said}}

    items = "/collections/{collectionId}/items"
    return {
        "openapi": "3.0.3",
        "info": {"title": "Qafila: OGC API Features", "version": "1"},
        "servers": [{"url": root}],
        "paths": {
            "/": get("landing", answers),
            "/conformance": get("conformance", answers),
            "/collections": get("collections", answers),
            "/collections/{collectionId}": get("collection", missing, which),
            "/collections/{collectionId}/queryables": get("queryables", missing, which),
            items: get("items", missing, which, *asked),
            f"{items}/{{featureId}}": get("item", missing, which, feature),
        },
    }


def _schema_of(column: pd.Series) -> dict[str, str]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return {"type": "string", "format": "date-time"}
    if column.dtype == bool:
        return {"type": "boolean"}
    if pd.api.types.is_integer_dtype(column):
        return {"type": "integer"}
    if pd.api.types.is_numeric_dtype(column):
        return {"type": "number"}
    return {"type": "string"}
