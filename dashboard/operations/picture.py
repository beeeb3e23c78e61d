"""The picture: everything a screen shows, of one moment, made once per event."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
from shapely.geometry import LineString, MultiLineString

from dashboard.operations import assessing, planning, reaching
from dashboard.operations.roads import HINDERING, bare_edge_id, contradictions
from geo.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    import geopandas as gpd

    from dashboard.operations.situation import Situation
    from geo.model import Closure, Depot, StockLine, Vehicle

Layer = tuple[str, "gpd.GeoDataFrame"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The state of everything at event `seq`; frames are read-only.

    Parameters
    ----------
    places
        The places frame with `destroyed`, `damaged`, `possibly_damaged`, `no_visible_damage`,
        `assessed`, `affected`, `priority`, `evidence_state` (`damage_seen`, `no_visible_damage`,
        `not_assessed`), `sources` (text), `needs` (item → quantity), `reach_status`,
        `reach_reason`, `travel_time_s`, `walk_m` (the best of truck and pickup), `reach_truck`,
        `reach_pickup` (status of each alone).
    closures, road_reports
        What keeps vehicles from roads; and reports that a road is open, or that nobody knows.
    contradicted
        By id of a closure the reports in force that say that the road is open.
    closure_lines
        `closure_id`, `state`, `classes`, `road`, `source`, `reason`, `since`, `until`,
        `confidence`, geometry.
    convoy_lines
        `convoy_id`, `vehicle_class`, `label`, geometry; empty where there is no plan.
    plan
        The newest plan as the contract's JSON, or None; `plan_is_old` where something that it
        depends on happened after it.
    sources
        Who says what is shown, and when.
    """

    seq: int
    made_at: datetime
    notice: str
    places: gpd.GeoDataFrame
    depots: list[Depot]
    stock: list[StockLine]
    vehicles: list[Vehicle]
    volunteers_by_place: dict[str, int]
    closures: list[Closure]
    closure_lines: gpd.GeoDataFrame
    plan: dict[str, Any] | None
    plan_is_old: bool
    convoy_lines: gpd.GeoDataFrame
    sources: list[dict[str, Any]]
    totals: dict[str, Any]
    road_reports: list[Closure] = field(default_factory=list)
    contradicted: dict[str, list[Closure]] = field(default_factory=dict)


def picture(situation: Situation) -> Picture:
    """Give the picture at the last event; made once, then remembered until a closure runs out."""
    seq = situation.picture_seq()
    now = situation.now()
    in_force = tuple(one.closure_id for one in situation.store.closures() if one.holds_at(now))
    return situation.remember(("picture", seq, in_force), lambda: _draw(situation, seq))


def areas_layer(situation: Situation) -> Layer | None:
    """Give the analysed areas for the map with a key that changes when they change."""
    return _layer(situation, "analysed_area", situation.analysed_areas)


def hint_layer(situation: Situation) -> Layer | None:
    """Give the newest hint for the map with a key that changes when it changes."""
    layer, hints = situation.hint_layer(), situation.hints()
    if layer is None or hints is None:
        return None
    return layer.files["hint"], hints


def boundaries_layer(situation: Situation) -> Layer | None:
    """Give the administrative units for the map with a key that changes when they change."""
    return _layer(situation, "boundaries", situation.boundaries)


def _layer(situation: Situation, kind: str, frame: Any) -> Layer | None:
    layers = situation.store.layers(kind)
    if not layers:
        return None
    names = "".join(ref for layer in layers for ref in layer.files.values())
    return hashlib.sha256(names.encode()).hexdigest()[:32], frame()


def _draw(situation: Situation, seq: int) -> Picture:
    now = situation.now()
    places = _places(situation)
    plan = planning.latest(situation)
    told: list[Closure] = list(situation.store.closures())
    closures = [one for one in told if one.state in HINDERING]
    current_place = situation.current_places()
    volunteers: Counter[str] = Counter()
    for home, n in situation.store.volunteers_by_home().items():
        volunteers[current_place(home)] += n
    return Picture(
        seq=seq,
        made_at=now,
        notice=situation.info().notice,
        places=places,
        depots=situation.store.depots(active_only=True),
        stock=situation.store.stock(),
        vehicles=situation.store.vehicles(),
        volunteers_by_place=dict(volunteers),
        closures=closures,
        closure_lines=closure_lines(situation, closures),
        plan=plan,
        plan_is_old=plan is not None and planning.is_old(situation, plan),
        convoy_lines=_convoy_lines(situation, plan),
        sources=[
            {"name": layer.source.name, "at": layer.source.at, "kind": layer.kind}
            for layer in situation.store.layers()
        ],
        totals=_totals(places, plan),
        road_reports=[one for one in told if one.state not in HINDERING],
        contradicted=contradictions(told, at=now),
    )


