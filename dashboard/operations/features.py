"""Collections of features for other programs: places, needs, closures, convoys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from dashboard.operations.feature_filter import matching
from dashboard.operations.picture import closure_lines, picture
from geo.errors import UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dashboard.operations.situation import Situation

PLACE_COLUMNS = (
    "place_id", "name", "name_ar", "kind", "commune", "commune_code", "people", "affected",
    "destroyed", "damaged", "possibly_damaged", "assessed", "evidence_state", "priority",
    "reach_status", "travel_time_s", "walk_m", "sources",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A kind of features. `begins` and `ends` name its columns of time, empty where it has none."""

    collection_id: str
    title: str
    about: str
    id_column: str
    begins: str = ""
    ends: str = ""


COLLECTIONS: dict[str, Collection] = {
    one.collection_id: one
    for one in (
        Collection(
            collection_id="places",
            title="Places",
            about="Inhabited places with what is known of damage, people and how they are reached",
            id_column="place_id",
        ),
        Collection(
            collection_id="needs",
            title="Needs",
            about="What places lack, open needs, at the place where help is needed",
            id_column="need_id",
            begins="recorded_at",
            ends="expires_at",
        ),
        Collection(
            collection_id="closures",
            title="Closures",
            about="Roads that are closed or restricted, in force",
            id_column="closure_id",
            begins="since",
            ends="until",
        ),
        Collection(
            collection_id="convoys",
            title="Convoys",
            about="Ways of the convoys of the newest plan",
            id_column="convoy_id",
            begins="departs_at",
            ends="returns_at",
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which features are wanted: ``(west, south, east, north)``, a span of time, a filter.

    `west` greater than `east` crosses the antimeridian. A None in `span` is open on that side.
    `filter` is CQL2 JSON; None lets all pass.
    """

    bounds: tuple[float, float, float, float] | None = None
    span: tuple[datetime | None, datetime | None] | None = None
    filter: Any = None


def collection(collection_id: str) -> Collection:
    """Give a collection; raises `UnknownIdError` with those that there are."""
    if collection_id not in COLLECTIONS:
        raise UnknownIdError(
            collection_id[:60], "no such collection", f"there are {', '.join(COLLECTIONS)}"
        )
    return COLLECTIONS[collection_id]


def features(situation: Situation, collection_id: str) -> gpd.GeoDataFrame:
    """Give all features of a collection (EPSG:4326), those without a geometry last. Read-only."""
    collection(collection_id)
    shown = picture(situation)
    key = ("features", collection_id, shown.seq, len(shown.closures), shown.made_at)
    return situation.remember(key, lambda: _MAKERS[collection_id](situation))


def wanted(situation: Situation, collection_id: str, question: Question) -> gpd.GeoDataFrame:
    """Give the features that a question asks for, in a fixed order."""
    kind, frame = collection(collection_id), features(situation, collection_id)
    keep = np.ones(len(frame), dtype=bool)
    if question.bounds is not None:
        keep &= _inside(frame, question.bounds)
    if question.span is not None and kind.begins:
        first, last = question.span
        begins, ends = frame[kind.begins], frame[kind.ends]
        if last is not None:
            keep &= (begins.isna() | (begins <= last)).to_numpy()
        if first is not None:
            keep &= (ends.isna() | (ends >= first)).to_numpy()
    if question.filter is not None:
        keep &= matching(question.filter, columns(frame), len(frame))
    return frame[keep]


def columns(frame: gpd.GeoDataFrame) -> dict[str, pd.Series]:
    """Give the columns that a filter may name."""
    return {str(name): frame[name] for name in frame.columns if name != frame.geometry.name}


def _inside(frame: gpd.GeoDataFrame, bounds: tuple[float, float, float, float]) -> Any:
    west, south, east, north = bounds
    boxes = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    from shapely import box

    inside = np.zeros(len(frame), dtype=bool)
    for left, right in boxes:
        inside |= frame.intersects(box(left, south, right, north)).to_numpy()
    return inside


def _places(situation: Situation) -> gpd.GeoDataFrame:
    places = picture(situation).places
    kept = [name for name in PLACE_COLUMNS if name in places.columns]
    return places[[*kept, "geometry"]].reset_index(drop=True)


def _needs(situation: Situation) -> gpd.GeoDataFrame:
    places = situation.places().set_index("place_id")
    rows = [
        {
            "need_id": one.need_id,
            "place_id": situation.current_place(one.place_id),
            "item": one.item_id,
            "quantity": float(one.quantity),
            "delivered": float(one.delivered),
            "unit": one.unit,
            "status": one.status,
            "weight": float(one.weight),
            "recorded_at": one.recorded_at,
            "expires_at": one.expires_at,
        }
        for one in situation.store.needs()
    ]
    names = ("need_id", "place_id", "item", "quantity", "delivered", "unit", "status", "weight",
             "recorded_at", "expires_at")  # fmt: skip
    table = pd.DataFrame(rows, columns=list(names))
    here = places.reindex(table["place_id"])
    table.insert(2, "place", here["name"].to_numpy())
    return _timed(table, ("recorded_at", "expires_at"), list(here.geometry))


def _closures(situation: Situation) -> gpd.GeoDataFrame:
    now = situation.now()
    held = [one for one in situation.store.closures() if one.holds_at(now)]
    lines = closure_lines(situation, list(held))
    table = pd.DataFrame(lines.drop(columns="geometry"))
    table["classes"] = [", ".join(names) for names in table["classes"]]
    told = {one.closure_id: one.recorded_at for one in held}
    table["since"] = [
        told[closure] if pd.isna(since) else since
        for closure, since in zip(table["closure_id"], table["since"], strict=True)
    ]
    table["confidence"] = table["confidence"].astype("float64")
    return _timed(table, ("since", "until"), list(lines.geometry))


def _convoys(situation: Situation) -> gpd.GeoDataFrame:
    shown = picture(situation)
    lines = shown.convoy_lines
    by_id = {one["convoy_id"]: one for one in (shown.plan or {}).get("convoys", ())}
    mine = [by_id[one] for one in lines["convoy_id"]]
    departs = pd.to_datetime([one["departs_at"] for one in mine], utc=True)
    table = pd.DataFrame(
        {
            "convoy_id": list(lines["convoy_id"]),
            "plan_id": [shown.plan["plan_id"] if shown.plan else ""] * len(mine),
            "vehicle_class": list(lines["vehicle_class"]),
            "label": list(lines["label"]),
            "depot_id": [one["depot_id"] for one in mine],
            "stops": np.array([len(one["stops"]) for one in mine], dtype="int64"),
            "length_m": np.array([one["length_m"] for one in mine], dtype="float64"),
            "departs_at": departs,
            "returns_at": departs
            + pd.to_timedelta([float(one["duration_s"]) for one in mine], unit="s"),
        }
    )
    return _timed(table, ("departs_at", "returns_at"), list(lines.geometry))


def _timed(table: pd.DataFrame, times: tuple[str, ...], geometry: list[Any]) -> gpd.GeoDataFrame:
    for name in times:
        table[name] = pd.to_datetime(table[name], utc=True).astype("datetime64[us, UTC]")
    return gpd.GeoDataFrame(table, geometry=geometry, crs="EPSG:4326")


_MAKERS: dict[str, Callable[[Situation], gpd.GeoDataFrame]] = {
    "places": _places,
    "needs": _needs,
    "closures": _closures,
    "convoys": _convoys,
}
