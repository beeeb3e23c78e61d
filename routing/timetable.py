"""Days of vehicles, in positions and seconds, as convoys in ids and moments, and back."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

from routing.fleet import MICRO, Fleet
from routing.plan import Convoy, Plan, Stop, StopRelay
from routing.profile import profile_of
from routing.schedule import Days, Trip, clock, make_halt

if TYPE_CHECKING:
    from datetime import datetime


def convoys_of(fleet: Fleet, days: Days) -> tuple[Convoy, ...]:
    """Every trip of `days` with its moments; ids are given later."""
    problem = fleet.problem
    convoys = []
    for vehicle_row, trips in days.items():
        vehicle = problem.vehicles[vehicle_row]
        start = problem.departs_at + timedelta(seconds=fleet.starts_s[vehicle_row])
        for number, trip in enumerate(trips, start=1):
            times = clock(fleet, trip, _seconds(fleet, start))
            back = start + timedelta(seconds=times.back_s)
            convoys.append(
                Convoy(
                    convoy_id="",
                    vehicle_id=vehicle.vehicle_id,
                    vehicle_name=vehicle.name,
                    vehicle_class=vehicle.vehicle_class,
                    depot_id=problem.depots[trip.depot],
                    trip=number,
                    departs_at=start,
                    returns_at=back,
                    stops=_stops(fleet, trip, start),
                    length_m=_length_m(fleet, trip),
                    duration_s=float(times.back_s),
                    load_kg=round(trip.kg, 6),
                    load_m3=round(trip.m3, 6),
                )
            )
            start = back + timedelta(seconds=fleet.reload_s)
    return tuple(sorted(convoys, key=lambda c: (c.departs_at, c.depot_id, c.vehicle_id)))


def _stops(fleet: Fleet, trip: Trip, start: datetime) -> tuple[Stop, ...]:
    times = clock(fleet, trip, _seconds(fleet, start))
    walks = fleet.walk_s[trip.profile]
    problem = fleet.problem
    stops = []
    for halt, at_road, arrives, leaves in zip(
        trip.halts, times.at_road_s, times.arrives_s, times.leaves_s, strict=True
    ):
        walk = int(walks[halt.place])
        stops.append(
            Stop(
                place_id=problem.places[halt.place],
                at_road_at=start + timedelta(seconds=at_road),
                arrives_at=start + timedelta(seconds=arrives),
                leaves_at=start + timedelta(seconds=leaves),
                deliver={
                    problem.items[i].item_id: amount / MICRO for i, amount in halt.amounts.items()
                },
                walk_s=float(walk),
                load_kg=round(halt.kg, 6),
                load_m3=round(halt.m3, 6),
                relay=_relay(fleet, halt.place),
            )
        )
    return tuple(stops)


def _relay(fleet: Fleet, place: int) -> StopRelay | None:
    service = fleet.services.get(place)
    if service is None:
        return None
    leg, problem = service.leg, fleet.problem
    return StopRelay(
        roadhead=leg.roadhead,
        lon=leg.lon,
        lat=leg.lat,
        vehicle_class=leg.taker,
        teams=tuple(problem.vehicles[row].vehicle_id for row in service.vehicles),
        carries=service.carries,
        handling_s=leg.handling_s,
        travel_time_s=leg.travel_time_s,
        length_m=leg.length_m,
        walk_m=leg.walk_m,
    )


def relays_of(plan: Plan) -> dict[str, tuple[tuple[str, ...], int]]:
    """Teams of a plan and the carries of each, by the place that they serve."""
    return {
        stop.place_id: (stop.relay.teams, stop.relay.carries)
        for convoy in plan.convoys
        for stop in convoy.stops
        if stop.relay is not None
    }


def _seconds(fleet: Fleet, moment: datetime) -> int:
    return round((moment - fleet.problem.departs_at).total_seconds())


def _length_m(fleet: Fleet, trip: Trip) -> float:
    lengths = fleet.problem.matrices[trip.profile.vehicle_class].length_m
    points = [trip.depot, *(fleet.n_depots + halt.place for halt in trip.halts), trip.depot]
    return round(float(sum(lengths[a, b] for a, b in itertools.pairwise(points))), 1)


def days_of(fleet: Fleet, plan: Plan) -> Days:
    """Trips of a plan, as far as its vehicles, places and items still exist.

    The plan may be of another problem: of the same day with another need, vehicle or closure.
    """
    problem = fleet.problem
    places = {place: row for row, place in enumerate(problem.places)}
    items = {item.item_id: row for row, item in enumerate(problem.items)}
    rows = {vehicle.vehicle_id: row for row, vehicle in enumerate(problem.vehicles)}
    depots = {depot: row for row, depot in enumerate(problem.depots)}
    days: dict[int, list[Trip]] = {}
    for convoy in sorted(plan.convoys, key=lambda one: (one.vehicle_id, one.trip)):
        row = rows.get(convoy.vehicle_id)
        if row is None or convoy.depot_id != problem.vehicles[row].depot_id:
            continue
        halts = []
        for stop in convoy.stops:
            amounts = {
                items[item]: round(quantity * MICRO)
                for item, quantity in stop.deliver.items()
                if item in items
            }
            if stop.place_id in places and amounts:
                halts.append(make_halt(fleet, places[stop.place_id], amounts))
        if halts:
            trip = Trip(depots[convoy.depot_id], profile_of(problem.vehicles[row]), tuple(halts))
            days.setdefault(row, []).append(trip)
    return {row: tuple(trips) for row, trips in sorted(days.items())}