def _places(situation: Situation) -> gpd.GeoDataFrame:
    places = situation.places().copy()
    document = assessing.latest(situation)
    assessed = {one["place_id"]: one for one in document["places"]} if document else {}
    reach = _reach(situation)
    rows = [assessed.get(place_id, {}) for place_id in places["place_id"]]
    for grade in assessing.BUILDING_GRADES:
        places[grade] = [row.get("buildings", {}).get(grade, 0) for row in rows]
    places["assessed"] = [bool(row.get("assessed", False)) for row in rows]
    places["affected"] = pd.Series(
        [(row.get("people_affected") or {}).get("value") for row in rows], dtype="float64"
    )
    places["people_affected"] = places["affected"]
    places["affected_basis"] = [(row.get("people_affected") or {}).get("basis", "") for row in rows]
    places["priority"] = pd.Series([row.get("priority") or 0.0 for row in rows], dtype="float64")
    places["needs"] = [
        {need["item"]: need["quantity"] for need in row.get("needs", [])} for row in rows
    ]
    places["sources"] = [
        "; ".join(
            f"{one['name']} ({one['at'][:10] if one['at'] else 'date unknown'})"
            for one in row["sources"]
        )
        if row.get("sources")
        else ""
        for row in rows
    ]
    hit = places[["destroyed", "damaged", "possibly_damaged"]].sum(axis=1) > 0
    places["evidence_state"] = "not_assessed"
    places.loc[places["assessed"], "evidence_state"] = "no_visible_damage"
    places.loc[hit, "evidence_state"] = "damage_seen"
    reached = [reach.get(place_id, {}) for place_id in places["place_id"]]
    places["reach_status"] = [row.get("status", "unknown") for row in reached]
    places["reach_reason"] = [row.get("reason", "") for row in reached]
    places["travel_time_s"] = pd.Series(
        [row.get("travel_time_s") for row in reached], dtype="float64"
    )
    places["walk_m"] = pd.Series([row.get("walk_m") for row in reached], dtype="float64")
    for name in ("truck", "pickup"):
        places[f"reach_{name}"] = [
            row.get("by_class", {}).get(name, {}).get("status", "unknown") for row in reached
        ]
    return places


def _reach(situation: Situation) -> dict[str, dict[str, Any]]:
    try:
        result = reaching.make_reach(situation)
    except InputError:
        # No roads or depots yet: the page shows what to load, and the rest of the picture.
        return {}
    return {one["place_id"]: one for one in result["places"]}


def closure_lines(situation: Situation, closures: list[Closure]) -> gpd.GeoDataFrame:
    """Give one row per closure with the lines of its edges; edges of another extract have none."""
    import geopandas as gpd

    rows = []
    if closures and situation.store.layers("roads"):
        edges = situation.roads().edges
        wanted = {bare_edge_id(edge) for closure in closures for edge in closure.edges}
        held = edges[edges["edge_id"].isin(wanted)].set_index("edge_id")
        rows = [_closure_row(closure, held) for closure in closures]
    columns = [
        "closure_id", "state", "classes", "road", "source", "reason", "since", "until",
        "confidence", "geometry",
    ]  # fmt: skip
    return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs="EPSG:4326")


def _closure_row(closure: Closure, held: gpd.GeoDataFrame) -> dict[str, Any]:
    edges = dict.fromkeys(bare_edge_id(edge) for edge in closure.edges)
    here = held.loc[[edge for edge in edges if edge in held.index]]
    names = here["ref"].where(here["ref"] != "", here["name"])
    return {
        "closure_id": closure.closure_id,
        "state": closure.state,
        "classes": list(closure.classes),
        "road": ", ".join(sorted({name for name in names if name})),
        "source": closure.source,
        "reason": closure.reason,
        "since": closure.since,
        "until": closure.until,
        "confidence": closure.confidence,
        "geometry": MultiLineString(list(here.geometry)) if len(here) else None,
    }


def _convoy_lines(situation: Situation, plan: dict[str, Any] | None) -> gpd.GeoDataFrame:
    import geopandas as gpd

    from dashboard.operations.exporting import plan_itineraries

    rows = []
    if plan is not None and plan["convoys"] and situation.store.layers("roads"):
        key = ("convoy lines", plan["plan_id"], situation.roads_key())
        itineraries = situation.remember(key, lambda: plan_itineraries(situation, plan))
        for itinerary in itineraries:
            lines = [
                leg.geometry
                for leg in itinerary.legs
                if isinstance(leg.geometry, LineString) and leg.geometry.length
            ]
            rows.append(
                {
                    "convoy_id": itinerary.convoy.convoy_id,
                    "vehicle_class": itinerary.convoy.vehicle_class,
                    "label": itinerary.convoy.vehicle_name or itinerary.convoy.vehicle_class,
                    "geometry": MultiLineString(lines) if lines else None,
                }
            )
    columns = ["convoy_id", "vehicle_class", "label", "geometry"]
    return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs="EPSG:4326")


def _totals(places: gpd.GeoDataFrame, plan: dict[str, Any] | None) -> dict[str, Any]:
    totals: dict[str, Any] = {
        "places": len(places),
        "not_assessed": int((places["evidence_state"] == "not_assessed").sum()),
        "damage_seen": int((places["evidence_state"] == "damage_seen").sum()),
        "people": float(places["people"].sum()),
        "people_affected": float(places["affected"].sum()),
        "places_affected_unknown": int(places["affected"].isna().sum()),
        "cut_off": int((places["reach_status"] == "cut_off").sum()),
        "not_on_network": int((places["reach_status"] == "not_on_network").sum()),
    }
    for name in ("truck", "pickup"):
        totals[f"cut_off_{name}"] = int((places[f"reach_{name}"] == "cut_off").sum())
        totals[f"not_on_network_{name}"] = int((places[f"reach_{name}"] == "not_on_network").sum())
    if plan is not None:
        totals["convoys"] = len(plan["convoys"])
        totals["unserved"] = len(plan["unserved"])
        totals["served_share"] = plan["score"]["served_share"]
    return totals
