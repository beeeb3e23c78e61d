"""The way of one convoy on the ground: where a kilometre lies, and what is near it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import shapely

from dashboard.operations import planning
from geo.crs import STORAGE_CRS, to_working
from geo.errors import RuleError

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation
    from routing.itinerary import Itinerary

#: A detour around a blockage leads so far from the planned way, a slip or a lie leads further.
FAR_FROM_WAY_M = 15_000.0


def position_at(situation: Situation, convoy: dict[str, Any], km: float) -> tuple[float, float]:
    """Give lon, lat of a kilometre of a convoy's way; raises `RuleError` beyond its end."""
    itinerary = itinerary_of(situation, convoy)
    left_m = km * 1_000
    for leg in itinerary.legs:
        if left_m <= leg.length_m and leg.geometry is not None:
            # Of a leg the share of its length counts: its line is in degrees.
            point = leg.geometry.interpolate(left_m / max(leg.length_m, 1e-9), normalized=True)
            return float(point.x), float(point.y)
        left_m -= leg.length_m
    raise RuleError(
        f"km {km:g} of {convoy['convoy_id']}",
        f"its way is {itinerary.length_km:.1f} km long",
        "correct the kilometre",
    )


def itinerary_of(situation: Situation, convoy: dict[str, Any]) -> Itinerary:
    """Give a convoy's way on the ground, found once for each plan."""
    from dashboard.operations.exporting import plan_itineraries

    key = ("itineraries", convoy["plan_id"], situation.roads_key())
    known: dict[str, Itinerary] = situation.remember(key, dict)
    convoy_id = convoy["convoy_id"]
    if convoy_id not in known:
        plan = planning.load_plan(situation, convoy["plan_id"])
        only = [one for one in plan["convoys"] if one["convoy_id"] == convoy_id]
        (known[convoy_id],) = plan_itineraries(situation, {**plan, "convoys": only})
    return known[convoy_id]


def require_near_way(
    situation: Situation, convoy: dict[str, Any], near: tuple[float, float]
) -> None:
    """A convoy speaks of the roads that it travels, not of others far away."""
    lines = [leg.geometry for leg in itinerary_of(situation, convoy).legs if leg.geometry]
    ground = gpd.GeoSeries([*lines, shapely.Point(near)], crs=STORAGE_CRS)
    measured = to_working(ground, situation.crs())
    apart_m = float(measured.iloc[:-1].distance(measured.iloc[-1]).min()) if lines else 0.0
    if apart_m > FAR_FROM_WAY_M:
        raise RuleError(
            "this position",
            f"it is {apart_m / 1000:.0f} km from the way of {convoy['convoy_id']}, "
            f"at most {FAR_FROM_WAY_M / 1000:.0f} km are believed",
            "give the kilometre instead",
        )
