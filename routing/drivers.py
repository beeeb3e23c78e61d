"""Drivers: where a depot has fewer of them than vehicles, who drives today.

A driver stays with a vehicle for the day, so at most so many vehicles leave a depot. Teams on foot
and with mules have their own people. Who has driven already goes on, then those who bring most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.together import companies_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routing.plan import Plan
    from routing.problem import Problem

DRIVEN = frozenset({"truck", "light_truck", "pickup", "motorbike"})


def are_short(problem: Problem) -> bool:
    """Whether any depot has more vehicles than drivers."""
    return bool(without_driver(problem, ()))


def without_driver(problem: Problem, first: Sequence[str]) -> frozenset[str]:
    """Ids of vehicles that stand still today for want of a driver.

    Parameters
    ----------
    first
        Ids of vehicles that are to have a driver before others, the most useful first.
    """
    if not problem.drivers:
        return frozenset()
    companies = companies_of(problem.vehicles)
    follow = {one.vehicle_id for members in companies.values() for one in members[1:]}
    place = {name: row for row, name in enumerate(first)}
    drove = {name for name, day in problem.begun.items() if day.trips > 0}

    def rank(vehicle_id: str, capacity_kg: float) -> tuple[bool, int, float, str]:
        return vehicle_id not in drove, place.get(vehicle_id, len(place)), -capacity_kg, vehicle_id

    left = dict(problem.drivers)
    idle: set[str] = set()
    for vehicle in sorted(problem.vehicles, key=lambda v: rank(v.vehicle_id, v.capacity_kg)):
        if vehicle.vehicle_id in follow or vehicle.depot_id not in left:
            continue
        members = companies.get(vehicle.vehicle_id, (vehicle,))
        wanted = sum(one.vehicle_class in DRIVEN for one in members)
        if wanted and wanted > left[vehicle.depot_id]:
            idle |= {one.vehicle_id for one in members}
        else:
            left[vehicle.depot_id] -= wanted
    return frozenset(idle)


def most_useful(problem: Problem, plan: Plan) -> tuple[str, ...]:
    """Vehicles of `plan` by what they bring, early: weight × quantity × hours before the unserved.

    What a company brings counts once for each driver that it takes.
    """
    weight = {(need.place_id, need.item_id): need.weight for need in problem.needs}
    longest_h = max((int(one.shift_s) for one in problem.vehicles), default=0) / 3600
    gain: dict[str, float] = {}
    for convoy in plan.convoys:
        for stop in convoy.stops:
            hours = (stop.arrives_at - problem.departs_at).total_seconds() / 3600
            saved_h = problem.unserved_h + longest_h - hours
            for item, quantity in stop.deliver.items():
                worth = weight.get((stop.place_id, item), 0.0) * quantity * saved_h
                gain[convoy.vehicle_id] = gain.get(convoy.vehicle_id, 0.0) + worth
    companies = companies_of(problem.vehicles)
    each = {name: worth / len(companies.get(name, "1")) for name, worth in gain.items()}
    return tuple(sorted(each, key=lambda name: (-each[name], name)))
