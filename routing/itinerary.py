"""The way of every convoy on the ground: lines, kilometres, turns, stops and the last walk.

The road geometry comes from the caller (`leg_path`), who has the road graph; here it is put in
order. Coordinates are EPSG:4326, lon, lat. Kilometres count along the road from the depot.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry import LineString

from geo.crs import geodesic_length_m
from geo.errors import RuleError

if TYPE_CHECKING:
    from datetime import datetime

    from geo.model import Item, VehicleClassName
    from routing.plan import Convoy, Plan, Stop, StopRelay

# A place farther from its stop on the road than this gets a walk of its own in the itinerary.
SHORTEST_WALK_M = 50.0

Position = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegPath:
    """How a vehicle class drives from one point to the next.

    Parameters
    ----------
    geometry
        Along the roads, lon, lat; a third ordinate is elevation in metres.
    roads
        (reference or name, metre from the start of the leg at which it begins), in order; an empty
        name is a road without one.
    """

    geometry: LineString
    length_m: float
    travel_time_s: float
    roads: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """At `km` from the depot, leave one road for another; an empty name is a road without one."""

    km: float
    leave: str
    enter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """From one stop to the next; `to_stop` is 0 for the way home."""

    from_id: str
    to_id: str
    to_stop: int
    geometry: LineString
    from_km: float
    length_m: float
    travel_time_s: float
    roads: tuple[str, ...]
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The last stretch on foot: a straight line from the road to the place, not a path."""

    geometry: LineString
    length_m: float
    walk_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOut:
    """So much of an item; weight and volume are 0 where the item is not known."""

    item_id: str
    quantity: float
    unit: str = ""
    kg: float = 0.0
    m3: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadStop:
    """One stop: the vehicle halts at `road`, the aid goes to `position`."""

    number: int
    place_id: str
    road: Position
    position: Position
    km: float
    at_road_at: datetime
    arrives_at: datetime
    leaves_at: datetime
    hand_out: tuple[HandOut, ...]
    walk: Walk | None
    relay: StopRelay | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Itinerary:
    """One convoy on the ground; the last leg is the way home."""

    plan_id: str
    convoy: Convoy
    start: Position
    legs: tuple[Leg, ...]
    stops: tuple[RoadStop, ...]

    @property
    def length_km(self) -> float:
        """From the depot and back, along the road."""
        return sum(leg.length_m for leg in self.legs) / 1000

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All changes of road, in order."""
        return tuple(turn for leg in self.legs for turn in leg.turns)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) of everything in it."""
        lines = [leg.geometry for leg in self.legs]
        lines += [stop.walk.geometry for stop in self.stops if stop.walk is not None]
        points = shapely.points([stop.position for stop in self.stops]).tolist()
        west, south, east, north = shapely.total_bounds([*lines, *points]).tolist()
        return west, south, east, north


LegFinder = Callable[["VehicleClassName", str, str], LegPath]


def itineraries(
    plan: Plan,
    leg_path: LegFinder,
    *,
    position_of: Callable[[str], Position] | None = None,
    items: Iterable[Item] = (),
    whys: Mapping[tuple[str, int], str] | None = None,
) -> list[Itinerary]:
    """Put every convoy of `plan` on the ground.

    Parameters
    ----------
    leg_path
        ``leg_path(vehicle_class, from_id, to_id)`` gives the way between two depots or places.
    position_of
        (lon, lat) of a place; without it a place lies where its road ends.
    items
        For units, weights and volumes of what is handed out.
    whys
        In words why a stop comes when it does, by convoy id and number of the stop (from 1).

    Raises
    ------
    RuleError
        A leg without a line, or with coordinates that are not lon, lat.
    """
    by_id = {item.item_id: item for item in items}
    return [
        _itinerary(plan.plan_id, convoy, leg_path, position_of, by_id, whys or {})
        for convoy in plan.convoys
    ]


