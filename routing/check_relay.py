"""An independent look at the relays of a plan: teams, their hours, and what they can carry.

Shares no code with the solver.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geo.model import Item, Vehicle
    from routing.plan import Plan
    from routing.problem import Problem
    from routing.relay_legs import RelayLeg

# Quantities are kept to the millionth.
QUANTITY = 1e-6
DIVISIBLE_UNITS = {"l", "litre", "liter", "litres", "kg", "t", "m3", "m³"}


def relay_delay_s(problem: Problem, leg: RelayLeg, there: int, carries: int) -> float:
    """The last load of a team: `carries` times to the place, one time less back again."""
    walks = [
        float(matrix.walk_s[there])
        for name, matrix in problem.matrices.items()
        if name in leg.givers and matrix.attached[there]
    ]
    ways_s = carries * leg.travel_time_s + (carries - 1) * leg.travel_time_s
    return max(walks, default=0.0) + carries * leg.handling_s + ways_s


def teams_ready_s(problem: Problem, leg: RelayLeg, teams: Iterable[str]) -> float:
    """When the last of the teams is at the roadhead and it is light."""
    depot_of = {vehicle.vehicle_id: vehicle.depot_id for vehicle in problem.vehicles}
    ready = max(
        (leg.ready_s.get(depot_of.get(team, ""), math.inf) for team in teams), default=math.inf
    )
    light = problem.daylight
    if light is not None and leg.taker in light.classes:
        ready = max(ready, light.begins_s)
    return ready


def relay_faults(problem: Problem, plan: Plan, vehicles: dict[str, Vehicle]) -> list[str]:
    """Teams: of the fleet, at one place only, in their hours, and with no more than they carry."""
    found: list[str] = []
    legs = {leg.place_id: leg for leg in problem.relays}
    items = {item.item_id: item for item in problem.items}
    driving = {name for convoy in plan.convoys for name in convoy.vehicle_ids}
    place_of: dict[str, str] = {}
    said: dict[str, tuple[tuple[str, ...], int]] = {}
    brought: dict[str, list[tuple[str, float]]] = defaultdict(list)
    light = problem.daylight
    for convoy in plan.convoys:
        for stop in convoy.stops:
            leg, relay = legs.get(stop.place_id), stop.relay
            if relay is None:
                continue
            who = f"{convoy.convoy_id} at {stop.place_id}"
            if leg is None:
                found.append(f"{who}: is relayed, but no relay leads there")
                continue
            if said.setdefault(stop.place_id, (relay.teams, relay.carries)) != (
                relay.teams,
                relay.carries,
            ):
                found.append(f"{who}: other teams or carries than at another stop for the place")
            if relay.carries < 1 or not relay.teams or relay.vehicle_class != leg.taker:
                found.append(f"{who}: a relay without a carry, a team or with another class")
                continue
            brought[stop.place_id] += stop.deliver.items()
            for team in relay.teams:
                vehicle = vehicles.get(team)
                if vehicle is None or vehicle.vehicle_class != leg.taker:
                    found.append(f"{who}: {team} is no {leg.taker} of the fleet")
                    continue
                if team in driving:
                    found.append(f"{who}: {team} carries on and drives a convoy")
                if place_of.setdefault(team, stop.place_id) != stop.place_id:
                    found.append(f"{who}: {team} carries to {place_of[team]} too")
                if vehicle.depot_id not in leg.ready_s:
                    found.append(f"{who}: {team} cannot be at the roadhead")
                    continue
                begins_s = teams_ready_s(problem, leg, (team,))
                last_s = begins_s + vehicle.shift_s
                if light is not None and leg.taker in light.classes:
                    last_s = min(last_s, light.ends_s)
                back_s = (stop.arrives_at - problem.departs_at).total_seconds() + leg.travel_time_s
                if back_s > last_s + 1e-3:
                    found.append(f"{who}: {team} is back after its shift, or after dark")
    for place, (teams, carries) in sorted(said.items()):
        found += _too_many_loads(place, brought[place], teams, carries, vehicles, items)
    return found


def _too_many_loads(
    place: str,
    brought: Iterable[tuple[str, float]],
    teams: tuple[str, ...],
    carries: int,
    vehicles: dict[str, Vehicle],
    items: Mapping[str, Item],
) -> list[str]:
    """A load is of one item, from one convoy, and fits the smallest of the teams."""
    known = [vehicles[team] for team in teams if team in vehicles]
    loads = 0
    for item_id, quantity in brought:
        item = items.get(item_id)
        if item is None or not known:
            continue
        units = min(team.capacity_kg for team in known) / item.kg_per_unit
        if item.m3_per_unit > 0:
            units = min(units, min(team.capacity_m3 for team in known) / item.m3_per_unit)
        if item.unit.strip().lower() not in DIVISIBLE_UNITS:
            units = math.floor(units + 1e-9)
        loads += math.ceil(quantity / units - QUANTITY) if units > 0 else 10**9
    if loads > len(set(teams)) * carries:
        return [f"{place}: {loads} loads to carry on, {len(set(teams))} teams carry {carries} each"]
    return []
