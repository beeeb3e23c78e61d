"""What is left to plan of a day: without what is kept, and the day as a whole with it.

What left is no longer in its depot and what is brought is no longer needed; movements that were
reported since are not taken off twice. A load that comes back counts as stock again once somebody
reports it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from routing.hours import hours_of
from routing.problem import Begun, Demand, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geo.model import StockLine, Vehicle
    from routing.keeping import Amounts, Kept
    from routing.plan import Convoy, Plan

# Stands for "the shift is over": a vehicle is given no shift of 0 s.
OVER_S = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What was reported since the old plan: out of (depot, item), and at (place, item)."""

    left_depot: Mapping[tuple[str, str], float] = field(default_factory=dict)
    reached_place: Mapping[tuple[str, str], float] = field(default_factory=dict)


def _shift_ends(problem: Problem) -> dict[str, datetime]:
    return {
        vehicle.vehicle_id: problem.departs_at
        + timedelta(seconds=hours_of(problem, vehicle).start_s + int(vehicle.shift_s))
        for vehicle in problem.vehicles
    }


def problems(
    before: Plan, was: Problem, now: Problem, at: datetime, kept: Kept, told: Reported
) -> tuple[Problem, Problem]:
    """The problem that is left, and that of the whole day (`replan.Replanned`)."""
    start, ends = now.departs_at, _shift_ends(was)
    brought: Amounts = defaultdict(float)
    sent: Amounts = defaultdict(float)
    for convoy in kept.convoys:
        for stop in convoy.stops:
            for item, quantity in stop.deliver.items():
                brought[stop.place_id, item] += quantity
                sent[convoy.depot_id, item] += quantity
    teams, relayed = _relayed(kept.convoys)
    stock = [_less(line, kept.loaded, told) for line in now.stock]
    needs = [_needed(need, brought, told) for need in now.needs]
    vehicles, begun, whole_vehicles = [], {}, {}
    for vehicle in now.vehicles:
        name = vehicle.vehicle_id
        opens = start + timedelta(seconds=hours_of(now, vehicle).start_s)
        ends_at = ends.get(name, max(at, opens) + timedelta(seconds=int(vehicle.shift_s)))
        ready_at = max(at, opens, kept.ready_at.get(name, opens))
        left_s = math.floor((ends_at - ready_at).total_seconds())
        if name in kept.stranded | teams or kept.trips[name] >= now.max_trips:
            left_s = OVER_S
        ready_s = (ready_at - start).total_seconds()
        begun[name] = Begun(ready_s=math.ceil(ready_s), trips=kept.trips[name])
        vehicles.append(replace(vehicle, shift_s=max(left_s, OVER_S)))
        whole_vehicles[name] = replace(
            vehicle, shift_s=max(math.ceil((ends_at - opens).total_seconds()), OVER_S)
        )
    # Teams stay with the place that they carry to: it gets no more by relay today.
    relays = tuple(
        replace(leg, ready_s={}) if leg.place_id in relayed else leg for leg in now.relays
    )
    rest = replace(
        now,
        relays=relays,
        stock=tuple(stock),
        needs=tuple(needs),
        vehicles=tuple(vehicles),
        begun=begun,
    )
    return rest, _whole(was, now, rest, kept, brought, sent, whole_vehicles)


def _relayed(convoys: Iterable[Convoy]) -> tuple[set[str], set[str]]:
    """Teams that carry on for kept convoys, and the places they carry to."""
    stops = [stop for convoy in convoys for stop in convoy.stops if stop.relay is not None]
    teams = {team for stop in stops if stop.relay is not None for team in stop.relay.teams}
    return teams, {stop.place_id for stop in stops}


def _whole(
    was: Problem,
    now: Problem,
    rest: Problem,
    kept: Kept,
    brought: Amounts,
    sent: Amounts,
    vehicles: dict[str, Vehicle],
) -> Problem:
    """The day with what is kept: what is brought was needed, what was sent was there."""
    known_as = {(need.place_id, need.item_id): need for need in (*was.needs, *now.needs)}
    needs = {(need.place_id, need.item_id): need for need in rest.needs}
    for key, quantity in brought.items():
        known = needs.get(key) or replace(known_as[key], quantity=0.0)
        # What goes out on top of what is kept has parted it.
        whole = known.whole and known.quantity == 0
        needs[key] = replace(known, quantity=known.quantity + quantity, whole=whole)
    stock = {(line.depot_id, line.item_id): line for line in rest.stock}
    lay_there = {(line.depot_id, line.item_id): line for line in (*was.stock, *now.stock)}
    for key, quantity in sent.items():
        line = stock.get(key) or replace(lay_there[key], quantity=0.0)
        stock[key] = replace(line, quantity=line.quantity + quantity)
    teams, relayed = _relayed(kept.convoys)
    legs = {leg.place_id: leg for leg in now.relays}
    legs |= {leg.place_id: leg for leg in was.relays if leg.place_id in relayed}
    drove = teams | {name for one in kept.convoys for name in one.vehicle_ids}
    for vehicle in was.vehicles:
        if vehicle.vehicle_id in drove and vehicle.vehicle_id not in vehicles:
            # Out of service by now: nobody waits for it to travel together.
            word = vehicle.together and f"{vehicle.together}, out of service: {vehicle.vehicle_id}"
            vehicles[vehicle.vehicle_id] = replace(vehicle, together=word)
    return replace(
        rest,
        needs=tuple(needs.values()),
        stock=tuple(stock.values()),
        vehicles=tuple(vehicles.values()),
        relays=tuple(legs.values()),
        begun={},
    )


def _less(line: StockLine, loaded: Amounts, told: Reported) -> StockLine:
    """Stock without what left and is not yet written off."""
    key = (line.depot_id, line.item_id)
    gone = max(loaded.get(key, 0.0) - told.left_depot.get(key, 0.0), 0.0)
    return replace(line, quantity=max(round(line.quantity - gone, 6), 0.0))


def _needed(need: Demand, brought: Amounts, told: Reported) -> Demand:
    """The need without what is on its way, or was brought and is not yet reported."""
    key = (need.place_id, need.item_id)
    coming = max(brought.get(key, 0.0) - told.reached_place.get(key, 0.0), 0.0)
    return replace(need, quantity=max(round(need.quantity - coming, 6), 0.0))