def _itinerary(
    plan_id: str,
    convoy: Convoy,
    leg_path: LegFinder,
    position_of: Callable[[str], Position] | None,
    items: Mapping[str, Item],
    whys: Mapping[tuple[str, int], str],
) -> Itinerary:
    points = [convoy.depot_id, *(stop.place_id for stop in convoy.stops), convoy.depot_id]
    legs: list[Leg] = []
    stops: list[RoadStop] = []
    metres, road = 0.0, ""
    for number, (here, there) in enumerate(itertools.pairwise(points), start=1):
        path = leg_path(convoy.vehicle_class, here, there)
        _require_line(path, here, there)
        home = number == len(points) - 1
        turns, road = _turns(path.roads, from_m=metres, road=road)
        legs.append(
            Leg(
                from_id=here,
                to_id=there,
                to_stop=0 if home else number,
                geometry=path.geometry,
                from_km=metres / 1000,
                length_m=path.length_m,
                travel_time_s=path.travel_time_s,
                roads=_road_names(path.roads),
                turns=turns,
            )
        )
        metres += path.length_m
        if not home:
            end = _position(path.geometry, -1)
            place = end if position_of is None else position_of(there)
            stop = convoy.stops[number - 1]
            made = _stop(number, stop, end, place, km=metres / 1000, items=items)
            stops.append(replace(made, why=whys.get((convoy.convoy_id, number), "")))
    start = _position(legs[0].geometry, 0)
    return Itinerary(
        plan_id=plan_id, convoy=convoy, start=start, legs=tuple(legs), stops=tuple(stops)
    )


def _require_line(path: LegPath, here: str, there: str) -> None:
    line = path.geometry
    points = shapely.get_coordinates(line)
    if len(points) >= 2 and np.isfinite(points).all():
        lon, lat = np.abs(points).max(axis=0)
        if lon <= 180 and lat <= 90 and math.isfinite(path.length_m) and path.length_m >= 0:
            return
    raise RuleError(
        f"way from {here} to {there}: {line.wkt[:80]}, {path.length_m} m",
        "a line of lon, lat in degrees with its length is needed",
        "plan again if the roads have changed since",
    )


def _turns(
    roads: Sequence[tuple[str, float]], *, from_m: float, road: str
) -> tuple[tuple[Turn, ...], str]:
    """Changes of road on a leg that is entered on `road`, and the road it ends on."""
    turns = []
    for name, at_m in roads:
        if name != road:
            # The first road of all is where the convoy starts, not a turn.
            if from_m + at_m > 0 or road:
                turns.append(Turn(km=(from_m + at_m) / 1000, leave=road, enter=name))
            road = name
    return tuple(turns), road


def _road_names(roads: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name, _ in roads if name))


def _stop(
    number: int,
    stop: Stop,
    road: Position,
    place: Position,
    *,
    km: float,
    items: Mapping[str, Item],
) -> RoadStop:
    line = LineString([road, place])
    length_m = float(geodesic_length_m([line])[0])
    # With a relay the last stretch is the teams': drawn as a straight line too.
    took_s = stop.walk_s if stop.relay is None else stop.relay.travel_time_s
    walk = Walk(geometry=line, length_m=length_m, walk_s=took_s)
    return RoadStop(
        number=number,
        place_id=stop.place_id,
        road=road,
        position=place,
        km=km,
        at_road_at=stop.at_road_at,
        arrives_at=stop.arrives_at,
        leaves_at=stop.leaves_at,
        hand_out=tuple(hand_out_of(item, n, items) for item, n in sorted(stop.deliver.items())),
        walk=walk if length_m > SHORTEST_WALK_M else None,
        relay=stop.relay,
    )


def hand_out_of(item_id: str, quantity: float, items: Mapping[str, Item]) -> HandOut:
    """Say what so much of an item weighs and how large it is."""
    item = items.get(item_id)
    if item is None:
        return HandOut(item_id=item_id, quantity=quantity)
    return HandOut(
        item_id=item_id,
        quantity=quantity,
        unit=item.unit,
        kg=quantity * item.kg_per_unit,
        m3=quantity * item.m3_per_unit,
    )


def _position(line: LineString, index: int) -> Position:
    lon, lat = line.coords[index][:2]
    return float(lon), float(lat)
